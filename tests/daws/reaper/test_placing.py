"""What is placed, and that nothing is where something failed; the daemon's part is played."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import mido
import pytest

from bridge.resources import shipped
from tests.daws.reaper.project import TempoMark
from tests.daws.reaper.standin import lua_runtime
from tests.daws.reaper.studio import Studio, actor
from tests.daws.reaper.test_session import use

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daws.reaper.project import Item

LIB = shipped("daw_scripts") / "reaper" / "lib"
TEMPO = 90.0


def clip(studio: Studio, name: str = "clip.mid") -> Path:
    """Write a clip as the daemon does: a note a second, a bend, at 90 quarter notes a minute."""
    file = mido.MidiFile(type=1, ticks_per_beat=960)
    conductor = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO))])
    track = mido.MidiTrack([mido.Message("program_change", program=33, channel=1)])
    for pitch in (40, 43):
        track += [
            mido.Message("note_on", note=pitch, velocity=90, channel=1, time=720),
            mido.Message("pitchwheel", pitch=-2000, channel=1, time=180),
            mido.Message("note_off", note=pitch, velocity=64, channel=1, time=540),
        ]
    file.tracks += [conductor, track]
    path = studio.folder / name
    file.save(path)
    return path


def events(studio: Studio, *, manifest: dict[str, Any] | None = None) -> list[tuple[object, ...]]:
    """Return what a run that made a bass and its clip says."""
    audio = studio.audio("result.wav", 2.0).path
    told = studio.folder / "manifest.json"
    told.write_text(json.dumps(manifest or {}))
    return [
        ("/bridge/job/queued", "stems-to-midi", 0),
        ("/bridge/job/progress", 0.5, "separate", 61.2),
        ("/bridge/job/stem", "bass", audio, 2.0, 44100, -6.0),
        ("/bridge/job/midi", "bass", clip(studio), 2, TEMPO, "Chor bass", "bass"),
        ("/bridge/job/done", told, 1.0),
    ]


def press(studio: Studio) -> Item:
    track = studio.track()
    track.values["D_VOL"] = 0.4
    item = track.add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.press("Stems and MIDI")
    studio.reaper.run_to_end()
    return item


def test_notes_and_bends_follow_the_projects_tempo_map(studio: Studio) -> None:
    """At 1.75 s the tempo changes in the middle of the clip; the seconds stay."""
    studio.project.tempi = [TempoMark(0.0, TEMPO), TempoMark(1.75, 140.0)]
    actor(studio, *events(studio))
    press(studio)
    (midi,) = studio.project.tracks[3].items
    times_s = studio.project.note_times_s(midi.take)
    expected_s = [1.0 + 720 / 960 * 60 / TEMPO, 1.0 + (720 * 3) / 960 * 60 / TEMPO]
    assert times_s == pytest.approx(expected_s, abs=1e-3)
    kinds = [
        (kind, channel, first, second) for _, kind, channel, first, second in midi.take.controls
    ]
    assert kinds[0] == (0xC0, 1, 33, 0)
    bend = 8192 - 2000
    assert kinds[1] == (0xE0, 1, bend & 0x7F, bend >> 7)
    assert midi.take.notes[0][2:] == (1, 40, 90)


def test_the_bar_the_stage_and_the_time_left_are_shown(studio: Studio) -> None:
    actor(studio, *events(studio)[:2], ("/bridge/job/failed", "internal", "It broke."))
    press(studio)
    texts = [text for text, _, _ in studio.reaper.drawn]
    assert "Stems and MIDI" in texts
    assert "Cancel" in texts
    assert "It broke." in texts


def test_an_instrument_that_is_not_there_is_told_and_the_rest_is_placed(studio: Studio) -> None:
    actor(studio, *events(studio))
    use(studio, synths="bass=Sub Boom Bass", mute_midi="n", mute_source="n")
    item = press(studio)
    assert "no effect or chain “Sub Boom Bass”" in studio.reaper.sentences().replace("\n", " ")
    assert [name for _, name in studio.project.tree()] == ["Chor", "a", "Bass", "Bass MIDI"]
    assert [track.value("D_VOL") for track in studio.project.tracks] == [0.4, 0.4, 1.0, 1.0]
    assert studio.project.tracks[3].value("B_MUTE") == 0.0
    assert item.value("B_MUTE") == 0.0


@pytest.mark.parametrize("more", ["effects", "envelope"])
def test_what_sounds_after_the_take_is_told(studio: Studio, more: str) -> None:
    actor(studio, *events(studio))
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    if more == "effects":
        item.take.effects = 1
    else:
        item.take.envelopes.add("Volume")
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "Glue the item first" in studio.reaper.sentences().replace("\n", " ")
    assert len(studio.project.undo) == 1


@pytest.mark.parametrize("broken", ["result.wav", "clip.mid"])
def test_what_cannot_be_placed_leaves_no_trace(studio: Studio, broken: str) -> None:
    actor(studio, *events(studio))
    if broken == "clip.mid":
        (studio.folder / broken).write_bytes(b"MThd\0\0\0\6\0\1\0\2\3\300MTrk\0\0\0\xff\0")
    else:
        (studio.folder / broken).unlink()
    item = press(studio)
    assert "could not be put into the project" in studio.reaper.sentences()
    assert broken in studio.reaper.sentences()
    assert studio.project.undo == []
    assert [name for _, name in studio.project.tree()] == ["Chor"]
    assert studio.project.items()[0].value("B_MUTE") == 0.0
    assert item.guid == studio.project.items()[0].guid

    # Put right, it can be collected.
    actor(studio, *events(studio))
    studio.press("Collect finished jobs")
    studio.reaper.run_to_end()
    assert len(studio.project.undo) == 1


def test_the_tempo_that_was_heard_becomes_markers(studio: Studio) -> None:
    timing = {
        "tempo": TEMPO,
        "tempo_from": "estimated",
        "meter": "3/4",
        "tempo_map": [
            {"time_s": 0.0, "quarters": 0.0, "tempo": 90.0},
            {"time_s": 1.0, "quarters": 1.5, "tempo": 91.5},
        ],
    }
    actor(studio, *events(studio, manifest={"timing": timing, "clips": []}))
    use(studio, heard_tempo="y")
    press(studio)
    marks = [(m.time_s, m.tempo, m.numerator) for m in studio.project.tempi]
    assert marks == [(0.0, 120.0, 4), (1.0, 90.0, 3), (2.0, 91.5, 3), (3.0, 120.0, 4)]
    (midi,) = studio.project.tracks[3].items
    expected_s = [1.0 + 720 / 960 * 60 / TEMPO, 1.0 + (720 * 3) / 960 * 60 / TEMPO]
    assert studio.project.note_times_s(midi.take) == pytest.approx(expected_s, abs=1e-3)


def test_a_clips_colour_is_that_of_the_users_instruments(studio: Studio) -> None:
    manifest = {"clips": [{"stem": "bass", "color": "#010203"}]}
    actor(studio, *events(studio, manifest=manifest))
    press(studio)
    assert studio.project.tracks[3].color == 0x030201
    assert studio.project.tracks[2].color == 0xD65B8C


def test_a_recipe_is_chosen_from_a_menu(studio: Studio) -> None:
    listing = (
        "/bridge/recipe\tkaraoke\tEverything but the voice\n"
        "/bridge/recipe\tmine\t#a|b, my own\n"
        "/bridge/asked\t/bridge/recipes\n"
    )
    actor(studio, *events(studio), listing=listing)
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.reaper.choices = [0, 2]
    studio.press("Run recipe")
    studio.reaper.run_to_end()
    assert studio.reaper.menus == ["karaoke:  Everything but the voice|mine:  #a/b, my own"]
    assert studio.project.undo == [], "nothing was chosen"
    studio.press("Run recipe")
    studio.reaper.run_to_end()
    assert [name for name, _ in studio.project.undo] == ["dawbridge: mine"]


def test_status_in_words(studio: Studio) -> None:
    values = "version\t0.1.0\tdata\t/data\trunning\ta,b\twaiting\t3"
    listing = f"/bridge/status\t{values}\n/bridge/asked\t/bridge/status\n"
    actor(studio, listing=listing)
    studio.press("Status")
    studio.reaper.run_to_end()
    said = " ".join(studio.reaper.sentences().split())
    assert "dawbridge 0.1.0 runs. It works on a,b; 3 wait. Its files lie in /data." in said


def test_reaper_closed_while_a_job_runs(studio: Studio) -> None:
    gate = studio.folder / "gate"
    actor(studio, *events(studio), gate=gate)
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.press("Stems and MIDI")
    studio.reaper.run_until(lambda: bool(studio.reaper.started))
    studio.reaper.restart()
    gate.touch()
    studio.reaper.collect(studio.scripts)
    assert [name for _, name in studio.project.tree()] == ["Chor", "a", "Bass", "Bass MIDI"]


def test_a_closed_window_opens_again_when_there_is_something_to_say(studio: Studio) -> None:
    gate = studio.folder / "gate"
    actor(studio, ("/bridge/job/failed", "internal", "It broke."), gate=gate)
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.run_until(lambda: bool(studio.reaper.frame))
    studio.reaper.closes_window = True
    studio.reaper.tick()
    assert studio.reaper.frame == []
    gate.touch()
    studio.reaper.run_to_end()
    assert "It broke." in studio.reaper.sentences()


def test_items_of_one_track_share_its_folder_and_others_have_their_own(studio: Studio) -> None:
    actor(studio, *events(studio)[:3], events(studio)[4])
    first, second = studio.track("Band"), studio.track("Solo")
    first.values.update(D_VOL=0.5, D_PAN=-0.25)
    source = studio.audio("a.wav")
    items = [first.add_item(source, at_s, 2.0) for at_s in (0.0, 4.0)]
    items.append(second.add_item(source, 8.0, 2.0))
    studio.project.select(*items)
    studio.press("Stems")
    studio.reaper.run_to_end()
    names = [name for _, name in studio.project.tree()]
    assert names == ["Band", "a bass", "Solo", "a bass"], "one stem needs no folder"
    levels = [(t.value("D_VOL"), t.value("D_PAN")) for t in studio.project.tracks]
    assert levels == [(0.5, -0.25)] * 2 + [(1.0, 0.0)] * 2
    shared = studio.project.tracks[1].items
    assert [item.value("D_POSITION") for item in shared] == [0.0, 4.0]
    assert [name for name, _ in studio.project.undo] == ["dawbridge: Stems"]


@pytest.mark.parametrize("kind", [0, 1])
def test_midi_files_are_read_as_others_read_them(tmp_path: Path, kind: int) -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    for index in range(200):
        track.append(mido.Message("note_on", note=60 + index % 5, velocity=1 + index % 127, time=7))
        track.append(mido.Message("note_on", note=60 + index % 5, velocity=0, time=130 + index))
    track.append(mido.Message("sysex", data=(1, 2, 3), time=20_000))
    track.append(mido.MetaMessage("set_tempo", tempo=400_000, time=1))
    track.append(mido.Message("note_on", note=1, velocity=2, time=96))
    file = mido.MidiFile(type=kind, ticks_per_beat=480, tracks=[track])
    path = tmp_path / "a.mid"
    file.save(path)
    reader = lua_runtime().eval("dofile")(str(LIB / "midi_file.lua"))
    found = reader["read"](str(path))
    seconds = reader["clock"](found)
    told = [
        (note["pitch"], note["velocity"], seconds(note["tick"])) for note in found.notes.values()
    ]
    now_s, expected = 0.0, []
    for message in mido.MidiFile(path):
        now_s += message.time
        if message.type == "note_on" and message.velocity:
            expected.append((message.note, message.velocity, pytest.approx(now_s)))
    assert told == expected
    assert all(note["end_tick"] > note["tick"] for note in list(found.notes.values())[:-1])
    path.write_bytes(b"RIFF")
    assert reader["read"](str(path))[1] == "it has no MIDI header"


def test_json_is_read_as_others_read_it(tmp_path: Path) -> None:
    value = {"a": [1, -2.5e-3, True, False, {}], "Jörg \"'\\/": "曲\n\t\u0001 𝄞 \\u0041", "": []}
    path = tmp_path / "a.json"
    reader = lua_runtime().eval("dofile")(str(LIB / "json.lua"))

    def plain(found: Any) -> Any:
        if not hasattr(found, "items"):
            return found
        keys = list(found.keys())
        if keys and all(isinstance(key, int) for key in keys):
            return [plain(item) for item in found.values()]
        return {key: plain(item) for key, item in found.items()}

    for is_ascii in (True, False):
        path.write_text(json.dumps(value, ensure_ascii=is_ascii, indent=2), encoding="utf-8")
        found = plain(reader["read"](str(path)))
        assert found == value | {"": {}}
    path.write_text("{broken")
    assert reader["read"](str(path)) is None


def test_events_are_read_as_they_come_and_only_whole(tmp_path: Path) -> None:
    from bridge.cli.run import event_line
    from bridge.osc.codec import Message

    path = tmp_path / "events"
    tail = lua_runtime().eval("dofile")(str(LIB / "events.lua"))["follow"](str(path))

    def told() -> list[list[str]]:
        return [list(fields.values()) for fields in tail["lines"](tail).values()]

    assert told() == []
    arguments = ("a", "tab\t back\\ line\n return\r \\n", "Jörg", 0.1, 3, "")
    line = event_line(Message("/bridge/job/stem", arguments))
    for place in range(0, len(line), 5):
        assert told() == []
        with path.open("ab") as file:
            file.write(line[place : place + 5])
    assert told() == [["/bridge/job/stem", *map(str, arguments)]]
    assert told() == []
    with path.open("ab") as file:
        file.write(line + line)
    assert len(told()) == 2


def test_a_part_keeps_the_fade_of_the_edge_that_it_reaches(studio: Studio) -> None:
    actor(studio, *events(studio))
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    fades = {"D_FADEINLEN": 0.1, "D_FADEINLEN_AUTO": 0.2, "C_FADEINSHAPE": 2.0}
    item.values.update(fades, D_FADEOUTLEN=0.3, D_FADEOUTLEN_AUTO=0.4, D_VOL=0.5)
    item.take.values.update(D_PAN=0.25, D_PANLAW=0.5)
    studio.project.select(item)
    studio.project.selection_s = (0.0, 1.5)
    studio.press("Stems")
    studio.reaper.run_to_end()
    (stem,) = studio.project.tracks[2].items
    assert {name: stem.value(name) for name in fades} == fades
    assert (stem.value("D_FADEOUTLEN"), stem.value("D_FADEOUTLEN_AUTO")) == (0.0, -1.0)
    assert stem.value("D_VOL") == 0.5
    assert (stem.take.value("D_PAN"), stem.take.value("D_PANLAW")) == (0.25, 0.5)


def test_takes_are_panned_as_the_one_that_plays(studio: Studio) -> None:
    actor(studio, *events(studio))
    use(studio, as_takes="y")
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    item.take.values.update(D_PAN=0.25, D_PANLAW=0.5)
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert [take.name for take in item.takes] == ["a.wav", "bass"]
    assert (item.takes[1].value("D_PAN"), item.takes[1].value("D_PANLAW")) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("now", "start_s"),
    [
        ({"D_POSITION": 7.5}, 7.5),
        ({"D_POSITION": 1.5, "D_LENGTH": 1.5, "D_STARTOFFS": 0.75}, 1.0),
        ({"D_LENGTH": 0.5}, 1.0),
    ],
    ids=["moved", "trimmed at its start", "trimmed at its end"],
)
def test_stems_follow_an_item_that_was_moved_meanwhile(
    studio: Studio, now: dict[str, float], start_s: float
) -> None:
    studio.project.tempi = [TempoMark(0.0, TEMPO)]
    gate = studio.folder / "gate"
    actor(studio, *events(studio), gate=gate)
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 1.75, D_STARTOFFS=0.25)
    studio.project.select(item)
    studio.press("Stems and MIDI")
    studio.reaper.run_until(lambda: bool(studio.reaper.started))
    item.take.values["D_STARTOFFS"] = now.pop("D_STARTOFFS", 0.25)
    item.values.update(now)
    gate.touch()
    studio.reaper.run_to_end()
    _, _, audio, midi = (track.items[0] if track.items else None for track in studio.project.tracks)
    assert audio is not None
    assert midi is not None
    assert audio.value("D_POSITION") == midi.value("D_POSITION") == start_s
    assert audio.value("D_LENGTH") == 1.75
    first_s = studio.project.note_times_s(midi.take)[0]
    assert first_s == pytest.approx(start_s + 720 / 960 * 60 / TEMPO, abs=1e-3)
    assert item.value("B_MUTE") == 1.0


@pytest.mark.parametrize("name", ["Stems", "Stems and MIDI"])
@pytest.mark.parametrize("depth", [1, -1, -2])
def test_new_tracks_stay_in_the_folder_of_their_source(
    studio: Studio, depth: int, name: str
) -> None:
    """So they go through the same bus; and a folder's own volume is not applied twice."""
    told = events(studio)
    actor(studio, *(told if name == "Stems and MIDI" else [*told[:3], told[4]]))
    outer = [studio.track(f"Bus {number}") for number in range(max(0, -depth))]
    source = studio.track("Chor")
    source.values.update(D_VOL=0.5, I_FOLDERDEPTH=float(depth), D_WIDTH=0.5, B_PHASE=1.0)
    for track in outer:
        track.values["I_FOLDERDEPTH"] = 1.0
    if depth == 1:
        studio.track("Child").values["I_FOLDERDEPTH"] = -1.0
    after = studio.track("After")
    item = source.add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.press(name)
    studio.reaper.run_to_end()
    tree = studio.project.tree()
    where, level = tree.index((len(outer), "Chor")), len(outer) + (depth == 1)
    rows = [(level, "a"), (level + 1, "Bass"), (level + 1, "Bass MIDI")]
    expected = rows if name == "Stems and MIDI" else [(level, "a bass")]
    assert tree[where + 1 : where + 1 + len(expected)] == expected
    assert tree[-1] == (0, after.name)
    first = studio.project.tracks[where + 1]
    levels = tuple(first.value(name) for name in ("D_VOL", "D_WIDTH", "B_PHASE"))
    assert levels == ((1.0, 1.0, 0.0) if depth == 1 else (0.5, 0.5, 1.0))
    studio.reaper.api.Undo_DoUndo2(studio.project)
    assert source.guid in [track.guid for track in studio.project.tracks]
    assert studio.project.tracks[len(outer)].value("I_FOLDERDEPTH") == depth


