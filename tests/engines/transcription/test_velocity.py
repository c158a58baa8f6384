"""A note's level is that of its own partials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription.velocity import note_levels_dbfs

RATE = 22_050


def levels(folder: Path, audio: np.ndarray, *notes: tuple[float, float, int]) -> list[float]:
    buffer = DiskBuffer.of(folder / "heard.f32", audio[np.newaxis].astype(np.float32), RATE)
    return list(note_levels_dbfs(buffer, notes))


def sine(pitch: int, amplitude: float, harmonic: int = 1) -> np.ndarray:
    hertz = harmonic * 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    return np.asarray(amplitude * np.sin(2.0 * np.pi * hertz * np.arange(RATE) / RATE))


def test_a_soft_note_below_a_loud_one_is_soft(tmp_path: Path) -> None:
    audio = sine(60, 0.5) + sine(66, 0.05)

    loud, soft = levels(tmp_path, audio, (0.1, 0.8, 60), (0.1, 0.8, 66))

    assert loud - soft == pytest.approx(20.0, abs=0.5)
    assert loud == pytest.approx(20.0 * np.log10(0.5 / np.sqrt(2.0)), abs=1.0)


def test_a_note_without_a_fundamental_is_heard_by_its_harmonics(tmp_path: Path) -> None:
    audio = sine(45, 0.3, 2) + sine(45, 0.3, 3)

    (level,) = levels(tmp_path, audio, (0.1, 0.8, 45))

    # Two sines of 0.3 have together the power of one.
    assert level == pytest.approx(20.0 * np.log10(0.3), abs=1.0)


def test_the_loudest_of_the_first_frames_counts(tmp_path: Path) -> None:
    audio = sine(57, 0.4)
    audio[: RATE // 5] *= 0.1

    (late,) = levels(tmp_path, audio, (0.1, 0.8, 57))
    (early,) = levels(tmp_path, audio, (0.1, 0.15, 57))

    assert late - early == pytest.approx(20.0, abs=1.0)
