"""From activations to onsets: local maxima above a threshold that follows the curve.

What both engines share. The rule of the factorisation is that of C.-W. Wu and A. Lerch, "Drum
Transcription Using Partially Fixed Non-Negative Matrix Factorization", EUSIPCO 2015: a maximum
within a neighbourhood that exceeds a constant plus the moving median. For the network, whose
answer falls to nothing between strokes, the constant alone does better: in a roll the median is
high itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUMP_FRAMES = 1.2
"""Standard deviation of the bump that a stroke is in the network's answer."""

Curve = NDArray[np.float32]


@dataclass(frozen=True)
class PeakRule:
    """When a maximum is a stroke.

    Parameters
    ----------
    threshold
        How far it must exceed the moving median.
    median_frames
        Length of the median; 0 for none, so that the threshold alone counts.
    apart_frames
        It must be the highest within this many frames on each side.
    """

    threshold: float
    median_frames: int
    apart_frames: int


def find_peaks(curve: Curve, rule: PeakRule) -> NDArray[np.intp]:
    """Return the frames of an activation that are strokes, rising.

    Parameters
    ----------
    curve : np.ndarray [shape=(frames,)]
        Not negative.
    rule
        When a maximum counts.
    """
    from scipy.ndimage import maximum_filter1d, median_filter

    if not curve.size:
        return np.zeros(0, dtype=np.intp)
    highest = maximum_filter1d(curve, 2 * rule.apart_frames + 1, mode="constant")
    usual = 0.0
    if rule.median_frames:
        usual = median_filter(curve, rule.median_frames, mode="constant")
    found = np.flatnonzero((curve == highest) & (curve > 0.0) & (curve >= rule.threshold + usual))
    # Of equal maxima side by side the first is the stroke.
    return found[np.diff(found, prepend=-rule.apart_frames - 1) > rule.apart_frames]


def refine(curve: Curve, frames: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return where between frames the maxima lie.

    The logarithm of a Gaussian bump is a parabola, so the one through a maximum and its neighbours
    has its vertex where the bump has its centre (J. O. Smith and X. Serra, "PARSHL", 1987).

    Parameters
    ----------
    curve : np.ndarray [shape=(frames,)]
        0..1.
    frames
        Its maxima, as `find_peaks` returned them.
    """
    if not frames.size:
        return np.zeros(0, dtype=np.float64)
    # Mirrored at the ends, where there is no neighbour: the maximum stays on its frame.
    padded = np.pad(curve.astype(np.float64), 1, mode="reflect" if curve.size > 1 else "edge")
    logs = np.log(np.maximum(padded, 1e-6))
    before, here, after = logs[frames], logs[frames + 1], logs[frames + 2]
    curvature = np.maximum(2.0 * here - before - after, 1e-9)
    offsets = np.clip(0.5 * (after - before) / curvature, -0.5, 0.5)
    return np.asarray(frames + offsets, dtype=np.float64)