def test_new_tracks_hold_no_effects_but_the_instrument(studio: Studio) -> None:
    actor(studio, *events(studio))
    press(studio)
    assert [track.effects for track in studio.project.tracks] == [[], [], [], ["ReaSynth"]]


def test_items_stay_at_their_seconds_when_the_tempo_becomes_what_was_heard(
    studio: Studio,
) -> None:
    """REAPER's default lets them follow the beats: they would move and play at another rate."""
    timing = {"tempo": TEMPO, "tempo_from": "estimated", "meter": "4/4", "tempo_map": []}
    actor(studio, *events(studio, manifest={"timing": timing, "clips": []}))
    use(studio, heard_tempo="y")
    source = studio.audio("b.wav")
    later = studio.track("Later").add_item(source, 8.0, 2.0)
    fixed = studio.track("Fixed").add_item(source, 8.0, 2.0, C_BEATATTACHMODE=2.0)
    first = press(studio)
    for item, start_s in ((first, 1.0), (later, 8.0), (fixed, 8.0)):
        assert (item.value("D_POSITION"), item.value("D_LENGTH")) == (start_s, 2.0)
        assert item.take.value("D_PLAYRATE") == 1.0
    assert later.value("C_BEATATTACHMODE") == -1.0
    assert fixed.value("C_BEATATTACHMODE") == 2.0


