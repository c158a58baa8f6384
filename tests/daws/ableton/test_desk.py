"""Jobs under way: packets are lost, the daemon comes and goes, sets are closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.daws.ableton.script import module

if TYPE_CHECKING:
    from pathlib import Path

desk, jobs, region, selection, store = map(module, ("desk", "jobs", "region", "selection", "store"))


@dataclass
class Line:
    """A link whose packets go nowhere."""

    sent: list[tuple[Any, ...]] = field(default_factory=list)

    def send(self, *message: Any) -> None:
        self.sent.append(message)

    def count(self, address: str) -> int:
        return sum(message[0] == address for message in self.sent)


@dataclass
class Program:
    """A program that is started, or cannot be."""

    is_known: bool = True
    can_start: bool = True
    has_ended_badly: bool = False
    starts: int = 0

    def start(self) -> bool:
        self.starts += 1
        return self.is_known and self.can_start

    def has_failed(self) -> bool:
        return self.has_ended_badly

    def forget(self) -> None:
        """Nothing runs."""


@dataclass
class Room:
    """A desk with a clock that is set by hand."""

    folder: Path
    line: Line = field(default_factory=Line)
    program: Program = field(default_factory=Program)
    said: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    now_s: float = 1000.0

    def __post_init__(self) -> None:
        self.store = store.Store(self.folder / "jobs", self.said.append)
        self.desk = desk.Desk(
            self.line,
            self.store,
            self.program,
            self.said.append,
            self.shown.append,
            clock=lambda: self.now_s,
        )

    def ask(self, job_id: str = "live-1", set_id: str = "set-1") -> Any:
        job = jobs.Job(job_id, "stems", {"model": "unet"}, selected(), set_id)
        self.desk.ask(job)
        return job

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self.desk.tick()

    def kept(self) -> list[str]:
        return [path.name for path in (self.folder / "jobs").glob("*")]


def selected() -> Any:
    playback = region.Playback(False, 1.0, region.Span(1.0, 5.0), 5.0)
    return selection.Selection(
        path="/song.wav",
        name="Song",
        color=0xFF0000,
        place=selection.Place("session", 0, "Band", 0, 0.0, 0.0),
        sound=selection.Sound(0.4, 0, 0.0, 4),
        playback=playback,
        markers=[(0.0, 0.0), (2.0, 4.0), (2.1, 4.2)],
        start_s=0.5,
        end_s=2.5,
        start=1.0,
        end=5.0,
        passes=[region.Span(1.0, 5.0)],
        song_tempo=100.0,
        meter="6/8",
    )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_run_says_what_the_daemon_must_know(room: Room) -> None:
    room.ask()
    address, recipe, *pairs = room.line.sent[0]
    assert (address, recipe) == ("/bridge/run", "stems")
    assert dict(zip(pairs[::2], pairs[1::2], strict=True)) == {
        "id": "live-1",
        "path": "/song.wav",
        "start": 0.5,
        "length": 2.0,
        "tempo": 120.0,  # that of the recording: 4 beats in 2 s
        "meter": "6/8",
        "track": "Band",
        "model": "unet",
    }


def test_a_lost_run_is_sent_again_under_the_same_id_until_it_is_answered(room: Room) -> None:
    job = room.ask()
    room.run(1.4)
    assert room.line.count("/bridge/run") == 2
    assert room.line.sent[0] == room.line.sent[-1]
    room.desk.take("queued", [job.id, "stems", 0])
    room.run(3.0)
    assert room.line.count("/bridge/run") == 2
    assert room.program.starts == 0


def test_a_daemon_that_is_not_there_is_started_once(room: Room) -> None:
    job = room.ask()
    room.run(5.0)
    assert room.program.starts == 1
    assert room.shown[-1] == "starting dawbridge…"
    room.desk.take("queued", [job.id, "stems", 0])
    assert job.state == jobs.RUNNING


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (Program(is_known=False), "dawbridge serve"),
        (Program(can_start=False), "dawbridge doctor"),
        (Program(has_ended_badly=True), "dawbridge doctor"),
        (Program(), "dawbridge doctor"),
    ],
)
def test_without_a_daemon_the_musician_learns_what_to_do(
    tmp_path: Path, program: Program, sentence: str
) -> None:
    room = Room(tmp_path, program=program)
    room.ask()
    room.run(50.0)
    assert sentence in room.said[-1]
    assert "press again" in room.said[-1]
    assert (room.desk.jobs, room.kept()) == ({}, [])
    room.ask("live-2")  # which is tried, whatever became of the first
    assert "live-2" in room.desk.jobs


def test_a_silent_job_is_asked_about_and_its_end_is_heard(room: Room) -> None:
    job = room.ask()
    room.desk.take("queued", [job.id, "stems", 0])
    room.run(9.0)
    assert ("/bridge/job", job.id) in room.line.sent
    for _ in range(2):  # told again, nothing changes
        room.desk.take("stem", [job.id, "drums", "/d.wav", 2.0, 44100, -6.0])
        room.desk.take("done", [job.id, "/m.json", 3.0])
    assert [each.id for each in room.desk.finished] == [job.id]
    assert room.kept() == ["live-1.json"], "until the results are placed"


def test_a_daemon_that_died_is_started_and_asked_until_it_tells(room: Room) -> None:
    job = room.ask()
    room.desk.take("queued", [job.id, "stems", 0])
    room.run(20.0)
    assert room.program.starts == 1
    asked = room.line.count("/bridge/job")
    assert asked >= 3
    room.desk.take("queued", [job.id, "stems", 0])
    room.run(5.0)
    assert room.line.count("/bridge/job") == asked


def test_a_job_that_the_daemon_has_forgotten_is_asked_for_anew(room: Room) -> None:
    job = room.ask()
    room.desk.take("queued", [job.id, "stems", 0])
    room.run(9.0)
    runs = room.line.count("/bridge/run")
    assert room.desk.refuse("/bridge/job", "unknown_job", "No job has this id.")
    room.run(1.2)
    assert room.line.count("/bridge/run") == runs + 1


def test_a_refused_run_says_why(room: Room) -> None:
    room.ask()
    assert room.desk.refuse("/bridge/run", "unknown_recipe", "No recipe is called stemz.")
    assert room.said[-1] == "stems of “Song”: No recipe is called stemz."
    assert (room.desk.jobs, room.kept()) == ({}, [])
    assert not room.desk.refuse("/bridge/run", "unknown_recipe", "Not ours.")


def test_a_failed_job_says_why(room: Room) -> None:
    job = room.ask()
    room.desk.take("failed", [job.id, "out_of_memory", "The model does not fit."])
    assert room.said[-1] == "stems of “Song”: The model does not fit."
    assert room.kept() == []


def test_cancelling_takes_the_newest_and_goes_on_until_it_is_heard(room: Room) -> None:
    first, second = room.ask("live-1"), room.ask("live-2")
    for job in (first, second):
        room.desk.take("queued", [job.id, "stems", 0])
    assert room.desk.cancel()
    room.run(9.5)
    assert room.line.sent.count(("/bridge/cancel", "live-2")) >= 2
    assert ("/bridge/cancel", "live-1") not in room.line.sent
    room.desk.take("cancelled", ["live-2"])
    assert room.said[-1] == "stems of “Song”: cancelled"
    assert list(room.desk.jobs) == ["live-1"]


def test_a_job_that_was_never_answered_can_be_cancelled(room: Room) -> None:
    room.ask()
    assert room.desk.cancel()
    room.run(0.2)
    assert room.desk.jobs == {}
    assert not room.desk.cancel()


def test_jobs_of_others_are_left_alone(room: Room) -> None:
    room.desk.take("done", ["reaper-1", "/m.json", 1.0])
    room.desk.take("progress", [])
    assert (room.desk.finished, room.said) == ([], [])


def test_progress_is_shown_once_a_second(room: Room) -> None:
    job = room.ask()
    for percent in range(1, 31):
        room.now_s += 0.1
        room.desk.take("progress", [job.id, percent / 100, "separate", 9.0])
    assert room.shown == [f"stems of “Song”: separate {percent} %" for percent in (1, 11, 21)]


def test_a_set_finds_its_jobs_again_and_no_others(room: Room, tmp_path: Path) -> None:
    room.ask("live-1", "set-1")
    room.ask("live-2", "set-2")
    (tmp_path / "jobs" / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "jobs" / "foreign.json").write_text("{}", encoding="utf-8")
    later = Room(tmp_path)
    found = later.store.of_set("set-1")
    assert [(job.id, job.recipe, job.options) for job in found] == [
        ("live-1", "stems", {"model": "unet"})
    ]
    assert found[0].selection == selected()
    assert len(later.said) == 2
    later.desk.recover(found)
    later.run(0.2)
    assert later.line.sent[-1] == ("/bridge/job", "live-1")
    later.desk.take("done", ["live-1", "/m.json", 3.0])
    assert later.desk.finished == []
    assert "use “place”" in later.said[-1]
    assert later.desk.place_waiting()
    assert [job.id for job in later.desk.finished] == ["live-1"]
    assert not later.desk.place_waiting()


def test_a_recovered_job_that_the_daemon_has_forgotten_is_not_run(room: Room) -> None:
    room.desk.recover([jobs.Job("live-1", "stems", {}, selected(), "set-1")])
    room.run(0.2)
    assert room.desk.refuse("/bridge/job", "unknown_job", "No job has this id.")
    room.run(20.0)
    assert (room.desk.jobs, room.line.count("/bridge/run")) == ({}, 0)


def test_it_says_hello_often_until_it_is_welcome_then_seldom(room: Room) -> None:
    room.run(12.0)
    assert room.line.count("/bridge/hello") == 3
    room.desk.welcome()
    room.run(59.0)
    assert room.line.count("/bridge/hello") == 4
