"""Turning knobs: ranges, faders, and what a controller is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.knobs import KnobBoard, ShownKnob, checked, from_fader, to_fader
from bridge.core.presets import Presets
from bridge.engines.effects import knobs as table
from bridge.engines.effects.table import CHAIN_PARAMETERS, EFFECTS, PATH_PARAMETERS, SLOT_PARAMETERS
from bridge.engines.effects.table_row import Parameter
from bridge.errors import BadArgumentsError, UnknownChainError

if TYPE_CHECKING:
    from pathlib import Path

LINEAR = Parameter("gain_db", 0.0, "dB", -60.0, 60.0, "Level.")
LOG = Parameter("cutoff_hz", 200.0, "Hz", 20.0, 20_000.0, "Corner.", scale="log")
SWITCH = Parameter("bypass", False, "switch", 0, 1, "Off.")
CHOICE = Parameter("mode", "LPF12", "choice", 0, 0, "Mode.", ("LPF12", "HPF12", "BPF12"))
OFF = Parameter("loudness_lufs", None, "LUFS", -60.0, -5.0, "Target.")

EVERY_KNOB = [
    parameter
    for rows in (*(effect.parameters for effect in EFFECTS), CHAIN_PARAMETERS, PATH_PARAMETERS)
    for parameter in rows
    if parameter.unit != "file"
] + list(SLOT_PARAMETERS)

CHAIN = """
description = "two paths"

[[effect]]
type = "Mix"
[[effect.path]]
gain_db = -3
[[effect.path.effect]]
type = "LadderFilter"
mode = "HPF12"
[[effect.path]]

