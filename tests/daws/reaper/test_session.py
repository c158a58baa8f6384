"""Whole jobs: real scripts, the real client, a real daemon; what the project holds afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import numpy as np

from tests.daws.reaper.project import Source, TempoMark, samples_of
from tests.daws.reaper.studio import RATE
from tests.end_to_end.test_survival import long_song

if TYPE_CHECKING:
    from tests.daws.reaper.project import Item, Project, Track
    from tests.daws.reaper.studio import Studio
    from tests.end_to_end.conftest import Daemon

STEMS = ["Drums", "Bass", "Other", "Vocals"]


def use(studio: Studio, **options: str) -> None:
    """Choose options as the dialogue would keep them."""
    for name, value in options.items():
        studio.reaper.ext_state["dawbridge", name] = (value.encode().hex(), True)


def named(project: Project, name: str) -> Track:
    (track,) = [track for track in project.tracks if track.name == name]
    return track


def places(track: Track) -> list[tuple[float, float]]:
    return [(item.value("D_POSITION"), item.value("D_LENGTH")) for item in track.items]


def midi_onsets_s(path: str) -> list[float]:
    """Return the onsets in a clip's file, by somebody else's reader."""
    now_s, found = 0.0, []
    for message in mido.MidiFile(path):
        now_s += message.time
        if message.type == "note_on" and message.velocity > 0:
            found.append(now_s)
    return found


def clip_file(stem_item: Item) -> str:
    """Return the clip that lies beside a stem's audio."""
    return str(Path(stem_item.source.path).with_suffix(".mid"))


def test_stems_and_midi_of_a_trimmed_and_a_slowed_item(live: Studio) -> None:
    """The session that issue 6 asks for."""
    project = live.project
    project.tempi = [TempoMark(0.0, 97.0), TempoMark(4.1, 131.0)]
    track = live.track("Band")
    trimmed = track.add_item(live.audio("take 1.wav", 3.0), 3.2, 1.9, D_STARTOFFS=0.55)
    slowed = track.add_item(live.audio("take 2.wav", 3.0, seed=1), 6.0, 2.0, D_PLAYRATE=0.8)
    trimmed.values.update(D_VOL=0.7, D_FADEINLEN=0.02)
    trimmed.take.values["D_PAN"] = -0.3
    project.select(trimmed, slowed)
    use(live, model="dsp", markers="y", synths="drums=Kit; bass=Sub")
    live.reaper.effects |= {"Kit", "Sub"}
    live.press("Stems and MIDI")
    live.reaper.run_to_end()

    rows = [(1, name) for stem in STEMS for name in (stem, f"{stem} MIDI")]
    assert project.tree() == [(0, "Band"), (0, "Band"), *rows], live.reaper.sentences()
    for stem in STEMS:
        audio, midi = named(project, stem), named(project, f"{stem} MIDI")
        assert places(audio) == places(midi) == [(3.2, 1.9), (6.0, 2.0)]
        assert [item.take.value("D_STARTOFFS") for item in audio.items] == [0.0, 0.0]
        assert midi.value("B_MUTE") == 1.0
        assert audio.color == midi.color != 0
        assert (audio.items[0].value("D_VOL"), audio.items[0].value("D_FADEINLEN")) == (0.7, 0.02)
        assert audio.items[0].take.value("D_PAN") == -0.3
        for item, clip in zip(audio.items, midi.items, strict=True):
            onsets_s = np.array(midi_onsets_s(clip_file(item)))
            found_s = np.sort(project.note_times_s(clip.take))
            assert len(found_s) == len(onsets_s)
            assert np.abs(found_s - item.value("D_POSITION") - onsets_s).max(initial=0.0) < 1e-3
    assert named(project, "Drums MIDI").effects == ["Kit"]
    assert named(project, "Bass MIDI").effects == ["Sub"]
    assert named(project, "Vocals MIDI").effects == ["ReaSynth"]
    assert sum(len(item.take.notes) for t in project.tracks for item in t.items) > 10

    stems = [named(project, stem).items for stem in STEMS]
    for index, source in enumerate((trimmed, slowed)):
        frames = round(source.value("D_LENGTH") * RATE)
        played = source.take.audio(RATE, 2, 0.0, frames)
        files = [samples_of(items[index].source.path) for items in stems]
        assert {len(audio) for audio in files} == {frames}
        assert np.abs(sum(files) - played).max() < 1e-3, "the stems are those of what was heard"
    assert [item.value("B_MUTE") for item in (trimmed, slowed)] == [1.0, 1.0]
    assert project.regions == [(3.2, 5.1, "take 1"), (6.0, 8.0, "take 2")]
    assert live.reaper.actions == [40047], "peaks are built"

    assert [name for name, _ in project.undo] == ["dawbridge: Stems and MIDI"]
    live.reaper.api.Undo_DoUndo2(project)
    assert project.tree() == [(0, "Band")]
    assert project.items()[0].value("B_MUTE") == 0.0
    assert not list(live.reaper.resources.glob("dawbridge/jobs/*")), "nothing is left behind"


