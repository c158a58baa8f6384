"""What the voices sing: phrases that breathe, over the chords, within a singer's range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.training.songs.harmony import nearest_in, scale_step
from bridge.training.songs.values import ScoreNote

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from bridge.training.songs.harmony import Chord

LOWEST, HIGHEST = 45, 84
"""A2 to C6."""


@dataclass(frozen=True)
class Voice:
    """Who sings and how.

    Parameters
    ----------
    centre
        MIDI note in the middle of the tune.
    flow
        Syllables a quarter note.
    held
        How much longer the last note of a phrase is.
    monotone
        How likely the next syllable keeps its pitch: high for rap and chant.
    """

    centre: int
    flow: float
    held: float
    monotone: float

    @classmethod
    def drawn(cls, flow: tuple[float, float], rng: np.random.Generator) -> Voice:
        """Return a random voice whose syllables come as densely as the style wants."""
        low = rng.random() < 0.55
        centre = int(rng.integers(52, 63) if low else rng.integers(62, 74))
        monotone = float(rng.uniform(0.1, 0.45)) + 0.4 * (flow[1] > 3.0)
        return cls(centre, float(rng.uniform(*flow)), float(rng.uniform(1.0, 4.0)), monotone)


def melody(
    start: float,
    end: float,
    voice: Voice,
    chord_at: Callable[[float], Chord],
    scale: tuple[int, ...],
    *,
    rng: np.random.Generator,
) -> list[ScoreNote]:
    """Return what the voice sings between two positions in quarter notes."""
    notes: list[ScoreNote] = []
    place = start + float(rng.choice([0.0, 0.0, 0.5, 1.0, -0.5]))
    place = max(place, start)
    while place < end - 1.0:
        phrase_quarters = min(float(rng.choice([3.0, 4.0, 6.0, 7.0, 8.0])), end - place)
        notes += _phrase(place, phrase_quarters, voice, chord_at, scale, rng=rng)
        rest = float(rng.choice([0.5, 1.0, 1.0, 2.0, 4.0]))
        place = round((place + phrase_quarters + rest) * 2) / 2
    return notes


def _phrase(
    start: float,
    quarters: float,
    voice: Voice,
    chord_at: Callable[[float], Chord],
    scale: tuple[int, ...],
    *,
    rng: np.random.Generator,
) -> list[ScoreNote]:
    notes: list[ScoreNote] = []
    place = start
    pitch = nearest_in(voice.centre + int(rng.integers(-4, 5)), chord_at(start).pitch_classes)
    drift = float(rng.choice([-0.4, 0.0, 0.4]))
    while place < start + quarters - 0.2:
        length = _syllable(voice.flow, rng)
        left = start + quarters - place
        last = left <= length * 1.5
        length = left * min(1.0, 0.4 + 0.2 * voice.held) if last else min(length, left)
        if last or (place % 1.0 == 0.0 and rng.random() < 0.5):
            pitch = nearest_in(pitch, chord_at(place).pitch_classes)
        legato = 0.98 if rng.random() < 0.7 else float(rng.uniform(0.6, 0.95))
        notes.append(ScoreNote(place, length * legato, pitch, int(rng.integers(76, 118))))
        place += length
        if rng.random() > voice.monotone:
            leap = int(rng.choice([-2, -1, -1, 1, 1, 2, 4, -3]))
            pull = -1 if pitch > voice.centre + 7 else 1 if pitch < voice.centre - 7 else 0
            step = leap + round(drift + float(rng.normal(0.0, 0.3))) + 2 * pull
            pitch = min(max(scale_step(pitch, step, scale), LOWEST), HIGHEST)
    return notes


def _syllable(flow: float, rng: np.random.Generator) -> float:
    """Return a note's length in quarters, on the grid of eighths or sixteenths."""
    grid = 0.25 if flow > 1.4 else 0.5
    wanted = float(rng.choice([0.5, 1.0, 1.0, 1.0, 1.5, 2.0])) / flow
    return max(grid, round(wanted / grid) * grid)


def harmony(notes: list[ScoreNote], steps: int, scale: tuple[int, ...]) -> list[ScoreNote]:
    """Return a second voice some steps of the scale above (below if negative) a melody."""
    return [
        ScoreNote(
            note.start,
            note.length,
            min(max(scale_step(note.pitch, steps, scale), LOWEST), HIGHEST),
            max(1, note.velocity - 12),
        )
        for note in notes
    ]


def choir(
    start: float, end: float, quarters: int, part: int, chord_at: Callable[[float], Chord]
) -> list[ScoreNote]:
    """Return one part of a choir that holds the chords, a note a bar."""
    notes, place = [], start
    while place < end:
        pitches = chord_at(place).voiced(60, 4)
        length = min(float(quarters), end - place)
        notes.append(ScoreNote(place, length * 0.97, pitches[part % len(pitches)], 84))
        place += quarters
    return notes
