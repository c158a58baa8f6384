"""The reference decoder gives basic-pitch's own notes, one for one."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription import upstream
from bridge.engines.transcription.settings import NetworkSettings
from bridge.engines.transcription.upstream import (
    UpstreamFrames,
    UpstreamNote,
    find_upstream_notes,
)
from tests.engines.transcription.tones import melody

VOICE = Path(__file__).resolve().parents[3] / "../shared/data/notes/vocadito_1_first_half.flac"
SETTINGS = NetworkSettings(
    engine="basic-pitch",
    decoder="upstream",
    onset_threshold=0.5,
    frame_threshold=0.3,
    min_note_s=0.1277,
    bends=True,
)


@pytest.fixture(scope="module")
def basic_pitch() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("basic_pitch.inference")


def song() -> np.ndarray:
    notes = [(0.2 + 0.31 * step, 0.5, 48.0 + 5 * (step % 7)) for step in range(18)]
    notes += [(0.4 + 1.1 * step, 1.4, 64.3 + step) for step in range(5)]
    # One sounds to the end, of which basic-pitch loses the last frames.
    return melody(6.6, [*notes, (5.6, 1.0, 43.0)], 44_100)


def as_listed(buffer: DiskBuffer) -> list[tuple[object, ...]]:
    heard = upstream.infer_as_upstream(buffer, lambda _: None)
    return [
        (note.onset_s, note.offset_s, note.pitch, note.amplitude, note.bends)
        for note in find_upstream_notes(heard)
    ]


def predicted(module: ModuleType, path: Path) -> list[tuple[object, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, _, events = module.predict(path)
    return [
        (float(start), float(end), int(pitch), float(amplitude), tuple(map(int, bends)))
        for start, end, pitch, amplitude, bends in events
    ]


@pytest.mark.parametrize("recording", ["tones", "voice"])
def test_note_for_note(tmp_path: Path, basic_pitch: ModuleType, recording: str) -> None:
    path = tmp_path / "song.wav"
    if recording == "voice":
        if not VOICE.is_file():
            pytest.skip("the shared recordings are not here")
        path = VOICE
    else:
        soundfile.write(path, np.stack([song(), 0.3 * song()]).T, 44_100, "FLOAT")
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    buffer = DiskBuffer.of(tmp_path / "song.f32", np.ascontiguousarray(audio.T), rate)

    ours, theirs = as_listed(buffer), predicted(basic_pitch, path)

    assert len(theirs) > 15
    assert ours == theirs


@pytest.mark.parametrize("seed", range(4))
def test_any_likelihoods_decode_alike(basic_pitch: ModuleType, seed: int) -> None:
    from basic_pitch.note_creation import get_pitch_bends, output_to_notes_polyphonic

    random = np.random.default_rng(seed)
    frames = 400
    smooth = np.hanning(2 + 8 * seed + 1)[1:-1]
    notes = np.apply_along_axis(np.convolve, 0, random.random((frames, 88)), smooth, "same")
    notes = (notes / notes.max()).astype(np.float32)
    notes = np.round(notes, 2) if seed == 2 else notes  # with many of the same loudness
    onsets = (random.random((frames, 88)) ** 4).astype(np.float32)
    contours = random.random((frames, 264)).astype(np.float32)

    found = find_upstream_notes(UpstreamFrames(notes, onsets, contours), frame_threshold=0.4)
    listed = output_to_notes_polyphonic(
        notes.copy(), onsets.copy(), 0.5, 0.4, 11, True, None, None, True
    )
    listed = get_pitch_bends(contours, listed)

    times_s = upstream.frame_times_s(frames)
    assert len(listed) > 20
    assert [(note.onset_s, note.offset_s, note.pitch, note.bends) for note in found] == [
        (times_s[start], times_s[end], pitch, tuple(bends))
        for start, end, pitch, _, bends in listed
    ]


def test_frame_times_are_upstream_s(basic_pitch: ModuleType) -> None:
    from basic_pitch.note_creation import model_frames_to_time

    np.testing.assert_allclose(upstream.frame_times_s(2_000), model_frames_to_time(2_000))


def test_as_notes_of_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [
        UpstreamNote(2.0, 3.0, 64, 0.5, (1, 1)),
        UpstreamNote(1.0, 2.5, 62, 0.001, (2, 2)),
        UpstreamNote(0.1, 0.9, 60, 1.0, (0, 1, 4)),
        UpstreamNote(3.0, 4.0, 65, 0.3, (-1, -1)),
        UpstreamNote(2.1, 2.2, 67, 0.3, (1, 1)),
    ]
    monkeypatch.setattr(upstream, "find_upstream_notes", lambda heard, **options: listed)
    buffer = DiskBuffer.of(tmp_path / "song.f32", np.zeros((1, 100), np.float32), 22_050)
    told: list[float] = []

    notes = upstream.hear_as_upstream(buffer, SETTINGS, told.append)

    assert [(note.pitch, note.velocity) for note in notes] == [
        (60, 127), (62, 1), (64, 64), (67, 38), (65, 38),
    ]  # fmt: skip
    assert [note.pitch for note in notes if note.bend] == [60, 65]
    bend = notes[0].bend
    assert bend is not None
    assert bend.times_s == pytest.approx((0.1, 0.5, 0.9))
    assert bend.cents == pytest.approx((0.0, 100.0 / 3.0, 400.0 / 3.0))
    assert told == sorted(told)


@pytest.mark.parametrize("samples", [0, 1, 300])
def test_next_to_nothing_has_no_notes(tmp_path: Path, samples: int) -> None:
    buffer = DiskBuffer.of(tmp_path / "song.f32", np.zeros((1, samples), np.float32), 22_050)

    assert upstream.hear_as_upstream(buffer, SETTINGS, lambda _: None) == []
