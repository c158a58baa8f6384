"""One pass over a region before it is separated: its level, and where it is silent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer

SILENCE_PEAK = 1e-6
"""A window whose samples all lie below this (-120 dBFS) is not worth a model's time."""

_HOP_FRAMES = 1024


@dataclass(frozen=True)
class Survey:
    """What one pass over a region found.

    Parameters
    ----------
    mix
        The region.
    mean, standard_deviation
        Of the mean of its channels, over the whole region; the deviation is that of a sample
        (divided by n - 1) plus 1e-8, as ``demucs.api.Separator.separate_tensor`` has it.
    peaks : np.ndarray [shape=(hops,), dtype=float32]
        Highest absolute sample of every 1,024.
    """

    mix: DiskBuffer
    mean: float
    standard_deviation: float
    peaks: NDArray[np.float32]

    @classmethod
    def of(cls, mix: DiskBuffer, progress: Callable[[], None]) -> Survey:
        """Read the region once; `progress` is called for every block.

        Mean and variance of the blocks are merged as in Chan, Golub and LeVeque, "Updating
        Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979), equations
        2.1a and 2.1b, in float64.
        """
        count, mean, squares = 0, 0.0, 0.0
        peaks = [np.zeros(0, dtype=np.float32)]
        for _, block in mix.blocks():
            progress()
            mono = block.mean(axis=0, dtype=np.float64)
            block_mean = float(mono.mean())
            delta = block_mean - mean
            total = count + mono.size
            squares += float(np.square(mono - block_mean).sum())
            squares += delta * delta * count * mono.size / total
            mean += delta * mono.size / total
            count = total
            loudest = np.abs(block).max(axis=0)
            peaks.append(np.maximum.reduceat(loudest, np.arange(0, loudest.size, _HOP_FRAMES)))
        deviation = math.sqrt(squares / (count - 1)) if count > 1 else 0.0
        return cls(mix, mean, deviation + 1e-8, np.concatenate(peaks))

    def is_silent(self, start: int, stop: int) -> bool:
        """Return whether no sample from `start` up to `stop` reaches `SILENCE_PEAK`."""
        start, stop = max(0, start), min(self.mix.frames, stop)
        first, last = -(-start // _HOP_FRAMES), stop // _HOP_FRAMES
        if first >= last:
            return self._is_silent_exactly(start, stop)
        return (
            bool((self.peaks[first:last] < SILENCE_PEAK).all())
            and self._is_silent_exactly(start, first * _HOP_FRAMES)
            and self._is_silent_exactly(last * _HOP_FRAMES, stop)
        )

    def _is_silent_exactly(self, start: int, stop: int) -> bool:
        audio = self.mix.read(start, stop - start)
        return bool((np.abs(audio) < SILENCE_PEAK).all())
