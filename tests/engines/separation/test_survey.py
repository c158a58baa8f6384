"""The pass before a separation: exact level, exact silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import BLOCK_FRAMES, DiskBuffer
from bridge.engines.separation.survey import SILENCE_PEAK, Survey

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 2 * BLOCK_FRAMES + 12_345


def surveyed(folder: Path, audio: np.ndarray) -> Survey:
    buffer = DiskBuffer.of(folder / "mix.f32", audio.astype(np.float32), 44_100)
    return Survey.of(buffer, lambda: None)


def test_mean_and_deviation_are_those_of_the_whole_region(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    audio = random.standard_normal((2, FRAMES)).astype(np.float32)
    audio += np.linspace(-3.0, 5.0, FRAMES, dtype=np.float32)  # the blocks' means differ
    mono = audio.mean(axis=0, dtype=np.float64)
    survey = surveyed(tmp_path, audio)
    np.testing.assert_allclose(survey.mean, mono.mean(), rtol=1e-12)
    np.testing.assert_allclose(survey.standard_deviation, mono.std(ddof=1) + 1e-8, rtol=1e-12)


def test_one_sample_has_a_mean_and_no_deviation(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, np.full((2, 1), 0.25))
    assert (survey.mean, survey.standard_deviation) == (0.25, 1e-8)


def test_silence_is_found_to_the_sample(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    audio = np.full((2, FRAMES), 0.9 * SILENCE_PEAK)
    loud = np.sort(random.choice(FRAMES, size=30, replace=False))
    audio[random.integers(0, 2, size=30), loud] = -1.1 * SILENCE_PEAK
    survey = surveyed(tmp_path, audio)
    for place in loud:
        for length in (1, 500, 1_024, 5_000):
            for start in (place - length, place - length + 1, place, place + 1):
                stop = start + length
                expected = not ((loud >= start) & (loud < stop)).any()
                assert survey.is_silent(start, stop) == expected, (start, stop)


def test_outside_the_region_there_is_silence(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, np.ones((1, 2_000)))
    assert survey.is_silent(-500, 0)
    assert survey.is_silent(2_000, 9_000)
    assert not survey.is_silent(-500, 1)
    assert not survey.is_silent(1_999, 9_000)
