"""What can be asked of the bridge. Synchronous, and never waits.

Requests come from the OSC edge and the command line, on one thread, the daemon's event loop.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.core.jobs import is_final
from bridge.core.knobs import KnobBoard
from bridge.core.planning import plan, without_clips
from bridge.errors import BadArgumentsError, NoSelectionError, UnknownJobError
from bridge.models import Job, JobState, Recipe, Region, RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bridge.core.lifecycle import Lifecycle
    from bridge.core.paths import PathPolicy
    from bridge.core.ports import KnobTable, StageKind
    from bridge.core.presets import Presets

_NO_OPTIONS = RunOptions()


@dataclass(frozen=True)
class Selection:
    """The region that a DAW selected, and what it said about it: tempo, position, track."""

    region: Region
    options: RunOptions


@dataclass
class Service:
    """Everything that clients can ask for.

    Parameters
    ----------
    lifecycle
        What becomes of the jobs.
    presets, policy, kinds
        Recipes and chains, allowed paths, and the kinds of stages by name.
    knob_table
        Which knobs effect chains have.
    data
        Results without a folder of their own go to ``jobs/`` below it.
    settle_device
        Turns ``auto`` into the device that this machine has; without loading a model library.
    selection
        The region that a DAW selected last.
    """

    lifecycle: Lifecycle
    presets: Presets
    policy: PathPolicy
    kinds: Mapping[str, StageKind]
    knob_table: KnobTable
    data: Path
    settle_device: Callable[[str], str]
    selection: Selection | None = None

    def __post_init__(self) -> None:
        self.knobs = KnobBoard(self.presets, self.knob_table)

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
        if self.knows(job_id):
            return self.job(job_id)
        chosen, options = self._settle(region, asked, defaults)
        return self._accept(self.presets.recipe(recipe), chosen, options, asked, job_id)

    def again(self, earlier: str | None, asked: RunOptions, job_id: str) -> Job:
        """Accept a finished job's work once more, with the knobs as they are now.

        Region, recipe and options are that job's; clips are not made again. Stems that the worker
        kept are taken, so that only what comes after the separation is computed.

        Parameters
        ----------
        earlier
            The job; None takes the newest that finished.
        asked
            Options of this run, which win over the earlier job's.
        job_id
            Of the new job; the same id again is the same job.

        Raises
        ------
        BridgeError
            There is no such job, it made no audio, or its source is gone; nothing was changed.
        """
        check_job_id(job_id)
        if self.knows(job_id):
            return self.job(job_id)
        base = self.job(earlier) if earlier is not None else self.lifecycle.store.newest_done()
        if base is None:
            raise UnknownJobError("No job has finished yet that could be run again.")
        recipe = without_clips(self.presets.recipe(base.recipe), self.kinds)
        # A job that computed anew wants no earlier result; this one is here to use its stems.
        given = base.options.model_dump() | {"reuse": True}
        options = RunOptions.model_validate(given | asked.model_dump(exclude_unset=True))
        return self._accept(recipe, self._allowed(base.region), options, asked, job_id)

    def _accept(
        self, recipe: Recipe, region: Region, options: RunOptions, asked: RunOptions, job_id: str
    ) -> Job:
        stages, ignored = plan(recipe, options, self.kinds, self.presets)
        created_at = self.lifecycle.clock()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created_at))
        folder = self.data / "jobs" / f"{stamp}-{job_id}"
        output = self.policy.output(options.output) if options.output else folder
        job = Job(
            id=job_id,
            recipe=recipe.name,
            region=region,
            options=options,
            stages=stages,
            folder=str(folder),
            output=str(output),
            device=self.settle_device(options.device or "auto"),
            created_at=created_at,
        )
        self.lifecycle.accept(job, ignored & asked.model_fields_set)
        return job

    def new_id(self) -> str:
        """Return an id that no job has."""
        while True:
            job_id = f"job-{secrets.token_hex(4)}"
            if not self.knows(job_id):
                return job_id

    def newest_unfinished(self) -> Job:
        """Return the job that a cancel without an id means; `UnknownJobError` if there is none."""
        unfinished = self.lifecycle.store.unfinished()
        if not unfinished:
            raise UnknownJobError("Nothing is running that could be cancelled.")
        return unfinished[-1]

    def cancel(self, job_id: str) -> Job:
        """Stop a job; one that has ended stays as it is. `UnknownJobError` if there is none."""
        return self.lifecycle.cancel(self.job(job_id))

    def job(self, job_id: str) -> Job:
        """Return a job; `UnknownJobError` if there is none."""
        return self.lifecycle.job(job_id)

    def knows(self, job_id: str) -> bool:
        """Tell whether there is a job with this id."""
        return self.lifecycle.store.get(job_id) is not None

    def is_unfinished(self, job_id: str) -> bool:
        """Tell whether more will be heard of a job."""
        return not is_final(self.job(job_id).state)

    def history(self, job_id: str) -> list[ev.JobEvent]:
        """Return a job's events from the first; with its progress if it runs."""
        job = self.job(job_id)
        return [*self.lifecycle.store.events(job_id), *self._progress(job)]

    def jobs(self, most: int) -> list[ev.StateShown]:
        """Return where the newest jobs are, newest first."""
        return [self._state(job) for job in self.lifecycle.store.recent(most)]

    def unfinished(self) -> list[ev.JobEvent]:
        """Return where each job that waits or runs is, oldest first, and how far it came."""
        told: list[ev.JobEvent] = []
        for job in self.lifecycle.store.unfinished():
            told.append(self._state(job))
            told += self._progress(job)
        return told

    def _state(self, job: Job) -> ev.StateShown:
        return ev.StateShown(
            job=job.id,
            state=job.state,
            recipe=job.recipe,
            progress=self.lifecycle.progress(job),
            source=job.region.path,
        )

    def _progress(self, job: Job) -> list[ev.Progressed]:
        """Return how far a job came, if it runs."""
        if job.state not in {JobState.RUNNING, JobState.CANCELLING}:
            return []
        fraction = self.lifecycle.progress(job)
        return [ev.Progressed(job=job.id, fraction=fraction, stage="running", seconds_left=-1.0)]

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


def check_job_id(job_id: str) -> str:
    """Return a job's id if it is one; `BadArgumentsError` if not."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", job_id):
        raise BadArgumentsError(
            "A job's id has 1 to 64 characters of A-Z a-z 0-9 . _ - and nothing else."
        )
    return job_id
