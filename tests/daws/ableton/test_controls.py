"""What starts jobs: pads and knobs, OSC controllers, the track of buttons; and what is selected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.daws.ableton.standin import PACKAGE
from tests.daws.ableton.studio import RATE
from tests.daws.ableton.tracks import Track

if TYPE_CHECKING:
    from tests.daws.ableton.actor import Actor
    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.studio import Studio

MAPPED = """
[midi]
stems = note 2 36, cc 1 20
cancel = note 2 37
[options]
model = unet
"""
NOTE_ON, NOTE_OFF, CONTROL = 0x91, 0x81, 0xB0


def song(studio: Studio) -> Clip:
    noise = 0.1 * np.random.default_rng(7).standard_normal((2, 4 * RATE))
    clip = studio.clip(studio.audio("song.wav", noise), (0.0, 0.0), (2.0, 4.0), slot=1)
    clip.track.name = "Band"
    studio.live.select(clip)
    return clip


def runs(studio: Studio, actor: Actor, seconds: float = 0.5) -> list[dict[str, Any]]:
    """Return the runs that are asked for in some time; they go on for ever."""
    found = []
    for _ in range(round(seconds * 10)):
        studio.live.tick()
        found += actor.answer(ends=False)
    return found


def configure(studio: Studio, text: str) -> None:
    path = studio.folder / "Remote Scripts" / PACKAGE / "settings.ini"
    path.write_text(text, encoding="utf-8")


# Pads and knobs


def test_a_mapped_pad_runs_once_for_each_press(acted: Any) -> None:
    studio, actor = acted()
    configure(studio, MAPPED)
    song(studio)
    studio.live.connect()
    studio.live.midi(NOTE_ON, 36, 90)
    (asked,) = runs(studio, actor)
    assert (asked["recipe"], asked["model"]) == ("stems", "unet")
    studio.live.midi(NOTE_OFF, 36, 0)
    studio.live.midi(NOTE_ON, 36, 0)  # a release too
    assert runs(studio, actor) == []
    studio.live.midi(NOTE_ON, 36, 1)
    assert len(runs(studio, actor)) == 1


def test_a_mapped_knob_is_pressed_in_its_upper_half(acted: Any) -> None:
    studio, actor = acted()
    configure(studio, MAPPED)
    song(studio)
    studio.live.connect()
    for value, expected in ((20, 0), (70, 1), (127, 0), (10, 0), (64, 1)):
        studio.live.midi(CONTROL, 20, value)
        assert len(runs(studio, actor)) == expected, value


def test_a_pad_cancels_the_newest_job(acted: Any) -> None:
    studio, actor = acted()
    configure(studio, MAPPED)
    song(studio)
    studio.live.connect()
    studio.live.midi(NOTE_ON, 36, 90)
    (asked,) = runs(studio, actor)
    studio.live.midi(NOTE_ON, 37, 90)
    runs(studio, actor)
    assert actor.spy.arguments("/bridge/cancel") == [[asked["id"]]]
    actor.spy.answer("/bridge/job/cancelled", asked["id"])
    runs(studio, actor)
    assert "stems of “song”: cancelled" in studio.said()


def test_what_is_not_mapped_is_not_taken_from_the_tracks(acted: Any) -> None:
    studio, _ = acted()
    configure(studio, MAPPED)
    studio.live.connect()
    asked = {(one.how, one.channel, one.number) for one in studio.live.modules.forwarded}
    assert asked == {("note", 1, 36), ("note", 1, 37), ("cc", 0, 20)}


@pytest.mark.parametrize("version", ["11.0", "12.3"])
def test_chunks_are_taken_message_by_message(acted: Any, version: str) -> None:
    studio, actor = acted(version)
    configure(studio, MAPPED)
    song(studio)
    studio.live.connect()
    studio.live.script.receive_midi_chunk(((NOTE_ON, 36, 90), (NOTE_OFF, 36, 0)))
    assert len(runs(studio, actor)) == 1


# OSC controllers


@pytest.mark.parametrize(
    ("address", "arguments", "expected"),
    [
        ("/bridge/run/stems", (), {"recipe": "stems"}),
        ("/bridge/run/stems", (1.0,), {"recipe": "stems"}),
        ("/bridge/run/stems", (True,), {"recipe": "stems"}),
        ("/bridge/run/stems", (0.0,), None),
        ("/bridge/run/stems", (False,), None),
        ("/bridge/run/stems", ("stems", "vocals"), {"recipe": "stems", "stems": "vocals"}),
        ("/bridge/run", ("midi", "id", "pad-1"), {"recipe": "midi", "id": "pad-1"}),
    ],
)
def test_a_controller_runs_a_recipe_on_what_is_selected(
    acted: Any, controller: Any, address: str, arguments: Any, expected: dict[str, Any] | None
) -> None:
    studio, actor = acted()
    source = song(studio)
    studio.live.connect()
    controller.send(studio.controller_port, address, *arguments)
    found = runs(studio, actor)
    if expected is None:
        assert found == []
        return
    (asked,) = found
    assert asked.items() >= {**expected, "path": source.file_path, "track": "Band"}.items()


@pytest.mark.parametrize(
    ("address", "arguments", "sentence"),
    [
        ("/bridge/models", (), "by the daemon on port"),
        ("/bridge/run/stems", ("path", "/other.wav"), "A region of its own"),
        ("/bridge/run/stems", ("a", "b", "c"), "a name, then a value"),
        ("/bridge/run/stems", ("id", "../../pad"), "1 to 64"),
        ("/bridge/run/stems", ("model", b"blob"), "a name, then a value"),
    ],
)
def test_a_controller_is_told_what_is_wrong(
    acted: Any, controller: Any, address: str, arguments: Any, sentence: str
) -> None:
    studio, actor = acted()
    song(studio)
    studio.live.connect()
    controller.send(studio.controller_port, address, *arguments)
    assert runs(studio, actor) == []
    ((told, code, message),) = controller.arguments("/bridge/error")
    assert (told, code) == (address, "bad_arguments")
    assert sentence in message


def test_the_same_id_again_is_the_same_job(acted: Any, controller: Any) -> None:
    studio, actor = acted()
    song(studio)
    studio.live.connect()
    for _ in range(3):
        controller.send(studio.controller_port, "/bridge/run/stems", "id", "pad-1")
    assert len(runs(studio, actor)) == 1


# The track of buttons


def buttons(studio: Studio) -> Track:
    track = studio.set.tracks[1]
    track.name = "dawbridge"
    return track


def list_recipes(actor: Actor) -> None:
    """Answer the script's question for recipes."""
    assert actor.spy.arguments("/bridge/recipes")
    for name in ("karaoke", "stems"):
        actor.spy.answer("/bridge/recipe", name, "…")
    actor.spy.answer("/bridge/recipes/end", 2)


