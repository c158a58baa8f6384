"""Change of sample rate: length, alignment, level and memory."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.resampling import resample
from bridge.errors import JobCancelled

if TYPE_CHECKING:
    from pathlib import Path

RATES = [(48_000, 44_100), (44_100, 48_000), (96_000, 44_100), (22_050, 44_100), (8_000, 44_100)]


def buffer_of(folder: Path, audio: np.ndarray, sample_rate: int) -> DiskBuffer:
    return DiskBuffer.of(folder / "source.f32", audio.astype(np.float32), sample_rate)


@pytest.mark.parametrize(("old", "new"), RATES)
@pytest.mark.parametrize("frames", [1, 2, 1_001, 2 * 262_144 + 77])
def test_length_is_the_nearest_to_the_same_duration(
    tmp_path: Path, old: int, new: int, frames: int
) -> None:
    source = buffer_of(tmp_path, np.zeros((1, frames)), old)
    result = resample(source, new, tmp_path / "result.f32")
    assert result.frames == round(frames * new / old)
    assert result.read().shape == (1, result.frames)


@pytest.mark.parametrize(("old", "new"), RATES)
def test_an_impulse_stays_where_it_sounds(tmp_path: Path, old: int, new: int) -> None:
    audio = np.zeros((2, 8 * old))
    # Seconds that lie before, in and after the first block of the stream, at whole samples.
    for second in (1, 3, 7):
        audio[0, second * old] = 1.0
        audio[1, second * old] = -1.0
    result = resample(buffer_of(tmp_path, audio, old), new, tmp_path / "result.f32").read()
    for second in (1, 3, 7):
        start = second * new - new // 4
        around = result[:, start : second * new + new // 4]
        assert start + int(np.argmax(around[0])) == second * new
        assert start + int(np.argmin(around[1])) == second * new


def test_a_sine_comes_back_from_another_rate_unchanged(tmp_path: Path) -> None:
    time_s = np.arange(5 * 48_000) / 48_000
    audio = 0.5 * np.sin(2 * np.pi * 997.0 * time_s)[None]
    source = buffer_of(tmp_path, audio, 48_000)
    there = resample(source, 44_100, tmp_path / "there.f32")
    back = resample(there, 48_000, tmp_path / "back.f32", frames=source.frames)
    inner = slice(4_800, -4_800)
    np.testing.assert_allclose(back.read()[:, inner], audio[:, inner], atol=1e-5)


@pytest.mark.parametrize("frames", [1, 990, 1_010])
def test_an_exact_length_can_be_asked_for(tmp_path: Path, frames: int) -> None:
    source = buffer_of(tmp_path, np.ones((1, 2_000)), 88_200)
    result = resample(source, 44_100, tmp_path / "result.f32", frames=frames)
    assert result.frames == frames
    assert not result.read(1_000).any()


def test_the_same_rate_gives_the_buffer_itself(tmp_path: Path) -> None:
    source = buffer_of(tmp_path, np.ones((1, 10)), 44_100)
    assert resample(source, 44_100, tmp_path / "result.f32") is source
    assert not (tmp_path / "result.f32").exists()


def test_progress_ends_at_one_and_can_cancel(tmp_path: Path) -> None:
    source = buffer_of(tmp_path, np.zeros((1, 1_000_000)), 48_000)
    said: list[float] = []
    resample(source, 44_100, tmp_path / "result.f32", progress=said.append)
    assert said == sorted(said)
    assert said[-1] == 1.0
    assert len(said) == 4

    def cancel(fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        resample(source, 44_100, tmp_path / "again.f32", progress=cancel)


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    resample(buffer_of(tmp_path, np.zeros((1, 10)), 48_000), 44_100, tmp_path / "first.f32")
    source = DiskBuffer.create(tmp_path / "long.f32", 2, 600 * 48_000, 48_000)
    tracemalloc.start()
    try:
        resample(source, 44_100, tmp_path / "result.f32")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40e6  # the whole is 230 MB