def test_a_part_goes_through_a_chain_and_stems_become_takes(live: Studio) -> None:
    item = live.track("").add_item(live.audio("riff.wav"), 1.0, 2.0)
    live.project.select(item)
    live.project.selection_s = (1.5, 2.0)
    live.reaper.choices = [1]
    live.press("Through a chain")
    live.reaper.run_to_end()
    assert "clean:" in live.reaper.menus[0]
    assert "glue:" in live.reaper.menus[0]
    assert [name for _, name in live.project.tree()] == ["", "riff mix"], live.reaper.sentences()
    (result,) = named(live.project, "riff mix").items
    assert (result.value("D_POSITION"), result.value("D_LENGTH")) == (1.5, 0.5)
    parts = [(i.value("D_POSITION"), i.value("B_MUTE")) for i in live.project.tracks[0].items]
    assert sorted(parts) == [(1.0, 0.0), (1.5, 1.0), (2.0, 0.0)], "only the part is muted"
    assert live.project.undo[-1][0].startswith("dawbridge: Through ")

    other = live.track("Voc").add_item(live.audio("song.wav"), 4.0, 2.0)
    live.project.select(other)
    live.project.selection_s = (4.5, 5.5)
    use(live, as_takes="y", model="dsp")
    live.press("Vocals and rest")
    live.reaper.run_to_end()
    before, part, after = sorted(other.track.items, key=lambda one: one.value("D_POSITION"))
    assert [take.name for take in part.takes] == ["song.wav", "vocals", "rest"]
    assert part.take.name == "song.wav", "what plays stays the same"
    assert [take.value("D_STARTOFFS") for take in part.takes[1:]] == [0.0, 0.0]
    assert (part.value("D_POSITION"), part.value("D_LENGTH")) == (4.5, 1.0)
    assert [len(one.takes) for one in (before, after)] == [1, 1], "they would loop there"
    assert {one.value("B_MUTE") for one in (before, part, after)} == {0.0}


def test_results_wait_for_their_project_and_survive_a_restart(live: Studio) -> None:
    """Tab changed, track deleted, project closed, REAPER closed: nothing is lost or misplaced."""
    first, second = live.project, live.tab("Song 2")
    track = live.track("Solo")
    item = track.add_item(live.audio("solo.wav"), 2.0, 1.0)
    first.select(item)
    use(live, model="dsp")
    live.press("Stems")
    live.reaper.run_until(lambda: bool(live.reaper.started))
    live.reaper.current = 1
    first.tracks.remove(track)
    live.reaper.run_to_end()
    assert [name for _, name in first.tree()] == ["solo", *STEMS]
    assert places(named(first, "Drums")) == [(2.0, 1.0)]
    assert second.tracks == []
    assert live.reaper.current == 1, "the tab that the user looks at stays in front"

    again = second.add_track("Again").add_item(live.audio("again.wav"), 0.5, 1.0)
    second.select(again)
    live.press("Stems")
    live.reaper.run_until(lambda: len(live.reaper.started) == 2)
    live.reaper.projects.remove(second)
    live.reaper.current = 0
    live.reaper.run_to_end()
    assert "its project is closed" in live.reaper.sentences()
    assert first.undo[1:] == []

    live.reaper.restart()
    live.reaper.projects.append(second)
    live.reaper.collect(live.scripts)
    assert [name for _, name in second.tree()] == ["Again", "again", *STEMS]
    live.press("Collect finished jobs")
    live.reaper.run_to_end()
    assert "no more jobs to collect" in live.reaper.sentences()


def test_midi_of_a_bass_with_its_bends(live: Studio) -> None:
    source = live.audio("bass.wav")
    item = live.track("Bass DI").add_item(source, 1.0, 2.0)
    live.project.select(item)
    live.press("MIDI of selected item")
    live.reaper.run_to_end()
    options = json.loads(next(live.folder.rglob("manifest.json")).read_text())["options"]
    assert options["transcription"] == "bass", "the track's name says so"
    assert (options["tempo"], options["meter"], options["track"]) == (120.0, "4/4", "Bass DI")
    (clip,) = live.project.tracks[1].items
    assert clip.take.notes
    kinds = {control[1] for control in clip.take.controls}
    assert 0xC0 in kinds
    assert item.value("B_MUTE") == 0.0, "MIDI replaces no audio"


def test_cancel_stops_the_job_and_places_nothing(live: Studio, daemon: Daemon) -> None:
    source = Source.of_file(long_song(Path(live.audio("short.wav").path)))
    item = live.track().add_item(source, 0.0, source.length_s)
    live.project.select(item)
    use(live, model="dsp")
    live.press("Stems")
    live.reaper.tick()
    live.press("Stems")
    live.reaper.run_until(lambda: "Stems, and 1 more" in live.reaper.sentences())
    live.reaper.run_until(lambda: live.reaper.frame[1][0] not in {"", "starting"})
    live.reaper.pressed = "Cancel"
    live.reaper.run_to_end()
    assert live.project.undo == []
    assert [name for _, name in live.project.tree()] == ["Chor"]
    jobs = json.loads(daemon.command("jobs", "--json").stdout)
    assert {job["state"] for job in jobs} == {"cancelled"}


def test_status_in_the_oldest_reaper(live: Studio) -> None:
    live.reaper.lua, live.reaper.version = "5.3", "6.60"
    live.press("Status")
    live.reaper.run_to_end()
    assert "dawbridge 0.1.0 runs." in live.reaper.sentences().replace("\n", " ")
