"""The built-in separator's network in numbers: its frames, its bands, its sizes.

What training and separation share, without any library.

Conventions
-----------
Spectra have the shape ``(…, bins, frames)``, band maps ``(…, bands, frames)``. Powers are those of
the short-time spectrum, summed over a band's bins.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SAMPLE_RATE = 44_100
FRAME_SAMPLES = 4096
HOP_SAMPLES = 1024
BINS = FRAME_SAMPLES // 2 + 1
STEMS = 4
CHANNELS = 2

PLANES = 3
"""What the network sees: the levels of both channels, and how wide the band is between them."""
LEAK = 0.2
"""Slope of the encoder's rectifiers below zero."""

FLOOR = 1e-7
"""Band powers are compressed above this share of the window's mean power: 70 dB below it."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a network, stored with its weights.

    Parameters
    ----------
    bands
        Of the frequency axis; a multiple of `stride`.
    channels
        Feature maps of the encoder's layers, from the outermost in.
    full_channels
        Feature maps of the decoder's last layer, at full resolution.
    """

    bands: int = 256
    channels: tuple[int, ...] = (24, 48, 96, 192, 256)
    full_channels: int = 24

    @property
    def stride(self) -> int:
        """What bands and frames are divided by on the way in."""
        return 1 << len(self.channels)

    def to_json(self) -> str:
        """Return the sizes as text, for the weights' header."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shape:
        """Return the sizes that `to_json` wrote."""
        sizes = json.loads(text)
        return cls(**{**sizes, "channels": tuple(sizes["channels"])})


def band_edges(bands: int) -> list[int]:
    """Return the first bin of every band, and after the last the number of bins.

    A band is one bin wide or a constant fraction of its frequency, whichever is wider; the
    fraction is the one that gives this many bands.

    Raises
    ------
    ValueError
        If there are more bands than bins, or too few for the highest to be resolved.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        fraction = (low + high) / 2
        edges = [0.0]
        while edges[-1] < BINS and len(edges) <= bands:
            edges.append(edges[-1] + max(1.0, fraction * edges[-1]))
        low, high = (fraction, high) if edges[-1] < BINS else (low, fraction)
    firsts = [round(edge) for edge in edges[:bands]]
    if len(set(firsts)) != bands or firsts[-1] >= BINS:
        raise ValueError(f"{BINS} bins cannot be divided into {bands} bands")
    return [*firsts, BINS]
