"""Full and read-only disks, files that change, odd names, clocks that jump."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from bridge.core.store import Store
from bridge.errors import DiskFullError, InternalError
from bridge.models import JobState, Region, RunOptions
from tests.fakes import Core, make_stem
from tests.faults import disks

if TYPE_CHECKING:
    from pathlib import Path

needs_mounts = pytest.mark.skipif(
    not disks.is_root_on_linux(), reason="only root can mount a small file system"
)


@needs_mounts
def test_a_full_disk(tmp_path: Path) -> None:
    disks.full_disk(tmp_path).check()


@needs_mounts
def test_a_read_only_disk(tmp_path: Path) -> None:
    disks.read_only(tmp_path).check()


def test_files_that_change_and_odd_names(tmp_path: Path) -> None:
    outcomes = list(disks.files(tmp_path))
    assert not {outcome.done: outcome.lost for outcome in outcomes if outcome.lost}


def run(core: Core, job: str) -> None:
    core.service.run("stems", Region(path=str(core.audio)), RunOptions(), job)


class FailingStore:
    """Stands before a store's connection; every write fails."""

    def __init__(self, db: Any, error: sqlite3.Error) -> None:
        self._db, self._error = db, error

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> Any:
        if not statement.startswith(("SELECT", "PRAGMA")):
            raise self._error
        return self._db.execute(statement, values)

    def close(self) -> None:
        self._db.close()


FAULTS = [
    sqlite3.OperationalError("database or disk is full"),
    sqlite3.OperationalError("disk I/O error"),
    sqlite3.OperationalError("attempt to write a readonly database"),
    sqlite3.DatabaseError("database disk image is malformed"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_job_ends_although_nothing_can_be_stored(core: Core, fault: sqlite3.Error) -> None:
    """The daemon ended the worker, told nobody, and never ran another job on that device."""
    run(core, "a")
    core.store._db = FailingStore(core.store._db, fault)  # type: ignore[assignment]
    assert core.lifecycle.content_known("a", "hash")
    core.finish("a", stem=make_stem(core.audio.with_name("vocals.wav")))
    assert core.sink.names("a")[-1] == "Finished"
    assert not core.lifecycle.scheduler.running


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_job_that_cannot_be_stored_is_not_accepted(core: Core, fault: sqlite3.Error) -> None:
    core.store._db = FailingStore(core.store._db, fault)  # type: ignore[assignment]
    with pytest.raises((DiskFullError, InternalError)):
        run(core, "a")
    assert not core.runner.started


def test_a_store_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").mkdir()
    with pytest.raises(InternalError, match="cannot be used"):
        Store(tmp_path / "jobs.sqlite")


def test_a_clock_that_is_set_back_changes_no_order(core: Core) -> None:
    """Jobs were sorted by the clock: the newest was the oldest, and ran before its turn."""
    for job in ("a", "b", "c"):
        run(core, job)
        core.clock.now_s -= 86_400.0
    assert [job.id for job in core.store.recent(10)] == ["c", "b", "a"]
    assert [job.id for job in core.store.unfinished()] == ["a", "b", "c"]
    assert core.service.newest_unfinished().id == "c"
    core.finish("a")
    assert core.service.job("b").state is JobState.RUNNING
