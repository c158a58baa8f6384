"""Likelihoods drawn by hand become the notes that they show."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bridge.engines.transcription.decoding import (
    GAP_FRAMES,
    FrameNote,
    Thresholds,
    find_notes,
    peaks,
    sustained,
)
from bridge.engines.transcription.monophony import one_voice
from bridge.engines.transcription.posteriors import (
    FRAMES_PER_SECOND,
    LOWEST_PITCH,
    Posteriors,
)

THRESHOLDS = Thresholds(onset=0.5, frame=0.3, min_frames=10)


def drawn(frames: int, *notes: tuple[int, int, int], onsets: bool = True) -> Posteriors:
    """Draw notes given as ``(start, end, pitch)``; a weak onset comes with each unless refused."""
    posteriors = Posteriors.silent(frames)
    for start, end, pitch in notes:
        row = pitch - LOWEST_PITCH
        # Fades in, so that the rise is no onset; the network's own onset says where it begins.
        ramp = np.minimum(0.8, 0.4 + 0.02 * np.arange(end - start))
        posteriors.notes[start:end, row] = ramp
        posteriors.notes[max(0, start - 8) : start, row] = np.linspace(0.05, 0.35, 8)[
            8 - min(8, start) :
        ]
        if onsets:
            posteriors.onsets[start, row] = 0.9
            posteriors.onsets[start + 1, row] = 0.4
    return posteriors


def found(posteriors: Posteriors, thresholds: Thresholds = THRESHOLDS) -> list[tuple[int, ...]]:
    return [(note.start, note.end, note.pitch) for note in find_notes(posteriors, thresholds)]


def test_a_chord() -> None:
    notes = [(20, 80, 60), (20, 90, 64), (20, 70, 67)]

    assert found(drawn(120, *notes)) == notes


def test_a_note_from_the_first_frame_to_the_last() -> None:
    assert found(drawn(60, (0, 60, 60))) == [(0, 60, 60)]


def test_the_lowest_and_the_highest_key() -> None:
    notes = [(20, 60, 21), (20, 60, 108)]

    assert found(drawn(90, *notes)) == notes


def test_a_struck_again_note_ends_where_the_next_begins() -> None:
    posteriors = drawn(120, (20, 100, 60))
    posteriors.onsets[60, 60 - LOWEST_PITCH] = 0.9

    assert found(posteriors) == [(20, 60, 60), (60, 100, 60)]


@pytest.mark.parametrize(("gap", "count"), [(GAP_FRAMES - 1, 1), (GAP_FRAMES, 2)])
def test_how_long_a_note_may_dip(gap: int, count: int) -> None:
    posteriors = drawn(150, (20, 100, 60))
    posteriors.notes[20:100, 60 - LOWEST_PITCH] = 0.36
    posteriors.notes[60 : 60 + gap, 60 - LOWEST_PITCH] = 0.28

    assert len(found(posteriors, replace(THRESHOLDS, leftover=0.3))) == count


def test_short_notes_are_dropped() -> None:
    assert found(drawn(60, (20, 30, 60))) == [(20, 30, 60)]
    assert found(drawn(60, (20, 29, 60))) == []


def test_pitches_outside_the_range_are_not_heard() -> None:
    posteriors = drawn(90, (20, 60, 40), (20, 60, 60), (20, 60, 80))

    assert found(posteriors, replace(THRESHOLDS, lowest=41, highest=79)) == [(20, 60, 60)]
    assert len(found(posteriors, replace(THRESHOLDS, lowest=40, highest=80))) == 3


def test_a_note_without_onset_is_a_leftover() -> None:
    posteriors = drawn(120, (30, 90, 60), onsets=False)

    assert found(posteriors) == []
    start, end, pitch = found(posteriors, replace(THRESHOLDS, leftover=0.6))[0]
    assert (end, pitch) == (90, 60)
    assert start in (28, 29)
    assert found(posteriors, replace(THRESHOLDS, leftover=0.9)) == []


def test_a_note_takes_what_it_spills_beside_it() -> None:
    posteriors = drawn(120, (30, 90, 60))
    posteriors.notes[30:90, 61 - LOWEST_PITCH] = 0.7
    posteriors.onsets[30, 61 - LOWEST_PITCH] = 0.7
    posteriors.notes[22:30, 61 - LOWEST_PITCH] = np.linspace(0.05, 0.6, 8)

    assert found(posteriors, replace(THRESHOLDS, leftover=0.6)) == [(30, 90, 60)]


def test_a_steep_rise_is_an_onset() -> None:
    posteriors = Posteriors.silent(90)
    posteriors.notes[30:70, 39] = 0.8

    assert found(posteriors) == [(30, 70, 60)]


@pytest.mark.parametrize("late", [-0.4, -0.25, 0.0, 0.25, 0.4])
def test_an_onset_between_two_frames(late: float) -> None:
    posteriors = drawn(90, (30, 70, 60))
    around = np.arange(28, 33)
    posteriors.onsets[28:33, 39] = 0.9 - 0.2 * (around - 30 - late) ** 2

    (note,) = find_notes(posteriors, THRESHOLDS)

    assert note.start == 30
    assert note.shift == pytest.approx(late, abs=0.01)


def test_an_onset_in_the_last_tenth_of_a_second_of_an_hour() -> None:
    frames = round(3_600 * FRAMES_PER_SECOND)
    first = frames - 7
    posteriors = drawn(frames, (first, frames, 64))

    (note,) = find_notes(posteriors, replace(THRESHOLDS, min_frames=5))

    assert (note.start, note.end, note.pitch) == (first, frames, 64)
    assert note.start / FRAMES_PER_SECOND > 3_599.9


@pytest.mark.parametrize(("release", "end"), [(0.0, 80), (0.8, 60), (0.4, 80)])
def test_a_note_ends_where_it_was_last_strong(release: float, end: int) -> None:
    posteriors = drawn(120, (20, 80, 60))
    posteriors.notes[20:60, 39] = 0.8
    # A dip within it is no end, and it comes back too slowly to be another onset.
    posteriors.notes[40:54, 39] = [0.6, 0.4, *np.linspace(0.28, 0.78, 12)]
    posteriors.notes[60:80, 39] = 0.4

    assert found(posteriors, replace(THRESHOLDS, release=release)) == [(20, end, 60)]


def test_a_release_leaves_a_note_its_shortest_length() -> None:
    posteriors = drawn(120, (20, 80, 60))
    posteriors.notes[20:80, 39] = 0.4
    posteriors.notes[20:24, 39] = 0.9

    assert found(posteriors, replace(THRESHOLDS, release=1.2)) == [(20, 30, 60)]


def test_the_same_bar_comes_out_the_same_in_a_longer_region() -> None:
    bar = drawn(120, (20, 80, 60))
    bar.onsets[20, 39] = 0.0
    bar.notes[12:20, 39] = 0.0
    bar.notes[20:22, 39] = (0.15, 0.3)
    louder = Posteriors.silent(120)
    louder.notes[40:100, 50] = 1.0

    both = Posteriors(
        *(
            np.concatenate([getattr(bar, name), getattr(louder, name)])
            for name in ("notes", "onsets", "contours")
        )
    )

    assert [pitch for _, _, pitch in found(bar)] == [60]
    assert found(both)[:1] == found(bar)


def test_many_leftovers_are_found_in_one_pass() -> None:
    # 26,400 notes in 39 minutes: a search of the whole region for each would never end.
    frames, length = 200_000, 50
    posteriors = Posteriors.silent(frames)
    for row in range(0, 88, 8):
        for start in range(10 + row, frames - length, 83):
            posteriors.notes[start : start + length, row] = 0.8

    notes = find_notes(posteriors, Thresholds(onset=1.0, frame=0.3, min_frames=10, leftover=0.5))

    assert len(notes) == sum(len(range(10 + row, frames - length, 83)) for row in range(0, 88, 8))
    assert {note.end - note.start for note in notes} == {length}


def test_peaks_at_edges_and_on_plateaus() -> None:
    row = np.array([0.9, 0.2, 0.7, 0.7, 0.1, 0.3, 0.8], np.float32)

    assert peaks(row, 0.5).tolist() == [0, 2, 6]


def test_sustained_looks_as_far_as_it_must() -> None:
    ahead = np.concatenate([np.ones(1000), np.zeros(20), np.ones(5)]).astype(np.float32)

    assert sustained(ahead, 0.5) == 1000
    assert sustained(ahead[:1000], 0.5) == 1000
    assert sustained(ahead[1000:], 0.5) == 0
    assert sustained(ahead[:0], 0.5) == 0


def test_one_voice_has_no_overlaps_and_keeps_the_melody() -> None:
    melody = [FrameNote(start, start + 60, 60 + start // 50, 0.8) for start in range(0, 500, 50)]
    octaves = [replace(note, pitch=note.pitch + 12, strength=0.3) for note in melody]
    notes = sorted(melody + octaves, key=lambda note: (note.start, note.pitch))

    voice = one_voice(notes)

    assert [(note.start, note.pitch) for note in voice] == [
        (note.start, note.pitch) for note in melody
    ]
    assert all(note.end <= after.start for note, after in pairwise(voice))
    assert voice[-1].end == melody[-1].end


def test_one_voice_prefers_a_held_note_to_a_ghost_within_it() -> None:
    held, ghost = FrameNote(0, 200, 60, 0.8), FrameNote(80, 95, 79, 0.5)

    assert one_voice([held, ghost]) == [held]


def test_one_voice_of_nothing() -> None:
    assert one_voice([]) == []


def test_one_voice_of_random_notes_is_the_best_there_is() -> None:
    generator = np.random.default_rng(5)
    starts = np.sort(generator.integers(0, 60, 9))
    notes = [
        FrameNote(int(start), int(start + generator.integers(6, 30)), 60, float(strength))
        for start, strength in zip(starts, generator.uniform(0.3, 1.0, 9), strict=True)
    ]

    def weight(sequence: list[FrameNote]) -> float:
        total = 0.0
        for note, after in zip(sequence, [*sequence[1:], None], strict=True):
            end = min(note.end, after.start) if after else note.end
            if after and end - note.start < 5:
                return -1.0
            total += note.strength * (end - note.start)
        return total

    best = max(
        weight([note for bit, note in enumerate(notes) if mask >> bit & 1])
        for mask in range(1, 1 << len(notes))
    )
    chosen = sum(note.strength * (note.end - note.start) for note in one_voice(notes))
    assert chosen == pytest.approx(best)
