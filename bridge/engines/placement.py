"""Notes in seconds become notes on the ticks of a clip that lines up with the project.

Conventions
-----------
A clip lies where its region lies: tick 0 is the region's first sample. A tick is
``60 / (tempo * 960)`` s at the project's tempo, and a note is at most half of that off: 0.26 ms at
120 quarter notes a minute, 1 ms at 31.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bridge.units import TICKS_PER_QUARTER, quarters_to_ticks, seconds_to_quarters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.engines.transcription.notes import Note
    from bridge.models import QuantizeGrid

GRID_TICKS: dict[QuantizeGrid, int] = {
    "1/4": TICKS_PER_QUARTER,
    "1/4t": TICKS_PER_QUARTER * 2 // 3,
    "1/8": TICKS_PER_QUARTER // 2,
    "1/8t": TICKS_PER_QUARTER // 3,
    "1/16": TICKS_PER_QUARTER // 4,
    "1/16t": TICKS_PER_QUARTER // 6,
    "1/32": TICKS_PER_QUARTER // 8,
    "1/32t": TICKS_PER_QUARTER // 12,
}
"""Length of each grid's step; a triplet step is two thirds of the plain one."""


@dataclass(frozen=True)
class ClipFrame:
    """Where a clip lies in the project.

    Attributes
    ----------
    duration_s
        Length of the region in seconds.
    tempo
        Quarter notes a minute.
    meter
        As in ``"6/8"``.
    position_s
        Where the region begins on the project's timeline; anchors the note grid.
    quantize
        The note grid.
    """

    duration_s: float
    tempo: float
    meter: str
    position_s: float = 0.0
    quantize: QuantizeGrid = "off"

    @property
    def end_tick(self) -> int:
        """The first tick after the region."""
        quarters = seconds_to_quarters(self.duration_s, self.tempo)
        return max(1, math.ceil(quarters * TICKS_PER_QUARTER))

    def tick(self, time_s: float) -> int:
        """Return the nearest tick to a time in the region."""
        return quarters_to_ticks(seconds_to_quarters(time_s, self.tempo))

    def on_grid(self, tick: int) -> int:
        """Return the nearest grid line of the project's timeline that lies in the clip.

        A tick stays where it is if the grid is off or no line lies in the clip.
        """
        if self.quantize == "off":
            return tick
        step = GRID_TICKS[self.quantize]
        origin = seconds_to_quarters(self.position_s, self.tempo) * TICKS_PER_QUARTER
        # Lines a rounding error before the clip's start count as on it.
        first = math.ceil((origin - 0.5) / step)
        last = math.ceil((origin + self.end_tick) / step) - 1
        if last < first:
            return tick
        line = min(max(round((origin + tick) / step), first), last)
        return max(0, round(line * step - origin))


@dataclass(frozen=True)
class PlacedNote:
    """A note on the tick grid.

    Attributes
    ----------
    start, end
        Ticks from the clip's start; the end is later than the start.
    pitch, velocity
        MIDI numbers.
    wheel
        ``(tick, cents)`` from the start on, if the note bends.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    wheel: tuple[tuple[int, float], ...] = ()


def place(notes: Iterable[Note], frame: ClipFrame) -> tuple[PlacedNote, ...]:
    """Put notes on the tick grid, quantised if the frame says so.

    Quantising moves a note's start and keeps its length, as a DAW's own does, but a note that ended
    before another began still does.

    Returns
    -------
    tuple of PlacedNote
        By start, then pitch. All within the clip; notes of one pitch neither overlap nor
        coincide.
    """
    ordered = sorted(notes, key=lambda note: (note.onset_s, note.pitch))
    onsets = [note.onset_s for note in ordered]
    starts = [min(frame.on_grid(max(0, frame.tick(onset))), frame.end_tick - 1) for onset in onsets]
    placed = []
    for note, start in zip(ordered, starts, strict=True):
        moved = start - frame.tick(note.onset_s)
        end = frame.tick(note.offset_s) + moved
        after = bisect_left(onsets, note.offset_s)
        if after < len(starts) and starts[after] > start:
            end = min(end, starts[after])
        end = max(start + 1, min(end, frame.end_tick))
        wheel: tuple[tuple[int, float], ...] = ()
        if note.bend is not None:
            ticks = [frame.tick(time_s) + moved for time_s in note.bend.times_s]
            wheel = tuple(
                (max(start, tick), cents)
                for tick, cents in zip(ticks, note.bend.cents, strict=True)
                if tick < end
            )
        placed.append(PlacedNote(start, end, note.pitch, note.velocity, wheel))
    return _one_at_a_time(placed)


def _one_at_a_time(notes: list[PlacedNote]) -> tuple[PlacedNote, ...]:
    """End each note where the next of its pitch begins; of two that coincide keep the longer."""
    kept: list[PlacedNote] = []
    for note in sorted(notes, key=lambda note: (note.pitch, note.start, note.end)):
        if kept and kept[-1].pitch == note.pitch and kept[-1].end > note.start:
            before = kept.pop()
            if before.start < note.start:
                wheel = tuple(move for move in before.wheel if move[0] < note.start)
                kept.append(replace(before, end=note.start, wheel=wheel))
                kept.append(note)
            else:
                kept.append(replace(note, velocity=max(note.velocity, before.velocity)))
        else:
            kept.append(note)
    return tuple(sorted(kept, key=lambda note: (note.start, note.pitch)))
