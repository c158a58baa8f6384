"""How well what was heard agrees with what was played.

Conventions
-----------
Times are in seconds, pitches in MIDI note numbers, which may lie between two keys. A note counts as
found if one that was heard begins within 50 ms of it and lies within 50 cents; with offsets, its
end must also lie within 50 ms or a fifth of its length, whichever is more. Each note counts once.
Matching is that of MIREX, as mir_eval does it (C. Raffel et al., "mir_eval: A Transparent
Implementation of Common MIR Metrics", ISMIR 2014).

The onset's *bias* is the median of how much later the matched notes begin than they should, its
*spread* half of the range that holds the middle 68 % of them: the standard deviation, if the
errors are normally distributed, that a few outliers do not change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]

TOLERANCE_S = 0.05
_OFFSET_SHARE = 0.2
_SHORTEST_S = 1e-3


@dataclass(frozen=True)
class NoteTable:
    """Notes as columns.

    Attributes
    ----------
    intervals_s : np.ndarray [shape=(notes, 2)]
        Onset and offset, in seconds.
    pitches : np.ndarray [shape=(notes,)]
        MIDI note numbers, perhaps fractional.
    """

    intervals_s: Numbers
    pitches: Numbers

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float]]) -> NoteTable:
        """Make a table of rows of onset, offset and pitch; a note lasts at least 1 ms."""
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        intervals = table[:, :2].copy()
        intervals[:, 1] = np.maximum(intervals[:, 1], intervals[:, 0] + _SHORTEST_S)
        return cls(intervals, table[:, 2].copy())


@dataclass(frozen=True)
class OnsetScores:
    """How many notes were found, and how exactly they begin.

    Attributes
    ----------
    precision, recall, f_measure
        0…1.
    onset_bias_ms, onset_spread_ms
        Of the found ones; NaN if there are none.
    """

    precision: float
    recall: float
    f_measure: float
    onset_bias_ms: float
    onset_spread_ms: float


def score_notes(played: NoteTable, heard: NoteTable, *, with_offsets: bool = False) -> OnsetScores:
    """Score notes by onset and pitch, and by offset where that is asked for."""
    from mir_eval.transcription import match_notes

    pairs: list[tuple[int, int]] = []
    if played.pitches.size and heard.pitches.size:
        pairs = match_notes(
            played.intervals_s,
            _frequencies_hz(played.pitches),
            heard.intervals_s,
            _frequencies_hz(heard.pitches),
            onset_tolerance=TOLERANCE_S,
            offset_ratio=_OFFSET_SHARE if with_offsets else None,
            offset_min_tolerance=TOLERANCE_S,
        )
    return _scores(played.intervals_s[:, 0], heard.intervals_s[:, 0], pairs)


def score_onsets(played_s: Numbers, heard_s: Numbers) -> OnsetScores:
    """Score onsets that have no pitch, such as the strokes of one drum, in seconds, rising."""
    from mir_eval.util import match_events

    pairs: list[tuple[int, int]] = []
    if played_s.size and heard_s.size:
        pairs = match_events(played_s, heard_s, TOLERANCE_S)
    return _scores(played_s, heard_s, pairs)


def _scores(played_s: Numbers, heard_s: Numbers, pairs: list[tuple[int, int]]) -> OnsetScores:
    precision = len(pairs) / heard_s.size if heard_s.size else 0.0
    recall = len(pairs) / played_s.size if played_s.size else 0.0
    both = precision + recall
    bias_ms = spread_ms = math.nan
    if pairs:
        late_ms = 1e3 * np.array([heard_s[there] - played_s[here] for here, there in pairs])
        low, bias_ms, high = (float(value) for value in np.percentile(late_ms, [16, 50, 84]))
        spread_ms = (high - low) / 2.0
    return OnsetScores(
        precision,
        recall,
        2.0 * precision * recall / both if both else 0.0,
        bias_ms,
        spread_ms,
    )


def _frequencies_hz(pitches: Numbers) -> Numbers:
    return np.asarray(440.0 * 2.0 ** ((pitches - 69.0) / 12.0))
