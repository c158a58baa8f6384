"""What stands out where: the onsets and changes of harmony at each point of a pulse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.timing.chroma import CHROMA_PER_SECOND
from bridge.engines.timing.features import BANDS, FRAMES_PER_SECOND

if TYPE_CHECKING:
    from bridge.engines.timing.features import Curve, Curves, Features

SLOTS = 24
"""Points at which each pulse is looked at."""

ROWS = BANDS + 1

_REACH_S = 0.025
_HARMONY_S = 0.5


@dataclass(frozen=True)
class Accents:
    """What stands out at each slot of a pulse.

    Parameters
    ----------
    rows : np.ndarray [shape=(5, slots)]
        Onset strength of the four bands, then change of harmony, each over its mean.
    """

    rows: Curves
    _likenesses: dict[int, tuple[float, float]] = field(default_factory=dict)
    _bars: dict[int, Curves] = field(default_factory=dict)

    @classmethod
    def at(cls, pulse_s: Curve, features: Features) -> Accents:
        """Look at a recording along its pulse, `SLOTS` times from each beat to the next."""
        from scipy.ndimage import maximum_filter1d

        places = np.arange((len(pulse_s) - 1) * SLOTS) / SLOTS
        times_s = np.interp(places, np.arange(len(pulse_s)), pulse_s)
        reach = 2 * round(_REACH_S * FRAMES_PER_SECOND) + 1
        frames_s = np.arange(features.bands.shape[1]) / FRAMES_PER_SECOND
        rows = [
            np.interp(times_s, frames_s, maximum_filter1d(band, reach)) for band in features.bands
        ]
        change = _harmonic_change(features.chroma)
        rows.append(np.interp(times_s, np.arange(len(change)) / CHROMA_PER_SECOND, change))
        stacked = np.array(rows)
        return cls(stacked / np.maximum(stacked.mean(axis=1, keepdims=True), 1e-6))

    @property
    def slots(self) -> int:
        """How many there are."""
        return int(self.rows.shape[1])

    def likeness(self, lag: int) -> tuple[float, float]:
        """Return the correlation of the onsets, and of the harmony, with themselves later.

        Parameters
        ----------
        lag
            How much later, in slots.
        """
        if lag not in self._likenesses:
            over = self.rows - 1.0
            self._likenesses[lag] = (
                _correlation(over[:BANDS], lag),
                _correlation(over[BANDS:], lag),
            )
        return self._likenesses[lag]

    def bar(self, length: int) -> Curves:
        """Return the mean of all bars of a length in slots, shape ``(5, length)``."""
        if length not in self._bars:
            count = self.slots // length
            bars = self.rows[:, : count * length].reshape(ROWS, count, length)
            self._bars[length] = bars.mean(axis=1)
        return self._bars[length]


def _correlation(rows: Curves, lag: int) -> float:
    if lag >= rows.shape[1]:
        return 0.0
    a, b = rows[:, : rows.shape[1] - lag], rows[:, lag:]
    return float((a * b).sum() / max(1e-9, np.sqrt((a**2).sum() * (b**2).sum())))


def _harmonic_change(chroma: Curves) -> Curve:
    """Return the cosine distance between what sounds before and after each chroma frame."""
    reach = round(_HARMONY_S * CHROMA_PER_SECOND)
    summed = np.cumsum(np.pad(chroma, ((0, 0), (reach + 1, reach))), axis=1)
    count = chroma.shape[1]
    before = summed[:, reach : reach + count] - summed[:, :count]
    after = summed[:, 2 * reach : 2 * reach + count] - summed[:, reach : reach + count]
    lengths = np.linalg.norm(before, axis=0) * np.linalg.norm(after, axis=0)
    likeness = (before * after).sum(axis=0) / np.maximum(lengths, 1e-9)
    return np.asarray(np.where(lengths > 1e-9, 1.0 - likeness, 0.0))
