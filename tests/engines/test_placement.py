"""Seconds to ticks: where notes land, on and off the grid."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engines.placement import GRID_TICKS, ClipFrame, PlacedNote, place
from bridge.engines.transcription.notes import Bend, Note
from bridge.models import QuantizeGrid, TempoChange


def note(onset_s: float, offset_s: float, pitch: int = 60, **more: Any) -> Note:
    return Note(onset_s, offset_s, pitch, more.pop("velocity", 100), **more)


def frame(duration_s: float = 8.0, tempo: float = 120.0, **more: Any) -> ClipFrame:
    return ClipFrame(duration_s, tempo, more.pop("meter", "4/4"), **more)


def spans(notes: tuple[PlacedNote, ...]) -> list[tuple[int, int, int]]:
    return [(placed.start, placed.end, placed.pitch) for placed in notes]


@pytest.mark.parametrize("tempo", [32.0, 60.0, 93.7, 120.0, 174.25, 300.0, 960.0])
def test_a_note_lands_where_it_sounds(tempo: float) -> None:
    (placed,) = place([note(3.14159, 4.2)], frame(tempo=tempo))

    assert placed.start * 60.0 / tempo / 960 == pytest.approx(3.14159, abs=0.001)
    assert placed.end * 60.0 / tempo / 960 == pytest.approx(4.2, abs=0.001)


def test_every_grid_of_the_contract_has_a_length() -> None:
    assert {"off", *GRID_TICKS} == set(get_args(QuantizeGrid))
    for name, ticks in GRID_TICKS.items():
        denominator = int(name.removesuffix("t").removeprefix("1/"))
        straight = 4 * 960 / denominator
        assert ticks == (straight * 2 / 3 if name.endswith("t") else straight)


def test_quantising_moves_the_start_and_keeps_the_length() -> None:
    (placed,) = place([note(1.02, 1.52)], frame(quantize="1/8"))

    assert (placed.start, placed.end) == (2 * 960, 3 * 960)


def test_triplets() -> None:
    onsets = [0.0, 0.16, 0.34, 0.49]

    placed = place([note(on, on + 0.1) for on in onsets], frame(quantize="1/8t"))

    assert [each.start for each in placed] == [0, 320, 640, 960]


def test_the_grid_is_the_project_s_not_the_clip_s() -> None:
    # The region begins a quarter of a beat after a beat: lines lie at 0.75, 1.75, … quarters.
    placed = place(
        [note(0.0, 0.1), note(0.35, 0.6), note(1.0, 1.2)],
        frame(position_s=10.125, quantize="1/4"),
    )

    assert [each.start for each in placed] == [720, 1680]


def test_a_clip_that_starts_on_a_line_but_for_rounding_has_that_line() -> None:
    (placed,) = place([note(0.01, 0.2)], frame(tempo=110.0, position_s=60.0 / 110.0 * 7))
    (snapped,) = place(
        [note(0.01, 0.2)], frame(tempo=110.0, position_s=60.0 / 110.0 * 7, quantize="1/4")
    )

    assert placed.start > 0
    assert snapped.start == 0


def test_a_clip_shorter_than_the_grid_keeps_its_notes() -> None:
    (placed,) = place([note(0.05, 0.1)], frame(0.2, position_s=0.1, quantize="1/4"))

    assert placed.start == 96


def test_a_note_near_the_end_goes_to_the_last_line_inside() -> None:
    (placed,) = place([note(1.9, 1.98)], frame(2.0, quantize="1/4"))

    assert placed.start == 3 * 960


def test_a_voice_stays_a_voice_on_the_grid() -> None:
    line = [note(0.0, 0.55, 60), note(0.55, 1.1, 62), note(1.1, 1.9, 64)]

    placed = place(line, frame(quantize="1/4"))

    assert spans(placed) == [(0, 960, 60), (960, 1920, 62), (1920, 3456, 64)]


def test_notes_of_one_pitch_never_overlap() -> None:
    placed = place([note(0.0, 1.0), note(0.5, 2.0), note(0.5, 1.0, 64)], frame())

    assert spans(placed) == [(0, 960, 60), (960, 3840, 60), (960, 1920, 64)]


def test_of_two_notes_that_coincide_the_longer_and_the_louder_remain() -> None:
    placed = place([note(0.0, 1.0, velocity=90), note(0.0001, 0.5, velocity=110)], frame())

    assert spans(placed) == [(0, 1920, 60)]
    assert placed[0].velocity == 110


def test_a_note_that_rings_past_the_region_ends_with_it() -> None:
    assert spans(place([note(1.5, 9.0)], frame(2.0))) == [(2880, 3840, 60)]


def test_bends_move_with_their_note() -> None:
    bend = Bend((1.02, 1.12, 1.5), (10.0, -20.0, 30.0))

    (placed,) = place([note(1.02, 1.4, bend=bend)], frame(quantize="1/4"))

    assert placed.start == 1920
    assert placed.wheel == ((1920, 10.0), (2112, -20.0))


def test_strength_goes_part_of_the_way() -> None:
    for strength, expected in ((0.0, 1958), (0.5, 1939), (1.0, 1920)):
        (placed,) = place([note(1.02, 1.5)], frame(quantize="1/8", strength=strength))
        assert placed.start == expected


@pytest.mark.parametrize(("swing", "late"), [(0.0, 480), (0.5, 600), (2 / 3, 640), (1.0, 720)])
def test_swing_delays_every_second_line(swing: float, late: int) -> None:
    onsets = [0.0, 0.27, 0.5, 0.77]

    placed = place([note(on, on + 0.1) for on in onsets], frame(quantize="1/8", swing=swing))

    assert [each.start for each in placed] == [0, late, 960, 960 + late]


def test_triplets_do_not_swing() -> None:
    notes = [note(0.16, 0.2), note(0.34, 0.4)]

    assert place(notes, frame(quantize="1/8t", swing=1.0)) == place(notes, frame(quantize="1/8t"))


def drifting(**more: Any) -> ClipFrame:
    points = [(0.0, 0.0, 100.0), (2.4, 4.0, 125.0), (4.32, 8.0, 96.0)]
    changes = tuple(TempoChange(time_s=t, quarters=q, tempo=tempo) for t, q, tempo in points)
    return frame(10.0, 107.0, changes=changes, **more)


def test_the_grid_of_a_drifting_recording_follows_it() -> None:
    beats_s = [0.0, 0.6, 1.8, 2.4, 2.88, 3.84, 4.32, 4.945]

    placed = place(
        [note(beat + 0.02, beat + 0.2) for beat in beats_s],
        drifting(quantize="1/4", downbeat_s=0.0),
    )

    assert [each.start for each in placed] == [960 * n for n in (0, 1, 3, 4, 5, 7, 8, 9)]


def test_a_heard_downbeat_anchors_the_grid() -> None:
    (placed,) = place([note(1.2, 1.4)], frame(quantize="1/4", position_s=0.1, downbeat_s=0.2))

    assert placed.start == 384 + 2 * 960


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
@pytest.mark.parametrize("tempo", [97.0, 120.0, 174.25])
def test_a_selection_of_whole_bars_is_not_padded_for_a_sample(rate: int, tempo: float) -> None:
    samples = round(8 * 60.0 / tempo * rate)
    for more in (-1, 0, 1):
        clip = frame((samples + more) / rate, tempo, whole_bars=True)
        assert clip.length_ticks == 8 * 960
        assert clip.end_tick <= clip.length_ticks


@settings(deadline=None)
@given(
    onsets=st.lists(st.floats(0.0, 9.9), min_size=2, max_size=40, unique=True),
    strength=st.floats(0.0, 1.0),
    swing=st.floats(0.0, 1.0),
    quantize=st.sampled_from(list(GRID_TICKS)),
    position=st.floats(0.0, 100.0),
    follows=st.booleans(),
)
def test_no_note_goes_past_its_neighbour(  # noqa: PLR0917
    onsets: list[float],
    strength: float,
    swing: float,
    quantize: QuantizeGrid,
    position: float,
    follows: bool,
) -> None:
    options: dict[str, Any] = {"quantize": quantize, "strength": strength, "swing": swing}
    clip = drifting(**options, downbeat_s=0.7) if follows else frame(10.0, 107.0, **options)
    clip = replace(clip, position_s=position)
    ordered = sorted(onsets)

    placed = place([note(on, on + 0.05, number) for number, on in enumerate(ordered)], clip)

    starts = {each.pitch: each.start for each in placed}
    assert [starts[number] for number in range(len(ordered))] == sorted(starts.values())


moments = st.floats(0.0, 10.0, allow_nan=False)
drawn_notes = st.lists(
    st.builds(
        lambda onset, length, pitch, velocity: Note(onset, onset + length, pitch, velocity),
        moments,
        st.floats(1e-4, 3.0),
        st.integers(58, 62),
        st.integers(1, 127),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(
    notes=drawn_notes,
    tempo=st.floats(10.0, 960.0),
    position=st.floats(0.0, 5000.0),
    quantize=st.sampled_from(["off", *GRID_TICKS]),
)
def test_whatever_comes_the_clip_can_be_played(
    notes: list[Note], tempo: float, position: float, quantize: QuantizeGrid
) -> None:
    clip = ClipFrame(10.0, tempo, "4/4", position, quantize)

    placed = place(notes, clip)

    assert bool(placed) == bool(notes)
    for each in placed:
        assert 0 <= each.start < each.end <= clip.end_tick
    for pitch in range(58, 63):
        line = [each for each in placed if each.pitch == pitch]
        assert all(a.end <= b.start for a, b in pairwise(line))
    if quantize != "off" and GRID_TICKS[quantize] < clip.end_tick:
        origin = position * tempo / 60.0 * 960
        for each in placed:
            steps = (origin + each.start) / GRID_TICKS[quantize]
            assert abs(steps - round(steps)) * GRID_TICKS[quantize] <= 0.51
