"""From strokes to notes: no drum twice at a time, a velocity and a key for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.loudness import stroke_level_dbfs, tom_pitch
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.velocity import relative_levels, velocity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bridge.engines.audio import DiskBuffer

_RIVALS = (("closed hi-hat", "open hi-hat"), ("snare", "side stick"))
"""Drums that share a stick or a foot: of two strokes at once the surer one is kept."""

_TOGETHER_S = 0.03
_LENGTH_S = 0.1
"""How long a stroke's note is; drum instruments ignore it."""

_STROKES_AT_ONCE = 256


class Stroke(NamedTuple):
    """A stroke as an engine finds it."""

    onset_s: float
    drum: int
    """Row of `kit.DRUMS`."""
    sureness: float
    """Activation over threshold, at least about 1."""


def without_rivals(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Return strokes by onset, less those whose rival sounds at the same time and more surely."""
    rivals: dict[int, int] = {}
    for pair in _RIVALS:
        one, other = (NAMES.index(name) for name in pair)
        rivals |= {one: other, other: one}
    ordered = sorted(strokes)
    kept = []
    for index, stroke in enumerate(ordered):
        near = [*_near(ordered, index, -1), *_near(ordered, index, 1)]
        others = [other for other in near if other.drum == rivals.get(stroke.drum)]
        if all((stroke.sureness, -stroke.drum) > (o.sureness, -o.drum) for o in others):
            kept.append(stroke)
    return kept


def _near(ordered: Sequence[Stroke], index: int, step: int) -> Iterable[Stroke]:
    """Yield the strokes next to one, backwards or forwards, that sound together with it."""
    place = index + step
    while 0 <= place < len(ordered):
        if abs(ordered[place].onset_s - ordered[index].onset_s) >= _TOGETHER_S:
            return
        yield ordered[place]
        place += step


def notes_of(
    buffer: DiskBuffer, strokes: Sequence[Stroke], progress: Callable[[float], None]
) -> list[Note]:
    """Return a note for each stroke.

    Parameters
    ----------
    buffer
        The recording, at 44.1 kHz.
    strokes
        By onset.
    progress
        Told the fraction done, 0…1; what it raises is let through.

    Returns
    -------
    list of Note
        By onset, then pitch. A note ends where the same drum is struck again, or after 0.1 s.
    """
    levels: list[float] = []
    for index, stroke in enumerate(strokes):
        if index % _STROKES_AT_ONCE == 0:
            progress(index / len(strokes))
        levels.append(stroke_level_dbfs(buffer, stroke.onset_s, DRUMS[stroke.drum]))
    notes: list[Note] = []
    for number, drum in enumerate(DRUMS):
        own = [index for index, stroke in enumerate(strokes) if stroke.drum == number]
        relative = relative_levels([levels[index] for index in own]).tolist()
        ends = [*(strokes[index].onset_s for index in own), float("inf")][1:]
        for index, level, end_s in zip(own, relative, ends, strict=True):
            onset_s = strokes[index].onset_s
            pitch = tom_pitch(buffer, onset_s) if drum.name == "tom" else drum.pitch
            offset_s = min(onset_s + _LENGTH_S, end_s)
            notes.append(Note(onset_s, offset_s, pitch, velocity(level)))
    progress(1.0)
    return sorted(notes, key=lambda note: (note.onset_s, note.pitch))
