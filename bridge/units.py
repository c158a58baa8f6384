"""Seconds, samples, quarter notes, decibels: the types and every conversion between them.

Conventions
-----------
- `Seconds` are floats; `Samples` are integers at a sample rate that travels beside them.
- `Quarters` are quarter notes, whatever the meter's denominator; a tempo is quarter notes a minute.
- Decibels are relative to full scale (a sample of 1.0 is 0 dBFS).
"""

from __future__ import annotations

import math
from typing import NewType

Seconds = NewType("Seconds", float)
Samples = NewType("Samples", int)
Quarters = NewType("Quarters", float)
Decibels = NewType("Decibels", float)

SILENCE_DBFS = Decibels(-144.0)
"""What silence is reported as: the floor of 24 bits; OSC floats and JSON hold no minus infinity."""

TICKS_PER_QUARTER = 960
"""Resolution of every MIDI file that we write."""


def seconds_to_samples(seconds: float, sample_rate: int) -> Samples:
    """Return the nearest sample to a time."""
    return Samples(round(seconds * sample_rate))


def samples_to_seconds(samples: int, sample_rate: int) -> Seconds:
    """Return the time of a sample."""
    return Seconds(samples / sample_rate)


def seconds_to_quarters(seconds: float, tempo: float) -> Quarters:
    """Return how many quarter notes a time lasts at a tempo in quarter notes a minute."""
    return Quarters(seconds * tempo / 60.0)


def quarters_to_seconds(quarters: float, tempo: float) -> Seconds:
    """Return how long a number of quarter notes lasts at a tempo in quarter notes a minute."""
    return Seconds(quarters * 60.0 / tempo)


def quarters_to_ticks(quarters: float) -> int:
    """Return the nearest tick of our MIDI files."""
    return round(quarters * TICKS_PER_QUARTER)


def amplitude_to_db(amplitude: float) -> Decibels:
    """Return the level of a linear amplitude, never below `SILENCE_DBFS`."""
    if amplitude <= 0.0:
        return SILENCE_DBFS
    return Decibels(max(SILENCE_DBFS, 20.0 * math.log10(amplitude)))


def db_to_amplitude(decibels: float) -> float:
    """Return the linear amplitude of a level."""
    return float(10.0 ** (decibels / 20.0))
