"""From written notes to played ones: swing, a tempo that breathes, hands that are uneven."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs.values import NoteEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.training.songs.values import ScoreNote

_LATEST_S = 0.03
_SHORTEST_S = 0.04
_SHORTEST_SUNG_S = 0.05
_MACHINE_LOOSENESS = 0.25


@dataclass(frozen=True)
class Feel:
    """How a band keeps time.

    Parameters
    ----------
    tempo
        Quarter notes a minute.
    swing
        Share of a swung pair that its first note takes; 0.5 is straight.
    swing_unit
        Length of the swung note in quarters.
    looseness_s
        Standard deviation of the players' timing in seconds.
    machine
        Whether a machine keeps time: nothing drifts, and the players are tighter.
    """

    tempo: float
    swing: float
    swing_unit: float
    looseness_s: float
    machine: bool

    def seconds(self, quarter: float) -> float:
        """Return when a position in quarter notes comes."""
        pair = 2.0 * self.swing_unit
        whole, part = divmod(quarter, pair)
        part /= pair
        swung = part * 2.0 * self.swing
        if part > 0.5:
            swung = self.swing + (part - 0.5) * 2.0 * (1.0 - self.swing)
        place = (whole + swung) * pair
        if not self.machine:
            place += 0.02 * math.sin(place / 11.0)
        return place * 60.0 / self.tempo


def played(
    notes: Sequence[ScoreNote],
    feel: Feel,
    duration_s: float,
    rng: np.random.Generator,
    *,
    drums: bool = False,
) -> tuple[NoteEvent, ...]:
    """Return notes as a player with hands plays them, none of them later than the song.

    A drummer is tighter than the others, who are early or late as a whole, too.
    """
    spread_s = feel.looseness_s * (0.6 if drums else 1.0)
    if feel.machine:
        spread_s *= _MACHINE_LOOSENESS
    late_s = float(rng.normal(0.0, 0.004)) * (not drums)
    events = []
    for note in sorted(notes, key=lambda note: note.start):
        start_s = feel.seconds(note.start)
        end_s = feel.seconds(note.start + note.length)
        start_s = max(0.0, start_s + late_s + float(rng.normal(0.0, spread_s)))
        velocity = int(np.clip(note.velocity + rng.normal(0.0, 6.0), 8, 127))
        if start_s < duration_s - _LATEST_S:
            length_s = max(_SHORTEST_S, min(end_s, duration_s) - start_s)
            events.append(NoteEvent(start_s, length_s, note.pitch, velocity))
    return tuple(sorted(events, key=lambda event: event.start_s))


def sung(
    notes: Sequence[ScoreNote], feel: Feel, duration_s: float, rng: np.random.Generator
) -> tuple[NoteEvent, ...]:
    """Return a voice's notes: one at a time."""
    events = played(notes, feel, duration_s, rng)
    next_starts_s = [event.start_s for event in events[1:]] + [duration_s]
    single = []
    for event, next_start_s in zip(events, next_starts_s, strict=False):
        length_s = min(event.length_s, next_start_s - event.start_s)
        if length_s >= _SHORTEST_SUNG_S:
            single.append(NoteEvent(event.start_s, length_s, event.pitch, event.velocity))
    return tuple(single)
