"""The drums that are told apart: one table, from which pitches, bands and outputs derive.

Conventions
-----------
Pitches are General MIDI's percussion keys. A *stroke* is one hit of one drum.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drum:
    """One drum that can be heard.

    Parameters
    ----------
    name
        As presets and cards call it.
    pitch
        The key that its notes get; a tom's is the low tom's, until its tuning is measured.
    keys
        All keys of General MIDI's kit that sound like it.
    low_hz, high_hz
        The band in which its loudness is measured: where it stands out from the others.
    apart_s
        Nearest two strokes: hands are quicker than feet.
    """

    name: str
    pitch: int
    keys: tuple[int, ...]
    low_hz: float
    high_hz: float
    apart_s: float = 0.035


DRUMS = (
    Drum("kick", 36, (35, 36), 30.0, 120.0, 0.05),
    Drum("snare", 38, (38, 40), 180.0, 6_000.0),
    Drum("side stick", 37, (37,), 300.0, 5_000.0, 0.05),
    Drum("clap", 39, (39,), 700.0, 5_000.0, 0.06),
    Drum("closed hi-hat", 42, (42, 44), 9_000.0, 16_000.0),
    Drum("open hi-hat", 46, (46,), 5_000.0, 16_000.0, 0.05),
    Drum("tom", 45, (41, 43, 45, 47, 48, 50), 90.0, 300.0),
    Drum("crash", 49, (49, 57, 52, 55), 3_000.0, 16_000.0, 0.08),
    Drum("ride", 51, (51, 59, 53), 3_000.0, 16_000.0, 0.05),
)
"""In the order of the network's outputs."""

NAMES = tuple(drum.name for drum in DRUMS)
INDEX_OF_KEY = {key: index for index, drum in enumerate(DRUMS) for key in drum.keys}
"""Which row of `DRUMS` a key of General MIDI's kit belongs to."""

LOW_TOM, MID_TOM, HIGH_TOM = 45, 47, 50
