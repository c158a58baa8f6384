"""Which part of its file a clip plays, in seconds, and how.

Conventions
-----------
A clip's *units* are beats if it is warped, else seconds in the file. While a clip does not loop,
Live's `loop_start` and `loop_end` are its start and its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from .errors import BridgeError

if TYPE_CHECKING:
    from .warp import WarpMap

SHORTEST_S = 0.01


class Span(NamedTuple):
    """A stretch, in a clip's units."""

    start: float
    end: float


class Playback(NamedTuple):
    """How a clip plays, in its units.

    Attributes
    ----------
    looping
        Whether it loops.
    start
        Where it begins to play.
    loop
        What it repeats, or all that it plays.
    end
        Its end marker.
    """

    looping: bool
    start: float
    loop: Span
    end: float

    def played(self, length: float | None, file_end: float | None) -> list[Span]:
        """Return what is heard, one pass after the other.

        Parameters
        ----------
        length
            How long the clip lies in the Arrangement, in its units; None in the Session, where each
            pass is listed once.
        file_end
            Where the file ends; None if Live does not tell.
        """
        if not self.looping:
            return [self.loop]
        if self.start >= self.loop.end:  # Live never enters a loop that lies behind it
            end = self.end if file_end is None else file_end
            if length is not None:
                end = min(end, self.start + length)
            return [Span(self.start, max(end, self.start))]
        passes = [Span(self.start, self.loop.end)]
        if length is None:
            return [*passes, self.loop]
        left = length - (passes[0].end - passes[0].start)
        whole = self.loop.end - self.loop.start
        while left > _NOTHING and whole > _NOTHING and len(passes) < _MOST_PASSES:
            passes.append(self.loop)
            left -= whole
        if left < 0:
            last = passes[-1]
            passes[-1] = Span(last.start, last.end + left)
        return passes

    def mapped(self, ruler: Callable[[float], float]) -> Playback:
        """Return the same on another ruler."""
        loop = Span(ruler(self.loop.start), ruler(self.loop.end))
        return Playback(self.looping, ruler(self.start), loop, ruler(self.end))


class Region(NamedTuple):
    """The part of a file that a clip plays.

    Attributes
    ----------
    start_s, end_s
        Seconds in the file.
    start, end
        The same in the clip's units.
    passes
        What is heard one after the other, in the clip's units.
    """

    start_s: float
    end_s: float
    start: float
    end: float
    passes: list[Span]

    @property
    def length_s(self) -> float:
        """How long it is, as `/bridge/select` wants it."""
        return max(0.0, self.end_s - self.start_s)

    @property
    def mean_tempo(self) -> float:
        """The recording's own tempo, quarter notes a minute, if it is warped."""
        return (self.end - self.start) / (self.end_s - self.start_s) * 60.0


_NOTHING = 1e-6
_MOST_PASSES = 512


def region(
    playback: Playback,
    warp: WarpMap | None,
    file_s: float | None,
    length: float | None,
) -> Region:
    """Return the region of a clip.

    Parameters
    ----------
    playback
        How it plays.
    warp
        Its markers; None for a clip that is not warped.
    file_s
        How long the file is; None if Live does not tell.
    length
        See `Playback.played`.

    Raises
    ------
    BridgeError
        The clip plays nothing of its file.
    """
    file_end = None
    if file_s is not None:
        file_end = file_s if warp is None else warp.beats(file_s)
    passes = playback.played(length, file_end)
    start, end = min(each.start for each in passes), max(each.end for each in passes)
    start_s, end_s = start, end
    if warp is not None:
        start_s, end_s = warp.seconds(start), warp.seconds(end)
    # A clip may begin before its file and end after it; there is nothing to send there.
    start_s = max(0.0, start_s)
    if file_s is not None:
        end_s = min(end_s, file_s)
    if end_s - start_s < SHORTEST_S:
        raise BridgeError(
            "The selected clip plays nothing of its file. Move its start and end markers."
        )
    if warp is not None:
        start, end = warp.beats(start_s), warp.beats(end_s)
    else:
        start, end = start_s, end_s
    return Region(start_s, end_s, start, end, passes)
