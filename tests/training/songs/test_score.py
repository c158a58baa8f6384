"""What is composed: in time, in range, the same for a seed, and different for another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bridge.training.songs import bass_lines, comping, grooves, melodies
from bridge.training.songs.harmony import SCALES, chord, scale_step
from bridge.training.songs.instruments import BASSES, ELECTRONIC_BASSES, INSTRUMENTS, PLAIN_BASSES
from bridge.training.songs.performance import Feel, played, sung
from bridge.training.songs.score import compose
from bridge.training.songs.styles import STYLES
from bridge.training.songs.synths import PATCHES
from bridge.training.songs.values import ScoreNote

DURATION_S = 20.0


@pytest.mark.parametrize("style", STYLES)
def test_every_style_composes_notes_that_can_be_played(style: str) -> None:
    song = compose(3, DURATION_S, style)
    assert song.style == style
    slowest, fastest = STYLES[style].tempo
    assert slowest <= song.tempo <= fastest
    assert song.parts
    for part in song.parts:
        assert part.stem in {"drums", "bass", "other"}
        starts = [note.start_s for note in part.notes]
        assert starts == sorted(starts)
        for note in part.notes:
            assert 0.0 <= note.start_s < DURATION_S
            assert note.length_s > 0.0
            assert 0 <= note.pitch <= 127
            assert 1 <= note.velocity <= 127


@pytest.mark.parametrize("style", STYLES)
def test_what_a_style_names_exists(style: str) -> None:
    row = STYLES[style]
    assert set(row.grooves) <= grooves.GROOVES.keys()
    assert set(row.modes) <= SCALES.keys()
    assert set(row.bass) <= bass_lines.LINES.keys()
    for manner, instruments in row.parts:
        assert manner in comping.MANNERS
        assert set(instruments) <= INSTRUMENTS.keys()
    for progression in row.progressions:
        assert [chord(numeral, 0) for numeral in progression.split()]


def test_basses_and_patches_exist() -> None:
    for names in (*BASSES.values(), PLAIN_BASSES, ELECTRONIC_BASSES):
        assert set(names) <= INSTRUMENTS.keys()
    for instrument in INSTRUMENTS.values():
        assert set(instrument.patches) <= PATCHES.keys()
        assert instrument.programmes or instrument.patches


def test_a_seed_is_a_song() -> None:
    assert compose(7, DURATION_S) == compose(7, DURATION_S)
    assert compose(7, DURATION_S) != compose(8, DURATION_S)


def test_seeds_range_over_styles_tempos_and_meters() -> None:
    songs = [compose(seed, 8.0) for seed in range(60)]
    assert len({song.style for song in songs}) > 15
    assert {song.quarters_per_bar for song in songs} == {3, 4}
    assert min(song.tempo for song in songs) < 80.0
    assert max(song.tempo for song in songs) > 160.0
    assert any(not song.melody for song in songs)
    assert any(song.harmonies for song in songs)


def test_a_voice_sings_one_note_at_a_time_within_its_range() -> None:
    lines = [
        line
        for seed in range(12)
        for song in [compose(seed, DURATION_S)]
        for line in (song.melody, *song.harmonies)
        if line
    ]
    assert lines
    for line in lines:
        assert all(melodies.LOWEST <= note.pitch <= melodies.HIGHEST for note in line)
        for note, following in pairwise(line):
            assert note.start_s + note.length_s <= following.start_s + 1e-9


def test_a_voice_rests_between_phrases() -> None:
    rests = 0
    for seed in range(12):
        line = compose(seed, DURATION_S).melody
        for note, following in pairwise(line):
            rests += following.start_s - (note.start_s + note.length_s) > 0.2
    assert rests > 12


def test_stems_fall_silent_for_seconds_now_and_then() -> None:
    silent_s = dict.fromkeys(("drums", "bass", "other", "vocals"), 0)
    for seed in range(20):
        song = compose(seed, DURATION_S)
        for stem in silent_s:
            lines = [song.melody] if stem == "vocals" else []
            lines += [part.notes for part in song.parts if part.stem == stem]
            notes = [note for line in lines for note in line]
            for second in range(int(DURATION_S)):
                silent_s[stem] += not any(
                    note.start_s < second + 1 and note.start_s + note.length_s > second
                    for note in notes
                )
    assert all(0.02 < count / (20 * DURATION_S) < 0.6 for count in silent_s.values()), silent_s


def test_the_bass_stays_low_and_starts_on_the_root() -> None:
    here, after = chord("I", 9), chord("V", 9)
    scale = tuple((9 + step) % 12 for step in SCALES["major"])
    bar = bass_lines.Bar(0.0, 4, here, after, scale, grooves.GROOVES["rock"])
    for name in bass_lines.LINES:
        notes = bass_lines.line(name, bar, 36, np.random.default_rng(2))
        assert notes, name
        assert all(bass_lines.LOWEST <= note.pitch <= bass_lines.HIGHEST for note in notes), name
        if name not in {"tumbao", "reggae", "offbeat"}:
            assert notes[0].pitch % 12 == 9, name


@pytest.mark.parametrize("manner", set(comping.MANNERS) - {"line", "ostinato", "riff", "boogie"})
def test_chords_are_made_of_the_chords_notes(manner: str) -> None:
    here = chord("ii7", 0)
    scale = tuple(SCALES["major"])
    bar = bass_lines.Bar(8.0, 4, here, chord("V", 0), scale, grooves.GROOVES["rock"])
    notes = comping.play(manner, bar, 60, 5, np.random.default_rng(1))
    assert notes
    assert {note.pitch % 12 for note in notes} <= {2, 5, 9, 0}
    assert all(8.0 <= note.start < 12.0 for note in notes)


def test_swing_delays_the_offbeat_only() -> None:
    feel = Feel(60.0, 2 / 3, 0.5, 0.0, machine=True)
    assert feel.seconds(1.0) == pytest.approx(1.0)
    assert feel.seconds(1.5) == pytest.approx(1 + 2 / 3)
    straight = Feel(120.0, 0.5, 0.5, 0.0, machine=True)
    assert straight.seconds(1.5) == pytest.approx(0.75)


def test_hands_are_uneven_and_machines_tighter() -> None:
    notes = [ScoreNote(float(quarter), 0.5, 60, 90) for quarter in range(64)]

    def spread_s(*, machine: bool) -> float:
        feel = Feel(60.0, 0.5, 0.5, 0.01, machine)
        events = played(notes, feel, 64.0, np.random.default_rng(0))
        exact = [feel.seconds(note.start) for note in notes]
        return float(np.std([event.start_s - at for event, at in zip(events, exact, strict=True)]))

    assert 0.0 < spread_s(machine=True) < spread_s(machine=False) / 2 < 0.01


def test_a_sung_note_ends_where_the_next_begins() -> None:
    notes = [ScoreNote(0.0, 4.0, 60, 90), ScoreNote(1.0, 1.0, 62, 90)]
    first, second = sung(notes, Feel(60.0, 0.5, 0.5, 0.0, True), 10.0, np.random.default_rng(0))
    assert first.start_s + first.length_s == pytest.approx(second.start_s)


def test_a_numeral_is_a_chord() -> None:
    assert chord("I", 0).pitch_classes == (0, 4, 7)
    assert chord("bVII", 2).pitch_classes == (0, 4, 7)
    assert chord("iim7b5", 0).pitch_classes == (2, 5, 8, 0)
    assert chord("V9", 0).pitch_classes == (7, 11, 2, 5, 9)
    with pytest.raises(ValueError, match="not a Roman numeral"):
        chord("H", 0)
    with pytest.raises(ValueError, match="unknown suffix"):
        chord("Vfoo", 0)


def test_a_step_of_the_scale() -> None:
    major = SCALES["major"]
    assert scale_step(60, 2, major) == 64
    assert scale_step(60, -1, major) == 59


def test_every_sound_of_the_grooves_has_a_microphone() -> None:
    covered = {sound for sounds in grooves.PIECES.values() for sound in sounds}
    rng = np.random.default_rng(0)
    for groove in grooves.GROOVES.values():
        varied = grooves.varied(groove, rng)
        notes = (
            grooves.bar(varied, 0.0, rng) + grooves.fill(2.0, 2.0, rng) + grooves.crash(0.0, rng)
        )
        assert {note.pitch for note in notes} <= covered
        assert len(varied.kick) == len(varied.snare) == len(varied.hat) == varied.quarters * 4
    for _ in range(40):
        assert grooves.percussion_row(4, rng)[0] in covered
