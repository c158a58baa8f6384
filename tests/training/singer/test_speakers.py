"""People's voices: phones become syllables, phrases are sung in tune, and everyone gets a turn."""

from __future__ import annotations

import collections
import importlib.util
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.errors import EngineFailedError
from bridge.training.singer import performer, phrases, sing, solo, speakers, synthesis
from bridge.training.songs.values import NoteEvent
from tests.training.singer.test_singing import LENGTH_S, MELODY, RATE, assert_in_tune

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.training.singer.speakers import Speaker
    from bridge.training.singer.synthesis import Curve

PEOPLE = {one.name: one for one in speakers.PEOPLE}
NOTE = [NoteEvent(0.5, 4.0, 57, 96)]

hears_people = pytest.mark.skipif(
    not any(one.recorded for one in phrases.installed()),
    reason="flite or pyworld is not installed",
)


def table(text: str) -> tuple[speakers.Segment, ...]:
    """Return phones of 100 ms each."""
    names = text.split()
    return tuple(speakers.Segment(name, 0.1 * at, 0.1 * (at + 1)) for at, name in enumerate(names))


def voice(speaker: Speaker, *, numbers: tuple[int, ...] = (3, 4), **traits: float) -> solo.Voice:
    steady = {
        "vibrato_cents": 0.0, "drift_cents": 4.0, "scoop_semitones": 0.0, "melisma": 0.0,
        "inhale": 0.0, "tract_scale": 1.1, "breath": 0.03, "consonants": 0.5, "drive_db": -12.0,
        "presence_db": 0.0, "effort_db": 6.0,
    }  # fmt: skip
    singer = performer.draw("pop", 60.0, np.random.default_rng(1), steady | traits)
    return solo.Voice(singer, "pop", (), {}, 0, speaker, numbers)


