"""A loaded plugin: how it is set, what it is given, and what is not taken from it."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.effects import plugins
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_spec import EffectSpec, PathSpec, PluginSpec
from bridge.engines.effects.plugins import inspect
from bridge.engines.effects.plugins_held import MOST_HELD, HeldPlugin, Rack
from bridge.errors import PluginFailedError
from tests.engines.effects.plugin_chains import chain_of, plugin_effect, standin
from tests.engines.takes import noise

pytestmark = pytest.mark.usefixtures("standins")

RATE = 44_100


def loaded(path: Path, **spec: Any) -> HeldPlugin:
    held = HeldPlugin(PluginSpec(path=str(path), **spec), "The plugin", lambda *_: None)
    held.load()
    return held


def level_db(audio: Audio, of: Audio) -> float:
    return round(20 * float(np.log10(np.std(audio) / np.std(of))), 2)


def test_parameters_are_set_by_name(tmp_path: Path) -> None:
    audio = noise(0.1)
    wanted = {"gain_db": -12, "invert": True, "mode": "Hard"}
    out = loaded(standin(tmp_path), parameters=wanted).process(audio, RATE)
    np.testing.assert_allclose(out, -(10 ** (-12 / 20)) * audio, rtol=1e-5)
    loaded(standin(tmp_path), parameters={"invert": 1.0})  # as a pipe without booleans has it


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"gain": 1.0}, "has no parameter 'gain'. Did you mean 'gain_db'"),
        ({"gain_db": 40.0}, "gain_db is 40.0, but must be a number from -60 to 24 .dB"),
        ({"gain_db": True}, "gain_db is True, but must be a number"),
        ({"gain_db": "loud"}, "gain_db is 'loud', but must be a number"),
        ({"invert": 0.5}, "invert is 0.5, but must be true or false"),
        ({"mode": "soft"}, "mode is 'soft', but must be one of Soft, Hard"),
    ],
)
def test_a_wrong_parameter_is_told(
    tmp_path: Path, parameters: dict[str, bool | float | str], sentence: str
) -> None:
    with pytest.raises(PluginFailedError, match=sentence):
        loaded(standin(tmp_path), parameters=parameters)


def test_presets_and_states_come_before_parameters(tmp_path: Path) -> None:
    audio = noise(0.1)
    preset = tmp_path / "quiet.vstpreset"
    preset.write_text("-20.0")
    state = base64.b64encode(b"-10.0").decode()
    for spec, expected in (
        ({"preset": str(preset)}, -20.0),
        ({"state": state}, -10.0),
        ({"preset": str(preset), "parameters": {"gain_db": -3.0}}, -3.0),
    ):
        out = loaded(standin(tmp_path), **spec).process(audio, RATE)
        assert level_db(out, audio) == expected
    preset.write_text("not a preset")
    with pytest.raises(PluginFailedError, match="refuses its preset: could not convert"):
        loaded(standin(tmp_path), preset=str(preset))


def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    several = standin(tmp_path, "both", plugins=["One", "Two"])
    with pytest.raises(PluginFailedError, match="It holds One, Two; say which one with plugin_na"):
        loaded(several)
    assert loaded(several, name="Two").process(noise(0.1), RATE).shape == (2, 4_410)
    with pytest.raises(PluginFailedError, match="is an instrument"):
        loaded(standin(tmp_path, instrument=True))
    with pytest.raises(PluginFailedError, match=r"cannot be loaded: .* No such file"):
        loaded(tmp_path / "gone.standin")
    with pytest.raises(PluginFailedError, match=r"names end in \.standin or \.vst3"):
        loaded(tmp_path / "old.dll")


@pytest.mark.parametrize("kind", ["one sample too many", "twice the sample rate"])
def test_more_samples_than_were_given_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PluginFailedError, match="gave back longer audio than it was given"):
        loaded(standin(tmp_path, kind=kind)).process(noise(0.1), RATE)


@pytest.mark.parametrize("kind", ["half the sample rate", "nothing"])
@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
def test_samples_that_do_not_come_back_are_missed(
    tmp_path: Path, kind: str, seconds: float
) -> None:
    with pytest.raises(
        PluginFailedError, match=r"The plugin 'stand-in' .* gave back shorter audio"
    ):
        through(tmp_path, noise(seconds), plugin_effect(standin(tmp_path, kind=kind)))


@pytest.mark.parametrize("kind", ["mono", "wrong way round", "a list", "None"])
def test_what_is_no_stereo_audio_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PluginFailedError, match="was given 2 channels and gave back"):
        loaded(standin(tmp_path, kind=kind)).process(noise(0.1), RATE)


@pytest.mark.parametrize("kind", ["not a number", "infinite"])
def test_what_is_no_number_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PluginFailedError, match="samples that are not numbers"):
        loaded(standin(tmp_path, kind=kind)).process(noise(0.1), RATE)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("only", [1, 2])
def test_mono_and_stereo_plugins_take_either(tmp_path: Path, channels: int, only: int) -> None:
    audio = noise(0.2, channels=channels)
    held = loaded(standin(tmp_path, channels=only, latency=300), parameters={"gain_db": -6.0})
    out = np.concatenate(
        [held.process(block, RATE) for block in np.split(audio, [4_000], axis=1)], axis=1
    )
    assert out.shape == (channels, audio.shape[1] - 300)
    np.testing.assert_allclose(out, 10 ** (-6 / 20) * audio[:, :-300], rtol=1e-5)


def through(folder: Path, audio: Audio, *effects: EffectSpec, block_frames: int = 5_000) -> Audio:
    """Send audio through a chain as the worker does."""
    rack = Rack(lambda *_: None)
    rack.begin("test")
    buffer = DiskBuffer.of(folder / "in.f32", audio, RATE)
    out = run_chain(
        chain_of(*effects),
        buffer,
        folder / "out.f32",
        block_frames=block_frames,
        load_plugin=rack.load,
    )
    return out.read()


@pytest.mark.parametrize("latency", [0, 1, 480, 30_000])
@pytest.mark.parametrize("wet", [1.0, 0.5])
def test_the_delay_of_a_plugin_is_made_good(tmp_path: Path, latency: int, wet: float) -> None:
    audio = noise(0.5)
    path = standin(tmp_path, latency=latency)
    halved = plugin_effect(path, wet=wet, parameters={"gain_db": -6.0})
    out = through(tmp_path, audio, halved)
    gain = wet * 10 ** (-6 / 20) + (1.0 - wet)
    np.testing.assert_allclose(out, gain * audio, rtol=1e-4, atol=1e-7)


def test_paths_with_and_without_delay_are_in_time(tmp_path: Path) -> None:
    impulse = np.zeros((2, 20_000), dtype=np.float32)
    impulse[:, 7_000] = 1.0
    late = plugin_effect(standin(tmp_path, "late", latency=1_234))
    later = plugin_effect(standin(tmp_path, "later", latency=9_000), wet=0.5)
    paths = (PathSpec(effects=(late,)), PathSpec(effects=(later, late)), PathSpec())
    out = through(tmp_path, impulse, EffectSpec(type="Mix", paths=paths))
    np.testing.assert_allclose(out, 3 * impulse, atol=1e-6)


def test_a_rack_keeps_the_plugins_that_were_used_last(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    rack = Rack(lambda *_: None)
    specs = [
        PluginSpec(path=str(standin(tmp_path, str(number), journal=str(journal))))
        for number in range(MOST_HELD + 1)
    ]
    for spec in specs:
        rack.begin("test")
        rack.load(spec, RATE)
    for spec in (specs[-1], specs[1], specs[0]):
        rack.begin("test")
        rack.load(spec, RATE)
    assert journal.read_text().split() == [*(str(n) for n in range(MOST_HELD + 1)), "0"]


def test_a_file_is_described(tmp_path: Path) -> None:
    called: list[str | None] = []
    path = standin(tmp_path, plugins=["One", "Two"], instrument=True)
    one, two = inspect(str(path), lambda plugin, _: called.append(plugin))
    assert called == ["stand-in", "One", None, "Two", None]
    assert (one.name, two.name, one.vendor, one.is_instrument) == ("One", "Two", "Nobody", True)
    number, switch, choice = one.parameters
    assert (number.name, number.low, number.high, number.unit) == ("gain_db", -60.0, 24.0, "dB")
    assert (switch.kind, switch.value) == ("switch", "False")
    assert choice.choices == ("Soft", "Hard")
    with pytest.raises(PluginFailedError, match="cannot be read as a plugin"):
        inspect(str(tmp_path / "gone.standin"), lambda *_: None)
    with pytest.raises(PluginFailedError, match="holds no plugin"):
        inspect(str(standin(tmp_path, "empty", plugins=[])), lambda *_: None)


def test_windows_bundles_are_opened_by_the_file_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Plugin:
        @staticmethod
        def get_plugin_names_for_file(path: str) -> list[str]:
            opened.append(path)
            return ["X"]

    monkeypatch.setattr("pedalboard.VST3Plugin", Plugin)
    bundle = tmp_path / "X.vst3"
    inner = bundle / "Contents" / "x86_64-win" / "X.vst3"
    inner.parent.mkdir(parents=True)
    inner.write_bytes(b"")
    plugins.LOADERS[".vst3"].names(str(bundle))
    monkeypatch.setattr(sys, "platform", "win32")
    plugins.LOADERS[".vst3"].names(str(bundle))
    inner.unlink()
    plugins.LOADERS[".vst3"].names(str(bundle))
    assert opened == [str(bundle), str(inner), str(bundle)]
