"""What Live keeps in its own ways: colours, tempi, audio files, notes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from tests.daws.ableton.warping import SAME

PALETTE = (
    0xFF94A6, 0xFFA529, 0xCC9927, 0xF7F47C, 0xBFFB00, 0x1AFF2F, 0x25FFA8, 0x5CFFE8, 0x8BC5FF,
    0x5480E4, 0x92A7FF, 0xD86CE4, 0xE553A0, 0xFFFFFF, 0xFF3636, 0xF66C03, 0x99724B, 0xFFF034,
    0x87FF67, 0x3DC300, 0x00BFAF, 0x19E9FF, 0x10A4EE, 0x007DC0, 0x886CE4, 0xB677C6, 0xFF39D4,
    0xD0D0D0,
)  # fmt: skip
"""Some of the colours that Live has; what is written becomes the nearest."""


def nearest_color(rgb: int) -> int:
    """Return the colour that Live takes for another."""

    def distance(other: int) -> int:
        shifts = (16, 8, 0)
        return sum(((rgb >> shift & 255) - (other >> shift & 255)) ** 2 for shift in shifts)

    return min(PALETTE, key=distance)


def float32(value: float) -> float:
    """Return a number as Live keeps tempi."""
    (rounded,) = struct.unpack("f", struct.pack("f", value))
    return float(rounded)


@dataclass(frozen=True)
class Sound:
    """An audio file."""

    path: str
    length: int
    rate: float

    @property
    def length_s(self) -> float:
        return self.length / self.rate


def read_sound(path: str) -> Sound:
    """Return an audio file as Live reads it.

    Raises
    ------
    RuntimeError
        The path is relative, or no audio is there.
    """
    if not Path(path).is_absolute() or not Path(path).is_file():
        raise RuntimeError("Invalid path")
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as exc:
        raise RuntimeError("The file could not be read") from exc
    return Sound(path, info.frames, float(info.samplerate))


@dataclass(frozen=True)
class Note:
    """A note in a clip, times in beats."""

    pitch: int
    start_time: float
    duration: float
    velocity: float
    mute: bool
    probability: float
    velocity_deviation: float
    release_velocity: float


def cut(old: Note, new: Note) -> list[Note]:
    """Cut a note where another of its pitch begins, as Live does."""
    if old.start_time + old.duration <= new.start_time + SAME:
        return [old]
    if old.start_time >= new.start_time + new.duration - SAME:
        return [old]
    if old.start_time >= new.start_time - SAME:
        return []
    return [replace(old, duration=new.start_time - old.start_time)]
