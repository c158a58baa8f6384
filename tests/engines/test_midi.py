"""MIDI files, read back by mido and by pretty_midi."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import mido
import pytest

from bridge.engines.midi import Instrument, clip_notes, write_clip
from bridge.engines.placement import ClipFrame, place
from bridge.engines.transcription.notes import Bend, Note

BASS = Instrument(role="bass", name="Bass", program=34, channel=2, color="#8c5bd6")
DRUMS = Instrument(role="drums", name="Drums", program=1, channel=10, color="#d9683c")


def written(
    folder: Path,
    notes: list[Note],
    clip: ClipFrame | None = None,
    instrument: Instrument = BASS,
    track_name: str = "Bass DI",
) -> Path:
    clip = clip or ClipFrame(8.0, 120.0, "4/4")
    path = folder / "clip.mid"
    write_clip(path, place(notes, clip), clip, instrument, track_name)
    return path


def absolute(path: Path, track: int = 1) -> list[tuple[int, Any]]:
    now, events = 0, []
    for message in mido.MidiFile(path, charset="utf-8").tracks[track]:
        now += message.time
        events.append((now, message))
    return events


def of_type(path: Path, kind: str) -> list[tuple[int, Any]]:
    return [(tick, message) for tick, message in absolute(path) if message.type == kind]


def note(onset_s: float, offset_s: float, pitch: int = 40, bend: Bend | None = None) -> Note:
    return Note(onset_s, offset_s, pitch, 100, bend)


def bent(onset_s: float, offset_s: float, *cents: float, pitch: int = 40) -> Note:
    step = (offset_s - onset_s) / len(cents)
    times = tuple(onset_s + step * number for number in range(len(cents)))
    return note(onset_s, offset_s, pitch, Bend(times, tuple(cents)))


def test_two_tracks_with_tempo_meter_name_and_programme(tmp_path: Path) -> None:
    path = written(tmp_path, [note(1.0, 2.0)], ClipFrame(8.0, 93.7, "7/8"))

    file = mido.MidiFile(path)
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 960, 2)
    tempo, meter, _ = file.tracks[0]
    assert tempo.tempo == round(60e6 / 93.7)
    assert (meter.numerator, meter.denominator) == (7, 8)
    name, programme = file.tracks[1][:2]
    assert (name.type, name.name) == ("track_name", "Bass DI")
    assert (programme.type, programme.program, programme.channel) == ("program_change", 33, 1)


@pytest.mark.parametrize("tempo", [32.0, 60.0, 111.111, 120.0, 187.5, 960.0])
def test_notes_sound_within_a_millisecond_in_another_reader(tmp_path: Path, tempo: float) -> None:
    with warnings.catch_warnings():
        # pretty_midi looks for its version through a deprecated interface.
        warnings.simplefilter("ignore")
        pretty_midi = pytest.importorskip("pretty_midi")
    onsets = [0.0137 + 0.3313 * number for number in range(20)]
    path = written(
        tmp_path, [note(onset, onset + 0.2) for onset in onsets], ClipFrame(8.0, tempo, "4/4")
    )

    (instrument,) = pretty_midi.PrettyMIDI(str(path)).instruments

    assert instrument.program == 33
    assert [each.start for each in instrument.notes] == pytest.approx(onsets, abs=0.001)
    assert [each.end for each in instrument.notes] == pytest.approx(
        [onset + 0.2 for onset in onsets], abs=0.001
    )


def test_drums_play_on_channel_ten(tmp_path: Path) -> None:
    path = written(tmp_path, [note(0.5, 0.6, 36)], instrument=DRUMS)

    assert {message.channel for _, message in of_type(path, "note_on")} == {9}


def test_the_track_is_as_long_as_the_region(tmp_path: Path) -> None:
    path = written(tmp_path, [note(1.0, 2.0)], ClipFrame(7.5, 120.0, "4/4"))

    assert absolute(path)[-1][0] == absolute(path, 0)[-1][0] == 15 * 960
    assert mido.MidiFile(path).length == pytest.approx(7.5)


def test_an_empty_clip_is_as_long_as_the_region_too(tmp_path: Path) -> None:
    path = written(tmp_path, [], ClipFrame(7.5, 120.0, "4/4"))

    assert mido.MidiFile(path).length == pytest.approx(7.5)
    assert not of_type(path, "note_on")


def test_every_note_ends_before_the_next_of_its_pitch_begins(tmp_path: Path) -> None:
    notes = [note(0.0, 1.0), note(0.5, 1.5), note(0.5, 7.9, 43), note(1.5, 9.0)]
    path = written(tmp_path, notes)

    sounding = set()
    for _, message in absolute(path):
        if message.type == "note_on":
            assert message.note not in sounding
            assert message.velocity > 0
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding


def test_a_repeated_note_is_released_before_it_is_struck(tmp_path: Path) -> None:
    path = written(tmp_path, [note(0.5, 1.0), note(1.0, 1.5)])

    kinds = [message.type for tick, message in absolute(path) if tick == 1920]
    assert kinds == ["note_off", "note_on"]


def test_the_wheel_follows_the_bend_in_cents(tmp_path: Path) -> None:
    path = written(tmp_path, [bent(1.0, 2.0, 0.0, 50.0, -100.0, 200.0)])

    moves = [(tick, message.pitch) for tick, message in of_type(path, "pitchwheel")]
    assert moves[:4] == [(1920, 0), (2400, 2048), (2880, -4096), (3360, 8191)]


def test_the_bend_range_is_set_to_two_semitones_and_deselected(tmp_path: Path) -> None:
    path = written(tmp_path, [bent(1.0, 2.0, 30.0)])

    sent = [(message.control, message.value) for _, message in of_type(path, "control_change")]
    assert sent == [(101, 0), (100, 0), (6, 2), (38, 0), (101, 127), (100, 127)]
    assert not of_type(written(tmp_path, [note(1.0, 2.0)]), "control_change")


def test_the_wheel_returns_after_each_note(tmp_path: Path) -> None:
    path = written(tmp_path, [bent(1.0, 2.0, 30.0), bent(3.0, 4.0, -30.0), note(4.0, 5.0)])

    at_strike = []
    wheel = 0
    for _, message in absolute(path):
        if message.type == "pitchwheel":
            wheel = message.pitch
        elif message.type == "note_on":
            at_strike.append(wheel)
    assert at_strike == [1229, -1229, 0]
    assert wheel == 0


def test_the_wheel_is_at_rest_when_the_clip_ends(tmp_path: Path) -> None:
    path = written(tmp_path, [bent(7.0, 8.0, 60.0)])

    assert of_type(path, "pitchwheel")[-1][1].pitch == 0
    assert absolute(path)[-1][0] == 16 * 960


def test_notes_that_sound_together_do_not_bend_each_other(tmp_path: Path) -> None:
    notes = [bent(1.0, 2.0, 30.0), bent(1.5, 2.5, -30.0, pitch=47), bent(4.0, 5.0, 20.0)]
    path = written(tmp_path, notes)

    assert all(tick >= 4 * 1920 for tick, _ in of_type(path, "pitchwheel"))


def test_small_movements_are_not_sent(tmp_path: Path) -> None:
    path = written(tmp_path, [bent(1.0, 2.0, *(20.0 + 0.5 * (n % 3) for n in range(80)))])

    assert len(of_type(path, "pitchwheel")) == 2


def test_any_name_can_be_written(tmp_path: Path) -> None:
    path = written(tmp_path, [note(1.0, 2.0)], track_name="Gesang ♪ 歌")

    assert absolute(path)[0][1].name == "Gesang ♪ 歌"


def test_clips_list_notes_in_quarters() -> None:
    placed = place([note(0.5, 1.25)], ClipFrame(4.0, 120.0, "4/4"))

    (listed,) = clip_notes(placed, DRUMS)

    assert (listed.start_quarters, listed.length_quarters) == (1.0, 1.5)
    assert (listed.pitch, listed.velocity, listed.channel) == (40, 100, 9)


def test_an_unwritable_place_is_an_oserror(tmp_path: Path) -> None:
    clip = ClipFrame(4.0, 120.0, "4/4")

    with pytest.raises(OSError, match="No such file"):
        write_clip(tmp_path / "missing/clip.mid", (), clip, BASS, "Bass")
