"""The singer: words on a melody, in tune, as long as asked for, the same for the same seed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.training.singer import (
    performer,
    phonemes,
    phrases,
    phrasing,
    sing,
    solo,
    speakers,
    synthesis,
    wording,
)
from bridge.training.songs.values import NoteEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bridge.training.singer.speakers import Speaker
    from bridge.training.singer.synthesis import Curve

RATE = synthesis.SAMPLE_RATE
SCALE = (57, 59, 60, 64, 62)
MELODY = [NoteEvent(0.4 + 0.8 * index, 0.78, pitch, 96) for index, pitch in enumerate(SCALE)]
LENGTH_S = 5.0


def pitch_hz(sound: Curve, at_s: float) -> float:
    """Return the fundamental near a time, from the autocorrelation of 80 ms."""
    middle = round(at_s * RATE)
    window = sound[middle - 1764 : middle + 1764]
    spectrum = np.fft.rfft(window * np.hanning(len(window)), 16384)
    # By the window's own autocorrelation, so that a longer lag is no disadvantage.
    taper = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(len(window)), 16384)) ** 2)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:1500] / taper[:1500]
    lags = np.arange(RATE // 500, RATE // 100)
    peaks = [lag for lag in lags if correlation[lag - 1] < correlation[lag] >= correlation[lag + 1]]
    best = max(correlation[lag] for lag in peaks)
    lag = next(lag for lag in peaks if correlation[lag] > 0.9 * best)
    before, here, after = correlation[lag - 1 : lag + 2]
    return float(RATE / (lag + 0.5 * (before - after) / (before - 2 * here + after)))


def level_db(
    sound: Curve, low_hz: float, high_hz: float, start_s: float = 0.0, end_s: float = LENGTH_S
) -> float:
    part = sound[round(start_s * RATE) : round(end_s * RATE)]
    power = np.abs(np.fft.rfft(part)) ** 2
    hertz = np.fft.rfftfreq(len(part), 1 / RATE)
    return float(10 * np.log10(power[(hertz >= low_hz) & (hertz < high_hz)].sum() + 1e-20))


def voice(
    syllables: Iterable[phonemes.Syllable],
    *,
    speaker: Speaker | None = None,
    numbers: tuple[int, ...] = (),
    **traits: float,
) -> solo.Voice:
    """Return a plain voice that sings the syllables."""
    steady = {
        "vibrato_cents": 0.0, "drift_cents": 4.0, "scoop_semitones": 0.0, "melisma": 0.0,
        "inhale": 0.0, "tract_scale": 1.1, "breath": 0.03,
    }  # fmt: skip
    singer = performer.draw("pop", 60.0, np.random.default_rng(1), steady | traits)
    return solo.Voice(singer, "pop", tuple(syllables), {}, 0, speaker, numbers)


def assert_in_tune(sound: Curve, notes: Sequence[NoteEvent] = MELODY) -> None:
    for note in notes:
        expected_hz = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
        found_hz = pitch_hz(sound, note.start_s + 0.5 * note.length_s)
        assert abs(1200.0 * np.log2(found_hz / expected_hz)) < 30.0, note


@pytest.mark.parametrize("vowel", ["i", "a", "u"])
def test_vowels_are_in_tune_in_the_middle_of_notes(vowel: str) -> None:
    singer = voice([phonemes.open_syllable("l", vowel)])

    assert_in_tune(singer.sing(MELODY, LENGTH_S, np.random.default_rng(2)))


def test_vowels_have_their_formants() -> None:
    low = [NoteEvent(0.2, 4.5, 45, 96)]
    heed, hod = (
        voice([phonemes.open_syllable("", vowel)], tract_scale=1.0).sing(
            low, LENGTH_S, np.random.default_rng(3)
        )
        for vowel in ("i", "a")
    )

    def balance_db(sound: Curve) -> float:
        return level_db(sound, 2000, 2600) - level_db(sound, 600, 1300)

    assert balance_db(heed) > balance_db(hod) + 15.0


def test_sibilants_have_air_and_vowels_are_darker() -> None:
    syllable = phonemes.Syllable(phonemes.phones(("s",)), (phonemes.VOWELS["a"],), ())
    note = [NoteEvent(1.0, 2.0, 57, 96)]
    sound = voice([syllable], consonants=1.0).sing(note, LENGTH_S, np.random.default_rng(4))

    def highs_db(start_s: float, end_s: float) -> float:
        return level_db(sound, 5000, 12000, start_s, end_s) - level_db(
            sound, 100, 4000, start_s, end_s
        )

    assert highs_db(0.93, 0.99) > 10.0
    assert highs_db(1.5, 2.5) < -15.0


def test_a_whisper_has_no_pitch() -> None:
    words = [phonemes.open_syllable("", "a")]
    note = [NoteEvent(0.2, 4.5, 57, 96)]

    def peakiness(sound: Curve) -> float:
        """Return by how much the harmonics below 1 kHz stand out of what is between them."""
        power = np.abs(np.fft.rfft(sound[RATE : RATE * 3])) ** 2
        bins = 2 * 220 * np.arange(1, 5)
        peaks = [power[at - 20 : at + 20].max() for at in bins]
        return float(np.mean(peaks) / np.mean([power[at + 180 : at + 260].max() for at in bins]))

    def sung(voicing: float, breath: float) -> Curve:
        singer = voice(words, drift_cents=0.0, voicing=voicing, breath=breath)
        return singer.sing(note, LENGTH_S, np.random.default_rng(5))

    assert peakiness(sung(1.0, 0.03)) > 100.0
    assert peakiness(sung(0.0, 0.8)) < 10.0


def test_overlapping_notes_are_sung_legato_and_in_tune() -> None:
    overlapping = [NoteEvent(note.start_s, 2.0, note.pitch, 96) for note in MELODY]
    singer = voice([phonemes.open_syllable("", "a")], held=1.0)
    sound = singer.sing(overlapping, LENGTH_S, np.random.default_rng(6))

    assert_in_tune(sound)
    inside = sound[round(0.6 * RATE) : round(4.2 * RATE)]
    loudness = np.sqrt(np.square(inside[: len(inside) // 4410 * 4410]).reshape(-1, 4410).mean(1))
    assert loudness.min() > 0.15 * loudness.max()


@pytest.mark.parametrize("seed", range(6))
def test_the_same_seed_sings_the_same_and_another_one_differently(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "installed", tuple)
    first, again, other = (
        sing(MELODY, LENGTH_S, np.random.default_rng(each)) for each in (seed, seed, seed + 100)
    )

    assert first.shape == (1, round(LENGTH_S * RATE))
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    power = np.square(first[0])
    sounding = power[power > 1e-4 * power.max()].mean()
    assert 10 * np.log10(sounding) == pytest.approx(-20.0, abs=0.1)


def test_no_notes_are_silence() -> None:
    silence = sing([], 1.234, np.random.default_rng(0))

    assert silence.shape == (1, round(1.234 * RATE))
    assert not silence.any()


def test_notes_outside_and_without_length_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "installed", tuple)
    notes = [
        NoteEvent(-0.5, 1.0, 60, 96), NoteEvent(0.8, 0.0, 62, 96), NoteEvent(1.0, 0.5, 110, 1),
        NoteEvent(1.9, 3.0, 30, 127), NoteEvent(7.0, 1.0, 60, 96),
    ]  # fmt: skip
    for seed in range(4):
        sound = sing(notes, 2.0, np.random.default_rng(seed))

        assert sound.shape == (1, 2 * RATE)
        assert np.isfinite(sound).all()
        assert sound.any()


def test_chords_become_lines() -> None:
    chord = [NoteEvent(0.5, 3.0, pitch, 96) for pitch in (57, 61, 64)]
    one = voice([phonemes.open_syllable("", "u")])
    lines = phrasing.parts(chord)
    sung = np.sum([one.sing(line, LENGTH_S, np.random.default_rng(7)) for line in lines], axis=0)

    assert len(lines) == 3
    for note in chord:
        hertz = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
        on_db = level_db(sung, hertz * 0.985, hertz * 1.015, 1.0, 3.0)
        assert on_db > level_db(sung, hertz * 1.06, hertz * 1.09, 1.0, 3.0) + 20.0


def test_random_spelling_can_be_read() -> None:
    rng = np.random.default_rng(8)
    for _ in range(50):
        text = wording.spelling(rng, 5)

        assert text.replace(" ", "").isascii()
        assert text.replace(" ", "").isalpha()
        assert sum(letter in "aeiouy" for letter in text) == 5


@pytest.mark.skipif(
    speakers.ESPEAK not in phrases.installed(), reason="espeak-ng or pyworld is not installed"
)
def test_spoken_phrases_are_sung_in_tune_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(phrases.FOLDER_VARIABLE, str(tmp_path))
    phrases.phrase.cache_clear()
    singer = voice([], speaker=speakers.ESPEAK, numbers=(3, 4), consonants=0.5)
    sound = singer.sing(MELODY, LENGTH_S, np.random.default_rng(9))
    kept = sorted(path.name for path in tmp_path.iterdir())
    phrases.phrase.cache_clear()
    monkeypatch.setattr(subprocess, "run", None)  # what is kept is not spoken again
    again = singer.sing(MELODY, LENGTH_S, np.random.default_rng(9))
    phrases.phrase.cache_clear()

    assert kept == ["v2-espeak-ng-00003.npz", "v2-espeak-ng-00004.npz"]
    assert np.array_equal(sound, again)
    assert_in_tune(sound)
