"""Running chains: length, alignment, blocks, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest

from bridge.engines import disk
from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, PluginSpec
from bridge.engines.levels import LoudnessMeter
from bridge.errors import DiskFullError, JobCancelled, PluginFailedError
from tests.engines.takes import noise

RATE = 44_100


def process(
    folder: Path,
    audio: Audio,
    *effects: dict[str, Any],
    sample_rate: int = RATE,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Audio:
    buffer = DiskBuffer.of(folder / "in.f32", audio, sample_rate)
    chain = parse_chain("test", {"effect": list(effects), **(settings or {})})
    result = run_chain(chain, buffer, folder / "out.f32", **options)
    tail = round(chain.tail_s * sample_rate)
    assert (result.channels, result.frames) == (audio.shape[0], audio.shape[1] + tail)
    assert result.sample_rate == sample_rate
    np.testing.assert_array_equal(buffer.read(), audio)
    return result.read()


@pytest.mark.parametrize("frames", [1, 2, 3, 8_191, 8_192, 8_193, 20_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_short_audio_keeps_its_length(tmp_path: Path, frames: int, channels: int) -> None:
    audio = noise(frames / RATE, channels=channels)
    out = process(
        tmp_path,
        audio,
        {"type": "BrickwallLimiter", "lookahead_ms": 100.0},
        {"type": "Gain", "gain_db": -6.0},
        {"type": "BrickwallLimiter"},
        {"type": "Chorus", "mix": 0.0},
        block_frames=300,
    )
    np.testing.assert_allclose(out, audio * 10 ** (-6 / 20), rtol=1e-5)


def test_effects_run_in_order(tmp_path: Path) -> None:
    audio = np.full((1, 1_000), 0.5, dtype=np.float32)
    loud_first = process(tmp_path, audio, {"type": "Gain", "gain_db": 20}, {"type": "Clipping"})
    clip_first = process(tmp_path, audio, {"type": "Clipping"}, {"type": "Gain", "gain_db": 20})
    np.testing.assert_allclose(loud_first, 10 ** (-6 / 20), rtol=1e-4)
    np.testing.assert_allclose(clip_first, 5.0, rtol=1e-2)


def test_the_brickwall_limiter_keeps_its_ceiling(tmp_path: Path) -> None:
    row = {"type": "BrickwallLimiter", "ceiling_db": -3.0}
    out = process(tmp_path, 5.0 * noise(1.0), row, block_frames=4_000)
    assert np.abs(out).max() <= 10 ** (-3 / 20) + 1e-6


@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 192_000])
@pytest.mark.parametrize(
    "row",
    [
        {"type": "LowpassFilter", "cutoff_frequency_hz": 20_000},
        {"type": "HighpassFilter", "cutoff_frequency_hz": 20_000},
        {"type": "HighShelfFilter", "cutoff_frequency_hz": 20_000, "gain_db": 12},
        {"type": "PeakFilter", "cutoff_frequency_hz": 20_000, "gain_db": 12},
        {"type": "LadderFilter", "mode": "LPF24", "cutoff_hz": 20_000, "resonance": 1.0},
    ],
    ids=lambda row: row["type"],
)
def test_a_cutoff_above_half_the_sample_rate_stays_stable(
    tmp_path: Path, row: dict[str, Any], sample_rate: int
) -> None:
    audio = noise(0.5, sample_rate=sample_rate)
    out = process(tmp_path, audio, row, sample_rate=sample_rate)
    assert np.abs(out).max() < 10.0


def test_wet_and_dry_are_in_time(tmp_path: Path) -> None:
    audio = noise(0.5)
    row = {"type": "BrickwallLimiter", "ceiling_db": 0.0, "lookahead_ms": 37.0, "wet": 0.5}
    np.testing.assert_allclose(process(tmp_path, audio, row, block_frames=1_000), audio, atol=1e-6)
    half = process(tmp_path, audio, {"type": "Invert", "wet": 0.25})
    np.testing.assert_allclose(half, 0.5 * audio, atol=1e-6)


@pytest.mark.parametrize("slot", [{"wet": 0.0}, {"bypass": True}])
def test_dry_or_bypassed_effects_are_left_out(tmp_path: Path, slot: dict[str, Any]) -> None:
    audio = noise(0.1)
    row = {"type": "MP3Compressor", **slot}
    np.testing.assert_array_equal(process(tmp_path, audio, row), audio)


def test_paths_are_in_time_and_added(tmp_path: Path) -> None:
    audio = noise(0.5)
    late = {"effect": [{"type": "BrickwallLimiter", "ceiling_db": 0.0}]}
    nested = {
        "gain_db": -6.0206,
        "effect": [{"type": "Mix", "path": [{}, {"effect": [{"type": "Gain", "gain_db": 0}]}]}],
    }
    row = {"type": "Mix", "path": [{"gain_db": 6.0206}, late, nested]}
    out = process(tmp_path, audio, row, block_frames=999)
    np.testing.assert_allclose(out, 4.0 * audio, atol=1e-5)


def test_gains_and_width_act_in_their_places(tmp_path: Path) -> None:
    audio = np.array([[0.4], [0.2]], dtype=np.float32).repeat(9_000, axis=1)
    clip = {"type": "Clipping", "threshold_db": -20.0}
    loud = process(tmp_path, audio, clip, settings={"input_gain_db": 20.0, "output_gain_db": 6.0})
    np.testing.assert_allclose(loud, 0.1 * 10 ** (6 / 20), rtol=1e-3)
    for width, expected in [(0.0, (0.3, 0.3)), (2.0, (0.5, 0.1)), (1.0, (0.4, 0.2))]:
        out = process(tmp_path, audio, settings={"width": width})
        np.testing.assert_allclose(out[:, 0], expected, rtol=1e-5)
    np.testing.assert_array_equal(process(tmp_path, audio[:1], settings={"width": 0.0}), audio[:1])


def test_the_loudness_target_is_met(tmp_path: Path) -> None:
    audio = np.concatenate([noise(3.0), 0.01 * noise(1.0)], axis=1)
    out = process(tmp_path, audio, settings={"loudness_lufs": -23.0}, block_frames=50_000)
    meter = LoudnessMeter(2, RATE)
    meter.add(out)
    assert meter.integrated_lufs() == pytest.approx(-23.0, abs=0.01)
    gains = out[np.abs(audio) > 1e-3] / audio[np.abs(audio) > 1e-3]
    np.testing.assert_allclose(gains, gains[0], rtol=1e-4)


def test_silence_has_no_loudness_to_set(tmp_path: Path) -> None:
    silence = np.zeros((2, RATE), dtype=np.float32)
    assert not process(tmp_path, silence, settings={"loudness_lufs": -14.0}).any()


def test_the_tail_is_kept_as_long_as_the_chain_says(tmp_path: Path) -> None:
    audio = np.zeros((2, 10_000), dtype=np.float32)
    audio[:, 5_000] = 0.5
    echo = {"type": "Delay", "delay_seconds": 0.5, "mix": 0.5}
    out = process(tmp_path, audio, echo, settings={"tail_s": 0.6})
    place = 5_000 + RATE // 2
    assert np.abs(out[:, place - 2 : place + 3]).max() == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize("sample_rate", [37_800, 88_200, 96_000])
def test_mp3_takes_any_rate(tmp_path: Path, sample_rate: int) -> None:
    audio = np.zeros((2, sample_rate // 2 + 7), dtype=np.float32)
    audio[:, 12_345] = 0.9
    row = {"type": "MP3Compressor"}
    out = process(tmp_path, audio, row, sample_rate=sample_rate, block_frames=5_001)
    assert np.abs(out[0]).argmax() == 12_345


def test_a_plugin_is_loaded_by_whoever_calls(tmp_path: Path) -> None:
    file = tmp_path / "Fuzz.vst3"
    file.touch()
    asked = []

    class Halver:
        def process(self, block: Audio, sample_rate: int, reset: bool = False) -> Audio:
            return 0.5 * block

    def load(spec: PluginSpec, sample_rate: int) -> Halver:
        asked.append((spec.path, spec.parameters, sample_rate))
        return Halver()

    audio = noise(0.1)
    row = {"type": "Plugin", "plugin": str(file), "parameters": {"drive": 3}}
    out = process(tmp_path, audio, row, load_plugin=load)
    np.testing.assert_array_equal(out, 0.5 * audio)
    assert asked == [(str(file), {"drive": 3.0}, RATE)]
    with pytest.raises(PluginFailedError, match=r"Effect 1 .*Plugin, cannot be loaded here"):
        process(tmp_path, audio, row)


def test_progress_rises_to_one_and_may_cancel(tmp_path: Path) -> None:
    fractions: list[float] = []
    process(tmp_path, noise(0.5), {"type": "Gain"}, block_frames=1_000, progress=fractions.append)
    assert len(fractions) > 20
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0

    def cancel(fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        process(tmp_path, noise(0.5), {"type": "Gain"}, progress=cancel)


class Broken:
    """An effect that fails in one way."""

    def __init__(self, *, raises: bool = False, deaf: bool = False) -> None:
        self.raises, self.deaf = raises, deaf

    def process(self, audio: Audio, sample_rate: int, reset: bool) -> Audio:
        if self.raises:
            raise RuntimeError("out of tune")
        return audio[:, :0] if self.deaf else audio * np.float32(np.nan)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (Broken(raises=True), "failed: out of tune"),
        (Broken(), "made samples that are not numbers"),
        (Broken(deaf=True), "holds audio back"),
    ],
)
def test_an_effect_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Broken, what: str
) -> None:
    monkeypatch.setattr(pedalboard, "MP3Compressor", lambda **_: broken)
    sentence = f"Effect 2 of the chain 'test', MP3Compressor, {what}"
    with pytest.raises(PluginFailedError, match=sentence):
        process(tmp_path, noise(0.1), {"type": "Gain"}, {"type": "MP3Compressor"})


def test_the_one_of_several_that_overflows_is_named(tmp_path: Path) -> None:
    loud = np.full((1, 20_000), 1e37, dtype=np.float32)
    rows = [{"type": "Gain", "gain_db": gain} for gain in (0, 60, 0)]
    with pytest.raises(PluginFailedError, match="Effect 2 of the chain 'test', Gain, made samples"):
        process(tmp_path, loud, *rows)


def test_parameters_that_pedalboard_refuses_are_named(tmp_path: Path) -> None:
    chain = ChainSpec(name="x", effects=(EffectSpec(type="Reverb", parameters={"room_size": 9.0}),))
    buffer = DiskBuffer.of(tmp_path / "in.f32", noise(0.1), RATE)
    with pytest.raises(PluginFailedError, match=r"Effect 1 .*'x', Reverb, refused its parameters"):
        run_chain(chain, buffer, tmp_path / "out.f32")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError):
        process(tmp_path, noise(0.1), {"type": "Gain"})
