"""People's voices: phones become syllables, phrases are sung in tune, and everyone gets a turn."""

from __future__ import annotations

import collections
import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.errors import EngineFailedError
from bridge.training.singer import (
    festival,
    performer,
    phrases,
    sing,
    solo,
    speakers,
    speaking,
    syllables,
    synthesis,
)
from bridge.training.songs.values import NoteEvent
from tests.training.singer.test_singing import LENGTH_S, MELODY, RATE, assert_in_tune

if TYPE_CHECKING:
    from bridge.training.singer.speakers import Language, Speaker
    from bridge.training.singer.syllables import PhoneSet
    from bridge.training.singer.synthesis import Curve

PEOPLE = {one.name: one for one in speakers.PEOPLE}
NOTE = [NoteEvent(0.5, 4.0, 57, 96)]

HEARD = ("kal16", "awb", "rms", "slt", "czech_krb", "hindi_NSK_diphone")
"""Some of every program, range and alphabet: to hear everyone takes minutes."""


def heard(*names: str) -> pytest.MarkDecorator:
    """Return a mark that skips where one of the speakers is not installed."""
    here = {one.name for one in phrases.installed()}
    return pytest.mark.skipif(
        not here.issuperset(names), reason=f"needs pyworld and the packages of {', '.join(names)}"
    )


each_heard = pytest.mark.parametrize("name", [pytest.param(one, marks=heard(one)) for one in HEARD])
each_language = pytest.mark.parametrize(
    "language", {id(one.language): one.language for one in speakers.PEOPLE}.values()
)


def table(text: str) -> tuple[syllables.Segment, ...]:
    """Return phones of 100 ms each."""
    names = text.split()
    return tuple(syllables.Segment(name, 0.1 * at, 0.1 * (at + 1)) for at, name in enumerate(names))


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
    found = syllables.phone_table("pau:0.220 l:0.288 aa:0.395 \n")

    assert found == (
        syllables.Segment("pau", 0.0, 0.22),
        syllables.Segment("l", 0.22, 0.288),
        syllables.Segment("aa", 0.288, 0.395),
    )


def test_what_is_no_table_of_phones_is_refused() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        syllables.phone_table("voice not found")


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
    marks = syllables.syllable_marks(table(spoken), syllables.ENGLISH)

    assert marks[:, [0, 3]] == pytest.approx(np.array(borders_s))
    assert (np.diff(marks, axis=1) > 0.0).all()


def test_a_diphthong_is_held_before_it_moves() -> None:
    (plain,), (moving,) = (
        syllables.syllable_marks(table(f"t {name} n"), syllables.ENGLISH) for name in ("aa", "ay")
    )

    assert moving[2] < 0.151
    assert plain[2] > moving[2]


def test_without_vowels_there_are_no_syllables() -> None:
    assert syllables.syllable_marks(table("pau s t pau"), syllables.ENGLISH).shape == (0, 4)
    assert syllables.syllable_marks((), syllables.ENGLISH).shape == (0, 4)


@pytest.mark.parametrize(
    ("phones", "spoken", "count"),
    [
        (syllables.ITALIAN, "# d o1 l tS e # s t e1 l l a #", 4),
        (syllables.CATALAN, "pau L u1 n ax pau w e1 j pau", 3),
        (syllables.CZECH, "# l a: s k a _ h v j e z d a #", 4),
        (syllables.FINNISH, "# # y 7 # t @ h t i #", 4),
        (syllables.RUSSIAN, "pau z vv i z d aa pau n oo ch pau", 3),
        (syllables.HINDI, "pau m eh r aa dh ih l pau x ay pau", 4),
    ],
)
def test_vowels_of_every_language_carry_syllables(
    phones: PhoneSet, spoken: str, count: int
) -> None:
    marks = syllables.syllable_marks(table(spoken), phones)

    assert len(marks) == count
    silent = [one for one in table(spoken) if one.name in phones.silences]
    assert not any(
        start < one.end_s - 1e-9 and one.start_s < end - 1e-9
        for one in silent
        for start, *_, end in marks
    )


@each_language
def test_words_can_be_written_down_for_their_voices(language: Language) -> None:
    text = " ".join(language.words)

    assert text.encode(language.encoding).decode(language.encoding) == text
    assert not set('"\\') & set(text)
    assert len(set(language.words)) > 40


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


