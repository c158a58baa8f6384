"""The demo song: what `demo_notes` says is what sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.engines.audio import Audio
from bridge.engines.demo_score import DURATION_S, KICK, STEMS, TEMPO, demo_notes
from bridge.engines.demo_song import render_demo_song, write_demo_song

RATE = 44_100
RANGES = {"bass": (28, 55), "other": (48, 72), "vocals": (52, 64)}


@pytest.fixture(scope="module")
def stems() -> dict[str, Audio]:
    return render_demo_song()


def test_it_lasts_twelve_seconds_in_stereo(stems: dict[str, Audio]) -> None:
    assert tuple(stems) == STEMS
    for audio in stems.values():
        assert audio.shape == (2, 12 * RATE)
        assert audio.dtype == np.float32
        assert np.isfinite(audio).all()


def test_it_is_the_same_every_time(stems: dict[str, Audio]) -> None:
    again = render_demo_song()
    for name, audio in stems.items():
        np.testing.assert_array_equal(audio, again[name])


def test_the_mix_peaks_at_minus_1_dbfs_and_the_stems_are_balanced(stems: dict[str, Audio]) -> None:
    mix = sum(stems.values())
    assert 20 * np.log10(np.abs(mix).max()) == pytest.approx(-1.0, abs=0.01)
    levels = [20 * np.log10(np.std(audio)) for audio in stems.values()]
    assert -30.0 < min(levels) < max(levels) < -15.0


def test_it_begins_and_ends_without_a_click(stems: dict[str, Audio]) -> None:
    mix = np.sum(list(stems.values()), axis=0)
    assert np.abs(mix[:, 0]).max() < 0.02
    assert np.abs(mix[:, -1]).max() < 1e-4


def test_it_renders_at_other_rates() -> None:
    for audio in render_demo_song(22_050).values():
        assert audio.shape == (2, 12 * 22_050)


def test_the_notes_lie_in_their_ranges_and_in_the_song() -> None:
    notes = demo_notes()
    for note in notes:
        assert 0.0 <= note.onset_s < note.offset_s <= DURATION_S
        low, high = RANGES.get(note.stem, (36, 46))
        assert low <= note.pitch <= high
    assert {note.stem for note in notes} == set(STEMS)
    grid = [note.onset_s * TEMPO / 60 * 4 for note in notes]
    np.testing.assert_allclose(grid, np.round(grid), atol=1e-6)


@pytest.mark.parametrize("stem", ["bass", "vocals"])
def test_every_sung_and_bass_note_sounds_at_its_pitch(stems: dict[str, Audio], stem: str) -> None:
    for note in demo_notes():
        if note.stem != stem or note.offset_s - note.onset_s < 0.25:
            continue
        middle = (note.onset_s + note.offset_s) / 2
        start = round((middle - 0.1) * RATE)
        sound = stems[stem].mean(axis=0)[start : start + round(0.2 * RATE)].astype(np.float64)
        spectrum = np.fft.rfft(sound, 1 << 15)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)
        expected = RATE / (440.0 * 2 ** ((note.pitch - 69) / 12))
        low, high = int(expected / 1.4), int(expected * 1.4)
        period = low + int(np.argmax(correlation[low:high]))
        # Half a semitone: the voice has vibrato and glides into its notes.
        assert abs(12 * np.log2(period / expected)) < 0.5, note


def test_every_kick_is_heard(stems: dict[str, Audio]) -> None:
    drums = stems["drums"].mean(axis=0)
    for note in demo_notes():
        if note.stem == "drums" and note.pitch == KICK:
            start = round(note.onset_s * RATE)
            assert np.abs(drums[start : start + 1_500]).max() > 0.2


def test_the_chords_are_wide_and_the_bass_is_not(stems: dict[str, Audio]) -> None:
    def width(audio: Audio) -> float:
        return float(np.std(audio[0] - audio[1]) / np.std(audio[0] + audio[1]))

    assert width(stems["other"]) > 0.4
    assert width(stems["bass"]) < 0.05


def test_the_written_file_is_the_mix(tmp_path: Path, stems: dict[str, Audio]) -> None:
    path = write_demo_song(tmp_path / "new folder")
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(read.T, sum(stems.values()), atol=2e-7)
