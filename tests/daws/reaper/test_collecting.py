"""What one REAPER leaves, one REAPER collects: exactly once, and never nobody."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.daws.reaper.project import Project
from tests.daws.reaper.standin import Standin, lua_runtime
from tests.daws.reaper.studio import Studio, actor
from tests.daws.reaper.test_placing import LIB, events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Pair:
    """Two REAPERs on one resource folder, each with the same project open."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.gate = studio, studio.folder / "gate"
        actor(studio, *events(studio), gate=self.gate)
        item = studio.track().add_item(studio.audio("a.wav"), 1.0, 2.0)
        studio.project.select(item)
        self.one = studio.reaper
        self.other = Standin(self.one.resources, self.one.environment)
        self.other.projects.append(copy.deepcopy(studio.project))

    @property
    def both(self) -> tuple[Standin, Standin]:
        return self.one, self.other

    def open(self) -> None:
        """Let the job end."""
        self.gate.touch()

    def start(self) -> None:
        """Press Stems in the first, and wait until its job runs."""
        self.studio.press("Stems")
        self.one.run_until(lambda: bool(self.one.started))

    def collect(self, reaper: Standin) -> None:
        reaper.collect(self.studio.scripts)

    def collect_at_once(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.collect, self.both))

    @property
    def placed(self) -> list[int]:
        """How often each of them placed results."""
        return [len(reaper.project.undo) for reaper in self.both]

    @property
    def left(self) -> list[str]:
        """The batches that still lie in the folder of jobs."""
        names = [path.name for path in (self.one.resources / "dawbridge" / "jobs").iterdir()]
        return [name for name in names if name.endswith((".batch", ".held", ".placing"))]


@pytest.fixture
def pair(studio: Studio) -> Iterator[Pair]:
    made = Pair(studio)
    yield made
    made.open()
    for process in made.other.processes:
        process.wait(240.0)
    assert made.other.violations == []


@pytest.mark.parametrize("is_crash", [False, True])
def test_two_collect_at_once_and_one_places(pair: Pair, is_crash: bool) -> None:
    pair.start()
    pair.one.restart() if is_crash else pair.one.quit()
    pair.open()
    pair.collect_at_once()
    assert sorted(pair.placed) == [0, 1]
    assert pair.left == []
    loser = " ".join(pair.both[pair.placed.index(0)].sentences().split())
    # Their clocks are put forward, so that the quicker may even seem to have stopped.
    reasons = ("Another REAPER works on", "no more jobs to collect", "was collected by another")
    assert any(reason in loser for reason in reasons)


def test_what_another_works_on_is_left_to_it(pair: Pair) -> None:
    pair.start()
    pair.other.run(pair.studio.scripts / "dawbridge_Collect finished jobs.lua")
    pair.other.tick()
    pair.one.ahead_s += 2.0  # it beats again
    pair.one.tick()
    pair.other.ahead_s += 6.0
    pair.other.run_to_end()
    assert "Another REAPER works on what is left" in " ".join(pair.other.sentences().split())
    pair.open()
    pair.one.run_to_end()
    assert pair.placed == [1, 0]
    assert pair.left == []


def test_one_that_slept_lets_go_of_what_was_collected_meanwhile(pair: Pair) -> None:
    pair.start()
    pair.open()
    pair.collect(pair.other)
    pair.one.run_to_end()
    assert pair.placed == [0, 1]
    assert "was collected by another REAPER" in " ".join(pair.one.sentences().split())
    assert pair.left == []


def test_a_crash_while_a_project_is_changed_loses_nothing(pair: Pair) -> None:
    pair.start()
    pair.open()
    pair.one.restart()
    jobs = pair.one.resources / "dawbridge" / "jobs"
    (held,) = jobs.glob("*.held")
    held.rename(held.with_suffix(".placing"))
    pair.other.run(pair.studio.scripts / "dawbridge_Collect finished jobs.lua")
    pair.other.tick()
    pair.other.ahead_s += 30.0
    pair.other.tick()
    pair.other.tick()
    assert "looking for finished jobs…" in [text for text, _, _ in pair.other.frame], (
        "a large project takes long to change, and no beat is heard meanwhile"
    )
    pair.other.ahead_s += 100.0
    pair.other.run_to_end()
    assert pair.placed == [0, 1]
    assert pair.left == []


def test_the_window_started_twice_in_one_reaper(pair: Pair) -> None:
    pair.start()
    pair.one.quit()
    pair.open()
    pair.studio.press("Collect finished jobs")
    pair.one.run(pair.studio.scripts / "dawbridge_Window.lua", is_new_instance=True)
    pair.one.tick()
    pair.one.tick()
    pair.studio.press("Collect finished jobs")
    pair.one.run_to_end()
    assert [name for name, _ in pair.studio.project.undo] == ["dawbridge: Stems"]


def test_a_project_that_is_closed_here_may_be_open_there(pair: Pair) -> None:
    pair.start()
    pair.open()
    pair.one.projects[:] = [Project("", "")]
    pair.one.run_to_end()
    assert "its project is closed" in pair.one.sentences()
    pair.collect(pair.other)
    assert pair.placed == [0, 1]


RACE = """
import sys, time
from tests.daws.reaper.standin import lua_runtime
lib, folder, count, start_s = sys.argv[1:]
runtime = lua_runtime()
move = runtime.execute(f'''
package.path = [[{lib}/?.lua]]
return require("store").move
''')
time.sleep(max(0.0, float(start_s) - time.time()))
me = str(__import__("os").getpid())
for number in range(int(count)):
    if move(f"{folder}/{number}.batch", f"{folder}/{number}.{me}.held"):
        print(number)
"""


def test_of_two_processes_that_take_one_batch_one_gets_it(tmp_path: Path) -> None:
    count = 400
    for number in range(count):
        (tmp_path / f"{number}.batch").write_text("return {}")
    words = (sys.executable, "-c", RACE, LIB, tmp_path, str(count), str(time.time() + 1.0))
    racers = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [racer.communicate()[0].split() for racer in racers]
    taken = [int(number) for lines in told for number in lines]
    assert sorted(taken) == list(range(count))
    assert len(list(tmp_path.glob("*.held"))) == count


def test_where_files_cannot_be_renamed_they_are_copied(tmp_path: Path) -> None:
    """On Windows the C library may not find a path with letters beyond ASCII."""
    runtime = lua_runtime()
    store = runtime.execute(f"""
        os.rename = function() return nil, "no such file" end
        os.remove = os.rename
        package.path = [[{LIB}/?.lua]]
        return (require("store"))
    """)
    record = runtime.table_from({"id": "Jörg"})
    before, after = str(tmp_path / "a"), str(tmp_path / "b")
    assert store["save"](before, record)
    assert store["move"](before, after)
    assert store["read"](after)["id"] == "Jörg"
    assert store["read"](before) is None
    assert not store["move"](before, str(tmp_path / "c")), "an empty file is none"
    assert not store["update"](before, record)
    assert not (tmp_path / "c").exists()


def test_a_shorter_record_is_written_over_a_longer_one(tmp_path: Path) -> None:
    runtime = lua_runtime()
    store = runtime.execute(f'package.path = [[{LIB}/?.lua]] return (require("store"))')
    path = str(tmp_path / "a")
    assert not store["update"](path, runtime.table_from({"x": 1})), "it makes no file"
    assert store["save"](path, runtime.table_from({"x": "long " * 100 + "\0 \n]]"}))
    assert store["update"](path, runtime.table_from({"x": "short"}))
    assert dict(store["read"](path)) == {"x": "short"}
    shutil.rmtree(tmp_path)
    assert store["read"](path) is None
