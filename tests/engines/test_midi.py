"""MIDI files, read back by mido, pretty_midi and music21."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engines.midi import ClipTrack, Instrument, clip_notes, write_clips
from bridge.engines.placement import ClipFrame, place
from bridge.engines.timing.key import MAJOR_NAMES, MINOR_NAMES
from bridge.engines.transcription.notes import Bend, Note
from bridge.models import TempoChange

BASS = Instrument(role="bass", name="Bass", program=34, channel=2, color="#8c5bd6")
DRUMS = Instrument(role="drums", name="Drums", program=1, channel=10, color="#d9683c")


def written(  # noqa: PLR0917
    folder: Path,
    notes: list[Note],
    clip: ClipFrame | None = None,
    instrument: Instrument = BASS,
    track_name: str = "Bass DI",
    key: str | None = None,
    mpe: bool = False,
) -> Path:
    clip = clip or ClipFrame(8.0, 120.0, "4/4")
    path = folder / "clip.mid"
    write_clips(path, [ClipTrack(track_name, place(notes, clip), instrument, mpe)], clip, key)
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
    name, instrument, programme = file.tracks[1][:3]
    assert (name.type, name.name) == ("track_name", "Bass DI")
    assert (instrument.type, instrument.name) == ("instrument_name", "Bass")
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
    frame = ClipFrame(4.0, 120.0, "4/4")

    (listed,) = clip_notes(ClipTrack("kit", place([note(0.5, 1.25)], frame), DRUMS))

    assert (listed.start_quarters, listed.length_quarters) == (1.0, 1.5)
    assert (listed.pitch, listed.velocity, listed.channel) == (40, 100, 9)


def test_an_unwritable_place_is_an_oserror(tmp_path: Path) -> None:
    clip = ClipFrame(4.0, 120.0, "4/4")

    with pytest.raises(OSError, match="No such file"):
        write_clips(tmp_path / "missing/clip.mid", [ClipTrack("Bass", (), BASS)], clip)


@pytest.mark.parametrize(
    ("meter", "click"), [("4/4", 24), ("3/4", 24), ("6/8", 36), ("7/8", 12), ("5/16", 6)]
)
def test_the_click_counts_as_musicians_do(tmp_path: Path, meter: str, click: int) -> None:
    path = written(tmp_path, [note(1.0, 2.0)], ClipFrame(8.0, 120.0, meter))

    (said,) = [message for _, message in absolute(path, 0) if message.type == "time_signature"]
    assert f"{said.numerator}/{said.denominator}" == meter
    assert said.clocks_per_click == click


@pytest.mark.parametrize("name", [*MAJOR_NAMES, *(f"{name} minor" for name in MINOR_NAMES)])
def test_every_key_can_be_signed(tmp_path: Path, name: str) -> None:
    key = name if "minor" in name else f"{name} major"
    path = written(tmp_path, [], key=key)

    (said,) = [message for _, message in absolute(path, 0) if message.type == "key_signature"]
    assert said.key == key.replace(" major", "").replace(" minor", "m")


def test_whole_bars(tmp_path: Path) -> None:
    path = written(tmp_path, [note(1.0, 7.6)], ClipFrame(7.5, 120.0, "7/8", whole_bars=True))

    # 15 quarters are 4.3 bars of three and a half: five bars.
    assert absolute(path)[-1][0] == absolute(path, 0)[-1][0] == 5 * 3360
    assert [tick for tick, _ in of_type(path, "note_off")] == [15 * 960]


def test_a_day_long_clip_has_delta_times_that_a_file_can_hold(tmp_path: Path) -> None:
    path = written(tmp_path, [note(86_000.0, 86_001.0)], ClipFrame(86_400.0, 400.0, "4/4"))

    deltas = [message.time for track in mido.MidiFile(path).tracks for message in track]
    assert max(deltas) <= 0x0FFFFFFF
    assert absolute(path)[-1][0] == absolute(path, 0)[-1][0] == 86_400 * 6_400


def drifting(duration_s: float = 16.0) -> ClipFrame:
    points = [(0.0, 0.0, 100.0), (2.4, 4.0, 111.11), (4.56, 8.0, 97.3), (7.0263, 12.0, 123.0)]
    changes = tuple(TempoChange(time_s=t, quarters=q, tempo=tempo) for t, q, tempo in points)
    return ClipFrame(duration_s, 108.0, "4/4", changes=changes)


def test_a_tempo_map_is_played_at_the_right_times(tmp_path: Path) -> None:
    clip = drifting()
    onsets = [0.0137 + 0.5113 * number for number in range(30)]
    path = written(tmp_path, [note(onset, onset + 0.2) for onset in onsets], clip)

    assert [message.type for message in mido.MidiFile(path).tracks[0]].count("set_tempo") == 4
    played = played_s(path)
    half_a_tick_s = 0.5 * 60.0 / 97.0 / 960.0
    assert played == pytest.approx(onsets, abs=half_a_tick_s)


def played_s(path: Path) -> list[float]:
    """When mido plays the notes: it merges the tracks and follows the tempo."""
    now, onsets = 0.0, []
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on":
            onsets.append(now)
    return onsets


def test_all_clips_in_one_file_have_channels_and_names_of_their_own(tmp_path: Path) -> None:
    clip = ClipFrame(4.0, 120.0, "4/4")
    other = Instrument(role="default", name="Other", program=1, channel=2, color="#8a8f98")
    tracks = [
        ClipTrack("Bass", place([bent(1.0, 2.0, 30.0)], clip), BASS),
        ClipTrack("Kit", place([note(0.5, 0.6, 36)], clip), DRUMS),
        ClipTrack("Percussion", place([note(0.7, 0.8, 54)], clip), DRUMS),
        *(ClipTrack(f"Part {number}", place([note(1.0, 2.0)], clip), other) for number in range(9)),
    ]
    path = tmp_path / "all.mid"
    write_clips(path, tracks, clip, "F# minor")

    file = mido.MidiFile(path)
    assert [track.name for track in file.tracks[1:]] == [track.name for track in tracks]
    channels = [
        {message.channel for message in track if not message.is_meta} for track in file.tracks[1:]
    ]
    assert channels[1] == channels[2] == {9}
    pitched = [channel for number, channel in enumerate(channels) if number not in {1, 2}]
    assert all(len(channel) == 1 for channel in pitched)
    assert len(set.union(*pitched)) == len(pitched)
    assert {9}.isdisjoint(set.union(*pitched))
    assert len({absolute(path, number)[-1][0] for number in range(len(file.tracks))}) == 1


def test_more_clips_than_channels_still_fit(tmp_path: Path) -> None:
    clip = ClipFrame(4.0, 120.0, "4/4")
    tracks = [ClipTrack(f"{n}", place([note(1.0, 2.0)], clip), BASS) for n in range(20)]
    write_clips(tmp_path / "all.mid", tracks, clip)

    assert len(played_s(tmp_path / "all.mid")) == 20


def test_an_mpe_chord_keeps_its_bends(tmp_path: Path) -> None:
    chord = [bent(1.0, 2.0, 40.0, pitch=60), bent(1.0, 2.5, -30.0, pitch=64), note(1.0, 3.0, 67)]
    path = written(tmp_path, chord, mpe=True)

    events = absolute(path)
    of_note = {m.note: m.channel for _, m in events if m.type == "note_on"}
    assert len(set(of_note.values())) == 3
    assert {0, 9}.isdisjoint(of_note.values())
    assert bend_at_strike(path) == pytest.approx({60: 40.0, 64: -30.0, 67: 0.0}, abs=0.6)


def bend_at_strike(path: Path) -> dict[int, float]:
    """What each pitch is bent by in cents when it is struck, over the default MPE range."""
    wheel: dict[int, int] = {}
    bends = {}
    for _, message in absolute(path):
        if message.type == "pitchwheel":
            wheel[message.channel] = message.pitch
        elif message.type == "note_on":
            bends[message.note] = wheel.get(message.channel, 0) / 8192 * 4800
    assert not any(wheel.values())
    return bends


def test_an_mpe_file_begins_with_its_zone(tmp_path: Path) -> None:
    path = written(tmp_path, [note(1.0, 2.0)], mpe=True)

    sent = [(m.channel, m.control, m.value) for _, m in of_type(path, "control_change")]
    assert sent[:5] == [(0, 101, 0), (0, 100, 6), (0, 6, 15), (0, 101, 127), (0, 100, 127)]
    ranges = {channel: value for channel, control, value in sent[5:] if control == 6}
    assert ranges == dict.fromkeys(range(1, 16), 48)


def test_drums_are_never_mpe_and_each_mpe_track_has_a_port(tmp_path: Path) -> None:
    clip = ClipFrame(4.0, 120.0, "4/4")
    tracks = [
        ClipTrack("Bass", place([note(1.0, 2.0)], clip), BASS, mpe=True),
        ClipTrack("Kit", place([note(1.0, 2.0, 36)], clip), DRUMS, mpe=True),
        ClipTrack("Keys", place([note(1.0, 2.0)], clip), BASS, mpe=True),
    ]
    write_clips(tmp_path / "all.mid", tracks, clip)

    file = mido.MidiFile(tmp_path / "all.mid")
    ports = [[m.port for m in track if m.type == "midi_port"] for track in file.tracks[1:]]
    assert ports == [[1], [], [2]]
    assert {m.channel for m in file.tracks[2] if not m.is_meta} == {9}


def test_clips_list_the_member_channels() -> None:
    frame = ClipFrame(4.0, 120.0, "4/4")
    chord = place([note(1.0, 2.0, pitch) for pitch in (60, 64, 67)], frame)

    listed = clip_notes(ClipTrack("keys", chord, BASS, mpe=True))

    assert len({each.channel for each in listed}) == 3


drawn_notes = st.lists(
    st.builds(
        lambda onset, length, pitch, velocity, cents: Note(
            onset,
            onset + length,
            pitch,
            velocity,
            Bend(tuple(onset + length * n / 5 for n in range(5)), cents) if cents else None,
        ),
        st.floats(0.0, 9.0),
        st.floats(0.01, 3.0),
        st.integers(0, 127),
        st.integers(1, 127),
        st.none() | st.tuples(*[st.floats(-200.0, 200.0)] * 5),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(
    notes=drawn_notes,
    mpe=st.booleans(),
    meter=st.sampled_from(["4/4", "6/8", "7/8", "64/1", "1/32"]),
    tempo=st.floats(10.0, 960.0),
    is_drifting=st.booleans(),
    whole_bars=st.booleans(),
)
def test_whatever_is_written_is_read_back(  # noqa: PLR0917
    tmp_path_factory: pytest.TempPathFactory,
    notes: list[Note],
    mpe: bool,
    meter: str,
    tempo: float,
    is_drifting: bool,
    whole_bars: bool,
) -> None:
    changes = drifting().changes if is_drifting else ()
    clip = ClipFrame(10.0, tempo, meter, changes=changes, whole_bars=whole_bars)
    placed = place(notes, clip)
    path = tmp_path_factory.getbasetemp() / "drawn.mid"
    write_clips(path, [ClipTrack("drawn", placed, BASS, mpe)], clip)

    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    wheel: dict[int, int] = {}
    found = []
    events = absolute(path)
    for tick, message in events:
        if message.type == "note_on":
            assert (message.channel, message.note) not in sounding
            sounding[message.channel, message.note] = (tick, message.velocity)
        elif message.type == "note_off":
            start, velocity = sounding.pop((message.channel, message.note))
            found.append((start, tick, message.note, velocity))
        elif message.type == "pitchwheel":
            wheel[message.channel] = message.pitch
    assert not sounding
    assert not any(wheel.values())
    assert sorted(found) == sorted((n.start, n.end, n.pitch, n.velocity) for n in placed)
    assert events[-1][0] == clip.length_ticks
    assert not whole_bars or clip.length_ticks % clip.bar_ticks == 0


def song(folder: Path, mpe: bool = False) -> Path:
    clip = drifting()
    tracks = [
        ClipTrack(
            "Bass ♪ 歌", place([note(n * 0.5, n * 0.5 + 0.4) for n in range(20)], clip), BASS
        ),
        ClipTrack(
            "Kit", place([note(n * 0.25, n * 0.25 + 0.1, 42) for n in range(40)], clip), DRUMS
        ),
    ]
    path = folder / "song.mid"
    write_clips(path, [replace(track, mpe=mpe) for track in tracks], clip, "D minor")
    return path


@pytest.mark.parametrize("mpe", [False, True])
def test_pretty_midi_reads_all(tmp_path: Path, mpe: bool) -> None:
    with warnings.catch_warnings():
        # pretty_midi looks for its version through a deprecated interface.
        warnings.simplefilter("ignore")
        import pretty_midi

        read = pretty_midi.PrettyMIDI(str(song(tmp_path, mpe)))

    pitched = [each for each in read.instruments if not each.is_drum]
    drums = [each for each in read.instruments if each.is_drum]
    assert sum(len(each.notes) for each in drums) == 40
    starts = sorted(each.start for instrument in pitched for each in instrument.notes)
    assert starts == pytest.approx([n * 0.5 for n in range(20)], abs=0.001)
    times_s, tempos = read.get_tempo_changes()
    assert times_s == pytest.approx([0.0, 2.4, 4.56, 7.0263], abs=0.001)
    assert tempos == pytest.approx([100.0, 111.11, 97.3, 123.0], abs=0.05)


def test_music21_reads_all(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    with warnings.catch_warnings():
        # music21 warns of note lengths that no notation has.
        warnings.simplefilter("ignore")
        score = music21.converter.parse(str(song(tmp_path)), forceSource=True, quantizePost=False)

    names = [part.partName for part in score.parts]
    assert len(names) == 2
    assert sum(len(part.stripTies().flatten().notes) for part in score.parts) == 60
    (meter, *_) = score.recurse().getElementsByClass(music21.meter.TimeSignature)
    assert meter.ratioString == "4/4"
    (key, *_) = score.recurse().getElementsByClass(music21.key.Key)
    assert str(key) == "d minor"
    tempos = {
        round(mark.number, 1)
        for mark in score.recurse().getElementsByClass(music21.tempo.MetronomeMark)
    }
    assert {100.0, 111.1, 97.3, 123.0} <= tempos
