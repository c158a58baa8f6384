"""Which knobs a chain has, and where."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engines.effects.knobs import parameter_at, parameters_at, places
from bridge.errors import BadArgumentsError

TABLE: dict[str, Any] = {
    "width": 0.5,
    "effect": [
        {"type": "Compressor", "ratio": 2.0},
        {"include": "clean"},
        {
            "type": "Mix",
            "path": [{"gain_db": -3.0}, {"effect": [{"type": "Reverb"}, {"type": "Gain"}]}],
        },
        {"type": "Plugin", "plugin": "Fuzz"},
        {"type": "Convolution", "impulse_response_filename": "room.wav"},
    ],
}


@pytest.mark.parametrize(
    ("place", "name", "unit"),
    [
        ("chain", "width", "0…2"),
        ("chain", "loudness_lufs", "LUFS"),
        ("0", "ratio", "ratio"),
        ("0", "wet", "0…1"),
        ("1", "bypass", "switch"),
        ("2", "wet", "0…1"),
        ("2.0", "gain_db", "dB"),
        ("2.1.0", "room_size", "0…1"),
        ("2.1.1", "gain_db", "dB"),
        ("3", "wet", "0…1"),
        ("4", "mix", "0…1"),
    ],
)
def test_a_knob_is_found(place: str, name: str, unit: str) -> None:
    parameter = parameter_at(TABLE, place, name)
    assert (parameter.name, parameter.unit) == (name, unit)


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        ("0", "ration", "no knob 'ration' at 0. Did you mean 'ratio'"),
        ("chain", "witdh", "no knob 'witdh' at chain. Did you mean 'width'"),
        ("1", "cutoff_frequency_hz", "no knob 'cutoff_frequency_hz' at 1. .*wet, bypass"),
        ("2.1", "room_size", "no knob 'room_size' at 2.1"),
        ("5", "wet", "no effect '5' in the chain; they are numbered 0 to 4"),
        ("-1", "wet", "no effect '-1'"),
        ("", "wet", "no effect ''"),
        ("²", "wet", "no effect '²'"),
        ("0.0", "gain_db", "effect 0 is no Mix"),
        ("2.2", "gain_db", "no path '2' in the effect 2; they are numbered 0 to 1"),
        ("2.0.0", "wet", "no effect '0' in the path 2.0; it has none"),
        ("3", "drive", "parameter of the plugin itself"),
        ("4", "impulse_response_filename", "is a file"),
    ],
)
def test_what_is_no_knob_is_said(place: str, name: str, message: str) -> None:
    with pytest.raises(BadArgumentsError, match=message):
        parameter_at(TABLE, place, name)


def test_every_place_with_its_knobs() -> None:
    found = places(TABLE)
    assert found == ["chain", "0", "1", "2", "2.0", "2.1", "2.1.0", "2.1.1", "3", "4"]
    for place in found:
        for parameter in parameters_at(TABLE, place):
            assert parameter_at(TABLE, place, parameter.name) is parameter
