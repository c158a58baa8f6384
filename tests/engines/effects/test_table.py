"""The table against pedalboard itself: classes, parameters, defaults, ranges."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import pedalboard
import pytest

from bridge.engines.effects.table import (
    BY_NAME,
    CHAIN_PARAMETERS,
    EFFECTS,
    PATH_PARAMETERS,
    SLOT_PARAMETERS,
    Effect,
    Parameter,
)

VERSION = version("pedalboard")

CONTAINERS = {"Chain", "Mix", "Pedalboard", "PluginContainer"}
"""Written as includes and as a Mix with paths."""

THIRD_PARTY = {"ExternalPlugin", "VST3Plugin", "AudioUnitPlugin"}
BASES = {"Plugin", "IIRFilter"}

LEFT_OUT = {("Convolution", "sample_rate")}
"""It goes with an impulse response that is an array; ours are files, which know their rate."""


def of_pedalboard() -> set[str]:
    plugins = [value for value in vars(pedalboard).values() if isinstance(value, type)]
    public = {kind for kind in plugins if issubclass(kind, pedalboard.Plugin)}
    return {kind.__name__ for kind in public}


def arguments(effect: Effect) -> dict[str, str]:
    """Every constructor parameter with its default as pedalboard's signature writes it."""
    signature = getattr(pedalboard, effect.name).__init__.__doc__.splitlines()[0]
    found = re.findall(r"(\w+): (?:[\w.]+|Union\[.+?\]\]|Optional\[\w+\])( = [^,)]+)?", signature)
    return {name: default.removeprefix(" = ") for name, default in found if name != "self"}


def test_every_effect_of_pedalboard_is_in_the_table() -> None:
    known = set(BY_NAME) | CONTAINERS | THIRD_PARTY | BASES
    new, gone = of_pedalboard() - known, set(BY_NAME) - of_pedalboard()
    assert not new, f"pedalboard {VERSION} has effects that the table lacks: {new}"
    assert not gone, f"pedalboard {VERSION} no longer has {gone}"


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_every_parameter_of_pedalboard_is_in_the_table(effect: Effect) -> None:
    theirs = {name for name in arguments(effect) if (effect.name, name) not in LEFT_OUT}
    ours = {parameter.name for parameter in effect.parameters}
    assert not theirs - ours, f"{effect.name} of pedalboard {VERSION} also has {theirs - ours}"
    assert not ours - theirs, f"{effect.name} of pedalboard {VERSION} lacks {ours - theirs}"


def test_the_walk_sees_parameters() -> None:
    assert arguments(BY_NAME["Resample"]).keys() == {"target_sample_rate", "quality"}
    assert arguments(BY_NAME["Gain"]) == {"gain_db": "1.0"}
    assert arguments(BY_NAME["Convolution"]).keys() == {
        "impulse_response_filename",
        "mix",
        "sample_rate",
    }


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_defaults_are_pedalboards(effect: Effect) -> None:
    theirs = arguments(effect)
    for parameter in effect.parameters:
        written = theirs[parameter.name]
        if parameter.unit == "file":
            assert not written
        elif parameter.choices:
            assert re.match(rf"<\w+\.{parameter.default}:", written)
        elif isinstance(parameter.default, bool):
            assert written == str(parameter.default)
        else:
            assert isinstance(parameter.default, float)
            assert float(written) == pytest.approx(parameter.default)


def made(effect: Effect, **given: Any) -> Any:
    return getattr(pedalboard, effect.name)(**given)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_pedalboard_takes_the_whole_range(effect: Effect) -> None:
    if effect.name == "Convolution":
        pytest.skip("needs a file; its mix is tested with one")
    for parameter in effect.parameters:
        if parameter.choices:
            for choice in parameter.choices:
                kinds = getattr(pedalboard, effect.name)
                enum = kinds.Mode if parameter.name == "mode" else pedalboard.Resample.Quality
                value = enum.__members__[choice]
                assert getattr(made(effect, **{parameter.name: value}), parameter.name) == value
                assert set(parameter.choices) == set(enum.__members__)
        elif not isinstance(parameter.default, bool):
            for number in (parameter.low, parameter.high):
                effect_made = made(effect, **{parameter.name: number})
                assert getattr(effect_made, parameter.name) == pytest.approx(number)


def every_parameter() -> list[Parameter]:
    own = [parameter for effect in EFFECTS for parameter in effect.parameters]
    return [*own, *CHAIN_PARAMETERS, *SLOT_PARAMETERS, *PATH_PARAMETERS]


def test_ranges_hold_their_defaults_and_suit_a_fader() -> None:
    for parameter in every_parameter():
        if isinstance(parameter.default, float) and not isinstance(parameter.default, bool):
            assert parameter.low <= parameter.default <= parameter.high, parameter.name
        if parameter.scale == "log":
            assert 0.0 < parameter.low < parameter.high, parameter.name


def test_everything_is_explained() -> None:
    for effect in EFFECTS:
        assert effect.meaning.endswith(".")
    for parameter in every_parameter():
        assert parameter.meaning.endswith(".")
    assert [effect.name for effect in EFFECTS] == sorted(BY_NAME, key=str.lower)


def test_the_limiter_is_said_to_be_no_ceiling() -> None:
    assert "loudness maximiser" in BY_NAME["Limiter"].meaning
    assert "no ceiling" in BY_NAME["Limiter"].meaning
