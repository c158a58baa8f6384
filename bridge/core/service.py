"""The core: takes requests, keeps jobs, tells events. Synchronous, and never waits.

Requests come from the OSC edge and the command line; what becomes of running jobs comes from the
runner. Both call on one thread, the daemon's event loop.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.core.jobs import MAX_ATTEMPTS, Step, after, is_final
from bridge.core.planning import plan
from bridge.core.progress import ProgressMeter
from bridge.core.results import Results
from bridge.errors import (
    BadArgumentsError,
    BridgeError,
    EngineFailedError,
    NoSelectionError,
    UnknownJobError,
)
from bridge.models import Job, JobState, Region, RunOptions, WorkOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.core.paths import PathPolicy
    from bridge.core.ports import EventSink, Runner, StageKind
    from bridge.core.presets import Presets
    from bridge.core.scheduler import Scheduler
    from bridge.core.store import Store

log = logging.getLogger(__name__)

_NO_OPTIONS = RunOptions()


@dataclass(frozen=True)
class Limits:
    """What the settings allow a job."""

    max_region_s: float
    models_folder: str | None
    allow_pickle: bool
    offline: bool
    fetch_timeout_s: float


@dataclass(frozen=True)
class Selection:
    """The region that a DAW selected, and what it said about it: tempo, position, track."""

    region: Region
    options: RunOptions


@dataclass
class Service:
    """Everything that can be asked of the bridge.

    Parameters
    ----------
    store, scheduler, presets, policy, limits, kinds
        Parts of the core, and the kinds of stages by name.
    data
        Folder for results without a folder of their own (``jobs/``) and for scratch (``work/``).
    runner, sink
        Where jobs run and where events go; set by the daemon once they exist.
    settle_device
        Turns ``auto`` into the device that this machine has; without loading a model library.
    clock, monotonic
        Seconds since the epoch, and seconds that never jump.
    """

    store: Store
    scheduler: Scheduler
    presets: Presets
    policy: PathPolicy
    limits: Limits
    kinds: Mapping[str, StageKind]
    data: Path
    runner: Runner
    sink: EventSink
    settle_device: Callable[[str], str]
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    selection: Selection | None = None
    _meters: dict[str, ProgressMeter] = field(default_factory=dict)
    _replaces: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._results = Results(self.store, self.clock)

    # What clients ask for

    def select(self, region: Region, options: RunOptions) -> Region:
        """Make a region the selection of every client; return it with its path resolved."""
        self.selection = Selection(self._allowed(region), options)
        return self.selection.region

    def run(
        self,
        recipe: str,
        region: Region | None,
        asked: RunOptions,
        job_id: str,
        defaults: RunOptions = _NO_OPTIONS,
    ) -> Job:
        """Accept a job, or return the one that has this id already.

        Parameters
        ----------
        recipe
            Its name.
        region
            What to work on; None takes the selection.
        asked
            Options of this run. They win over what was said with the selection, and that wins over
            `defaults`.
        job_id
            The same id again is the same job: nothing runs twice.
        defaults
            Options that the client set for all its runs.

        Raises
        ------
        BridgeError
            The request is wrong; nothing was changed.
        """
        check_job_id(job_id)
        known = self.store.get(job_id)
        if known:
            return known
        chosen, options = self._settle(region, asked, defaults)
        stages, ignored = plan(self.presets.recipe(recipe), options, self.kinds, self.presets)
        created_at = self.clock()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created_at))
        folder = self.data / "jobs" / f"{stamp}-{job_id}"
        output = self.policy.output(options.output) if options.output else folder
        job = Job(
            id=job_id,
            recipe=recipe,
            region=chosen,
            options=options,
            stages=stages,
            folder=str(folder),
            output=str(output),
            device=self.settle_device(options.device or "auto"),
            created_at=created_at,
        )
        earlier = self._results.find_by_file(job)
        if earlier is None:
            self.scheduler.check_room()
        self.store.save(job)
        if earlier is not None:
            self._tell(ev.Queued(job=job.id, recipe=recipe, place=0))
        else:
            self._enqueue(job)
        self._warn_of_ignored(job, ignored & asked.model_fields_set)
        if earlier is not None:
            self.runner.reuse(job, earlier)
        self._start_next()
        return job

    def new_id(self) -> str:
        """Return an id that no job has."""
        while True:
            job_id = f"job-{secrets.token_hex(4)}"
            if self.store.get(job_id) is None:
                return job_id

    def turn(self, chain: str, index: int, parameter: str, value: float) -> float:
        """Turn one knob of an effect chain for the jobs planned from now on; return the value.

        Raises
        ------
        BridgeError
            There is no such chain, effect or parameter, or the value is out of range.
        """
        before = self.presets.turn(chain, index, parameter, value)
        try:
            self.kinds["effects"].plan({"slot": "post", "chain": chain}, _NO_OPTIONS, self.presets)
        except BridgeError as exc:
            self.presets.turn_back(chain, index, parameter, before)
            raise BadArgumentsError(str(exc)) from exc
        return value

    def cancel(self, job_id: str | None) -> Job:
        """Stop a job, or the newest unfinished one. One that has ended stays as it is.

        Raises
        ------
        UnknownJobError
            There is no such job, or nothing to cancel.
        """
        if job_id is None:
            unfinished = self.store.unfinished()
            if not unfinished:
                raise UnknownJobError("Nothing is running that could be cancelled.")
            job = unfinished[-1]
        else:
            job = self.job(job_id)
        if is_final(job.state):
            return job
        was_running = job.state is not JobState.QUEUED
        job = self._move(job, Step.CANCEL)
        if was_running:
            self.runner.cancel(job.id)
        else:
            self._leave(job.id)
            self._tell(ev.Cancelled(job=job.id))
        return job

    def job(self, job_id: str) -> Job:
        """Return a job; `UnknownJobError` if there is none."""
        job = self.store.get(job_id)
        if job is None:
            raise UnknownJobError(f"There is no job '{job_id}'.")
        return job

    def is_unfinished(self, job_id: str) -> bool:
        """Tell whether more will be heard of a job."""
        return not is_final(self.job(job_id).state)

    def history(self, job_id: str) -> list[ev.JobEvent]:
        """Return a job's events from the first; with its progress if it runs."""
        job = self.job(job_id)
        told = self.store.events(job_id)
        if job.state in {JobState.RUNNING, JobState.CANCELLING} and job_id in self._meters:
            fraction = self._meters[job_id].floor
            told.append(
                ev.Progressed(job=job_id, fraction=fraction, stage="running", seconds_left=-1.0)
            )
        return told

    def jobs(self, most: int) -> list[ev.StateShown]:
        """Return where the newest jobs are, newest first."""
        return [
            ev.StateShown(
                job=job.id,
                state=job.state,
                recipe=job.recipe,
                progress=self._meters[job.id].floor if job.id in self._meters else job.progress,
                source=job.region.path,
            )
            for job in self.store.recent(most)
        ]

    # What the runner tells

    def content_known(self, job_id: str, content_hash: str) -> bool:
        """Take the hash of what the worker read; False if an earlier result answers the job.

        The caller then drops the job without a word.
        """
        job = self.store.get(job_id)
        if job is None or job.state is not JobState.RUNNING:
            return True
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
        self._results.keep(job, manifest)
        self._end(job, Step.FINISH, ev.Finished(job=job_id, manifest=manifest, seconds=seconds))

    def failed(self, job_id: str, error: BridgeError) -> None:
        """Take a job's failure."""
        job = self.job(job_id)
        if not is_final(job.state):
            log.warning("job %s failed: %s: %s", job_id, error.code, error)
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
        log.warning("job %s: the earlier result cannot be used: %s", job_id, reason)
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

    def _settle(
        self, region: Region | None, asked: RunOptions, defaults: RunOptions
    ) -> tuple[Region, RunOptions]:
        merged = defaults.model_dump(exclude_unset=True)
        if region is None:
            if self.selection is None:
                raise NoSelectionError(
                    "No region is selected. Select one in the DAW, then press again."
                )
            region = self.selection.region
            merged |= self.selection.options.model_dump(exclude_unset=True)
        merged |= asked.model_dump(exclude_unset=True)
        return self._allowed(region), RunOptions.model_validate(merged)

    def _allowed(self, region: Region) -> Region:
        return region.model_copy(update={"path": str(self.policy.source(region.path))})

    def _enqueue(self, job: Job) -> None:
        self.scheduler.add(job.id, job.device)
        place = self.scheduler.place(job.id)
        self._tell(ev.Queued(job=job.id, recipe=job.recipe, place=place))

    def _run_again(self, job: Job) -> None:
        left = self.store.events(job.id)
        self._replaces[job.id] = tuple(
            event.stem.path if isinstance(event, ev.StemReady) else event.clip.path
            for event in left
            if isinstance(event, (ev.StemReady, ev.ClipReady))
        )
        self.store.forget_events(job.id)
        job = self._move(job, Step.INTERRUPT)
        self._enqueue(job)
        sentence = "dawbridge was stopped while this job ran; it runs again from the start."
        self._tell(ev.Warned(job=job.id, code="restarted", message=sentence))

    def _start_next(self) -> None:
        while (job_id := self.scheduler.next_job()) is not None:
            job = self._move(self.job(job_id), Step.START)
            job = self.store.save(job.model_copy(update={"attempts": job.attempts + 1}))
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
                    replaces=self._replaces.pop(job_id, ()),
                )
            )

    def _warn_of_ignored(self, job: Job, ignored: frozenset[str]) -> None:
        for option in sorted(ignored):
            sentence = f"The recipe '{job.recipe}' has no use for '{option}'; it was ignored."
            self._tell(ev.Warned(job=job.id, code="ignored_option", message=sentence))

    def _move(self, job: Job, step: Step) -> Job:
        return self.store.save(job.model_copy(update={"state": after(job.state, step)}))

    def _leave(self, job_id: str) -> None:
        self.scheduler.remove(job_id)
        self._meters.pop(job_id, None)

    def _end(self, job: Job, step: Step, event: ev.JobEvent) -> None:
        """Move a job into a final state, tell it, and give its device to the next."""
        meter = self._meters.get(job.id)
        fraction = 1.0 if step is Step.FINISH else (meter.floor if meter else job.progress)
        self._leave(job.id)
        self._move(job.model_copy(update={"progress": fraction}), step)
        self._tell(event)
        self._start_next()

    def _tell(self, event: ev.JobEvent) -> None:
        self.store.append(event)
        self.sink.publish(event)


def check_job_id(job_id: str) -> str:
    """Return a job's id if it is one; `BadArgumentsError` if not."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", job_id):
        raise BadArgumentsError(
            "A job's id has 1 to 64 characters of A-Z a-z 0-9 . _ - and nothing else."
        )
    return job_id
