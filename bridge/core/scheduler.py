"""Whose turn it is: one bounded queue, one running job per device, first come first served."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.errors import QueueFullError


@dataclass
class Scheduler:
    """The queue.

    A device is a lane: jobs for the same device run one after the other, jobs for different devices
    side by side. Pure bookkeeping; the service starts what `next_job` names.

    Parameters
    ----------
    limit
        How many jobs may wait, over all devices.
    """

    limit: int
    _waiting: list[tuple[str, str]] = field(default_factory=list)
    _running: dict[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> tuple[str, ...]:
        """The jobs that run now."""
        return tuple(self._running.values())

    def check_room(self) -> None:
        """Raise `QueueFullError` if no further job may wait."""
        if len(self._waiting) >= self.limit:
            raise QueueFullError(
                f"{len(self._waiting)} jobs are waiting already. Wait for one to finish or cancel "
                "one, then try again."
            )

    def add(self, job_id: str, device: str) -> None:
        """Put a job at the end of the queue, whether or not there is room: see `check_room`."""
        self._waiting.append((job_id, device))

    def place(self, job_id: str) -> int:
        """Return how many jobs of the same device run before this one; 0 = it is its turn."""
        lane = next((device for waiting, device in self._waiting if waiting == job_id), None)
        if lane is None:
            return 0
        ahead = 1 if lane in self._running else 0
        for waiting, device in self._waiting:
            if waiting == job_id:
                break
            ahead += device == lane
        return ahead

    def next_job(self) -> str | None:
        """Take the first job whose device is free out of the queue; None if there is none."""
        for index, (job_id, device) in enumerate(self._waiting):
            if device not in self._running:
                del self._waiting[index]
                self._running[device] = job_id
                return job_id
        return None

    def remove(self, job_id: str) -> None:
        """Forget a job, waiting or running; its device is free again."""
        self._waiting = [entry for entry in self._waiting if entry[0] != job_id]
        self._running = {
            device: running for device, running in self._running.items() if running != job_id
        }
