"""Peak and loudness of audio that streams by.

Loudness is integrated and gated as in Recommendation ITU-R BS.1770-4, Annex 1: K-weighting, mean
square over blocks of 400 ms every 100 ms (equations 1 and 2), an absolute gate at -70 LKFS and a
relative one 10 LU below what passes it (equations 5 to 7). Only whole blocks count. The filters
are pyloudnorm's ``DeMan`` designs, which give the Recommendation's coefficients at 48 kHz exactly
and their like at any other rate; its default filters differ from the Recommendation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bridge.units import Decibels, amplitude_to_db

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio

SILENT_DBFS = Decibels(-80.0)
"""Audio whose peak is lower counts as silent: it is below what a listener hears of any music."""

_STEPS_PER_SECOND = 10
_STEPS_PER_BLOCK = 4
_ABSOLUTE_GATE_LKFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LU = -0.691


def is_silent(peak: float) -> bool:
    """Return whether audio with this linear peak counts as silent."""
    return amplitude_to_db(peak) < SILENT_DBFS


class LoudnessMeter:
    """Integrated loudness of audio that is handed over block by block.

    Memory grows by ten numbers a second of audio.

    Parameters
    ----------
    channels
        1 or 2; each has weight 1 (BS.1770-4, Table 3).
    sample_rate
        In Hz.
    """

    def __init__(self, channels: int, sample_rate: int) -> None:
        from pyloudnorm import IIRfilter

        shelf = IIRfilter(
            3.99984385397, 0.7071752369554193, 1681.9744509555319, sample_rate, "high_shelf_DeMan"
        )
        high_pass = IIRfilter(
            0.0, 0.5003270373253953, 38.13547087613982, sample_rate, "high_pass_DeMan"
        )
        self._sections = np.array([[*stage.b, *stage.a] for stage in (shelf, high_pass)])
        self._state = np.zeros((2, channels, 2))
        self._sample_rate = sample_rate
        self._frames = 0
        self._energies: list[float] = []
        self._energy = 0.0

    def add(self, audio: Audio) -> None:
        """Take the next samples, shape ``(channels, n)`` for any n."""
        from scipy.signal import sosfilt

        if not audio.shape[1]:
            return
        weighted, self._state = sosfilt(
            self._sections, audio.astype(np.float64), axis=1, zi=self._state
        )
        squares = np.square(weighted).sum(axis=0)
        at = 0
        while at < squares.size:
            end = min(squares.size, at + self._step_end() - self._frames)
            self._energy += float(squares[at:end].sum())
            self._frames += end - at
            at = end
            if self._frames == self._step_end():
                self._energies.append(self._energy)
                self._energy = 0.0

    def _step_end(self) -> int:
        return (len(self._energies) + 1) * self._sample_rate // _STEPS_PER_SECOND

    def integrated_lufs(self) -> float | None:
        """Return the integrated loudness; None if no block of 400 ms passes the gates."""
        if len(self._energies) < _STEPS_PER_BLOCK:
            return None
        steps = np.array(self._energies)
        length = _STEPS_PER_BLOCK * self._sample_rate / _STEPS_PER_SECOND
        powers = np.convolve(steps, np.ones(_STEPS_PER_BLOCK), mode="valid") / length
        loud = powers[powers > _power(_ABSOLUTE_GATE_LKFS)]
        if not loud.size:
            return None
        gated = loud[loud > _power(_loudness(loud) + _RELATIVE_GATE_LU)]
        return _loudness(gated)


def _loudness(powers: NDArray[np.float64]) -> float:
    return _OFFSET_LU + 10.0 * math.log10(float(powers.mean()))


def _power(loudness_lkfs: float) -> float:
    return float(10.0 ** ((loudness_lkfs - _OFFSET_LU) / 10.0))
