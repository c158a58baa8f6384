"""The jobs under way: asked for until the daemon answers, followed to their end.

UDP loses packets and the daemon may come and go. So a run is sent again, under the same id, until
an event of its job comes; a job that has been silent is asked about; and what a finished job made
is read from its manifest.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, Sequence

from .jobs import ASKED, CANCELLED, DONE, FAILED, RUNNING, Job

if TYPE_CHECKING:
    from .link import Link
    from .program import Program
    from .store import Store

ASK_EVERY_S = 1.0
START_AFTER_S = 1.5
GIVE_UP_AFTER_S = 45.0
SILENCE_S = 8.0
SHOW_EVERY_S = 1.0
START_AGAIN_S = 30.0
HELLO_EVERY_S, HELLO_AGAIN_S = 5.0, 60.0

NOT_THERE = (
    "dawbridge is not running and could not be started. Run “dawbridge doctor” in a terminal, "
    "then press again."
)
NOT_INSTALLED = (
    "dawbridge is not running. Run “dawbridge serve” in a terminal, then press again; after "
    "“dawbridge install ableton” Live can start it by itself."
)


class Desk:
    """Follows jobs.

    Parameters
    ----------
    link, store, program
        The socket, the jobs on disk, the daemon's program.
    say, show
        Take a sentence for the musician; what `show` gets is not worth a line in the log.
    clock
        Seconds.
    """

    def __init__(
        self,
        link: Link,
        store: Store,
        program: Program,
        say: Callable[[str], Any],
        show: Callable[[str], Any],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._link, self._store, self._program = link, store, program
        self._say, self._show, self._clock = say, show, clock
        self.jobs: dict[str, Job] = {}
        self.finished: list[Job] = []
        self.waiting: list[Job] = []
        self._cancelling: list[Job] = []
        self._asked_about: Job | None = None
        self._asked_about_s = self._hello_s = self._shown_s = float("-inf")
        self._heard_s = self._started_s = self._cancelled_s = float("-inf")

    @property
    def is_connected(self) -> bool:
        """Whether the daemon has answered lately."""
        return self._clock() - self._heard_s < 2 * HELLO_AGAIN_S

    def ask(self, job: Job) -> None:
        """Send a new job to the daemon."""
        job.asked_s = job.heard_s = self._clock()
        self.jobs[job.id] = job
        self._store.keep(job)
        self._send(job)
        self._say(f"{job.label}: sent")

    def recover(self, jobs: Sequence[Job]) -> None:
        """Take up jobs of this set that an earlier session left."""
        for job in jobs:
            job.state, job.is_recovered = RUNNING, True
            job.asked_s, job.heard_s = self._clock(), float("-inf")
            self.jobs[job.id] = job

    def cancel(self, job_id: str | None = None) -> bool:
        """Cancel a job, or the newest; return whether there is one."""
        open_jobs = [job for job in self.jobs.values() if not job.is_over]
        chosen = [job for job in open_jobs if job_id in (None, job.id)]
        if not chosen:
            return False
        if chosen[-1] not in self._cancelling:
            self._cancelling.append(chosen[-1])
        self._cancelled_s = float("-inf")
        return True

    def take(self, event: str, arguments: Sequence[Any]) -> None:
        """Take an event of a job; those of jobs that are not ours are left alone."""
        self._heard_s = self._clock()
        job = self.jobs.get(arguments[0]) if arguments else None
        if job is None:
            return
        job.heard_s = self._clock()
        if job is self._asked_about:
            self._asked_about = None
        job.take(event, arguments[1:])
        if job.is_over:
            self._end(job)
        elif event == "progress" and self._clock() - self._shown_s >= SHOW_EVERY_S:
            self._shown_s = self._clock()
            self._show(f"{job.label}: {job.stage} {100 * job.progress:.0f} %")

    def refuse(self, address: str, code: str, message: str) -> bool:
        """Take an error of the daemon; return whether it is about one of our jobs."""
        self._heard_s = self._clock()
        if address == "/bridge/cancel":
            self._cancelling.clear()
        if address == "/bridge/run":
            asked = [job for job in self.jobs.values() if job.state == ASKED]
            if asked:
                asked[0].take("failed", (code, message))
                self._end(asked[0])
            return bool(asked)
        if address == "/bridge/job" and code == "unknown_job" and self._asked_about is not None:
            job, self._asked_about = self._asked_about, None
            if job.is_recovered:
                job.take("failed", (code, message))
                self._end(job)
            elif not job.is_over:
                job.state, job.asked_s = ASKED, self._clock()
            return True
        return False

    def welcome(self) -> None:
        """Note that the daemon answered."""
        self._heard_s = self._clock()

    def tick(self) -> None:
        """Say again what has had no answer."""
        now_s = self._clock()
        pause_s = HELLO_AGAIN_S if self.is_connected else HELLO_EVERY_S
        if now_s - self._hello_s >= pause_s:
            self._hello_s = now_s
            self._link.send("/bridge/hello", "Live", "ableton")
        open_jobs = [job for job in self.jobs.values() if not job.is_over]
        for job in open_jobs:
            if job.state == ASKED:
                self._ask_again(job, now_s)
        running = [job for job in open_jobs if job.state == RUNNING]
        silent = [job for job in running if now_s - job.heard_s >= SILENCE_S]
        if silent and now_s - self._asked_about_s >= ASK_EVERY_S:
            self._ask_about(min(silent, key=lambda job: job.told_s), now_s)
        if self._cancelling and now_s - self._cancelled_s >= ASK_EVERY_S:
            self._cancelled_s = now_s
            for job in self._cancelling:
                self._link.send("/bridge/cancel", job.id)

    def leave(self) -> None:
        """Say goodbye; jobs that are not placed stay on disk."""
        self._link.send("/bridge/bye")
        self._program.forget()

    def wait(self, job: Job, why: str) -> None:
        """Keep a finished job until its results are asked for."""
        if job in self.finished:
            self.finished.remove(job)
        if job not in self.waiting:
            self.waiting.append(job)
            self._say(f"{job.label} {why}: use “place” to put it in")

    def place_waiting(self) -> bool:
        """Let the jobs that wait be placed; return whether there are any."""
        waiting, self.waiting = self.waiting, []
        self.finished += waiting
        return bool(waiting)

    def forget(self, job: Job) -> None:
        """Let go of a job whose results are placed, or that has none."""
        self.jobs.pop(job.id, None)
        for kept in (self.finished, self.waiting, self._cancelling):
            if job in kept:
                kept.remove(job)
        self._store.forget(job)

    def _send(self, job: Job) -> None:
        job.told_s = self._clock()
        self._link.send("/bridge/run", *job.request())

    def _ask_again(self, job: Job, now_s: float) -> None:
        if job in self._cancelling:
            job.state = CANCELLED
            self._end(job)
            return
        if now_s - job.told_s < ASK_EVERY_S:
            return
        waited_s = now_s - job.asked_s
        if waited_s >= START_AFTER_S:
            if not self._start(now_s) or waited_s >= GIVE_UP_AFTER_S:
                self._give_up(job, NOT_THERE if self._program.is_known else NOT_INSTALLED)
                return
            self._show("starting dawbridge…")
        self._send(job)

    def _start(self, now_s: float) -> bool:
        """Start the daemon, unless that was tried lately; return whether it can be hoped for."""
        if now_s - self._started_s >= START_AGAIN_S:
            self._started_s = now_s
            return self._program.start()
        return not self._program.has_failed()

    def _ask_about(self, job: Job, now_s: float) -> None:
        """Ask for a silent job's events; one at a time, since an error names no job."""
        if self._asked_about is not None:  # nobody has answered the question before
            self._start(now_s)
        self._asked_about, self._asked_about_s = job, now_s
        job.told_s = now_s
        self._link.send("/bridge/job", job.id)

    def _give_up(self, job: Job, sentence: str) -> None:
        job.take("failed", ("not_there", sentence))
        self._end(job)

    def _end(self, job: Job) -> None:
        if job.state == DONE:
            if job.is_recovered:
                self.wait(job, "finished while this set was closed")
            elif job not in self.finished:
                self.finished.append(job)
            return
        if job.state == FAILED:
            self._say(f"{job.label}: {job.fault}")
        elif job.state == CANCELLED:
            self._say(f"{job.label}: cancelled")
        self.forget(job)
