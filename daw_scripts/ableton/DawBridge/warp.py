"""Beats of a clip to seconds of its file, and back.

Conventions
-----------
A marker is a pair ``(time_s, beats)``: seconds in the file, beats (quarter notes) on the clip's
ruler. Between two markers time runs straight; before the first and after the last it goes on as in
the segment beside it. Live lists a last marker that it does not show, 1/32 beat after the last
visible one: it says how fast the last segment is, and is taken like any other.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Iterable, Sequence, Tuple

from .errors import BridgeError

Marker = Tuple[float, float]

NEAREST_S = 1e-6
"""Markers of one clip are further apart than this; what is nearer is the same place."""


class WarpMap:
    """Straight lines between warp markers.

    Parameters
    ----------
    markers
        At least two, in any order.

    Raises
    ------
    BridgeError
        Fewer than two markers, or markers that do not go forward.
    """

    def __init__(self, markers: Iterable[Marker]) -> None:
        self.markers = sorted((float(time_s), float(beats)) for time_s, beats in markers)
        self._times_s = [time_s for time_s, _ in self.markers]
        self._beats = [beats for _, beats in self.markers]
        if len(self.markers) < 2 or not (_rises(self._times_s) and _rises(self._beats)):
            raise BridgeError(
                "The clip's warp markers cannot be read. Turn Warp off and on again, or move one."
            )

    def seconds(self, beats: float) -> float:
        """Return where in the file a beat of the clip sounds."""
        return _line(self._beats, self._times_s, beats)

    def beats(self, time_s: float) -> float:
        """Return the beat at which a moment of the file sounds."""
        return _line(self._times_s, self._beats, time_s)

    def part(self, start_s: float, end_s: float) -> list[Marker]:
        """Return the markers of a file that holds a part of this one alone.

        Its beginning and end become markers, and those between are kept, so that both files sound
        on the same beats. The last marker lies on the line that the one before it begins, so it is
        not needed.

        Parameters
        ----------
        start_s, end_s
            The part, seconds in this file.
        """
        inner = [
            (time_s - start_s, beats)
            for time_s, beats in self.markers[:-1]
            if start_s + NEAREST_S < time_s < end_s - NEAREST_S
        ]
        first, last = (0.0, self.beats(start_s)), (end_s - start_s, self.beats(end_s))
        return [first, *inner, last]


def _rises(values: Sequence[float]) -> bool:
    return all(low < high for low, high in zip(values, values[1:]))


def _line(inputs: Sequence[float], outputs: Sequence[float], value: float) -> float:
    low = min(max(bisect_right(inputs, value) - 1, 0), len(inputs) - 2)
    share = (value - inputs[low]) / (inputs[low + 1] - inputs[low])
    return outputs[low] + share * (outputs[low + 1] - outputs[low])
