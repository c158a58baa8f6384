"""Notes in seconds become notes on the ticks of a clip that lines up with the project.

Conventions
-----------
A clip lies where its region lies: tick 0 is the region's first sample. A tick is
``60 / (tempo * 960)`` s, and a note is at most half of that off: 0.26 ms at 120 quarter notes a
minute, 1 ms at 31.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from bridge.engines.tempo_map import TempoMap
from bridge.units import TICKS_PER_QUARTER, seconds_to_quarters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.engines.transcription.notes import Note
    from bridge.models import QuantizeGrid, TempoChange

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

_ROUNDING_TICKS = 1e-6
_BAR_TOLERANCE_TICKS = TICKS_PER_QUARTER / 64
"""8 ms at 120 quarter notes a minute."""


@dataclass(frozen=True)
class ClipFrame:
    """Where a clip lies in the project, and how its notes go to the grid.

    Attributes
    ----------
    duration_s
        Length of the region in seconds.
    tempo
        Quarter notes a minute; the mean where `changes` say more.
    meter
        As in ``"6/8"``.
    position_s
        Where the region begins on the project's timeline; anchors the note grid.
    quantize
        The note grid.
    strength
        How far notes go to the grid, 0…1.
    swing
        Delays every second line of a straight grid by so many halves of a step, 0…1: the first of
        each pair of notes takes 50 % of it at 0, 75 % at 1, as an MPC counts. Triplets do not
        swing.
    changes
        The tempo map of a recording that drifts.
    downbeat_s
        A line of the grid in the region, in place of `position_s`: for a tempo that was heard,
        where nobody knows how the project's timeline counts.
    whole_bars
        Whether the clip's length is rounded up to bars.
    """

    duration_s: float
    tempo: float
    meter: str
    position_s: float = 0.0
    quantize: QuantizeGrid = "off"
    strength: float = 1.0
    swing: float = 0.0
    changes: tuple[TempoChange, ...] = ()
    downbeat_s: float | None = None
    whole_bars: bool = False

    @cached_property
    def tempo_map(self) -> TempoMap:
        """What turns seconds into ticks."""
        return TempoMap.of(self.changes) if self.changes else TempoMap.constant(self.tempo)

    @property
    def bar_ticks(self) -> int:
        """Length of a bar."""
        numerator, denominator = (int(number) for number in self.meter.split("/"))
        return 4 * TICKS_PER_QUARTER * numerator // denominator

    @cached_property
    def end_tick(self) -> int:
        """The first tick after the region: no note sounds from here on."""
        exact = self.tempo_map.ticks(self.duration_s)
        end = max(1, math.ceil(exact - _ROUNDING_TICKS))
        return min(end, self._bars_ticks(exact)) if self.whole_bars else end

    @cached_property
    def length_ticks(self) -> int:
        """Length of the clip: the region's, rounded up to bars if `whole_bars`."""
        if not self.whole_bars:
            return self.end_tick
        return self._bars_ticks(self.tempo_map.ticks(self.duration_s))

    def _bars_ticks(self, ticks: float) -> int:
        # A selection of whole bars is never exactly so long in samples.
        bars = math.ceil((ticks - _BAR_TOLERANCE_TICKS) / self.bar_ticks)
        return max(1, bars) * self.bar_ticks

    def tick(self, time_s: float) -> int:
        """Return the nearest tick to a time in the region."""
        return round(self.tempo_map.ticks(time_s))

    def quantized(self, tick: int) -> int:
        """Return where a tick goes: towards the nearest grid line that lies in the clip.

        A later tick never goes before an earlier one. A tick stays where it is if the grid is off
        or no line lies in the clip.
        """
        if self.quantize == "off":
            return tick
        line = self._nearest_line(tick, GRID_TICKS[self.quantize])
        if line is None:
            return tick
        return max(0, round(tick + self.strength * (line - tick)))

    def _nearest_line(self, tick: int, step: int) -> float | None:
        """Return the nearest grid line in the clip, in ticks and their fractions."""
        around = math.floor((self._origin + tick) / step)
        lines = [self._line(number, step) for number in range(around - 2, around + 4)]
        # Lines a rounding error before the clip's start count as on it.
        inside = [line for line in lines if -0.5 <= line < self.end_tick]
        return min(inside, key=lambda line: abs(line - tick), default=None)

    def _line(self, number: int, step: int) -> float:
        swung = self.swing * step / 2.0 if number % 2 and not self.quantize.endswith("t") else 0.0
        return number * step + swung - self._origin

    @cached_property
    def _origin(self) -> float:
        """Ticks from a line that all grids share to the clip's start."""
        if self.downbeat_s is not None:
            return -self.tempo_map.ticks(self.downbeat_s)
        return seconds_to_quarters(self.position_s, self.tempo) * TICKS_PER_QUARTER


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

    Quantising moves a note's start and keeps its length, as a DAW's own does. It never moves a note
    past another: onsets keep their order, and a note that ended before another began still does.

    Returns
    -------
    tuple of PlacedNote
        By start, then pitch. All within the clip; notes of one pitch neither overlap nor
        coincide.
    """
    ordered = sorted(notes, key=lambda note: (note.onset_s, note.pitch))
    onsets = [note.onset_s for note in ordered]
    quantized = (frame.quantized(max(0, frame.tick(onset))) for onset in onsets)
    # Rounding may put the later of two onsets a tick before the earlier.
    starts = [min(start, frame.end_tick - 1) for start in accumulate(quantized, max)]
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
