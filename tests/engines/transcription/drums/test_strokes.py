"""No drum is hit twice at once, and a note's velocity follows the stroke's level."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bridge.engines.transcription.drums.kit import DRUMS, INDEX_OF_KEY, NAMES
from bridge.engines.transcription.drums.loudness import tom_pitch
from bridge.engines.transcription.drums.strokes import Stroke, notes_of, without_rivals

from .rendered import buffer, play

KICK, SNARE, STICK, CLOSED, OPEN = (
    NAMES.index(name) for name in ("kick", "snare", "side stick", "closed hi-hat", "open hi-hat")
)


def test_every_key_belongs_to_one_drum() -> None:
    keys = [key for drum in DRUMS for key in drum.keys]

    assert len(keys) == len(set(keys)) == len(INDEX_OF_KEY)
    assert [drum.pitch for drum in DRUMS] == [36, 38, 37, 39, 42, 46, 45, 49, 51]


def test_of_rivals_the_surer_is_kept() -> None:
    strokes = [
        Stroke(0.50, CLOSED, 2.0),
        Stroke(0.51, OPEN, 3.0),
        Stroke(0.50, KICK, 1.1),
        Stroke(1.00, SNARE, 2.0),
        Stroke(1.02, STICK, 1.0),
        Stroke(2.00, CLOSED, 1.0),
        Stroke(2.05, OPEN, 3.0),
        Stroke(3.00, CLOSED, 1.5),
        Stroke(3.00, OPEN, 1.5),
    ]

    kept = without_rivals(strokes)

    assert [(round(s.onset_s, 2), s.drum) for s in kept] == [
        (0.5, KICK), (0.51, OPEN), (1.0, SNARE), (2.0, CLOSED), (2.05, OPEN), (3.0, CLOSED),
    ]  # fmt: skip


@pytest.mark.parametrize("drum", [KICK, SNARE, CLOSED])
def test_velocity_rises_with_the_stroke(tmp_path: Path, drum: int) -> None:
    key = DRUMS[drum].pitch
    played = [(0.5 + 0.5 * index, key, 20 + 15 * index) for index in range(8)]
    others = [(onset_s, 42 if drum == SNARE else 36, 90) for onset_s, *_ in played]
    audio = play(played if drum == KICK else [*played, *others], 5.0)
    strokes = [Stroke(onset_s, drum, 2.0) for onset_s, *_ in played]

    notes = notes_of(buffer(tmp_path, audio), strokes, lambda _: None)

    velocities = [note.velocity for note in notes]
    assert all(softer < louder for softer, louder in pairwise(velocities))
    assert min(velocities) >= 1
    assert max(velocities) <= 127


def test_a_note_ends_before_the_drum_is_struck_again(tmp_path: Path) -> None:
    strokes = [Stroke(0.5, SNARE, 2.0), Stroke(0.52, KICK, 2.0), Stroke(0.56, SNARE, 2.0)]
    audio = play([(0.5, 38), (0.52, 36), (0.56, 38)], 1.0)

    notes = notes_of(buffer(tmp_path, audio), strokes, lambda _: None)

    assert [(n.pitch, n.onset_s, round(n.offset_s, 3)) for n in notes] == [
        (38, 0.5, 0.56), (36, 0.52, 0.62), (38, 0.56, 0.66),
    ]  # fmt: skip


def test_toms_are_told_apart_by_their_tuning(tmp_path: Path) -> None:
    audio = play([(0.1, 41), (1.1, 43), (2.1, 50)], 3.0)
    low, middle, high = (tom_pitch(buffer(tmp_path, audio), onset) for onset in (0.1, 1.1, 2.1))

    assert (low, middle, high) == (45, 47, 50)