[[effect]]
type = "Reverb"
room_size = 0.25
"""


@pytest.fixture
def board(tmp_path: Path) -> KnobBoard:
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains" / "mine.toml").write_text(CHAIN)
    return KnobBoard(Presets((tmp_path,)), table)


@pytest.mark.parametrize(
    ("knob", "fader", "value"),
    [
        (LINEAR, 0.0, -60.0),
        (LINEAR, 0.5, 0.0),
        (LINEAR, 1.0, 60.0),
        (LOG, 0.0, 20.0),
        (LOG, 1 / 3, 200.0),
        (LOG, 1.0, 20_000.0),
        (SWITCH, 0.49, False),
        (SWITCH, 0.5, True),
        (CHOICE, 0.33, "LPF12"),
        (CHOICE, 0.34, "HPF12"),
        (CHOICE, 1.0, "BPF12"),
    ],
)
def test_a_fader_goes_over_the_range(knob: Parameter, fader: float, value: object) -> None:
    assert from_fader(knob, fader) == value


@given(st.sampled_from(EVERY_KNOB), st.floats(0.0, 1.0))
def test_every_knob_of_the_table_is_where_its_fader_was_put(knob: Parameter, fader: float) -> None:
    value = from_fader(knob, fader)
    assert checked(knob, value) == value
    again = from_fader(knob, to_fader(knob, value))
    assert again == (value if isinstance(value, (bool, str)) else pytest.approx(value, rel=1e-5))
    if not knob.choices and not isinstance(knob.default, bool):
        assert to_fader(knob, value) == pytest.approx(fader, abs=1e-4)


@pytest.mark.parametrize("fader", [-0.001, 1.001, 64.0])
def test_a_fader_beyond_its_ends_is_refused(fader: float) -> None:
    with pytest.raises(BadArgumentsError, match="A fader goes from 0 to 1"):
        from_fader(LINEAR, fader)


@pytest.mark.parametrize(
    ("knob", "value", "message"),
    [
        (LINEAR, 60.1, r"'gain_db' goes from -60 to 60 \(dB\); it was 60.1"),
        (LINEAR, "loud", "'gain_db' takes a number, not 'loud'"),
        (LOG, 0.0, "goes from 20 to 20000"),
        (SWITCH, "perhaps", "'bypass' is a switch"),
        (CHOICE, "LPF13", "one of LPF12, HPF12, BPF12.*Did you mean 'LPF12'"),
        (CHOICE, 1.0, "one of LPF12"),
        (OFF, 0.0, "goes from -60 to -5"),
    ],
)
def test_what_a_knob_cannot_be(knob: Parameter, value: float | str, message: str) -> None:
    with pytest.raises(BadArgumentsError, match=message):
        checked(knob, value)


def test_a_float32_reaches_the_end_of_a_range_and_reads_well() -> None:
    feedback = Parameter("feedback", 0.0, "0…1", 0.0, 0.99, "Echoes.")
    assert checked(feedback, 0.9900000095367432) == 0.99
    assert checked(feedback, 0.10000000149011612) == 0.1


def test_a_controller_is_shown_every_knob(board: KnobBoard) -> None:
    shown = {(knob.place, knob.name): knob for knob in board.shown("mine")}
    assert shown["0.0", "gain_db"] == ShownKnob("0.0", "gain_db", -3.0, 57 / 120)
    assert shown["0.0.0", "mode"].value == "HPF12"
    assert shown["0.1", "gain_db"].value == 0.0
    assert shown["1", "room_size"] == ShownKnob("1", "room_size", 0.25, 0.25)
    assert shown["1", "bypass"] == ShownKnob("1", "bypass", False, 0.0)
    assert shown["chain", "loudness_lufs"] == ShownKnob("chain", "loudness_lufs", None, 0.0)
    assert shown["chain", "width"].value == 1.0


def test_turns_reach_every_place_and_are_taken_back(board: KnobBoard) -> None:
    before = board.shown("mine")
    assert board.turn("mine", "0.0.0", "mode", "LPF24").value == "LPF24"
    assert board.turn("mine", "0.1", "gain_db", -6.0).value == -6.0
    assert board.turn_fader("mine", "1", "bypass", 1.0) == ShownKnob("1", "bypass", True, 1.0)
    assert board.turn("mine", "chain", "loudness_lufs", -14).value == -14.0
    chain = board.presets.chain("mine")
    assert chain["effect"][0]["path"][0]["effect"][0]["mode"] == "LPF24"
    assert chain["effect"][0]["path"][1] == {"gain_db": -6.0}
    assert chain["effect"][1]["bypass"] is True
    assert chain["loudness_lufs"] == -14.0
    names = [(knob.place, knob.name) for knob in board.reset("mine")]
    assert names == [
        ("chain", "loudness_lufs"), ("0.0.0", "mode"), ("0.1", "gain_db"), ("1", "bypass"),
    ]  # fmt: skip
    assert board.shown("mine") == before
    assert board.reset("mine") == []


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        ("2", "wet", "no effect '2'"),
        ("x", "wet", "no effect 'x'"),
        ("0.2", "gain_db", "no path '2'"),
        ("1.0", "gain_db", "no Mix"),
        ("1", "roomsize", "Did you mean 'room_size'"),
        ("chain", "widht", "Did you mean 'width'"),
        ("", "wet", "no effect"),
    ],
)
def test_a_knob_that_is_not_there(board: KnobBoard, place: str, name: str, message: str) -> None:
    with pytest.raises(BadArgumentsError, match=message):
        board.turn("mine", place, name, 0.5)
    assert board.presets.turned("mine") == {}


def test_a_chain_that_is_not_there(board: KnobBoard) -> None:
    with pytest.raises(UnknownChainError, match="Did you mean 'mine'"):
        board.turn("mime", "0", "wet", 0.5)
    with pytest.raises(UnknownChainError):
        board.shown("mime")
    with pytest.raises(UnknownChainError):
        board.reset("mime")


def test_a_refused_turn_changes_nothing(board: KnobBoard) -> None:
    board.turn("mine", "1", "room_size", 0.75)
    with pytest.raises(BadArgumentsError):
        board.turn("mine", "1", "room_size", 75.0)
    assert board.presets.turned("mine") == {("1", "room_size"): 0.75}
