"""The worker process: takes orders on standard input, tells on standard output.

Its main thread runs the jobs. A second thread reads orders, so that a cancel is seen while a model
computes; when the pipe closes, because the daemon is gone however it went, that thread ends the
process. A third says every second that the process is alive.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from bridge.engines.worker import messages
from bridge.engines.worker.pipeline import run_job
from bridge.engines.worker.process import be_the_first_to_go, end_with_parent, memory_bytes
from bridge.logs import JsonLines

if TYPE_CHECKING:
    from bridge.models import Value, WorkOrder

log = logging.getLogger(__name__)

ALIVE_INTERVAL_S = 1.0


@dataclass
class Child:
    """One worker process' side of the conversation.

    Parameters
    ----------
    orders, tells
        Where orders come from and where messages go.
    """

    orders: BinaryIO
    tells: BinaryIO
    _jobs: queue.Queue[WorkOrder] = field(default_factory=queue.Queue)
    _answers: queue.Queue[messages.Proceed | messages.Drop | messages.Cancel] = field(
        default_factory=queue.Queue
    )
    _cancelled: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self) -> None:
        """Run jobs as they come, until the daemon is gone."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        threading.Thread(target=self._live, name="alive", daemon=True).start()
        while True:
            order = self._jobs.get()
            run_job(order, self)
            with self._lock:
                self._cancelled.discard(order.job.id)

    def tell(self, message: Value) -> None:
        """Say something to the daemon."""
        line = messages.to_line(message)
        with self._lock:
            self.tells.write(line)
            self.tells.flush()

    def is_cancelled(self, job_id: str) -> bool:
        """Tell whether a job shall stop."""
        return job_id in self._cancelled

    def may_proceed(self, job_id: str, content_hash: str) -> bool:
        """Tell the daemon what was read; return whether the job shall go on."""
        self.tell(messages.ContentRead(job=job_id, content_hash=content_hash))
        while True:
            answer = self._answers.get()
            if answer.job == job_id:
                return not isinstance(answer, messages.Drop)

    def _listen(self) -> None:
        for line in self.orders:
            order = messages.from_line(line, messages.TO_WORKER)
            if isinstance(order, messages.Run):
                self._jobs.put(order.order)
            elif isinstance(order, messages.Cancel):
                self._cancelled.add(order.job)
                self._answers.put(order)
            elif isinstance(order, (messages.Proceed, messages.Drop)):
                self._answers.put(order)
        _end_group()

    def _live(self) -> None:
        pause = threading.Event()
        while not pause.wait(ALIVE_INTERVAL_S):
            self.tell(messages.Alive(memory_bytes=memory_bytes()))


def _end_group() -> None:
    """End this process and a download that it may have started: the daemon is gone."""
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Serve on the standard streams; whatever a library prints goes to the log instead."""
    end_with_parent()
    be_the_first_to_go()
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    level = os.environ.get("DAWBRIDGE_LOG_LEVEL", "info").upper()
    logging.basicConfig(level=level, handlers=[lines])
    tells = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Child(sys.stdin.buffer, tells).serve()
