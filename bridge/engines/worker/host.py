"""The daemon's side of one worker process: start it, talk to it, watch it, end it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.core import events as ev
from bridge.engines.worker import messages
from bridge.errors import BridgeError, EngineFailedError, StalledError
from bridge.logs import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bridge.models import Value, WorkOrder

log = logging.getLogger(__name__)

WATCH_INTERVAL_S = 0.5
FAREWELL_S = 3.0
"""How long a worker may take to end once its pipe is closed."""

_LOGGED_BYTES = 1 << 16

_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of the worker sleep while they wait for each other. Where the DAW needs the processors as
well, threads that spin take several times as long and keep it from playing."""


@dataclass
class WorkerHost:
    """Runs one job at a time in a child process that stays warm between jobs.

    Parameters
    ----------
    device
        For the log: the lane that this worker serves.
    on_message
        Takes what the worker says of the running job.
    on_loss
        Takes the running job's id and why it cannot go on; None if it was to be cancelled.
    stall_timeout_s
        A job that says nothing for this long is ended.
    cancel_grace_s
        A job that was cancelled and goes on for this long is ended.
    idle_unload_s
        A process that had no job for this long is ended, and its models with it; 0 keeps it.
    command
        The worker's command line; tests use others.
    """

    device: str
    on_message: Callable[[Value], None]
    on_loss: Callable[[str, BridgeError | None], None]
    stall_timeout_s: float
    cancel_grace_s: float = 15.0
    idle_unload_s: float = 0.0
    command: tuple[str, ...] = (sys.executable, "-m", "bridge.engines.worker")
    memory_bytes: int = 0
    starts: int = 0
    _process: asyncio.subprocess.Process | None = None
    _job: str | None = None
    _heard_s: float = 0.0
    _cancelled_s: float | None = None
    _unheard: WorkOrder | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def pid(self) -> int | None:
        """The child's process id, if it runs."""
        return self._process.pid if self._process else None

    def run(self, order: WorkOrder) -> None:
        """Start a job; starts the process first if there is none."""
        self._job = order.job.id
        self._heard_s = time.monotonic()
        self._cancelled_s = None
        self._spawn(self._send_order(order))

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; it is made to if it does not."""
        if job_id == self._job:
            self._cancelled_s = self._cancelled_s or time.monotonic()
            self.say(messages.Cancel(job=job_id))

    def say(self, message: Value) -> None:
        """Send a message, if there is a process to take it."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):  # its end is seen elsewhere
                self._process.stdin.write(messages.to_line(message))

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        self._job = None
        process, self._process = self._process, None
        for task in list(self._tasks):
            task.cancel()
        if process is not None:
            await _end(process)

    async def _send_order(self, order: WorkOrder) -> None:
        self._unheard = None
        try:
            if self._process is None or self._process.returncode is not None:
                await self._start()
            else:
                self._unheard = order  # the process may have ended without our knowing yet
        except OSError as exc:
            self._lose(EngineFailedError(f"The worker process cannot be started: {exc}."))
            return
        self.say(messages.Run(order=order))
        if self._cancelled_s is not None:  # it was cancelled while the process started
            self.say(messages.Cancel(job=order.job.id))

    async def _start(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=messages.MAX_LINE_BYTES,
            env={**_ENVIRONMENT, **os.environ},
            start_new_session=os.name == "posix",  # Ctrl-C in the terminal is for the daemon
        )
        self._process = process
        self.starts += 1
        log.info("worker for %s started, process %d", self.device, process.pid)
        self._spawn(self._log(process))
        self._spawn(self._listen(process))
        self._spawn(self._watch(process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        stdout = process.stdout
        assert stdout is not None
        reason = None
        try:
            while line := await stdout.readline():
                self._take(messages.from_line(line, messages.FROM_WORKER))
        except (BridgeError, ValueError) as exc:  # ValueError: a line without end
            log.exception("worker for %s cannot be understood and is ended", self.device)
            reason = str(exc)
            _kill(process)
        status = await process.wait()
        _kill(process)  # what it started, a plugin that hangs, does not end by itself
        log.info("worker for %s ended with %s", self.device, status)
        if process is self._process:
            self._process = None
            if self._unheard is not None and self._cancelled_s is None:
                log.info("it ended before it took the job; another is started")
                self._spawn(self._send_order(self._unheard))
            else:
                self._lose(EngineFailedError(reason or _why_it_ended(status)))

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        """Put what the worker prints into the log, with the job that it runs."""
        stderr = process.stderr
        assert stderr is not None
        rest = b""
        while chunk := await stderr.read(_LOGGED_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LOGGED_BYTES:  # a line without end
                lines, rest = [*lines, rest], b""
            for line in lines:
                relay(line, self._job, process.pid)
        relay(rest, self._job, process.pid)

    def _take(self, message: Value) -> None:
        if isinstance(message, messages.Alive):
            self.memory_bytes = message.memory_bytes
            return
        if getattr(message, "job", None) != self._job:
            return  # the last words of a job that was given up
        self._heard_s, self._unheard = time.monotonic(), None
        if isinstance(message, (ev.Finished, ev.Failed, ev.Cancelled, messages.Dropped)):
            self._job = None
        self.on_message(message)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            await asyncio.sleep(WATCH_INTERVAL_S)
            now_s = time.monotonic()
            if process is not self._process:
                continue
            if self._job is None:
                if self.idle_unload_s and now_s - self._heard_s > self.idle_unload_s:
                    log.info("worker for %s had no job and is ended", self.device)
                    self._process, self.memory_bytes = None, 0
                    await _end(process)
                continue
            if self._cancelled_s is not None:
                is_over = now_s - self._cancelled_s > self.cancel_grace_s
                error: BridgeError | None = None
            else:
                is_over = now_s - self._heard_s > self.stall_timeout_s
                error = StalledError(
                    f"The job made no progress for {self.stall_timeout_s:.0f} seconds and was "
                    "ended. Try a shorter region or a smaller model; stall_timeout_s in the "
                    "settings allows more."
                )
            if is_over:
                log.warning("worker for %s is ended by force", self.device)
                self._process = None
                _kill(process)
                await process.wait()
                self._lose(error)

    def _lose(self, error: BridgeError | None) -> None:
        job, self._job = self._job, None
        if job is not None:
            self.on_loss(job, None if self._cancelled_s is not None else error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close a worker's pipe, which ends it, and wait until it is gone."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), FAREWELL_S)
    except asyncio.TimeoutError:
        _kill(process)
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a worker and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _why_it_ended(status: int) -> str:
    if status == -signal.SIGKILL if os.name == "posix" else False:
        return (
            "The worker process was ended by the system, most likely because memory ran out. "
            "Close other programs, or try a shorter region or a smaller model."
        )
    if status < 0:
        return f"The worker process crashed (signal {-status}). The next job gets a new one."
    return f"The worker process ended unexpectedly (status {status}). The next job gets a new one."
