"""How a clip's file lies on the beats: warp markers, with what Live allows of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SHADOW_BEATS = 1 / 32
"""The last marker is not shown: it lies this far behind the last visible one, as its tempo says."""

SLOWEST_BPM, FASTEST_BPM = 5.0, 999.0
SAME = 1e-9


@dataclass(frozen=True)
class Marker:
    """A warp marker: seconds in the file, and the beat on which they sound."""

    time_s: float
    beats: float


@dataclass
class Warp:
    """The warp markers of a clip.

    Parameters
    ----------
    visible
        What Live shows, in order; at least one.
    last_bpm
        The tempo behind the last of them.
    """

    visible: list[Marker]
    last_bpm: float

    @property
    def shadow(self) -> Marker:
        """The marker that Live lists last and does not show."""
        last = self.visible[-1]
        return Marker(last.time_s + SHADOW_BEATS * 60.0 / self.last_bpm, last.beats + SHADOW_BEATS)

    @property
    def markers(self) -> list[Marker]:
        """All that `Clip.warp_markers` lists."""
        return [*self.visible, self.shadow]

    def beats(self, time_s: float) -> float:
        """Return the beat on which a moment of the file sounds."""
        low, high = self._segment(time_s, key=lambda each: each.time_s)
        share = (time_s - low.time_s) / (high.time_s - low.time_s)
        return low.beats + share * (high.beats - low.beats)

    def seconds(self, beats: float) -> float:
        """Return the moment of the file that sounds on a beat."""
        low, high = self._segment(beats, key=lambda each: each.beats)
        share = (beats - low.beats) / (high.beats - low.beats)
        return low.time_s + share * (high.time_s - low.time_s)

    def add(self, marker: Marker, file_s: float) -> None:
        """Add a marker; one that is there already changes nothing.

        Raises
        ------
        RuntimeError
            As Live's `add_warp_marker`.
        """
        if not 0.0 <= marker.time_s <= file_s + SAME:
            raise RuntimeError("Warp marker sample time is out of range")
        place = _place(self.visible, marker.beats, key=lambda each: each.beats)
        if any(_same(marker, each) for each in self.visible[max(0, place - 1) : place + 1]):
            return
        self._accept([*self.visible[:place], marker, *self.visible[place:]], place)

    def move(self, beats: float, distance: float) -> None:
        """Move a marker along the beats.

        Raises
        ------
        RuntimeError
            As Live's `move_warp_marker`.
        """
        index = self._index(beats, "moved")
        moved = Marker(self.visible[index].time_s, self.visible[index].beats + distance)
        self._accept([*self.visible[:index], moved, *self.visible[index + 1 :]], index)

    def remove(self, beats: float) -> None:
        """Remove a marker.

        Raises
        ------
        RuntimeError
            As Live's `remove_warp_marker`.
        """
        index = self._index(beats, "removed")
        if len(self.visible) == 1:
            raise RuntimeError("The last warp marker can't be removed.")
        self._accept([*self.visible[:index], *self.visible[index + 1 :]], index)

    def copy(self) -> Warp:
        return Warp(list(self.visible), self.last_bpm)

    def _index(self, beats: float, what: str) -> int:
        if abs(self.shadow.beats - beats) < SAME:
            raise RuntimeError(f"The shadow marker can't be {what}.")
        for index, each in enumerate(self.visible):
            if abs(each.beats - beats) < SAME:
                return index
        raise RuntimeError("The specified warp marker doesn't exist.")

    def _accept(self, markers: list[Marker], changed: int) -> None:
        """Take these markers if the segments beside the one that was changed are allowed."""
        for low, high in pairwise(markers[max(0, changed - 1) : changed + 2]):
            span_s = high.time_s - low.time_s
            bpm = (high.beats - low.beats) / span_s * 60.0 if span_s > SAME else 0.0
            if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
                raise RuntimeError("Segment length out of range")
        self.visible = markers

    def _segment(self, value: float, key: Callable[[Marker], float]) -> tuple[Marker, Marker]:
        index = max(0, _place(self.visible, value, key) - 1)
        low = self.visible[index]
        is_last = index + 1 == len(self.visible)
        return low, self.shadow if is_last else self.visible[index + 1]


def _place(markers: list[Marker], value: float, key: Callable[[Marker], float]) -> int:
    """Return how many markers lie at a value or before it."""
    low, high = 0, len(markers)
    while low < high:
        middle = (low + high) // 2
        if key(markers[middle]) <= value:
            low = middle + 1
        else:
            high = middle
    return low


def _same(one: Marker, other: Marker) -> bool:
    return abs(one.time_s - other.time_s) < SAME and abs(one.beats - other.beats) < SAME