def test_a_failure_does_not_take_back_what_an_earlier_press_placed(studio: Studio) -> None:
    """Its undo step has the same name, and the failing one may have changed nothing yet."""
    actor(studio, *events(studio))
    use(studio, as_takes="y")
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert len(item.takes) == 2
    (studio.folder / "result.wav").unlink()
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "could not be put into the project" in studio.reaper.sentences()
    assert [name for name, _ in studio.project.undo] == ["dawbridge: Stems"]
    assert len(studio.project.items()[0].takes) == 2


def test_that_other_takes_play_too_is_told(studio: Studio) -> None:
    actor(studio, *events(studio))
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0, B_ALLTAKESPLAY=1.0)
    studio.project.select(item)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "only the active one was worked on" in studio.reaper.sentences().replace("\n", " ")


def test_of_two_copies_of_a_project_the_one_that_was_meant_gets_the_stems(studio: Studio) -> None:
    actor(studio, *events(studio))
    item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
    meant = studio.project
    older = copy.deepcopy(meant)
    older.path = meant.path.replace(".rpp", "-backup.rpp")
    studio.reaper.projects.insert(0, older)
    studio.reaper.current = 1
    meant.select(item)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert len(meant.undo) == 1
    assert older.undo == []
    assert [name for _, name in older.tree()] == ["Chor"]
