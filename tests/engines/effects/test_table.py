"""The table against pedalboard itself: names, defaults, ranges."""

from __future__ import annotations

import pedalboard
import pytest

from bridge.engines.effects.table import BY_NAME, EFFECTS, Effect

LEFT_OUT = {
    "PitchShift",  # shifts time by its window
    "Resample",  # band-limits and delays
    "MP3Compressor",  # delays
    "GSMFullRateCompressor",  # 8 kHz mono
    "Convolution",  # needs a file
    "Chain",
    "IIRFilter",  # what the shelves and the peak share
    "Mix",
    "Pedalboard",
    "Plugin",
    "PluginContainer",
    "ExternalPlugin",
    "VST3Plugin",
    "AudioUnitPlugin",
}


def of_pedalboard() -> set[str]:
    plugins = [value for value in vars(pedalboard).values() if isinstance(value, type)]
    return {kind.__name__ for kind in plugins if issubclass(kind, pedalboard.Plugin)}


def test_every_effect_of_pedalboard_is_here_or_left_out_on_purpose() -> None:
    assert of_pedalboard() - LEFT_OUT - {"AudioUnitPlugin"} == set(BY_NAME)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_parameters_and_defaults_are_pedalboards(effect: Effect) -> None:
    made = getattr(pedalboard, effect.name)()
    knobs = {
        name
        for name in dir(type(made))
        if isinstance(getattr(type(made), name), property) and not name.startswith("is_")
    }
    assert knobs == {parameter.name for parameter in effect.parameters}
    for parameter in effect.parameters:
        default = getattr(made, parameter.name)
        if parameter.choices:
            assert default.name == parameter.default
            assert set(parameter.choices) == set(type(made).Mode.__members__)
        else:
            assert default == pytest.approx(parameter.default)
            assert type(parameter.default) in {float, bool}


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_pedalboard_takes_the_whole_range(effect: Effect) -> None:
    kind = getattr(pedalboard, effect.name)
    for parameter in effect.parameters:
        if parameter.choices or isinstance(parameter.default, bool):
            continue
        assert parameter.low <= float(parameter.default) <= parameter.high
        for value in (parameter.low, parameter.high):
            made = kind(**{parameter.name: value})
            assert getattr(made, parameter.name) == pytest.approx(value)


def test_everything_is_explained() -> None:
    for effect in EFFECTS:
        assert effect.meaning.endswith(".")
        for parameter in effect.parameters:
            assert parameter.meaning.endswith(".")


def test_the_limiter_is_said_to_be_no_ceiling() -> None:
    assert "no ceiling" in BY_NAME["Limiter"].meaning
