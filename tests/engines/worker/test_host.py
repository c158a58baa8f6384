"""The daemon's side of a worker, with children that misbehave in every way."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bridge.core import events as ev
from bridge.engines.worker import messages
from bridge.engines.worker.host import WATCH_INTERVAL_S, WorkerHost
from bridge.errors import BridgeError, EngineFailedError, StalledError
from bridge.models import Job, PlannedStage, Region, RunOptions, WorkOrder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.models import Value

PREAMBLE = """
import json, os, signal, sys, time
def say(name, **fields):
    sys.stdout.write(json.dumps({name: fields}) + "\\n"); sys.stdout.flush()
def heard():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
"""

OBEDIENT = """
while True:
    order = heard()
    if "Run" in order:
        job = order["Run"]["order"]["job"]["id"]
        say("Progressed", job=job, fraction=0.5, stage="x", seconds_left=-1.0)
    elif "Cancel" in order:
        say("Cancelled", job=order["Cancel"]["job"])
"""


def make_order(job_id: str = "a") -> WorkOrder:
    job = Job(
        id=job_id,
        recipe="stems",
        region=Region(path="/song.wav"),
        options=RunOptions(),
        stages=(PlannedStage(kind="write", plan={}),),
        folder="/nowhere",
        output="/nowhere",
        device="cpu",
        created_at=1.0,
    )
    return WorkOrder(job=job, work_folder="/nowhere/work", max_region_s=10.0)


@dataclass
class Ears:
    """What the host told."""

    messages: list[Value] = field(default_factory=list)
    losses: list[tuple[str, BridgeError | None]] = field(default_factory=list)

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nothing came within 10 s")


def with_child(
    script: str, check: Callable[[WorkerHost, Ears], Awaitable[None]], **options: float
) -> None:
    """Run a check against a host whose child runs a script."""

    async def main() -> None:
        ears = Ears()
        host = WorkerHost(
            device="cpu",
            on_message=ears.messages.append,
            on_loss=lambda job, error: ears.losses.append((job, error)),
            command=(sys.executable, "-c", PREAMBLE + textwrap.dedent(script)),
            **{"stall_timeout_s": 30.0, **options},  # type: ignore[arg-type]
        )
        try:
            await check(host, ears)
        finally:
            await host.stop()

    asyncio.run(main())


def test_a_worker_stays_warm_between_jobs() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: ears.messages)
        host.cancel("a")
        await ears.until(lambda: len(ears.messages) == 2)
        host.run(make_order("b"))
        await ears.until(lambda: len(ears.messages) == 3)
        assert [getattr(m, "job", None) for m in ears.messages] == ["a", "a", "b"]
        assert host.starts == 1
        assert not ears.losses

    with_child(OBEDIENT, check)


def test_a_job_is_not_lost_with_a_worker_that_ended_while_it_had_none() -> None:
    """The job went into the pipe of a process that was gone, and failed without being tried."""

    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: ears.messages)
        host.cancel("a")
        await ears.until(lambda: len(ears.messages) == 2)
        assert host.pid is not None
        os.kill(host.pid, 9)
        host.run(make_order("b"))  # before anybody has noticed
        await ears.until(lambda: len(ears.messages) == 3)
        assert (getattr(ears.messages[-1], "job", None), host.starts) == ("b", 2)
        assert not ears.losses

    with_child(OBEDIENT, check)


@pytest.mark.parametrize(("set_by_user", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_a_worker_leave_the_processors_to_the_daw(
    monkeypatch: pytest.MonkeyPatch, set_by_user: str | None, expected: str
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if set_by_user is not None:
        monkeypatch.setenv("OMP_WAIT_POLICY", set_by_user)
    script = """
    job = heard()["Run"]["order"]["job"]["id"]
    policy = os.environ.get("OMP_WAIT_POLICY", "")
    say("Progressed", job=job, fraction=0.5, stage=policy, seconds_left=-1.0)
    heard()
    """

    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order())
        await ears.until(lambda: ears.messages)
        told = ears.messages[0]
        assert isinstance(told, ev.Progressed)
        assert told.stage == expected

    with_child(script, check)


def test_a_cancel_while_the_process_starts_is_not_lost() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        host.cancel("a")
        await ears.until(lambda: ev.Cancelled(job="a") in ears.messages)

    with_child(OBEDIENT, check)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("death", "sentence"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed .signal 11"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "memory ran out"),
        ("sys.exit(3)", "status 3"),
        ("print('what?', flush=True); time.sleep(30)", "unintelligible"),
    ],
)
def test_a_worker_that_dies_loses_one_job_only(death: str, sentence: str) -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: ears.losses)
        ((job, error),) = ears.losses
        assert job == "a"
        assert isinstance(error, EngineFailedError)
        with pytest.raises(EngineFailedError, match=sentence):
            raise error
        host.run(make_order("b"))
        await ears.until(lambda: ears.messages)
        assert host.starts == 2

    script = f"""
        order = heard()
        if order["Run"]["order"]["job"]["id"] == "a":
            {death}
        say("Cancelled", job="b")
        heard()
    """
    with_child(script, check)


def test_a_worker_that_cannot_be_started_loses_the_job() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.command = ("/no/such/program",)
        host.run(make_order("a"))
        await ears.until(lambda: ears.losses)
        assert isinstance(ears.losses[0][1], EngineFailedError)

    with_child("", check)


def test_a_job_without_progress_is_ended() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: host.pid)
        pid = host.pid
        assert pid is not None
        await ears.until(lambda: ears.losses)
        assert isinstance(ears.losses[0][1], StalledError)
        assert host.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    # It says every moment that it lives, which is not progress.
    script = """
        heard()
        while True:
            say("Alive", memory_bytes=1)
            time.sleep(0.05)
    """
    with_child(script, check, stall_timeout_s=1.0)


def test_a_worker_that_ignores_the_cancel_is_made_to_stop() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        host.cancel("a")
        await ears.until(lambda: ears.losses)
        assert ears.losses == [("a", None)]

    script = """
        order = heard()
        while True:
            say("Progressed", job="a", fraction=0.5, stage="x", seconds_left=-1.0)
            time.sleep(0.05)
    """
    with_child(script, check, cancel_grace_s=0.5)


def test_last_words_of_an_earlier_job_are_not_taken_for_the_next() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("b"))
        await ears.until(lambda: ears.messages)
        assert ears.messages == [ev.Cancelled(job="b")]

    script = """
        heard()
        say("Failed", job="a", code="internal", message="late")
        say("Cancelled", job="b")
        heard()
    """
    with_child(script, check)


def test_every_message_survives_the_wire() -> None:
    order = messages.Run(order=make_order())
    assert messages.from_line(messages.to_line(order), messages.TO_WORKER) == order
    told = ev.Warned(job="a", code="x", message='tab\t, line\n, "quote" and ü')
    line = messages.to_line(told)
    assert line.count(b"\n") == 1
    assert messages.from_line(line, messages.FROM_WORKER) == told
    for wrong in (b"", b"[]\n", b'{"Run": {}}\n', b'{"Nothing": {}}\n', b"\xff\n"):
        with pytest.raises(BridgeError, match="unintelligible"):
            messages.from_line(wrong, messages.TO_WORKER)


def test_a_worker_without_a_job_is_ended_after_a_while_and_the_next_job_gets_a_new_one() -> None:
    script = """
    while True:
        order = heard()
        if "Run" in order:
            say("Alive", memory_bytes=1000)
            say("Dropped", job=order["Run"]["order"]["job"]["id"])
    """

    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: ears.messages)
        assert host.memory_bytes == 1000
        await ears.until(lambda: host.pid is None)
        assert host.memory_bytes == 0
        host.run(make_order("b"))
        await ears.until(lambda: len(ears.messages) == 2)
        assert host.starts == 2
        assert not ears.losses

    with_child(script, check, idle_unload_s=0.2)


def test_a_worker_with_a_job_is_not_idle() -> None:
    async def check(host: WorkerHost, ears: Ears) -> None:
        host.run(make_order("a"))
        await ears.until(lambda: ears.messages)
        await asyncio.sleep(3 * WATCH_INTERVAL_S)  # the watch has seen it
        assert host.pid is not None
        assert not ears.losses

    with_child(OBEDIENT, check, idle_unload_s=0.01)
