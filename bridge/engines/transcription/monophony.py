"""One voice out of many notes: what a singer or a bass can have played."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.transcription.decoding import FrameNote

_SHORTEST_FRAMES = 5
"""What must remain of a note when the next one takes over: 58 ms, or it was never a note."""


def one_voice(notes: Sequence[FrameNote]) -> list[FrameNote]:
    """Choose the notes of one voice and end each where the next begins.

    Of all sequences of notes the weightiest is taken, a note's weight being its likelihood summed
    over the frames that it keeps. This is weighted interval scheduling (Kleinberg and Tardos,
    "Algorithm Design", section 6.1) with one liberty: a note may cut the tail of the one before,
    because the network hears reverberation as a held note.

    Parameters
    ----------
    notes
        By start.

    Returns
    -------
    list of FrameNote
        By start; none overlaps another.
    """
    weights: list[float] = []  # of the best sequence that ends with each note, uncut
    before: list[int | None] = []  # the note before it in that sequence
    sounding: list[int] = []
    leader: int | None = None  # the best end among the notes that are over
    for index, note in enumerate(notes):
        for earlier in sounding:
            over = notes[earlier].end <= note.start
            if over and (leader is None or weights[earlier] > weights[leader]):
                leader = earlier
        sounding = [earlier for earlier in sounding if notes[earlier].end > note.start]
        best, origin = (weights[leader], leader) if leader is not None else (0.0, None)
        for earlier in sounding:
            cut = notes[earlier].strength * (notes[earlier].end - note.start)
            long_enough = note.start - notes[earlier].start >= _SHORTEST_FRAMES
            if long_enough and weights[earlier] - cut > best:
                best, origin = weights[earlier] - cut, earlier
        weights.append(best + note.strength * (note.end - note.start))
        before.append(origin)
        sounding.append(index)
    return _traced(notes, weights, before)


def _traced(
    notes: Sequence[FrameNote], weights: list[float], before: list[int | None]
) -> list[FrameNote]:
    """Follow the best sequence back from its last note, cutting tails."""
    index = max(range(len(notes)), key=weights.__getitem__, default=None)
    chosen: list[FrameNote] = []
    while index is not None:
        note = notes[index]
        end = min(note.end, chosen[-1].start) if chosen else note.end
        chosen.append(replace(note, end=end))
        index = before[index]
    return chosen[::-1]
