"""Where jobs run: a warm worker process for each device."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.engines.reuse import reuse
from bridge.engines.worker import messages
from bridge.engines.worker.host import WorkerHost
from bridge.errors import BridgeError, by_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.core.lifecycle import Lifecycle
    from bridge.models import Job, Value, WorkOrder

log = logging.getLogger(__name__)


_REPORTED = (ev.Warned, ev.TimingKnown, ev.StemReady, ev.ClipReady, ev.ClipsFileReady)
"""What a worker says of a running job that is passed on as it is."""


@dataclass
class WorkerPool:
    """The core's `Runner`.

    Parameters
    ----------
    lifecycle
        Gives whom to tell what becomes of jobs; a function, since that in turn needs the pool.
    stall_timeout_s
        A job that says nothing for this long is ended.
    make_host
        Makes a worker's host; tests use others.
    """

    lifecycle: Callable[[], Lifecycle]
    stall_timeout_s: float
    make_host: Callable[..., WorkerHost] = WorkerHost
    _hosts: dict[str, WorkerHost] = field(default_factory=dict)
    _lanes: dict[str, str] = field(default_factory=dict)
    _copies: set[asyncio.Task[None]] = field(default_factory=set)

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
            )
        self._lanes[order.job.id] = device
        self._hosts[device].run(order)

    def cancel(self, job_id: str) -> None:
        """Stop a running job."""
        device = self._lanes.get(job_id)
        if device is not None:
            self._hosts[device].cancel(job_id)

    def reuse(self, job: Job, manifest: Path) -> None:
        """Give a job an earlier job's files, on a thread: they may have to be copied."""
        task = asyncio.get_running_loop().create_task(self._reuse(job, manifest))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def stop(self) -> None:
        """End every worker and wait for copies under way."""
        await asyncio.gather(*(host.stop() for host in self._hosts.values()))
        await asyncio.gather(*self._copies, return_exceptions=True)

    async def _reuse(self, job: Job, manifest: Path) -> None:
        try:
            found = await asyncio.to_thread(reuse, job, manifest)
        except BridgeError as exc:
            self.lifecycle().not_reused(job.id, str(exc))
        else:
            self.lifecycle().reused(job.id, found.earlier, str(found.manifest), found.moved)

    def _heard(self, message: Value) -> None:
        lifecycle = self.lifecycle()
        if isinstance(message, ev.Progressed):
            lifecycle.progressed(message.job, message.fraction, message.stage)
        elif isinstance(message, _REPORTED):
            lifecycle.reported(message)
        elif isinstance(message, messages.ContentRead):
            self._answer(message)
        elif isinstance(message, ev.Finished):
            lifecycle.finished(message.job, message.manifest, message.seconds)
        elif isinstance(message, ev.Failed):
            lifecycle.failed(message.job, by_code(message.code)(message.message))
        elif isinstance(message, ev.Cancelled):
            lifecycle.stopped(message.job)

    def _answer(self, message: messages.ContentRead) -> None:
        host = self._hosts[self._lanes[message.job]]
        goes_on = self.lifecycle().content_known(message.job, message.content_hash)
        answer = messages.Proceed if goes_on else messages.Drop
        host.say(answer(job=message.job))

    def _lost(self, job_id: str, error: BridgeError | None) -> None:
        if error is None:
            self.lifecycle().stopped(job_id)
        else:
            self.lifecycle().failed(job_id, error)
