"""The sizes of the network that hears drums: what training and transcription share."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Shape:
    """The sizes of a network, stored with its weights.

    Parameters
    ----------
    channels
        Feature maps of the layers over time and frequency; each halves the bands.
    width
        Features of a frame.
    dilations
        Of the layers over time, in frames.
    """

    channels: tuple[int, ...] = (12, 24, 32, 32)
    width: int = 80
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)

    @property
    def context(self) -> int:
        """Frames at each end of the input that only serve those between."""
        return len(self.channels) + sum(self.dilations)

    def to_json(self) -> str:
        """Return the sizes as text, for the weights' header."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shape:
        """Return the sizes that `to_json` wrote."""
        sizes = json.loads(text)
        return cls(tuple(sizes["channels"]), sizes["width"], tuple(sizes["dilations"]))
