"""What survives the daemon."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from bridge.core import events as ev
from bridge.core.store import Store
from bridge.errors import InternalError
from bridge.models import Job, JobState, PlannedStage, Region, RunOptions
from tests.fakes import make_stem

if TYPE_CHECKING:
    from pathlib import Path


def make_job(job_id: str, state: JobState = JobState.QUEUED, created_at: float = 1.0) -> Job:
    return Job(
        id=job_id,
        recipe="stems",
        region=Region(path="/song.wav"),
        options=RunOptions(tempo=96.0),
        stages=(PlannedStage(kind="write", plan={}),),
        folder="/data/x",
        output="/data/x",
        device="cpu",
        created_at=created_at,
        state=state,
    )


def test_jobs_and_events_are_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    job = make_job("a", JobState.RUNNING)
    told = [
        ev.Queued(job="a", recipe="stems", place=0),
        ev.Warned(job="a", code="no_tempo", message="x"),
        ev.StemReady(job="a", stem=make_stem(tmp_path / "a.wav")),
    ]
    store = Store(path)
    store.save(job)
    for event in told:
        store.append(event)
    store.close()
    again = Store(path)
    assert again.get("a") == job
    assert again.events("a") == told
    assert again.get("b") is None
    again.close()


def test_unfinished_jobs_come_oldest_first_and_recent_ones_newest_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    for number, state in enumerate(JobState):
        store.save(make_job(state.value, state, created_at=float(number)))
    assert [job.id for job in store.unfinished()] == ["queued", "running", "cancelling"]
    assert [job.id for job in store.recent(2)] == ["cancelled", "failed"]
    store.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"something else entirely, and longer than a page header" * 40)
    before = path.read_bytes()
    with pytest.raises(InternalError, match=r"jobs\.sqlite cannot be used"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InternalError, match="newer"):
        Store(path)
