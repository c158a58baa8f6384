"""Chains of the musician's own, written with their knobs as they were turned."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bridge.core.chain_saving import save_chain
from bridge.core.presets import Presets
from bridge.errors import BadArgumentsError, PresetError, UnknownChainError
from bridge.resources import shipped

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

MINE = """\
# My chain, for the choir.
description = "wide"  # and warm

# Both ways at once.
[[effect]]
type = "Mix"  # parallel
[[effect.path]]
gain_db = -3.0

# Then a room.
[[effect]]
type = "Reverb"
# not too large
room_size = 0.25  # of 1

# And out.
[[effect]]
type = "Gain"
"""

TURNED = """\
# My chain, for the choir.
description = "wide"  # and warm
width = 0.5

# Both ways at once.
[[effect]]
type = "Mix"  # parallel
[[effect.path]]
gain_db = -6.0

# Then a room.
[[effect]]
type = "Reverb"
# not too large
room_size = 0.75  # of 1
bypass = true

# And out.
[[effect]]
type = "Gain"
"""


@pytest.fixture
def presets(tmp_path: Path) -> Presets:
    own = tmp_path / "presets"
    (own / "chains").mkdir(parents=True)
    (own / "chains" / "mine.toml").write_text(MINE)
    return Presets((own, shipped("presets")))


def turn(presets: Presets) -> None:
    presets.turn("mine", "chain", "width", 0.5)
    presets.turn("mine", "0.0", "gain_db", -6.0)
    presets.turn("mine", "1", "room_size", 0.75)
    presets.turn("mine", "1", "bypass", True)


def test_a_saved_chain_holds_the_turns_and_every_comment(presets: Presets) -> None:
    turn(presets)
    path = save_chain(presets, "mine", "choir-2")
    assert path == presets.folders[0] / "chains" / "choir-2.toml"
    assert path.read_text() == TURNED
    assert presets.chain("choir-2") == presets.chain("mine")
    assert presets.chain_place("mine")[1] == MINE
    assert presets.turned("choir-2") == {}
    assert presets.turned("mine"), "the chain that was turned is as it sounds"


def test_saving_over_your_own_puts_the_turns_into_the_file(presets: Presets) -> None:
    turn(presets)
    assert save_chain(presets, "mine", "mine").read_text() == TURNED
    assert presets.turned("mine") == {}
    assert presets.chain("mine")["width"] == 0.5


def test_a_shipped_chain_is_saved_beside_the_shipped_file(presets: Presets) -> None:
    before = presets.chain_place("plate")
    presets.turn("plate", "0", "wet_level", 0.5)
    path = save_chain(presets, "plate", "plate")
    assert path.parent == presets.folders[0] / "chains"
    assert presets.chain_place("plate")[0] == path
    assert before[0].read_text(encoding="utf-8") == before[1]
    assert presets.chain("plate")["effect"][0]["wet_level"] == 0.5


def test_a_folder_of_ones_own_is_made(tmp_path: Path) -> None:
    presets = Presets((tmp_path / "not" / "yet", shipped("presets")))
    path = save_chain(presets, "plate", "mine")
    assert path.read_text(encoding="utf-8") == presets.chain_place("plate")[1]


@pytest.mark.parametrize(
    "text",
    [
        'effect = [{type = "Gain", gain_db = 1.0}]\n',
        '[[effect]]\ntype = "Gain"\ngain_db = 1',
        '# first\n\n[[effect]]\r\ntype = "Gain"\r\n# last\r\n',
        'description = """\ntwo\nlines"""\n[[effect]]\ntype = "Gain"\n',
    ],
)
def test_every_way_to_write_a_chain_takes_values(presets: Presets, text: str) -> None:
    (presets.folders[0] / "chains" / "odd.toml").write_bytes(text.encode())
    presets.turn("odd", "0", "gain_db", 2.5)
    presets.turn("odd", "chain", "tail_s", 1.5)
    saved = tomllib.loads(save_chain(presets, "odd", "odd-2").read_text())
    effect = {"type": "Gain", "gain_db": 2.5}
    assert saved == {**tomllib.loads(text), "tail_s": 1.5, "effect": [effect]}


def test_no_other_chain_is_written_over(presets: Presets) -> None:
    (presets.folders[0] / "chains" / "other.toml").write_text(MINE)
    for taken in ("other", "plate"):
        with pytest.raises(BadArgumentsError, match=f"a chain '{taken}' already"):
            save_chain(presets, "mine", taken)
    assert (presets.folders[0] / "chains" / "other.toml").read_text() == MINE


@pytest.mark.parametrize("name", ["", "../mine", "a/b", "none", ".hidden", "a b", "ä", "x" * 65])
def test_names_that_are_none(presets: Presets, name: str) -> None:
    with pytest.raises(BadArgumentsError, match="cannot be a chain's name"):
        save_chain(presets, "mine", name)


def test_what_cannot_be_saved(presets: Presets, tmp_path: Path) -> None:
    with pytest.raises(UnknownChainError, match="Did you mean 'mine'"):
        save_chain(presets, "mime", "x")
    (tmp_path / "file").write_text("")
    blocked = Presets((tmp_path / "file", shipped("presets")))
    with pytest.raises(PresetError, match="cannot be written"):
        save_chain(blocked, "plate", "x")
    assert not list(tmp_path.rglob("*.part"))
