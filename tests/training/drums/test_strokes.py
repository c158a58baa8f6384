"""Strokes are cut where they are heard, whatever the kit puts before them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bridge.training.drums import strokes
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent


def late_kit(delay_s: float) -> strokes.Player:
    """Return a kit of clicks that sound some time after their notes."""
    decay = np.exp(-np.arange(3_000) / 600.0)
    click = (decay * np.sin(0.3 * np.arange(3_000) + 1.0)).astype(np.float32)

    def player(notes: Sequence[NoteEvent], samples: int) -> np.ndarray:
        audio = np.zeros((2, samples + SAMPLE_RATE), dtype=np.float32)
        for note in notes:
            start = round((note.start_s + delay_s) * SAMPLE_RATE)
            audio[:, start : start + 3_000] += click * (note.velocity / 127.0)
        return audio[:, :samples]

    return player


@pytest.mark.parametrize("delay_s", [0.0, 0.0123, 0.05])
def test_the_onset_is_measured_to_the_sample(delay_s: float) -> None:
    kit = strokes.strike_all(late_kit(delay_s), {36, 49})

    assert set(kit) == {36, 49}
    for stroke in kit[36] + kit[49]:
        assert stroke.delay_s == pytest.approx(delay_s, abs=2 / SAMPLE_RATE)
        before = np.abs(stroke.audio[: stroke.onset]).max(initial=0.0)
        assert before < 0.1 * np.abs(stroke.audio).max()
    assert [stroke.velocity for stroke in kit[36]] == list(strokes.VELOCITIES)


def test_sounds_that_a_kit_lacks_are_left_out() -> None:
    def player(notes: Sequence[NoteEvent], samples: int) -> np.ndarray:
        return late_kit(0.0)([note for note in notes if note.pitch != 38], samples)

    assert set(strokes.strike_all(player, {36, 38})) == {36}


def test_a_kit_comes_back_from_its_file(tmp_path: Path) -> None:
    kit = strokes.strike_all(late_kit(0.01), {36, 42})
    strokes.write(kit, tmp_path / "kit.npz")

    read = strokes.read(tmp_path / "kit.npz")

    assert set(read) == {36, 42}
    for mine, its in zip(kit[42], read[42], strict=True):
        assert (mine.pitch, mine.velocity, mine.onset) == (its.pitch, its.velocity, its.onset)
        np.testing.assert_array_equal(mine.audio, its.audio)
