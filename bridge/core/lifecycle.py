"""What becomes of jobs: from acceptance to an end, kept and told at each step."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.core.jobs import MAX_ATTEMPTS, Step, after, is_final
from bridge.core.progress import ProgressMeter
from bridge.core.results import Results, result_files
from bridge.errors import (
    BridgeError,
    DiskFullError,
    EngineFailedError,
    InternalError,
    UnknownJobError,
)
from bridge.models import Job, JobState, WorkOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bridge.core.ports import EventSink, Runner
    from bridge.core.scheduler import Scheduler
    from bridge.core.store import Store

log = logging.getLogger(__name__)

STEMS_FOLDER = "stems"
"""Below the data folder: separated stems that later jobs take."""


@dataclass(frozen=True)
class Limits:
    """What the settings allow a job."""

    max_region_s: float
    models_folder: str | None
    allow_pickle: bool
    offline: bool
    fetch_timeout_s: float
    plugin_timeout_s: float = 30.0
    kept_stems_bytes: int = 0


@contextlib.contextmanager
def _despite_the_disk(job_id: str) -> Iterator[None]:
    """Go on with an accepted job although the store cannot be written: the disk is full or fails.

    Clients hear what happens and the next job gets its turn; after a restart the store still holds
    the job as it was, and it runs again.
    """
    try:
        yield
    except (DiskFullError, InternalError) as exc:
        log.error("not stored: %s", exc, extra={"job": job_id})  # noqa: TRY400 - it says all


@dataclass
class Lifecycle:
    """Moves jobs along the table of `core.jobs`.

    Every step is stored before it is told. The runner calls in with what its workers say, on the
    same thread as everybody else.

    Parameters
    ----------
    store, scheduler
        What is kept, and whose turn it is.
    limits
        What a job may take.
    data
        Scratch files go to ``work/`` below it, stems that are kept to ``stems/``.
    runner, sink
        Where jobs run and where events go.
    clock, monotonic
        Seconds since the epoch, and seconds that never jump.
    ended, failures
        How many jobs ended since the daemon started, by how, and those that failed by their code.
    """

    store: Store
    scheduler: Scheduler
    limits: Limits
    data: Path
    runner: Runner
    sink: EventSink
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    ended: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _meters: dict[str, ProgressMeter] = field(default_factory=dict)
    _replaces: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._results = Results(self.store, self.clock)

    # What the service asks for

    def job(self, job_id: str) -> Job:
        """Return a job; `UnknownJobError` if there is none."""
        job = self.store.get(job_id)
        if job is None:
            raise UnknownJobError(f"There is no job '{job_id}'.")
        return job

    def progress(self, job: Job) -> float:
        """Return how far a job is, 0…1."""
        meter = self._meters.get(job.id)
        return meter.floor if meter else job.progress

    def accept(self, job: Job, ignored: frozenset[str]) -> None:
        """Keep a new job, and run it or answer it from an earlier result.

        Parameters
        ----------
        job
            Not stored yet.
        ignored
            Options that were asked for and that no stage obeys.

        Raises
        ------
        QueueFullError
            There is no room; nothing was changed.
        """
        earlier = self._results.find_by_file(job)
        if earlier is None:
            self.scheduler.check_room()
        self.store.save(job)
        log.info("accepted: %s on %s", job.recipe, job.region.path, extra={"job": job.id})
        if earlier is None:
            self._enqueue(job)
        else:
            self._tell(ev.Queued(job=job.id, recipe=job.recipe, place=0))
        for option in sorted(ignored):
            sentence = f"The recipe '{job.recipe}' has no use for '{option}'; it was ignored."
            self._tell(ev.Warned(job=job.id, code="ignored_option", message=sentence))
        if earlier is not None:
            self.runner.reuse(job, earlier)
        self._start_next()

    def cancel(self, job: Job) -> Job:
        """Stop a job; one that has ended stays as it is."""
        if is_final(job.state):
            return job
        was_running = job.state is not JobState.QUEUED
        job = self._move(job, Step.CANCEL)
        if was_running:
            self.runner.cancel(job.id)
        else:
            self._leave(job.id)
            self._count(ev.Cancelled(job=job.id))
            self._tell(ev.Cancelled(job=job.id))
        return job

    # What the runner tells

    def content_known(self, job_id: str, content_hash: str) -> bool:
        """Take the hash of what the worker read; False if an earlier result answers the job.

        The caller then drops the job without a word.
        """
        job = self.store.get(job_id)
        if job is None or job.state is not JobState.RUNNING:
            return True
        with _despite_the_disk(job_id):
            self._results.keep_content(job, content_hash)
        earlier = self._results.find(job, content_hash)
        if earlier is None:
            return True
        self.runner.reuse(job, earlier)
        return False

    def reported(self, event: ev.JobEvent) -> None:
        """Take a warning, a stem or a clip of a running job."""
        self._tell(event)

    def progressed(self, job_id: str, fraction: float, stage: str) -> None:
        """Take a running job's progress."""
        meter = self._meters.get(job_id)
        told = meter.advance(fraction, stage) if meter else None
        if told:
            self.sink.publish(
                ev.Progressed(job=job_id, fraction=told[0], stage=stage, seconds_left=told[1])
            )

    def finished(self, job_id: str, manifest: str, seconds: float) -> None:
        """Take a job's result."""
        job = self.job(job_id)
        if is_final(job.state):
            return
        with _despite_the_disk(job_id):
            self._results.keep(job, manifest)
        self._end(job, Step.FINISH, ev.Finished(job=job_id, manifest=manifest, seconds=seconds))

    def failed(self, job_id: str, error: BridgeError) -> None:
        """Take a job's failure."""
        job = self.job(job_id)
        if not is_final(job.state):
            log.warning("failed: %s: %s", error.code, error, extra={"job": job_id})
            self.failures[error.code] += 1
            self._end(job, Step.FAIL, ev.Failed(job=job_id, code=error.code, message=str(error)))

    def stopped(self, job_id: str) -> None:
        """Take that a job stopped as it was asked to."""
        job = self.job(job_id)
        if job.state is JobState.RUNNING:  # the worker was told by a cancel that we lost
            job = self._move(job, Step.CANCEL)
        if not is_final(job.state):
            self._end(job, Step.STOPPED, ev.Cancelled(job=job_id))

    def reused(self, job_id: str, earlier: str, manifest: str, moved: Mapping[str, str]) -> None:
        """Take that a job has an earlier job's files, some of them under new paths."""
        job = self.job(job_id)
        if is_final(job.state):
            return
        sentence = f"Same audio and options as job {earlier}: its result is used again."
        self._tell(ev.Warned(job=job_id, code="reused", message=sentence))
        for event in self._results.events_for(job, earlier, moved):
            self._tell(event)
        seconds = max(0.0, self.clock() - job.created_at)
        self._end(job, Step.FINISH, ev.Finished(job=job_id, manifest=manifest, seconds=seconds))

    def not_reused(self, job_id: str, reason: str) -> None:
        """Take that an earlier job's files could not be had: run the job after all."""
        job = self.job(job_id)
        if is_final(job.state):
            return
        log.warning("the earlier result cannot be used: %s", reason, extra={"job": job_id})
        self._leave(job_id)
        options = job.options.model_copy(update={"reuse": False})
        if job.state is JobState.RUNNING:
            job = self._move(job, Step.INTERRUPT)
        job = self.store.save(job.model_copy(update={"options": options, "attempts": 0}))
        self.scheduler.add(job.id, job.device)
        self._start_next()

    def recover(self) -> None:
        """Take up what an earlier daemon left: waiting jobs wait, running ones run again, once."""
        for job in self.store.unfinished():
            if job.state is JobState.QUEUED:
                self.scheduler.add(job.id, job.device)
            elif job.state is JobState.CANCELLING:
                self._end(job, Step.INTERRUPT, ev.Cancelled(job=job.id))
            elif job.attempts >= MAX_ATTEMPTS:
                error = EngineFailedError(
                    f"dawbridge was stopped {job.attempts} times while this job ran, so it is not "
                    "tried again. Run it once more if you like."
                )
                self.failed(job.id, error)
            else:
                self._run_again(job)
        self._start_next()

    # Inside

    def _enqueue(self, job: Job) -> None:
        self.scheduler.add(job.id, job.device)
        place = self.scheduler.place(job.id)
        self._tell(ev.Queued(job=job.id, recipe=job.recipe, place=place))

    def _run_again(self, job: Job) -> None:
        self._replaces[job.id] = tuple(result_files(self.store.events(job.id)))
        self.store.forget_events(job.id)
        job = self._move(job, Step.INTERRUPT)
        self._enqueue(job)
        sentence = "dawbridge was stopped while this job ran; it runs again from the start."
        self._tell(ev.Warned(job=job.id, code="restarted", message=sentence))

    def _start_next(self) -> None:
        while (job_id := self.scheduler.next_job()) is not None:
            job = self.job(job_id)
            job = self._move(job.model_copy(update={"attempts": job.attempts + 1}), Step.START)
            self._meters[job_id] = ProgressMeter(self.monotonic, floor=job.progress)
            work = self.data / "work" / Path(f"{job.created_at:.0f}-{job_id}")
            self.runner.start(
                WorkOrder(
                    job=job,
                    work_folder=str(work),
                    max_region_s=self.limits.max_region_s,
                    models_folder=self.limits.models_folder,
                    allow_pickle=self.limits.allow_pickle,
                    offline=self.limits.offline,
                    fetch_timeout_s=self.limits.fetch_timeout_s,
                    plugin_timeout_s=self.limits.plugin_timeout_s,
                    stems_folder=str(self.data / STEMS_FOLDER),
                    kept_stems_bytes=self.limits.kept_stems_bytes,
                    replaces=self._replaces.pop(job_id, ()),
                )
            )

    def _move(self, job: Job, step: Step) -> Job:
        moved = job.model_copy(update={"state": after(job.state, step)})
        with _despite_the_disk(job.id):
            self.store.save(moved)
        return moved

    def _leave(self, job_id: str) -> None:
        self.scheduler.remove(job_id)
        self._meters.pop(job_id, None)

    def _end(self, job: Job, step: Step, event: ev.JobEvent) -> None:
        """Move a job into a final state, tell it, and give its device to the next."""
        meter = self._meters.get(job.id)
        fraction = 1.0 if step is Step.FINISH else (meter.floor if meter else job.progress)
        self._leave(job.id)
        self._move(job.model_copy(update={"progress": fraction}), step)
        self._count(event)
        self._tell(event)
        self._start_next()

    def _count(self, event: ev.JobEvent) -> None:
        """Note how a job ended, for whoever watches the daemon."""
        outcome = type(event).__name__.lower()
        self.ended[outcome] += 1
        log.info("%s", outcome, extra={"job": event.job})

    def _tell(self, event: ev.JobEvent) -> None:
        with _despite_the_disk(event.job):
            self.store.append(event)
        self.sink.publish(event)
