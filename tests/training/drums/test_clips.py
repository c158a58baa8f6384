"""Loops have what drummers play, and clips have their strokes exactly where the truth says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.transcription.drums.kit import INDEX_OF_KEY, NAMES
from bridge.training.drums.bleed import Bleed
from bridge.training.drums.clips import Room, draw, perform
from bridge.training.drums.loops import loop
from bridge.training.drums.strokes import Kit, Stroke
from bridge.training.songs import production
from bridge.training.songs.grooves import CLOSED_HAT, OPEN_HAT
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent

DRY = ("equalised", "compressed", "reverberated", "saturated", "aged", "roomy")


@cache
def clicks(onset: int = 100, length: int = 30_000) -> Kit:
    """Return a kit whose every sound is a click that decays."""
    kit = {}
    for key in INDEX_OF_KEY:
        audio = np.zeros(length, dtype=np.float16)
        audio[onset:] = np.exp(-np.arange(length - onset) / 4_000.0)
        kit[key] = tuple(Stroke(key, velocity, onset, 0.0, audio) for velocity in (40, 100))
    return kit


@pytest.fixture
def dry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engineer do nothing."""
    for name in DRY:
        monkeypatch.setattr(production, name, lambda audio, *_: audio)


def test_loops_have_every_drum_and_every_velocity() -> None:
    counts: Counter[str] = Counter()
    velocities = []
    for seed in range(60):
        events = loop(8.0, np.random.default_rng(seed))
        assert list(events) == sorted(events, key=lambda event: event.start_s)
        assert all(0.0 <= event.start_s < 8.0 and 1 <= event.velocity <= 127 for event in events)
        keys = [event.pitch for event in events if event.pitch in INDEX_OF_KEY]
        counts.update(NAMES[INDEX_OF_KEY[key]] for key in keys)
        velocities += [event.velocity for event in events]

    assert set(counts) == set(NAMES)
    assert min(counts.values()) > 0.01 * counts.total()
    soft, hard = np.percentile(velocities, [5, 95])
    assert soft < 50.0
    assert hard > 110.0


def test_the_same_seed_is_the_same_loop() -> None:
    assert loop(5.0, np.random.default_rng(3)) == loop(5.0, np.random.default_rng(3))
    assert loop(5.0, np.random.default_rng(3)) != loop(5.0, np.random.default_rng(4))


@pytest.mark.usefixtures("dry")
@pytest.mark.parametrize("seed", range(4))
def test_strokes_lie_where_the_truth_says_to_the_sample(seed: int) -> None:
    events = tuple(NoteEvent(0.1 + 0.2 * step, 0.1, 38, 100) for step in range(9))

    clip = perform(events, Room(((1.0, clicks()),)), 2.0, np.random.default_rng(seed))

    assert [round(stroke.onset_s, 6) for stroke in clip.truth] == [
        round(event.start_s, 6) for event in events
    ]
    rises = np.diff(clip.audio, prepend=0.0)
    for stroke in clip.truth:
        place = round(stroke.onset_s * SAMPLE_RATE)
        assert rises[place - 300 : place + 300].argmax() == 300


@pytest.mark.usefixtures("dry")
def test_the_next_stroke_of_the_hats_ends_an_open_one() -> None:
    events = (NoteEvent(0.1, 0.1, OPEN_HAT, 100), NoteEvent(0.3, 0.1, CLOSED_HAT, 100))
    soft = tuple(replace(stroke, audio=stroke.audio * 0.05) for stroke in clicks()[CLOSED_HAT])
    room = Room(((1.0, {**clicks(), CLOSED_HAT: soft}),))

    choked = perform(events, room, 1.0, np.random.default_rng(1)).audio
    alone = perform(events[:1], room, 1.0, np.random.default_rng(1)).audio

    def share(audio: np.ndarray) -> float:
        after, before = audio[18_000:19_000], audio[11_000:12_000]
        return float(np.abs(after).mean() / np.abs(before).mean())

    assert share(choked) < 0.5 * share(alone)


def test_two_crashes_at_once_are_one_stroke() -> None:
    events = (NoteEvent(0.5, 0.1, 49, 100), NoteEvent(0.505, 0.1, 57, 100))

    clip = perform(events, Room(((1.0, clicks()),)), 1.0, np.random.default_rng(1))

    assert [(stroke.onset_s, stroke.drum) for stroke in clip.truth] == [(0.5, NAMES.index("crash"))]


def test_a_kit_without_a_sound_borrows_it_and_what_nobody_has_is_not_played() -> None:
    kick_only = {36: clicks()[36]}
    events = (NoteEvent(0.2, 0.1, 36, 100), NoteEvent(0.6, 0.1, 38, 100))

    alone = perform(events, Room(((1.0, kick_only),)), 1.0, np.random.default_rng(1))
    both = perform(
        events, Room(((1.0, kick_only), (1e-3, clicks()))), 1.0, np.random.default_rng(1)
    )

    assert [stroke.drum for stroke in alone.truth] == [0]
    assert len(alone.audio) == len(both.audio) == SAMPLE_RATE


def test_bleed_is_as_loud_as_wanted(tmp_path: Path) -> None:
    song = tmp_path / "00000"
    song.mkdir()
    tone = np.round(8_000 * np.sin(0.02 * np.arange(3 * SAMPLE_RATE))).astype("<i2")
    for stem in ("bass", "other", "vocals"):
        (song / f"{stem}.i16").write_bytes(np.repeat(tone, 2).tobytes())
    bleed = Bleed.of(tmp_path)
    assert bleed is not None
    drums = np.random.default_rng(2).normal(0.0, 0.1, SAMPLE_RATE).astype(np.float32)

    leaked = bleed.into(drums, -12.0, np.random.default_rng(5)) - drums

    ratio_db = production.active_db(leaked[None]) - production.active_db(drums[None])
    assert ratio_db == pytest.approx(-12.0, abs=0.3)
    assert Bleed.of(tmp_path / "none") is None


def test_a_drawn_clip_is_whole() -> None:
    clip = draw(Room(((1.0, clicks()),)), 3.0, np.random.default_rng(8))

    assert clip.audio.shape == (3 * SAMPLE_RATE,)
    assert np.isfinite(clip.audio).all()
    assert clip.truth
    assert all(0.0 <= stroke.onset_s < 3.0 for stroke in clip.truth)
