"""How far a note's pitch is from its semitone, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.transcription.notes import Bend
from bridge.engines.transcription.posteriors import (
    BINS_PER_SEMITONE,
    CONTOUR_BINS,
    FRAMES_PER_SECOND,
    LOWEST_PITCH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.transcription.decoding import FrameNote
    from bridge.engines.transcription.posteriors import Posteriors

CENTS_PER_BIN = 100.0 / BINS_PER_SEMITONE
REACH_CENTS = 200.0
"""How far a note may bend; what lies farther away is another note."""

_REACH_BINS = round(REACH_CENTS / CENTS_PER_BIN)
_SPREAD_BINS = 4.0
"""Standard deviation of the preference for the note's own semitone: 133 cents."""

_SMOOTHING_FRAMES = 5
_STEADY_CENTS = 10.0
"""A note that never strays farther is in tune, as far as the network can tell."""


def contour_bin(pitch: int) -> int:
    """Return the contour bin in which a pitch is in tune: the middle of its semitone's three."""
    return BINS_PER_SEMITONE * (pitch - LOWEST_PITCH) + BINS_PER_SEMITONE // 2


def follow(posteriors: Posteriors, note: FrameNote) -> Bend | None:
    """Return how a note's pitch moves, or None if it stays within 10 cents.

    Parameters
    ----------
    posteriors
        The network's answer.
    note
        A note that was found in it.

    Returns
    -------
    Bend or None
        One value per frame, within ±200 cents of the note's pitch.
    """
    middle = contour_bin(note.pitch)
    low = max(0, middle - _REACH_BINS)
    high = min(CONTOUR_BINS, middle + _REACH_BINS + 1)
    window = posteriors.contours[note.start : note.end, low:high].astype(np.float32)
    distance = np.arange(low, high, dtype=np.float32) - middle
    preferred = window * np.exp(-0.5 * (distance / _SPREAD_BINS) ** 2)
    cents = _smooth(CENTS_PER_BIN * (_peak_places(window, preferred.argmax(axis=1)) + low - middle))
    if float(np.abs(cents).max()) < _STEADY_CENTS:
        return None
    times_s = np.arange(note.start, note.end) / FRAMES_PER_SECOND
    return Bend(tuple(times_s.tolist()), tuple(cents.tolist()))


def _peak_places(window: NDArray[np.float32], peak: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return where the peak of each row lies, between the bins: the centroid of three."""
    padded = np.pad(window, ((0, 0), (1, 1))).astype(np.float64)
    rows = np.arange(len(peak))
    below, at, above = (padded[rows, peak + side] for side in range(3))
    total = below + at + above
    shift = np.divide(above - below, total, out=np.zeros_like(total), where=total > 0.0)
    return np.asarray(peak + shift)


def _smooth(cents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take out single frames that jump: a running median."""
    half = _SMOOTHING_FRAMES // 2
    padded = np.pad(cents, half, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING_FRAMES)
    return np.asarray(np.partition(windows, half, axis=1)[:, half])
