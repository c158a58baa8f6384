"""Loudness against pyloudnorm and against the test signals of EBU Tech 3341."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from bridge.engines.audio import Audio
from bridge.engines.levels import LoudnessMeter, is_silent
from tests.engines.takes import noise


def loudness(audio: Audio, sample_rate: int, block: int = 4_801) -> float | None:
    meter = LoudnessMeter(audio.shape[0], sample_rate)
    for start in range(0, audio.shape[1], block):
        meter.add(audio[:, start : start + block])
    return meter.integrated_lufs()


def tone(seconds: float, level_dbfs: float, sample_rate: int) -> Audio:
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    sound = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * 1_000.0 * t)
    return np.stack([sound, sound]).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_equals_pyloudnorm(sample_rate: int, channels: int) -> None:
    audio = noise(6.0, channels=channels, sample_rate=sample_rate)
    fades = np.interp(
        np.arange(audio.shape[1]), [0, audio.shape[1] // 2, audio.shape[1]], [1, 0, 1]
    )
    audio = (audio * fades**3).astype(np.float32)
    expected = pyloudnorm.Meter(sample_rate, filter_class="DeMan").integrated_loudness(
        audio.T.astype(np.float64)
    )
    assert loudness(audio, sample_rate) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("level", [-23.0, -33.0])
@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
def test_tech_3341_cases_1_and_2(level: float, sample_rate: int) -> None:
    assert loudness(tone(20.0, level, sample_rate), sample_rate) == pytest.approx(level, abs=0.1)


def test_tech_3341_case_3_the_relative_gate() -> None:
    parts = [(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]
    audio = np.concatenate([tone(s, level, 48_000) for s, level in parts], axis=1)
    assert loudness(audio, 48_000) == pytest.approx(-23.0, abs=0.1)


def test_tech_3341_case_4_the_absolute_gate() -> None:
    parts = [(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)]
    audio = np.concatenate([tone(s, level, 48_000) for s, level in parts], axis=1)
    assert loudness(audio, 48_000) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("block", [1, 37, 4_410, 100_000])
def test_the_blocks_do_not_matter(block: int) -> None:
    audio = noise(0.6, channels=1)
    assert loudness(audio, 44_100, block) == pytest.approx(loudness(audio, 44_100), abs=1e-9)


@pytest.mark.parametrize("audio", [noise(0.39), np.zeros((2, 44_100), dtype=np.float32)])
def test_too_short_or_silent_audio_has_none(audio: Audio) -> None:
    assert loudness(audio, 44_100) is None


def test_silence_is_a_peak_below_minus_80_dbfs() -> None:
    assert is_silent(0.0)
    assert is_silent(0.9e-4)
    assert not is_silent(1.1e-4)
