"""How well a drum transcriber finds the strokes of a recording that somebody annotated.

Conventions
-----------
Annotations are text, one stroke a line: onset in seconds and a class, as MDB Drums has them
(C. Southall et al., "MDB Drums: An Annotated Subset of MedleyDB for Automatic Drum Transcription",
ISMIR Late-Breaking, 2017): ``KD`` kick, ``SD`` snare, ``HH`` hi-hat, ``TT`` toms, ``CY`` cymbals,
``OT`` everything else, side sticks and claps with it. A stroke counts as found if one of its class
was heard within 50 ms; each counts once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.note_scores import OnsetScores, score_onsets
from bridge.errors import SourceNotFoundError, UnsupportedAudioError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bridge.engines.transcription.notes import Note

CLASSES = {
    "KD": frozenset({35, 36}),
    "SD": frozenset({38, 40}),
    "HH": frozenset({42, 44, 46}),
    "TT": frozenset({41, 43, 45, 47, 48, 50}),
    "CY": frozenset({49, 51, 52, 53, 55, 57, 59}),
    "OT": frozenset({37, 39, 54, 56}),
}
"""The classes of annotations, and which of General MIDI's percussion keys belong to each."""

Strokes = dict[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"]


def read_strokes(path: Path) -> Strokes:
    """Return the annotated onsets in seconds, rising, by class; every class is there.

    Raises
    ------
    SourceNotFoundError
        If the file cannot be read.
    UnsupportedAudioError
        If a line is not an onset and a class.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SourceNotFoundError(f"The annotations '{path}' cannot be read: {exc}.") from exc
    found: dict[str, list[float]] = {name: [] for name in CLASSES}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words:
            continue
        onset_s = _seconds(words[0])
        if len(words) != 2 or onset_s is None:
            raise UnsupportedAudioError(
                f"Line {number} of '{path.name}' is not an onset in seconds and a class, such as "
                f"'1.25 SD'."
            )
        if words[1] not in CLASSES:
            raise UnsupportedAudioError(
                f"Line {number} of '{path.name}' names the class '{words[1]}'; the classes are "
                f"{', '.join(CLASSES)}.{nearest(words[1], CLASSES)}"
            )
        found[words[1]].append(onset_s)
    return {name: np.array(sorted(onsets), dtype=np.float64) for name, onsets in found.items()}


def heard_strokes(notes: Iterable[Note]) -> Strokes:
    """Return the onsets of notes in seconds, rising, by class."""
    onsets: dict[str, list[float]] = {name: [] for name in CLASSES}
    for note in notes:
        for name, keys in CLASSES.items():
            if note.pitch in keys:
                onsets[name].append(note.onset_s)
    return {name: np.array(sorted(times), dtype=np.float64) for name, times in onsets.items()}


def score_drums(played: Strokes, heard: Strokes) -> dict[str, OnsetScores]:
    """Score every class that was played or heard."""
    return {
        name: score_onsets(played[name], heard[name])
        for name in CLASSES
        if played[name].size or heard[name].size
    }


def all_strokes(played: Strokes, heard: Strokes, classes: Sequence[str]) -> OnsetScores:
    """Score some classes together: precision and recall over all their strokes.

    The classes lie one after another on one time axis, so that none matches another's strokes.
    """
    last_s = max((float(times[-1]) for times in (*played.values(), *heard.values()) if times.size),
                 default=0.0)  # fmt: skip
    gap_s = last_s + 1.0
    shifted = [
        np.concatenate([strokes[name] + index * gap_s for index, name in enumerate(classes)])
        for strokes in (played, heard)
    ]
    return score_onsets(shifted[0], shifted[1])


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0.0 else None
