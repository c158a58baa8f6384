"""Contours drawn by hand become the bends that they show."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.engines.transcription.bends import REACH_CENTS, contour_bin, follow
from bridge.engines.transcription.decoding import FrameNote
from bridge.engines.transcription.posteriors import FRAMES_PER_SECOND, Posteriors

NOTE = FrameNote(10, 40, 60, 0.8)


def drawn(cents: np.ndarray) -> Posteriors:
    """Draw a contour of so many cents beside the note, frame by frame."""
    posteriors = Posteriors.silent(50)
    bins = np.arange(264)
    for frame, here in zip(range(NOTE.start, NOTE.end), cents, strict=True):
        place = contour_bin(60) + here * 3.0 / 100.0
        posteriors.contours[frame] = 0.9 * np.exp(-0.5 * ((bins - place) / 0.8) ** 2)
    return posteriors


def test_a_glide_is_followed() -> None:
    glide = np.linspace(-100.0, 100.0, 30)

    bend = follow(drawn(glide), NOTE)

    assert bend is not None
    assert bend.times_s == pytest.approx(np.arange(10, 40) / FRAMES_PER_SECOND)
    assert bend.cents[3:-3] == pytest.approx(glide[3:-3], abs=8.0)


def test_single_frames_that_jump_are_taken_out() -> None:
    cents = np.full(30, 40.0)
    cents[[7, 15, 16]] = -150.0

    bend = follow(drawn(cents), NOTE)

    assert bend is not None
    assert bend.cents == pytest.approx([40.0] * 30, abs=8.0)


def test_a_bend_ends_at_its_reach() -> None:
    bend = follow(drawn(np.full(30, 240.0)), NOTE)

    assert bend is not None
    assert max(bend.cents) <= REACH_CENTS


def test_what_is_in_tune_has_no_bend() -> None:
    assert follow(drawn(np.zeros(30)), NOTE) is None
