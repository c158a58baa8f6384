"""When what is in a clip is heard: the stand-in's ear, which shares nothing with the script.

A clip in the Session is launched at beat 0, one in the Arrangement sounds where it lies. The tempo
of the Set may change on the way; warped clips and notes follow it, unwarped clips do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.daws.ableton.clips import Clip

NEVER_S = float("inf")
SAME = 1e-6


@dataclass(frozen=True)
class Tempo:
    """The tempi of a Set, quarter notes a minute, each from a beat on; the first from 0."""

    steps: tuple[tuple[float, float], ...]

    def seconds(self, beats: float) -> float:
        """Return when a beat is reached."""
        total_s = 0.0
        ends = [start for start, _ in self.steps[1:]] + [NEVER_S]
        for (start, bpm), end in zip(self.steps, ends, strict=True):
            total_s += max(0.0, min(beats, end) - start) * 60.0 / bpm
            if beats < end:
                break
        return total_s


def steady(bpm: float) -> Tempo:
    return Tempo(((0.0, bpm),))


def origin_beats(clip: Clip) -> float:
    """Return the beat of the Set at which a clip begins to play."""
    return 0.0 if clip.is_session_clip else clip.start_time


def heard_from(clip: Clip) -> tuple[float, float]:
    """Return from where to where a clip plays before it repeats, in its units."""
    begin = clip.markers.start
    end = clip.loop.end if clip.looping else clip.markers.end
    return begin, end if clip.is_session_clip else min(end, begin + clip.span)


def heard_s(clip: Clip, file_s: np.ndarray, tempo: Tempo) -> np.ndarray:
    """Return when moments of a clip's file are first heard; infinity for those that are not.

    Parameters
    ----------
    clip
        An audio clip.
    file_s
        Seconds in the file.
    tempo
        The Set's.
    """
    begin, end = heard_from(clip)
    origin = origin_beats(clip)
    times_s = []
    for time_s in file_s:
        place = clip.warp.beats(float(time_s)) if clip.warping else float(time_s)
        if not begin - SAME <= place < end - SAME:
            times_s.append(NEVER_S)
        elif clip.warping:
            times_s.append(tempo.seconds(origin + place - begin))
        else:
            times_s.append(tempo.seconds(origin) + place - begin)
    return np.array(times_s)


def notes_heard_s(clip: Clip, tempo: Tempo) -> np.ndarray:
    """Return when a MIDI clip's notes begin, in order; those that do not sound are left out."""
    begin, end = heard_from(clip)
    origin = origin_beats(clip)
    starts = [note.start_time for note in clip.notes]
    heard = [start - begin for start in starts if begin - SAME <= start < end - SAME]
    return np.array(sorted(tempo.seconds(origin + place) for place in heard))


def clicks_s(audio: np.ndarray, rate: int, level: float = 0.4) -> np.ndarray:
    """Return when clicks begin in ``(channels, samples)``, seconds.

    A click begins where the sum of the channels first passes `level` after 50 ms below it.
    """
    loud = np.flatnonzero(np.abs(audio.mean(axis=0)) >= level)
    is_first = np.diff(loud, prepend=-rate) > 0.05 * rate
    return np.asarray(loud[is_first] / rate)
