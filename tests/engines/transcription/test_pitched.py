"""Tones in, notes out: pitch, tuning, loudness, one voice, real recordings."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.evaluation_notes import read_notes
from bridge.engines.note_scores import NoteTable, score_notes
from bridge.engines.resampling import resample
from bridge.engines.transcription.bends import contour_bin
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.pitched import hear_notes
from bridge.engines.transcription.settings import NetworkSettings
from bridge.engines.transcription.velocity import relative_levels, velocity
from bridge.errors import JobCancelled
from tests.engines.transcription.tones import melody, tone

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[3]
RECORDINGS = ROOT / "../shared/data/notes"


def preset(name: str, **changes: Any) -> NetworkSettings:
    text = (ROOT / f"presets/transcription/{name}.toml").read_text(encoding="utf-8")
    return NetworkSettings(**{**tomllib.loads(text), **changes})


def heard(folder: Path, audio: np.ndarray, settings: NetworkSettings) -> list[Note]:
    buffer = DiskBuffer.of(folder / "heard.f32", np.atleast_2d(audio), 22_050)
    return hear_notes(buffer, settings, lambda fraction: None)


def test_a_scale(tmp_path: Path) -> None:
    scale = [(0.3 + 0.5 * step, 0.45, pitch) for step, pitch in enumerate(range(55, 79, 2))]

    notes = heard(tmp_path, melody(7.0, [*scale]), preset("other"))

    assert [note.pitch for note in notes] == [pitch for _, _, pitch in scale]
    for note, (onset, length, _) in zip(notes, scale, strict=True):
        assert note.onset_s == pytest.approx(onset, abs=0.025)
        assert note.offset_s == pytest.approx(onset + length, abs=0.12)
        assert note.bend is None


def test_a_tone_at_the_very_start(tmp_path: Path) -> None:
    notes = heard(tmp_path, tone(60, 1.0), preset("other"))

    assert [note.pitch for note in notes] == [60]
    assert notes[0].onset_s < 0.02


def test_a_tone_in_the_last_tenth_of_a_second(tmp_path: Path) -> None:
    settings = preset("other", min_note_s=0.05, onset_threshold=0.4, frame_threshold=0.3)

    notes = heard(tmp_path, melody(120.0, [(1.0, 0.5, 60), (119.9, 0.3, 67)]), settings)

    assert [note.pitch for note in notes] == [60, 67]
    assert notes[1].onset_s == pytest.approx(119.9, abs=0.03)
    assert notes[1].offset_s <= 120.0


def test_a_held_tone_stays_one_note_across_windows(tmp_path: Path) -> None:
    notes = heard(tmp_path, tone(57.4, 9.0, decay=0.3), preset("voice"))

    assert [note.pitch for note in notes] == [57]
    assert notes[0].offset_s > 8.5


@pytest.mark.parametrize("cents", [-40, -33, 33, 40])
@pytest.mark.parametrize("pitch", [45, 52, 64, 76])
def test_a_tone_out_of_tune_bends_by_that_much(tmp_path: Path, pitch: int, cents: int) -> None:
    notes = heard(tmp_path, tone(pitch + cents / 100, 1.5), preset("voice"))

    assert [note.pitch for note in notes] == [pitch]
    bend = notes[0].bend
    assert bend is not None
    assert np.median(bend.cents) == pytest.approx(cents, abs=5.0)
    assert bend.times_s[0] == notes[0].onset_s
    assert bend.times_s[-1] <= notes[0].offset_s


@pytest.mark.parametrize("pitch", [45, 52, 64, 76])
def test_a_tone_in_tune_does_not_bend(tmp_path: Path, pitch: int) -> None:
    notes = heard(tmp_path, tone(pitch, 1.5), preset("voice"))

    assert [note.pitch for note in notes] == [pitch]
    assert notes[0].bend is None


def test_the_bin_of_a_pitch_is_the_middle_of_its_three() -> None:
    assert contour_bin(21) == 1
    assert contour_bin(108) == 262


def test_vibrato_is_followed(tmp_path: Path) -> None:
    time_s = np.arange(3 * 22_050) / 22_050
    cents = 50.0 * np.sin(2.0 * np.pi * 5.0 * time_s)
    phase = 2.0 * np.pi * np.cumsum(330.0 * 2.0 ** (cents / 1200.0)) / 22_050
    audio = 0.2 * np.sum([np.sin(number * phase) / number for number in range(1, 9)], axis=0)

    notes = heard(tmp_path, audio.astype(np.float32), preset("voice"))

    bend = max(notes, key=lambda note: note.offset_s - note.onset_s).bend
    assert bend is not None
    true = 50.0 * np.sin(2.0 * np.pi * 5.0 * np.asarray(bend.times_s)) + 100.0 * (
        12.0 * np.log2(330.0 / 440.0) + 69.0 - 64.0
    )
    assert np.corrcoef(true, bend.cents)[0, 1] > 0.9


def test_a_voice_has_no_overlaps(tmp_path: Path) -> None:
    chords = [(0.2 + 0.6 * step, 0.8, pitch + step) for step in range(8) for pitch in (57, 64)]
    audio = melody(6.0, [*chords])

    voice = heard(tmp_path, audio, preset("voice"))
    chord = heard(tmp_path, audio, preset("other"))

    assert len(voice) >= 7
    assert all(note.offset_s <= after.onset_s for note, after in pairwise(voice))
    assert len(chord) > len(voice)


def test_a_louder_note_has_a_higher_velocity(tmp_path: Path) -> None:
    audio = melody(5.0, [(0.5, 0.6, 60), (1.5, 0.6, 60), (2.5, 0.6, 60)])
    audio[round(1.4 * 22_050) : round(2.4 * 22_050)] *= 0.25

    loud, soft, last = (note.velocity for note in heard(tmp_path, audio, preset("other")))

    assert abs(loud - last) <= 2
    # A quarter of the amplitude is half the velocity on the squared curve.
    assert soft == pytest.approx(loud / 2, abs=4)


def test_velocity_does_not_depend_on_the_fader(tmp_path: Path) -> None:
    audio = melody(4.0, [(0.5, 0.6, 60), (1.5, 0.6, 64), (2.5, 0.6, 67)])

    loud = heard(tmp_path, audio, preset("other"))
    quiet = heard(tmp_path, 0.1 * audio, preset("other"))

    assert [note.velocity for note in loud] == pytest.approx(
        [note.velocity for note in quiet], abs=2
    )


def test_the_velocity_curve() -> None:
    levels = relative_levels([-10.0] * 9 + [-22.04])

    assert levels[-1] == pytest.approx(-12.04)
    assert [velocity(level) for level in levels] == [112] * 9 + [56]
    assert velocity(-144.0) == 1
    assert velocity(30.0) == 127
    assert relative_levels([]).size == 0


def test_onsets_have_no_bias(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    onsets_s = 0.3 + 0.23 * np.arange(100) + random.uniform(0.0, 0.05, 100)
    pitches = random.integers(48, 84, 100)
    played = [(onset, 0.2, float(pitch)) for onset, pitch in zip(onsets_s, pitches, strict=True)]

    notes = heard(tmp_path, melody(24.0, played), preset("keys", onset_delay_ms=0.0))

    scores = score_notes(
        NoteTable.of([(onset, onset + length, pitch) for onset, length, pitch in played]),
        NoteTable.of([(note.onset_s, note.offset_s, note.pitch) for note in notes]),
    )
    assert scores.recall > 0.9
    assert abs(scores.onset_bias_ms) < 3.0
    # On whole frames of 11.6 ms no spread could be below 3.9 ms.
    assert scores.onset_spread_ms < 3.0


def test_the_delays_are_taken_off(tmp_path: Path) -> None:
    audio = melody(3.0, [(0.5, 1.0, 60)])

    (plain,) = heard(tmp_path, audio, preset("keys", onset_delay_ms=0.0, offset_delay_ms=0.0))
    (shifted,) = heard(tmp_path, audio, preset("keys", onset_delay_ms=8.0, offset_delay_ms=30.0))

    assert plain.onset_s - shifted.onset_s == pytest.approx(0.008)
    assert plain.offset_s - shifted.offset_s == pytest.approx(0.030)


@pytest.mark.parametrize("name", ["voice", "bass"])
def test_one_voice_stays_one_voice_with_delays(tmp_path: Path, name: str) -> None:
    chords = [(0.2 + 0.3 * step, 0.5, pitch + step) for step in range(12) for pitch in (40, 45, 52)]

    notes = heard(
        tmp_path, melody(5.0, [*chords]), preset(name, onset_delay_ms=20.0, offset_delay_ms=-60.0)
    )

    assert len(notes) >= 8
    assert all(note.offset_s <= after.onset_s for note, after in pairwise(notes))
    for note in notes:
        if note.bend:
            assert note.bend.times_s[0] == note.onset_s
            assert max(note.bend.times_s) <= note.offset_s
            assert len(note.bend.times_s) == len(note.bend.cents)


def test_notes_far_below_the_loud_ones_are_dropped(tmp_path: Path) -> None:
    audio = melody(5.0, [(0.5, 0.6, 60), (1.5, 0.6, 60), (2.5, 0.6, 60), (3.5, 0.6, 60)])
    audio[round(3.4 * 22_050) :] *= 0.05

    assert len(heard(tmp_path, audio, preset("other"))) == 4
    assert len(heard(tmp_path, audio, preset("other", quietest_db=-20.0))) == 3


def test_silence_has_no_notes(tmp_path: Path) -> None:
    assert heard(tmp_path, np.zeros(50_000, np.float32), preset("other")) == []


def test_cancelling_while_levels_are_measured(tmp_path: Path) -> None:
    buffer = DiskBuffer.of(tmp_path / "heard.f32", tone(60, 1.0)[np.newaxis], 22_050)

    def stop(fraction: float) -> None:
        if fraction > 0.949:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        hear_notes(buffer, preset("other"), stop)


@pytest.mark.parametrize(
    ("recording", "name", "at_least"),
    [
        ("vocadito_1_first_half", "voice", 0.65),
        ("bach_bwv846", "other", 0.90),
        ("bach_bwv846", "keys", 0.88),
    ],
)
def test_real_recordings(tmp_path: Path, recording: str, name: str, at_least: float) -> None:
    path = RECORDINGS / f"{recording}.flac"
    if not path.is_file():
        pytest.skip("the shared recordings are not here")
    import soundfile

    audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    source = DiskBuffer.of(tmp_path / "source.f32", np.ascontiguousarray(audio.T), sample_rate)
    buffer = resample(source, 22_050, tmp_path / "heard.f32")
    notes = hear_notes(buffer, preset(name), lambda fraction: None)

    truth = read_notes(path.with_suffix(".csv"))
    table = NoteTable.of([(note.onset_s, note.offset_s, note.pitch) for note in notes])
    scores = score_notes(truth, table)
    assert scores.f_measure >= at_least
    assert abs(scores.onset_bias_ms) < 3.0