def test_a_track_called_dawbridge_becomes_a_menu(acted: Any) -> None:
    studio, actor = acted()
    song(studio)
    track = buttons(studio)
    studio.set.delete_scene(0)
    while len(studio.set.scenes) > 3:
        studio.set.delete_scene(0)
    studio.live.connect()
    assert runs(studio, actor, 3.0) == []
    list_recipes(actor)
    runs(studio, actor, 3.0)
    made = [slot.clip.name for slot in track.clip_slots if slot.clip]
    assert made == ["karaoke", "stems", "place", "cancel"]
    assert len(studio.set.scenes) == 4
    asked = len(actor.spy.arguments("/bridge/recipes"))
    runs(studio, actor, 3.0)
    assert len(actor.spy.arguments("/bridge/recipes")) == asked


@pytest.mark.parametrize("is_playing", [False, True])
def test_launching_a_button_runs_it_and_never_plays(acted: Any, *, is_playing: bool) -> None:
    studio, actor = acted()
    song(studio)
    track = buttons(studio)
    track.clip_slots[2].create_clip(1.0).name = "stems"
    studio.set.is_playing = is_playing
    studio.live.connect()
    runs(studio, actor, 2.0)
    for _ in range(2):
        track.clip_slots[2].fire()
        (asked,) = runs(studio, actor)
        assert asked["recipe"] == "stems"
        assert (track.fired_slot_index, track.playing_slot_index) == (-1, -1)
        assert studio.set.is_playing is is_playing
    track.clip_slots[0].fire()  # an empty slot stops
    assert runs(studio, actor) == []
    studio.live.delete_track(track)
    assert runs(studio, actor, 2.0) == []


def test_an_audio_track_of_that_name_is_the_musicians(acted: Any) -> None:
    studio, actor = acted()
    song(studio).track.name = "dawbridge"
    studio.live.connect()
    runs(studio, actor, 3.0)
    assert actor.spy.arguments("/bridge/recipes") == []


# What is selected


def test_the_daemon_is_told_what_is_selected_when_it_changes(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    studio.live.connect()
    runs(studio, actor, 5.0)
    first = actor.spy.arguments("/bridge/select")
    assert {tuple(each) for each in first} == {tuple(first[0])}, "the same, till it was answered"
    path, start_s, length_s, *pairs = first[0]
    assert (path, start_s, length_s) == (source.file_path, 0.0, pytest.approx(4.0))
    assert dict(zip(pairs[::2], pairs[1::2], strict=True)) == {
        "tempo": pytest.approx(120.0),
        "meter": "4/4",
        "track": "Band",
    }
    source.loop_start = 2.0
    runs(studio, actor, 0.5)
    assert actor.spy.arguments("/bridge/select")[-1][1] == pytest.approx(1.0)
    source.warp.move(4.0, 1.0)  # a marker alone
    runs(studio, actor, 2.0)
    assert actor.spy.arguments("/bridge/select")[-1][1] == pytest.approx(0.8)


def test_another_file_for_the_same_clip_is_another_selection(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    studio.live.connect()
    runs(studio, actor, 1.0)
    other = studio.audio("other.wav", np.zeros((1, 2 * RATE)))
    replaced = studio.clip(other, slot=5)
    source.sound, replaced.sound = replaced.sound, source.sound
    runs(studio, actor, 0.5)
    assert Path(actor.spy.arguments("/bridge/select")[-1][0]).name == "other.wav"


def test_what_cannot_be_separated_selects_nothing_else(acted: Any) -> None:
    studio, actor = acted()
    song(studio)
    studio.live.connect()
    runs(studio, actor, 1.0)
    told = len(actor.spy.arguments("/bridge/select"))
    for clip in (None, studio.set.tracks[1].clip_slots[0].create_clip(4.0)):
        studio.live.select(clip)
        assert runs(studio, actor, 2.0) == []
        studio.live.script.session.press("stems")
        assert runs(studio, actor) == []
    assert len(actor.spy.arguments("/bridge/select")) == told
    assert "Nothing is selected" in studio.said()
    assert "is MIDI already" in studio.said()
