"""Seconds of a region to ticks of its clip, at one tempo or at many.

Conventions
-----------
Tick 0 is the region's first sample. A single tempo is used as it was said, since a DAW plays the
ticks at it. A map of many tempi is used as a MIDI file holds it, in whole microseconds a quarter
note, so that a reader of the file comes to the same seconds after any number of changes. Either way
the nearest tick is at most half a tick off.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.units import TICKS_PER_QUARTER, quarters_to_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.models import TempoChange

_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class TempoMark:
    """A tempo from a tick on.

    Attributes
    ----------
    tick
        Where it begins.
    time_s
        When that is.
    quarter_s
        Seconds a quarter note.
    """

    tick: int
    time_s: float
    quarter_s: float

    @property
    def microseconds(self) -> int:
        """What a MIDI file says: whole microseconds a quarter note."""
        return round(self.quarter_s * _MICROSECONDS)


@dataclass(frozen=True)
class TempoMap:
    """The tempi of a clip.

    Parameters
    ----------
    marks
        In order; the first begins at tick 0.
    """

    marks: tuple[TempoMark, ...]

    @classmethod
    def constant(cls, tempo: float) -> TempoMap:
        """Return the map of one tempo in quarter notes a minute."""
        return cls((TempoMark(0, 0.0, 60.0 / tempo),))

    @classmethod
    def of(cls, changes: Sequence[TempoChange]) -> TempoMap:
        """Return the map of changes; the first is at 0 s, the rest follow it in time.

        Each stretch gets the tempo that ends it when the next is due, so that the rounding to
        microseconds does not add up.
        """
        marks: list[TempoMark] = []
        tick, time_s = 0, 0.0
        for following in changes[1:]:
            end = quarters_to_ticks(following.quarters)
            quarters = (end - tick) / TICKS_PER_QUARTER
            quarter_s = round((following.time_s - time_s) / quarters * _MICROSECONDS)
            marks.append(TempoMark(tick, time_s, quarter_s / _MICROSECONDS))
            tick, time_s = end, time_s + quarters * quarter_s / _MICROSECONDS
        last_s = round(60.0 / changes[-1].tempo * _MICROSECONDS) / _MICROSECONDS
        return cls((*marks, TempoMark(tick, time_s, last_s)))

    def ticks(self, time_s: float) -> float:
        """Return the place of a time, in ticks and their fractions."""
        mark = self.marks[max(0, bisect_right(self.marks, time_s, key=_time) - 1)]
        return mark.tick + (time_s - mark.time_s) / mark.quarter_s * TICKS_PER_QUARTER

    def seconds(self, ticks: float) -> float:
        """Return when a tick comes."""
        mark = self.marks[max(0, bisect_right(self.marks, ticks, key=_tick) - 1)]
        return mark.time_s + (ticks - mark.tick) * mark.quarter_s / TICKS_PER_QUARTER


def _time(mark: TempoMark) -> float:
    return mark.time_s


def _tick(mark: TempoMark) -> int:
    return mark.tick
