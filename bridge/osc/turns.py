"""Whose packet is acted on next, so that nobody's load keeps the others waiting.

What a packet asks for is done in steps, one for each address that it means: a bundle can hold a
thousand messages, and each can be a pattern for hundreds of knobs. What is small is done at once.
What takes longer waits in a queue of its sender's, and the queues are served in turn, for no more
than half of the time, so that the sockets are read meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

SLICE_S = 0.004
"""How long steps may go on before the sockets are read again, in processor time."""

MOST_WAITING_BYTES = 1 << 18
"""Of one sender's packets that wait for their turn; what comes then is refused."""

MOST_BYTES = 1 << 22
"""Of all packets that wait."""

_OVERHEAD_BYTES = 1 << 10
"""What a packet that waits takes beside its own bytes; small ones take little else."""

Work = Iterator[object]
"""What a packet asks for: a step to each item, and one after the last."""


@dataclass
class Queue:
    """One sender's packets that wait: what each asks for, and its size in bytes."""

    work: deque[tuple[Work, int]] = field(default_factory=deque)
    size_bytes: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Turns:
    """Serves senders in turn. Everything on the event loop's thread."""

    _queues: dict[str, Queue] = field(default_factory=dict)
    _size_bytes: int = 0
    _owed_s: float = 0.0
    _serving: asyncio.Task[None] | None = None

    def take(self, key: str, work: Work, size_bytes: int) -> bool:
        """Do what a packet asks for, now or in its turn; False if there is no room for it.

        Parameters
        ----------
        key
            The sender's.
        work
            What it asks for.
        size_bytes
            The packet's size, for the bounds.
        """
        queue = self._queues.get(key)
        if queue is None:
            # While others wait, one step: enough for a request that is no bundle.
            spent_s, is_done = _advance(work, 0.0 if self._queues else SLICE_S)
            if is_done and spent_s < SLICE_S:
                return True
            # What this sender sends while the others are made up to takes its turn.
            queue = self._queues[key] = Queue()
            self._owed_s += spent_s
            self._serve()
            if is_done:
                return True
        size_bytes += _OVERHEAD_BYTES
        is_full = queue.size_bytes + size_bytes > MOST_WAITING_BYTES
        if (queue.work and is_full) or (
            self._size_bytes and self._size_bytes + size_bytes > MOST_BYTES
        ):
            return False
        queue.work.append((work, size_bytes))
        queue.size_bytes += size_bytes
        self._size_bytes += size_bytes
        return True

    async def wait(self, key: str) -> None:
        """Return when nothing of a sender waits any more."""
        queue = self._queues.get(key)
        if queue is not None:
            await queue.is_over.wait()

    async def stop(self) -> None:
        """Drop what waits."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        self._queues.clear()

    def _serve(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = asyncio.get_running_loop().create_task(self._serve_all())

    async def _serve_all(self) -> None:
        while self._queues:
            owed_s, self._owed_s = self._owed_s, 0.0
            await asyncio.sleep(owed_s)
            began_s = time.thread_time()
            while self._queues and time.thread_time() - began_s < SLICE_S:
                self._serve_next()
            self._owed_s += time.thread_time() - began_s

    def _serve_next(self) -> None:
        """Take one step for the sender who has waited longest."""
        key = next(iter(self._queues))
        queue = self._queues.pop(key)
        if not queue.work:
            queue.is_over.set()
            return
        self._queues[key] = queue
        work, size_bytes = queue.work[0]
        _, is_done = _advance(work, 0.0)
        if is_done:
            queue.work.popleft()
            queue.size_bytes -= size_bytes
            self._size_bytes -= size_bytes


def _advance(work: Work, slice_s: float) -> tuple[float, bool]:
    """Take steps until a time is over, at least one.

    Returns
    -------
    float
        How long they took, in seconds of processor time.
    bool
        Whether nothing is left to do.
    """
    began_s = time.thread_time()
    for _ in work:
        spent_s = time.thread_time() - began_s
        if spent_s >= slice_s:
            return spent_s, False
    return time.thread_time() - began_s, True
