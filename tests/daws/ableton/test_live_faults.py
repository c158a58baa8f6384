"""Whatever the musician does meanwhile, and whatever the daemon does, nothing is half done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.daws.ableton.actor import STEMS
from tests.daws.ableton.pressing import (
    answered,
    has_new_tracks,
    names,
    placed,
    press,
    song_of,
    whole,
)
from tests.daws.ableton.sounds import Sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.actor import Actor
    from tests.daws.ableton.spy import Spy
    from tests.daws.ableton.studio import Studio
    from tests.end_to_end.conftest import Daemon


def test_the_source_is_deleted_while_the_job_runs(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    source = song_of(studio)
    studio.live.connect()
    press(studio, controller)
    (run,) = answered(studio, actor, ends=False)
    studio.live.delete_track(source.track)
    actor.end(run)
    studio.live.skip_until(lambda: placed(studio))
    assert names(studio) == ["MIDI", *whole()]
    assert "Band” is no longer there" in studio.said()


def test_another_clip_lies_in_the_slot(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    source = song_of(studio)
    studio.live.connect()
    press(studio, controller)
    (run,) = answered(studio, actor, ends=False)
    assert source.slot is not None
    source.slot.delete_clip()
    actor.end(run)
    studio.live.skip_until(lambda: placed(studio))
    assert set(whole()) <= set(names(studio))


def test_a_new_track_is_deleted_while_it_is_filled(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    """Whatever is left is one sentence, no half of a result, and a script that goes on."""
    for ticks in (0, 1, 2, 3, 4, 6):
        studio, actor = acted()
        song_of(studio)
        studio.live.connect()
        press(studio, controller)
        answered(studio, actor)
        studio.live.skip_until(partial(has_new_tracks, studio))
        for _ in range(ticks):
            studio.live.tick()
        new = [track for track in studio.set.tracks if track.name not in {"Band", "MIDI"}]
        studio.live.delete_track(new[-1] if ticks % 2 else new[0])
        was_placed, told = placed(studio), len(studio.live.messages)
        studio.live.run(10.0)
        assert was_placed or len(studio.live.messages) > told, "the musician is told"
        assert studio.set.undo_depth == 0
        press(studio, controller, "stems")
        answered(studio, actor)
        studio.live.run(10.0)
        assert {f"Band {stem}" for stem in STEMS} <= set(names(studio))


def test_the_set_is_closed_while_results_are_placed(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    """At whatever tick: nothing is heard of in the next Set, nothing is left behind."""
    for ticks in (0, 1, 2, 4, 7, 11):
        studio, actor = acted()
        song_of(studio)
        studio.live.connect()
        press(studio, controller)
        answered(studio, actor)
        studio.live.skip_until(partial(has_new_tracks, studio))
        for _ in range(ticks):
            studio.live.tick()
        old = studio.set
        studio.live.load(studio.live.new_set())
        assert old.undo_depth == 0
        for _ in range(30):
            actor.answer()
            studio.live.run(0.5)
        assert names(studio) == ["Audio", "MIDI"]


def test_a_finished_job_waits_for_its_own_set(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    song_of(studio)
    studio.live.connect()
    press(studio, controller)
    (run,) = answered(studio, actor, ends=False)
    kept = dict(studio.set.data)
    studio.live.load(studio.live.new_set())
    actor.answer()
    actor.end(run)
    studio.live.run(3.0)
    press(studio, controller, "stems")
    studio.live.run(0.5)
    controller.send(studio.controller_port, "/bridge/place")
    studio.live.run(2.0)
    assert names(studio) == ["Audio", "MIDI"], "not into the wrong Set"
    again = studio.live.new_set()
    again.data = kept
    again.tracks[0].name = "Band"
    studio.live.load(again)
    asked = len(actor.spy.heard)
    studio.live.run(1.5)
    about = [words for name, words in actor.spy.listen()[asked:] if name == "/bridge/job"]
    assert about, "it asks what became of the job"
    assert about[0] == [run["id"]]
    manifest = actor.folder / run["id"] / "manifest.json"
    actor.spy.answer("/bridge/job/done", run["id"], str(manifest), 1.0)
    studio.live.run(1.0)
    assert "place" in studio.said()
    assert names(studio) == ["Band", "MIDI"], "not before the musician wants it"
    controller.send(studio.controller_port, "/bridge/place")
    studio.live.run(5.0)
    assert set(whole()) <= set(names(studio))


def test_a_live_that_has_no_more_tracks(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    song_of(studio)
    studio.set.track_limit = 5
    studio.live.connect()
    press(studio, controller)
    answered(studio, actor)
    studio.live.run(10.0)
    assert names(studio) == ["Band", "MIDI"], "half of a result helps nobody"
    assert "limited" in studio.said()
    assert studio.set.undo_depth == 0
    studio.set.track_limit = None
    controller.send(studio.controller_port, "/bridge/place")
    studio.live.run(10.0)
    assert set(whole()) <= set(names(studio))


@pytest.mark.parametrize("what", ["nothing", "midi", "lost file", "empty region"])
def test_what_cannot_be_sent_is_said(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy, what: str
) -> None:
    studio, actor = acted()
    clip = song_of(studio)
    if what == "nothing":
        studio.live.select(None)
    elif what == "midi":
        studio.live.select(studio.set.tracks[1].clip_slots[0].create_clip(4.0))
    elif what == "lost file":
        clip.sound = Sound("", 0, 44100.0)
    else:
        clip.loop_end = clip.loop_start + 1e-4
    studio.live.connect()
    press(studio, controller)
    studio.live.run(1.0)
    actor.answer()
    assert actor.spy.arguments("/bridge/run") == []
    (sentence,) = set(studio.live.messages)
    assert sentence.endswith(".") or "press again" in sentence
    assert controller.arguments("/bridge/error")


def test_a_daemon_that_dies_and_comes_back(
    studios: Callable[..., Studio], daemon: Daemon, controller: Spy
) -> None:
    """The job is taken up again by itself."""
    studio = studios("12.3", daemon)
    source = song_of(studio)
    studio.live.connect()
    controller.send(studio.controller_port, "/bridge/run/stems", "model", "dsp")
    jobs = studio.live.script.session.desk.jobs
    studio.live.run_until(lambda: any(job.state == "running" for job in jobs.values()), 30.0)
    daemon.kill()
    studio.live.run(20.0)
    daemon.start()
    studio.live.run(10.0)
    studio.live.run_until(lambda: placed(studio), 120.0)
    assert source.is_alive
    assert {f"Band {stem}" for stem in STEMS} <= set(names(studio)), studio.said()


def test_without_a_daemon_one_sentence_says_what_to_do(
    studios: Callable[..., Studio], controller: Spy
) -> None:
    studio = studios()
    song_of(studio)
    studio.live.connect()
    press(studio, controller)
    studio.live.run(60.0)
    assert "dawbridge serve" in studio.said()
    assert studio.live.longest_tick.cpu_s < 0.005
