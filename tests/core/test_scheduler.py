"""Whose turn it is."""

from __future__ import annotations

import pytest

from bridge.core.scheduler import Scheduler
from bridge.errors import QueueFullError


def test_one_job_runs_on_a_device_and_the_next_waits_its_turn() -> None:
    queue = Scheduler(limit=8)
    for job in ("a", "b", "c"):
        queue.add(job, "cpu")
    assert queue.next_job() == "a"
    assert queue.next_job() is None
    assert [queue.place(job) for job in ("b", "c")] == [1, 2]
    queue.remove("a")
    assert queue.next_job() == "b"


def test_devices_run_side_by_side() -> None:
    queue = Scheduler(limit=8)
    queue.add("a", "cpu")
    queue.add("b", "cpu")
    queue.add("c", "cuda")
    assert [queue.next_job(), queue.next_job(), queue.next_job()] == ["a", "c", None]
    assert set(queue.running) == {"a", "c"}


def test_a_waiting_job_can_leave() -> None:
    queue = Scheduler(limit=8)
    for job in ("a", "b", "c"):
        queue.add(job, "cpu")
    queue.next_job()
    queue.remove("b")
    queue.remove("a")
    assert queue.next_job() == "c"


def test_a_full_queue_says_so() -> None:
    queue = Scheduler(limit=1)
    queue.check_room()
    queue.add("a", "cpu")
    with pytest.raises(QueueFullError, match="1 jobs are waiting"):
        queue.check_room()
