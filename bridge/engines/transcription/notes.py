"""Notes as a transcriber hears them: times in seconds, pitches in semitones."""

from __future__ import annotations

import bisect
from dataclasses import dataclass


@dataclass(frozen=True)
class Bend:
    """How a note's pitch moves.

    Attributes
    ----------
    times_s
        Seconds from the region's start, rising, from the note's onset on.
    cents
        Deviation from the note's pitch at each time, held until the next.
    """

    times_s: tuple[float, ...]
    cents: tuple[float, ...]

    def between(self, onset_s: float, offset_s: float) -> Bend:
        """Return the bend of a note with these ends; what was last bent before its onset holds."""
        first = max(0, bisect.bisect_right(self.times_s, onset_s) - 1)
        end = max(first + 1, bisect.bisect_left(self.times_s, offset_s))
        return Bend((onset_s, *self.times_s[first + 1 : end]), self.cents[first:end])


@dataclass(frozen=True)
class Note:
    """One note of one voice.

    Attributes
    ----------
    onset_s, offset_s
        Seconds from the region's start; the offset is later than the onset.
    pitch
        MIDI note number, 0…127.
    velocity
        MIDI velocity, 1…127.
    bend
        How the pitch moves; None for a note that keeps its pitch.
    """

    onset_s: float
    offset_s: float
    pitch: int
    velocity: int
    bend: Bend | None = None