def spectrum_db(sound: Curve, centre_hz: float) -> float:
    """Return the level of a third of an octave."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    band = (hertz > centre_hz * 2 ** (-1 / 6)) & (hertz < centre_hz * 2 ** (1 / 6))
    return float(10 * np.log10(power[band].sum() + 1e-20))


def test_what_flite_prints_becomes_segments() -> None:
    found = speakers.phone_table("pau:0.220 l:0.288 aa:0.395 \n")

    assert found == (
        speakers.Segment("pau", 0.0, 0.22),
        speakers.Segment("l", 0.22, 0.288),
        speakers.Segment("aa", 0.288, 0.395),
    )


def test_what_is_no_table_of_phones_is_refused() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        speakers.phone_table("voice not found")


@pytest.mark.parametrize(
    ("spoken", "borders_s"),
    [
        ("pau l aa pau", [(0.1, 0.3)]),
        ("pau l aa m iy pau", [(0.1, 0.3), (0.3, 0.5)]),
        ("pau aa n t r iy s t pau", [(0.1, 0.3), (0.3, 0.8)]),
        ("pau aa s pau pau t iy", [(0.1, 0.3), (0.5, 0.7)]),
        ("aa iy", [(0.0, 0.1), (0.1, 0.2)]),
    ],
)
def test_consonants_go_to_the_vowel_they_are_sung_with(
    spoken: str, borders_s: list[tuple[float, float]]
) -> None:
    marks = speakers.syllable_marks(table(spoken))

    assert marks[:, [0, 3]] == pytest.approx(np.array(borders_s))
    assert (np.diff(marks, axis=1) > 0.0).all()


def test_a_diphthong_is_held_before_it_moves() -> None:
    (plain,), (moving,) = (speakers.syllable_marks(table(f"t {name} n")) for name in ("aa", "ay"))

    assert moving[2] < 0.151
    assert plain[2] > moving[2]


def test_without_vowels_there_are_no_syllables() -> None:
    assert speakers.syllable_marks(table("pau s t pau")).shape == (0, 4)
    assert speakers.syllable_marks(()).shape == (0, 4)


def test_vowels_are_held_where_they_are_voiced() -> None:
    marks_s = np.array([[0, 20, 40, 50], [50, 60, 80, 90], [90, 95, 99, 400]]) / 172.265625
    voiced = np.zeros(100, dtype=bool)
    voiced[[24, 25, 26, 27, 28, 35, 36, 95]] = True

    found = phrases.marked_syllables(marks_s, voiced)

    # The second one's vowel is whispered, the third one's is voiced for a single frame.
    assert found.tolist() == [[0, 24, 29, 50]]


def test_each_speaker_has_a_name_of_their_own() -> None:
    everyone = (speakers.ESPEAK, *speakers.PEOPLE)

    assert len({one.name for one in everyone}) == len(everyone)
    assert all(one.hinge_hz[1] < one.band_end_hz < 11025.0 for one in everyone)


def test_people_share_the_spoken_voices_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "installed", lambda: (speakers.ESPEAK, *speakers.PEOPLE))
    rng = np.random.default_rng(5)
    drawn = [solo.draw("pop", NOTE, (), rng, speech_share=1.0) for _ in range(1500)]
    counts = collections.Counter(one.speaker.name for one in drawn if one.speaker)

    assert counts["espeak-ng"] / 1500 == pytest.approx(0.4, abs=0.05)
    for name in PEOPLE:
        assert counts[name] / 1500 == pytest.approx(0.15, abs=0.04)
    assert all(max(one.phrases) < one.speaker.phrases for one in drawn if one.speaker)


def test_without_flite_the_same_voices_are_drawn_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phrases, "installed", lambda: (speakers.ESPEAK,))
    rng, before = np.random.default_rng(6), np.random.default_rng(6)
    drawn = solo.draw("pop", NOTE, (), rng, speech_share=1.0)
    performer.draw("pop", 57.0, before)
    before.integers(1 << 31)
    before.random()
    numbers = before.integers(2000, size=int(before.integers(1, 6)))

    assert drawn.speaker == speakers.ESPEAK
    assert drawn.phrases == tuple(numbers.tolist())


@hears_people
@pytest.mark.parametrize("name", PEOPLE)
def test_people_sing_in_tune(name: str) -> None:
    sound = voice(PEOPLE[name]).sing(MELODY, LENGTH_S, np.random.default_rng(9))

    assert sound.dtype == np.float32
    assert_in_tune(sound)


@hears_people
@pytest.mark.parametrize("name", PEOPLE)
def test_the_spectrum_goes_on_above_what_flite_gives(name: str) -> None:
    """Neither a cliff at 8 kHz nor highs louder than the vowel."""
    sound = voice(PEOPLE[name], tract_scale=1.0).sing(MELODY, LENGTH_S, np.random.default_rng(3))
    levels = [spectrum_db(sound, hertz) for hertz in (500.0, 5000.0, 6300.0, 8000.0, 10000.0)]

    assert np.abs(np.diff(levels[1:])).max() < 12.0
    assert -50.0 < levels[-1] - levels[0] < -5.0


@hears_people
@pytest.mark.parametrize("name", PEOPLE)
def test_formants_are_the_singers_not_the_speakers(name: str) -> None:
    """The envelope moves along the axis of log frequency by the ratio of the tracts."""
    low = [NoteEvent(0.2 + 0.6 * index, 0.58, 40, 96) for index in range(8)]
    steps_per_octave = 24
    hertz = 700.0 * 2.0 ** (np.arange(2.5 * steps_per_octave) / steps_per_octave)

    def curve(tract_scale: float) -> Curve:
        singer = voice(PEOPLE[name], tract_scale=tract_scale)
        sound = singer.sing(low, LENGTH_S, np.random.default_rng(4))
        levels = np.array([spectrum_db(sound, centre_hz) for centre_hz in hertz])
        line = np.polynomial.Polynomial.fit(hertz, levels, 2)
        return np.asarray(levels - line(hertz))

    adult, longer = curve(1.15), curve(0.95)
    shifts = np.arange(-12, 13)
    likeness = [
        np.corrcoef(adult[12 + shift : len(hertz) - 12 + shift], longer[12:-12])[0, 1]
        for shift in shifts
    ]
    moved_octaves = shifts[int(np.argmax(likeness))] / steps_per_octave

    assert moved_octaves == pytest.approx(np.log2(1.15 / 0.95), abs=0.13)


@hears_people
def test_phrases_are_kept_by_speaker_and_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(phrases.FOLDER_VARIABLE, str(tmp_path))
    phrases.phrase.cache_clear()
    first = {name: phrases.phrase(PEOPLE[name], 7) for name in ("slt", "rms")}
    kept = sorted(path.name for path in tmp_path.iterdir())
    phrases.phrase.cache_clear()
    again = phrases.phrase(PEOPLE["slt"], 7)
    phrases.phrase.cache_clear()

    assert kept == ["v2-rms-00007.npz", "v2-slt-00007.npz"]
    assert np.array_equal(first["slt"].log_power, again.log_power)
    assert first["slt"].log_power.shape != first["rms"].log_power.shape
    assert len(again.syllables) > 2


@pytest.mark.parametrize("speaker", [speakers.ESPEAK, speakers.PEOPLE[0]])
def test_a_program_that_cannot_speak_is_an_error_that_names_it(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EngineFailedError, match=f"Install Debian's {speaker.program}"):
        speakers.utter(speaker, np.random.default_rng(0))


def test_only_voices_that_flite_has_are_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(speakers, "flite_voices", lambda: frozenset({"slt", "awb_time"}))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    phrases.installed.cache_clear()
    found = phrases.installed()
    phrases.installed.cache_clear()

    assert found == (PEOPLE["slt"],)
    assert "espeak-ng, kal16, awb, rms," in caplog.text


@hears_people
def test_flite_has_the_voices_of_the_table() -> None:
    assert set(PEOPLE) <= speakers.flite_voices()


def test_without_flite_there_are_no_voices_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert speakers.flite_voices() == frozenset()


@hears_people
def test_the_same_seed_sings_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "installed", lambda: speakers.PEOPLE)
    monkeypatch.setattr(solo, "_RECORDED_SHARE", 1.0)
    for seed in range(3):
        first, again = (sing(MELODY, LENGTH_S, np.random.default_rng(seed)) for _ in range(2))

        assert np.array_equal(first, again)
        assert first.shape == (1, round(LENGTH_S * synthesis.SAMPLE_RATE))
