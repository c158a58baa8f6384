"""Rendered recordings with exact notes, and the search on them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.note_scores import NoteTable
from bridge.engines.transcription.posteriors import Posteriors
from bridge.engines.transcription.settings import NetworkSettings
from bridge.training.notes import library, tuning
from bridge.training.notes.library import HeardRecording, recordings
from bridge.training.notes.pieces import KINDS, piece
from bridge.training.notes.rendering import render
from bridge.training.songs import sampler, soundfonts
from bridge.training.songs.values import SAMPLE_RATE

SETTINGS = NetworkSettings(engine="basic-pitch", onset_threshold=0.5, frame_threshold=0.3)
REGISTERS = {"guitar": (40, 86), "bass": (26, 62), "voice": (43, 84)}

needs_sampler = pytest.mark.skipif(
    sampler.library() is None or not soundfonts.installed("valid"),
    reason="needs libfluidsynth and a soundfont that was held out",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_piece_can_be_played(kind: str, seed: int) -> None:
    played = piece(kind, seed, 15.0)

    assert played == piece(kind, seed, 15.0)
    assert len(played.notes) >= 12
    low, high = REGISTERS.get(kind, (21, 108))
    assert all(low <= note.pitch <= high for note in played.notes)
    starts = [note.start_s for note in played.notes]
    assert starts == sorted(starts)
    for pitch in {note.pitch for note in played.notes}:
        same = [note for note in played.notes if note.pitch == pitch]
        assert all(a.start_s + a.length_s <= b.start_s + 1e-9 for a, b in pairwise(same))
    if kind in {"bass", "voice"}:
        assert all(a.start_s + a.length_s <= b.start_s + 1e-9 for a, b in pairwise(played.notes))


@needs_sampler
def test_a_recording_sounds_where_its_notes_say() -> None:
    recording = render("bass", 2, "valid", 12.0)

    assert recording.audio.shape == (2, 12 * SAMPLE_RATE)
    assert np.abs(recording.audio).max() > 0.01
    first_s = recording.notes.intervals_s[:, 0].min()
    before = recording.audio[:, : round(max(0.0, first_s - 0.01) * SAMPLE_RATE)]
    after = recording.audio[:, round(first_s * SAMPLE_RATE) :][:, :SAMPLE_RATE]
    if before.size:
        assert np.square(after).mean() > 4.0 * np.square(before).mean()
    again = render("bass", 2, "valid", 12.0)
    assert np.array_equal(again.audio, recording.audio)
    assert recording.name == again.name


def heard(seed: int, *, onset: float, delay_s: float = 0.0) -> HeardRecording:
    """Draw ten notes with some onset likelihood, and as many ghosts with less."""
    random = np.random.default_rng(seed)
    posteriors = Posteriors.silent(1_200)
    rows = []
    for step in range(10):
        start, row = 20 + 110 * step, int(random.integers(20, 60))
        posteriors.notes[start : start + 60, row] = 0.8
        posteriors.notes[start - 8 : start, row] = np.linspace(0.0, 0.7, 8)
        posteriors.onsets[start, row] = onset
        ghost = start + 40
        posteriors.notes[ghost : ghost + 40, row + 12] = 0.7
        posteriors.notes[ghost - 8 : ghost, row + 12] = np.linspace(0.0, 0.6, 8)
        posteriors.onsets[ghost, row + 12] = onset - 0.25
        onset_s = start * 256 / 22_050 - 0.0002 * (60 - row - 21) - delay_s
        rows.append((onset_s, onset_s + 0.7, float(row + 21)))
    audio = np.zeros((1, 1_200 * 256), np.float32)
    return HeardRecording(f"drawn {seed}", audio, posteriors, NoteTable.of(rows))


def test_the_search_takes_the_middle_of_a_plateau(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "GRID", {"onset_threshold": (0.1, 0.4, 0.5, 0.6, 0.7, 0.9)})
    told: list[tuple[str, float, float]] = []

    found = tuning.tuned(
        [heard(1, onset=0.8, delay_s=0.012), heard(2, onset=0.75, delay_s=0.012)],
        SETTINGS,
        lambda *tried: told.append(tried),
    )

    # From 0.56 no ghost is found, up to 0.75 every note.
    assert found.onset_threshold in {0.6, 0.7}
    assert found.onset_delay_ms == pytest.approx(12.0, abs=0.2)
    assert [value for _, value, _ in told[:6]] == [0.1, 0.4, 0.5, 0.6, 0.7, 0.9]
    merits = {value: merit for _, value, merit in told[:6]}
    assert merits[0.6] > merits[0.4] > merits[0.9]


@needs_sampler
def test_a_recording_is_heard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = render
    monkeypatch.setattr(library, "render", lambda kind, n, split: whole(kind, n, split, 6.0))
    made: list[str] = []

    first = recordings(tmp_path, "bass", 1, "valid", made.append)
    monkeypatch.setattr(library, "render", _refuse)
    again = recordings(tmp_path, "bass", 1, "valid", made.append)

    assert made == ["bass-000"]
    assert first[0].name == again[0].name
    assert np.array_equal(first[0].posteriors.notes, again[0].posteriors.notes)
    assert first[0].audio.shape == (1, 6 * 22_050)


def _refuse(*_: object) -> Callable[[], None]:
    raise AssertionError("a recording that was there was rendered again")