def test_the_readme_names_every_package() -> None:
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    installed = readme.partition("apt install")[2].partition("uv run")[0].split()

    assert {one.package for one in (speakers.ESPEAK, *speakers.PEOPLE)} <= set(installed)


def test_people_take_equal_turns_and_sing_most_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phrases, "installed", lambda: (speakers.ESPEAK, *speakers.PEOPLE))
    rng = np.random.default_rng(5)
    drawn = [solo.draw("pop", NOTE, (), rng) for _ in range(1050)]
    counts = collections.Counter(one.speaker.name if one.speaker else "" for one in drawn)

    assert sum(counts[name] for name in PEOPLE) / 1050 > 0.7
    for name in PEOPLE:
        assert counts[name] / 1050 == pytest.approx(1 / 20, abs=0.03)
    assert counts["espeak-ng"] / 1050 == pytest.approx(2 / 20, abs=0.035)
    assert counts[""] / 1050 == pytest.approx(3 / 20, abs=0.04)
    assert all(max(one.phrases) < one.speaker.phrases for one in drawn if one.speaker)


def test_without_programs_the_tract_sings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "installed", tuple)

    assert solo.draw("pop", NOTE, (), np.random.default_rng(6)).speaker is None


@each_heard
def test_people_sing_in_tune(name: str) -> None:
    sound = voice(PEOPLE[name]).sing(MELODY, LENGTH_S, np.random.default_rng(9))

    assert sound.dtype == np.float32
    assert_in_tune(sound)


@each_heard
def test_the_spectrum_goes_on_above_what_was_recorded(name: str) -> None:
    """Neither a cliff at 8 kHz nor highs louder than the vowel."""
    sound = voice(PEOPLE[name], tract_scale=1.0).sing(MELODY, LENGTH_S, np.random.default_rng(3))
    levels = [spectrum_db(sound, hertz) for hertz in (500.0, 5000.0, 6300.0, 8000.0, 10000.0)]

    assert np.abs(np.diff(levels[1:])).max() < 12.0
    assert -50.0 < levels[-1] - levels[0] < -5.0


@each_heard
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


@heard("slt", "rms")
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


@pytest.mark.parametrize(
    "speaker", [speakers.ESPEAK, PEOPLE["slt"], PEOPLE["czech_dita"]], ids=lambda one: str(one.name)
)
def test_a_program_that_cannot_speak_is_an_error_that_names_the_package(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EngineFailedError, match=f"Install Debian's {speaker.package}"):
        speaking.utter(speaker, np.random.default_rng(0))


def test_only_voices_that_are_there_are_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(speaking, "flite_voices", lambda: frozenset({"slt", "awb_time"}))
    monkeypatch.setattr(festival, "voices", lambda wanted: frozenset({"czech_ph"}) & set(wanted))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    phrases.installed.cache_clear()
    found = phrases.installed()
    phrases.installed.cache_clear()

    assert found == (PEOPLE["slt"], PEOPLE["czech_ph"])
    assert "espeak-ng, kal16, awb, rms," in caplog.text
    assert "festvox-czech-dita" in caplog.text
    assert "festvox-czech-ph" not in caplog.text


@heard("slt")
def test_flite_has_the_voices_of_the_table() -> None:
    assert {one.name for one in speakers.PEOPLE if one.program == "flite"} <= (
        speaking.flite_voices()
    )


@heard("czech_krb")
def test_a_voice_that_does_not_load_is_left_out() -> None:
    assert festival.voices(("nobody_diphone", "czech_krb")) == {"czech_krb"}


def test_without_flite_and_festival_there_are_no_voices_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")

    assert speaking.flite_voices() == frozenset()
    assert festival.voices(("czech_krb",)) == frozenset()
    assert speaking.able() == ()


@heard("slt", "rms")
def test_the_same_seed_sings_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "installed", lambda: (PEOPLE["slt"], PEOPLE["rms"]))
    monkeypatch.setattr(solo, "_TRACT_TURNS", 0.0)
    for seed in range(3):
        first, again = (sing(MELODY, LENGTH_S, np.random.default_rng(seed)) for _ in range(2))

        assert np.array_equal(first, again)
        assert first.shape == (1, round(LENGTH_S * synthesis.SAMPLE_RATE))
