"""Matching and timing of notes, against cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bridge.engines.note_scores import NoteTable, score_notes, score_onsets

PLAYED = NoteTable.of([(0.5, 1.0, 60), (1.0, 1.5, 62), (1.5, 2.0, 64), (2.0, 3.0, 65)])


def test_the_same_notes() -> None:
    scores = score_notes(PLAYED, PLAYED, with_offsets=True)

    assert (scores.precision, scores.recall, scores.f_measure) == (1.0, 1.0, 1.0)
    assert (scores.onset_bias_ms, scores.onset_spread_ms) == (0.0, 0.0)


def test_each_note_counts_once() -> None:
    heard = NoteTable.of([(0.49, 1.0, 60), (0.51, 1.0, 60), (1.01, 1.5, 62.4), (1.5, 2.0, 63)])

    scores = score_notes(PLAYED, heard)

    assert scores.precision == 0.5
    assert scores.recall == 0.5
    assert scores.f_measure == 0.5


@pytest.mark.parametrize(
    ("onset_s", "pitch", "is_found"),
    [(0.54, 60.0, True), (0.56, 60.0, False), (0.5, 60.45, True), (0.5, 60.55, False)],
)
def test_tolerances(onset_s: float, pitch: float, is_found: bool) -> None:
    assert (score_notes(PLAYED, NoteTable.of([(onset_s, 1.0, pitch)])).recall > 0) == is_found


def test_offsets_count_where_they_are_asked_for() -> None:
    heard = NoteTable.of([(0.5, 1.09, 60), (1.0, 1.8, 62)])

    assert score_notes(PLAYED, heard).precision == 1.0
    assert score_notes(PLAYED, heard, with_offsets=True).precision == 0.5


def test_bias_is_lateness_and_spread_is_without_it() -> None:
    random = np.random.default_rng(3)
    onsets = np.arange(400) * 0.5
    late = 0.012 + 0.004 * random.standard_normal(400)
    late[7] = -0.049

    scores = score_onsets(onsets, np.maximum(0.0, onsets + late))

    assert scores.f_measure == 1.0
    assert scores.onset_bias_ms == pytest.approx(12.0, abs=0.7)
    assert scores.onset_spread_ms == pytest.approx(4.0, abs=0.6)


def test_nothing_played_or_nothing_heard() -> None:
    none = NoteTable.of([])
    for scores in (score_notes(PLAYED, none), score_notes(none, PLAYED), score_notes(none, none)):
        assert (scores.precision, scores.recall, scores.f_measure) == (0.0, 0.0, 0.0)
        assert math.isnan(scores.onset_bias_ms)
    assert score_onsets(np.zeros(0), np.ones(3)).f_measure == 0.0


def test_a_note_without_length_is_a_note() -> None:
    heard = NoteTable.of([(0.5, 0.5, 60)])

    assert score_notes(PLAYED, heard).precision == 1.0
