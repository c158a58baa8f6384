"""Where jobs run: a warm worker process for each device."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.core import events as ev
from bridge.engines.reuse import reuse
from bridge.engines.worker import messages
from bridge.engines.worker.host import WorkerHost
from bridge.engines.worker.leftovers import clear_away
from bridge.errors import BridgeError, by_code

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from bridge.core.lifecycle import Lifecycle
    from bridge.models import Job, Value, WorkOrder

log = logging.getLogger(__name__)


_REPORTED = (ev.Warned, ev.TimingKnown, ev.StemReady, ev.ClipReady, ev.ClipsFileReady)
"""What a worker says of a running job that is passed on as it is."""

_LAST = (ev.Finished, ev.Failed, ev.Cancelled, messages.Dropped)
"""What a worker says last of a job."""


@dataclass
class WorkerPool:
    """The core's `Runner`.

    Parameters
    ----------
    lifecycle
        Gives whom to tell what becomes of jobs; a function, since that in turn needs the pool.
    stall_timeout_s
        A job that says nothing for this long is ended.
    idle_unload_s
        A worker that had no job for this long is ended; 0 keeps it.
    make_host
        Makes a worker's host; tests use others.
    stage_seconds, losses
        Seconds that the stages of finished jobs took, by name, and how many jobs lost their worker.
    """

    lifecycle: Callable[[], Lifecycle]
    stall_timeout_s: float
    idle_unload_s: float = 0.0
    make_host: Callable[..., WorkerHost] = WorkerHost
    stage_seconds: Counter[str] = field(default_factory=Counter)
    losses: int = 0
    _hosts: dict[str, WorkerHost] = field(default_factory=dict)
    _orders: dict[str, WorkOrder] = field(default_factory=dict)
    _files: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def hosts(self) -> dict[str, WorkerHost]:
        """The workers by device."""
        return dict(self._hosts)

    def start(self, order: WorkOrder) -> None:
        """Run a job on its device's worker."""
        device = order.job.device
        if device not in self._hosts:
            self._hosts[device] = self.make_host(
                device=device,
                on_message=self._heard,
                on_loss=self._lost,
                stall_timeout_s=self.stall_timeout_s,
                idle_unload_s=self.idle_unload_s,
            )
        self._orders[order.job.id] = order
        self._hosts[device].run(order)

    def cancel(self, job_id: str) -> None:
        """Stop a running job."""
        order = self._orders.get(job_id)
        if order is not None:
            self._hosts[order.job.device].cancel(job_id)

    def reuse(self, job: Job, manifest: Path) -> None:
        """Give a job an earlier job's files, on a thread: they may have to be copied."""
        self._beside(self._reuse(job, manifest))

    async def stop(self) -> None:
        """End every worker and wait for work on files that is under way."""
        await asyncio.gather(*(host.stop() for host in self._hosts.values()))
        await asyncio.gather(*self._files, return_exceptions=True)

    async def _reuse(self, job: Job, manifest: Path) -> None:
        try:
            found = await asyncio.to_thread(reuse, job, manifest)
        except BridgeError as exc:
            self.lifecycle().not_reused(job.id, str(exc))
        else:
            self.lifecycle().reused(job.id, found.earlier, str(found.manifest), found.moved)

    def _heard(self, message: Value) -> None:
        lifecycle = self.lifecycle()
        if isinstance(message, _LAST):
            self._orders.pop(message.job, None)
        if isinstance(message, ev.Progressed):
            lifecycle.progressed(message.job, message.fraction, message.stage)
        elif isinstance(message, _REPORTED):
            lifecycle.reported(message)
        elif isinstance(message, messages.ContentRead):
            self._answer(message)
        elif isinstance(message, ev.Finished):
            self.stage_seconds.update(message.seconds_per_stage)
            lifecycle.finished(message.job, message.manifest, message.seconds)
        elif isinstance(message, ev.Failed):
            lifecycle.failed(message.job, by_code(message.code)(message.message))
        elif isinstance(message, ev.Cancelled):
            lifecycle.stopped(message.job)

    def _answer(self, message: messages.ContentRead) -> None:
        host = self._hosts[self._orders[message.job].job.device]
        goes_on = self.lifecycle().content_known(message.job, message.content_hash)
        answer = messages.Proceed if goes_on else messages.Drop
        host.say(answer(job=message.job))

    def _lost(self, job_id: str, error: BridgeError | None) -> None:
        self.losses += 1
        self._beside(self._end_lost(self._orders.pop(job_id), error))

    async def _end_lost(self, order: WorkOrder, error: BridgeError | None) -> None:
        """Clear away what the worker left, on a thread, then say how the job ended."""
        job_id = order.job.id
        await asyncio.to_thread(clear_away, order)
        if error is None:
            self.lifecycle().stopped(job_id)
        else:
            self.lifecycle().failed(job_id, error)

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._files.add(task)
        task.add_done_callback(self._files.discard)
