"""The key, from how much each pitch class sounds.

The chroma is compared with the 24 profiles of Krumhansl and Kessler: how well listeners found each
pitch class to fit into a major and a minor key (Krumhansl, "Cognitive Foundations of Musical
Pitch", 1990, table 2.1 and the key-finding algorithm of chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bridge.engines.timing.features import Curve, Curves

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""As a signature with the fewest accidentals spells them."""

_SHARPNESS = 8.0
"""Makes the confidence what it is: of 358 rendered songs about so many had the key it names."""

_LEAST_CORRELATION = 0.3


@dataclass(frozen=True)
class Key:
    """A key that was heard.

    Attributes
    ----------
    name
        Such as ``"F# minor"``.
    confidence
        0…1: how far it is ahead of the other 23.
    """

    name: str
    confidence: float


def find_key(chroma: Curves) -> Key | None:
    """Return the key of a chroma; None where nothing has one.

    Parameters
    ----------
    chroma : np.ndarray [shape=(12, frames)]
        From C up. Every frame counts alike, however loud; what is below its median is taken for
        noise and drums.
    """
    loudest = chroma.max(axis=0, initial=0.0)
    heard = loudest > 1e-3 * max(loudest.max(initial=0.0), 1e-6)
    if not heard.any():
        return None
    tonal = np.maximum(chroma - np.median(chroma, axis=0), 0.0)[:, heard] / loudest[heard]
    total = tonal.sum(axis=1)
    if total.max() < 1e-9:
        return None
    scores = correlations(total)
    best = int(scores.argmax())
    if scores[best] < _LEAST_CORRELATION:
        return None
    weights = np.exp(_SHARPNESS * (scores - scores[best]))
    names = MAJOR_NAMES if best < 12 else MINOR_NAMES
    name = f"{names[best % 12]} {'major' if best < 12 else 'minor'}"
    return Key(name, float(1.0 / weights.sum()))


def correlations(pitch_classes: Curve) -> Curve:
    """Return the correlation with the 12 major keys from C up, then with the 12 minor ones."""
    return np.array(
        [
            np.corrcoef(pitch_classes, np.roll(profile, tonic))[0, 1]
            for profile in (MAJOR, MINOR)
            for tonic in range(12)
        ]
    )
