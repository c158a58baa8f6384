"""Keys, scales, chords written as Roman numerals, and how they are voiced."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
"""Steps of each mode in semitones above the key."""

_DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII")
_MAJOR_DEGREES = SCALES["major"]
_NUMERAL = re.compile(r"(b|#)?(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")
_QUALITIES = {
    "": (),
    "7": (10,),
    "maj7": (11,),
    "9": (10, 14),
    "maj9": (11, 14),
    "6": (9,),
    "add9": (14,),
    "13": (10, 14, 21),
}


@dataclass(frozen=True)
class Chord:
    """A chord without a register.

    Parameters
    ----------
    root
        Pitch class, 0..11.
    intervals
        Semitones above the root, from 0 upwards.
    """

    root: int
    intervals: tuple[int, ...]

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes, root first."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)

    @property
    def fifth(self) -> int:
        """Semitones from the root to its fifth: 6, 7 or 8."""
        return next((i for i in self.intervals if i in {6, 7, 8}), 7)

    def near(self, pitch: int) -> int:
        """Return the root's MIDI note nearest to a pitch."""
        return pitch + (self.root - pitch + 6) % 12 - 6

    def voiced(self, centre: int, voices: int) -> tuple[int, ...]:
        """Return MIDI notes in close position around a centre, rising.

        Parameters
        ----------
        centre
            MIDI note in the middle of the voicing.
        voices
            How many notes; beyond the chord's own they double the octave.
        """
        low = centre - 7
        ladder = sorted(
            low + (pitch_class - low) % 12 + octave
            for pitch_class in self.pitch_classes
            for octave in (0, 12, 24)
        )
        return tuple(ladder[:voices])


def chord(numeral: str, key: int) -> Chord:
    """Return the chord of a Roman numeral such as ``bVII``, ``ii7`` or ``viidim``.

    Parameters
    ----------
    numeral
        Degree of the major scale; lower case is minor, ``b`` and ``#`` alter the root. Suffixes:
        7, maj7, 9, maj9, 6, add9, 13, sus4, sus2, dim, m7b5.
    key
        Pitch class of the tonic.

    Raises
    ------
    ValueError
        If it is not one.
    """
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError(f"{numeral!r} is not a Roman numeral")
    accidental, degree, suffix = match.groups()
    root = key + _MAJOR_DEGREES[_DEGREES.index(degree.upper())]
    root += {"b": -1, "#": 1}.get(accidental, 0)
    third = 3 if degree.islower() else 4
    if suffix in _QUALITIES:
        intervals = (0, third, 7, *_QUALITIES[suffix])
    else:
        special = {
            "sus4": (0, 5, 7),
            "sus2": (0, 2, 7),
            "dim": (0, 3, 6),
            "m7b5": (0, 3, 6, 10),
        }
        if suffix not in special:
            raise ValueError(f"{numeral!r} has an unknown suffix")
        intervals = special[suffix]
    return Chord(root % 12, intervals)


def nearest_in(pitch: int, pitch_classes: tuple[int, ...]) -> int:
    """Return the MIDI note nearest to a pitch whose class is among those given."""
    return min(
        (pitch + step for step in range(-6, 7) if (pitch + step) % 12 in pitch_classes),
        key=lambda candidate: abs(candidate - pitch),
    )


def scale_step(pitch: int, steps: int, scale: tuple[int, ...]) -> int:
    """Return the note that lies some steps of a scale above or below one of its notes.

    Parameters
    ----------
    pitch
        MIDI note; its class should be in the scale, else the nearest one is taken.
    steps
        Steps upwards; negative go down.
    scale
        Pitch classes of the scale.
    """
    ladder = [note for note in range(128) if note % 12 in scale]
    place = ladder.index(nearest_in(min(max(pitch, 6), 121), scale))
    return ladder[min(max(place + steps, 0), len(ladder) - 1)]
