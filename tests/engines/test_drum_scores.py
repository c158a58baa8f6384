"""Annotated strokes are read, and heard ones scored against them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.drum_scores import all_strokes, heard_strokes, read_strokes, score_drums
from bridge.engines.transcription.notes import Note
from bridge.errors import SourceNotFoundError, UnsupportedAudioError


def note(onset_s: float, pitch: int) -> Note:
    return Note(onset_s, onset_s + 0.1, pitch, 100)


def test_strokes_are_read_by_class_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "drums.txt"
    path.write_text("1.5 \t KD \n0.25,HH\n\n0.5 KD\n", encoding="utf-8")

    found = read_strokes(path)

    assert found["KD"].tolist() == [0.5, 1.5]
    assert found["HH"].tolist() == [0.25]
    assert found["CY"].size == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1.0 KICK", r"Line 2 of 'drums.txt' names the class 'KICK'"),
        ("1.0 Sd", r"Did you mean 'SD'\?"),
        ("soon KD", "Line 2 .* is not an onset"),
        ("-1 KD", "Line 2 .* is not an onset"),
        ("nan KD", "Line 2 .* is not an onset"),
        ("1.0 KD 90", "Line 2 .* is not an onset"),
    ],
)
def test_lines_that_cannot_be_read(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "drums.txt"
    path.write_text(f"0.5 KD\n{line}\n", encoding="utf-8")

    with pytest.raises(UnsupportedAudioError, match=said):
        read_strokes(path)


def test_annotations_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="cannot be read"):
        read_strokes(tmp_path / "none.txt")


def test_keys_of_one_class_count_alike_and_others_do_not() -> None:
    played = heard_strokes([note(0.0, 36), note(1.0, 42), note(2.0, 50)])
    heard = heard_strokes([note(0.01, 35), note(1.01, 46), note(2.01, 45), note(3.0, 49)])

    scores = score_drums(played, heard)

    assert [scores[name].f_measure for name in ("KD", "HH", "TT")] == [1.0, 1.0, 1.0]
    assert (scores["CY"].precision, scores["CY"].recall) == (0.0, 0.0)
    assert "SD" not in scores
    assert scores["KD"].onset_bias_ms == pytest.approx(10.0)


def test_together_no_class_matches_another_s_strokes() -> None:
    played = heard_strokes([note(0.0, 36), note(5.0, 38)])
    heard = heard_strokes([note(0.0, 38), note(5.0, 38), note(0.02, 36)])

    score = all_strokes(played, heard, ["KD", "SD"])

    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == 1.0
    empty = heard_strokes([])
    assert np.isnan(all_strokes(empty, empty, ["KD"]).onset_bias_ms)
