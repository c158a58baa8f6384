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
from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, parse_chain
from bridge.engines.effects.table import EFFECTS, Effect
from bridge.errors import DiskFullError, JobCancelled, PluginFailedError
from tests.engines.takes import noise

RATE = 44_100

SETTINGS: dict[str, dict[str, Any]] = {
    "Compressor": {"threshold_db": -30.0, "ratio": 4.0},
    "Clipping": {"threshold_db": -20.0},
    "BrickwallLimiter": {"ceiling_db": -20.0},
    "NoiseGate": {"threshold_db": -20.0},
    "HighShelfFilter": {"gain_db": 6.0},
    "LowShelfFilter": {"gain_db": 6.0},
    "PeakFilter": {"gain_db": 6.0},
    "Delay": {"delay_seconds": 0.05, "feedback": 0.5},
}
"""Where the defaults do nothing to noise at -20 dBFS."""


def process(
    folder: Path,
    audio: Audio,
    *effects: dict[str, Any],
    sample_rate: int = RATE,
    **options: Any,
) -> Audio:
    buffer = DiskBuffer.of(folder / "in.f32", audio, sample_rate)
    chain = parse_chain("test", {"effect": list(effects)})
    result = run_chain(chain, buffer, folder / "out.f32", **options)
    assert (result.channels, result.frames) == audio.shape
    assert result.sample_rate == sample_rate
    np.testing.assert_array_equal(buffer.read(), audio)
    return result.read()


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_impulse_comes_out_where_it_went_in(
    tmp_path: Path, effect: Effect, channels: int
) -> None:
    audio = np.zeros((channels, 3_000), dtype=np.float32)
    audio[:, 1_234] = 0.9
    out = process(tmp_path, audio, {"type": effect.name}, block_frames=700)
    loud = np.flatnonzero(np.abs(out).max(axis=0) > 1e-5)
    assert loud[0] == 1_234


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_blocks_give_what_one_pass_gives(tmp_path: Path, effect: Effect) -> None:
    audio = noise(1.0)
    row = {"type": effect.name, **SETTINGS.get(effect.name, {})}
    made = getattr(pedalboard, effect.name)(**SETTINGS.get(effect.name, {}))
    at_once = made.process(audio, RATE, reset=True)
    for block_frames in (1_001, 1 << 18):
        out = process(tmp_path, audio, row, block_frames=block_frames)
        np.testing.assert_allclose(out, at_once, atol=1e-6)
    assert np.abs(at_once - audio).max() > 1e-3, "the effect must do something here"


@pytest.mark.parametrize("frames", [1, 2, 3, 255, 256, 257, 1_000])
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
    ("broken", "message"),
    [
        (Broken(raises=True), r"Effect 2 of the chain 'test', Reverb, failed: out of tune"),
        (Broken(), r"Effect 2 of the chain 'test', Reverb, made samples that are not numbers"),
        (Broken(deaf=True), r"'test' holds audio back"),
    ],
)
def test_an_effect_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Broken, message: str
) -> None:
    monkeypatch.setattr(pedalboard, "Reverb", lambda **_: broken)
    with pytest.raises(PluginFailedError, match=message):
        process(tmp_path, noise(0.1), {"type": "Gain"}, {"type": "Reverb"})


def test_parameters_that_pedalboard_refuses_are_named(tmp_path: Path) -> None:
    chain = ChainSpec(name="x", effects=(EffectSpec(type="Reverb", parameters={"room_size": 9.0}),))
    buffer = DiskBuffer.of(tmp_path / "in.f32", noise(0.1), RATE)
    with pytest.raises(PluginFailedError, match=r"Effect 1 .*'x', Reverb, refused its parameters"):
        run_chain(chain, buffer, tmp_path / "out.f32")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError):
        process(tmp_path, noise(0.1), {"type": "Gain"})
