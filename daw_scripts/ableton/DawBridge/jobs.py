"""A job on its way: what was asked, what the daemon has told of it so far."""

from __future__ import annotations

import binascii
import os
import re
from typing import Any, Callable, NamedTuple

from .selection import Selection, from_table

ASKED, RUNNING, DONE, FAILED, CANCELLED = "asked", "running", "done", "failed", "cancelled"


class Stem(NamedTuple):
    """A stem's file."""

    name: str
    path: str
    length_s: float


class Clip(NamedTuple):
    """A stem's MIDI file."""

    stem: str
    path: str
    tempo: float
    track_name: str
    role: str
    color: str | None = None


class Job:
    """One job, from the press to its results in the set.

    Parameters
    ----------
    job_id
        Its name; sent again under the same it is the same job, so nothing runs twice.
    recipe, options
        What to do; the options that were asked for besides the region's.
    selection
        On what, as it was when it was asked for.
    set_id
        The set that its results belong to.

    Attributes
    ----------
    state, progress, stage, fault
        Where it is; `progress` goes from 0 to 1.
    stems, clips, warnings, manifest
        What has come.
    asked_s, told_s, heard_s
        When it was first asked for, when the daemon was last told of it, when it last answered.
    is_recovered
        Whether an earlier session asked for it.
    """

    def __init__(
        self,
        job_id: str,
        recipe: str,
        options: dict[str, Any],
        selection: Selection,
        set_id: str,
    ) -> None:
        self.id, self.recipe, self.options = job_id, recipe, options
        self.selection, self.set_id = selection, set_id
        self.state = ASKED
        self.progress, self.stage = 0.0, ""
        self.stems: dict[str, Stem] = {}
        self.clips: dict[str, Clip] = {}
        self.warnings: list[str] = []
        self.manifest = ""
        self.fault = ""
        self.asked_s = self.heard_s = self.told_s = 0.0
        self.is_recovered = False

    @property
    def is_over(self) -> bool:
        """Whether the daemon has nothing more to tell."""
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.recipe} of “{self.selection.name}”"

    def request(self) -> list[Any]:
        """Return the arguments of `/bridge/run`."""
        chosen = self.selection
        words: list[Any] = [self.recipe, "id", self.id, "path", chosen.path]
        words += ["start", chosen.start_s, "length", chosen.region.length_s]
        options = dict(chosen.options(), **self.options)
        if self.recipe == "midi" and chosen.kind and "transcription" not in options:
            options["transcription"] = chosen.kind
        for name, value in sorted(options.items()):
            words += [name, value]
        return words

    def take(self, event: str, arguments: Any) -> None:
        """Take an event of the daemon; one that comes again changes nothing.

        Parameters
        ----------
        event
            The last part of its address.
        arguments
            What follows the job's id.
        """
        handler = _HANDLERS.get(event)
        if handler is not None and not self.is_over:
            handler(self, *arguments)

    def table(self) -> dict[str, Any]:
        """Return what must be known to go on with it later, as JSON can hold it."""
        return {
            "id": self.id,
            "recipe": self.recipe,
            "options": self.options,
            "set": self.set_id,
            "selection": self.selection.table(),
        }


def from_file(table: dict[str, Any]) -> Job:
    """Return a job that `Job.table` described.

    Raises
    ------
    KeyError, TypeError
        The table is not one of ours.
    """
    chosen = from_table(table["selection"])
    return Job(table["id"], table["recipe"], table["options"], chosen, table["set"])


def new_id(kind: str = "live") -> str:
    """Return a name that no job, or set, has yet."""
    return "{}-{}".format(kind, binascii.hexlify(os.urandom(8)).decode("ascii"))


def is_id(text: str) -> bool:
    """Tell whether a text may name a job; it names a file too."""
    return re.match(r"[A-Za-z0-9._-]{1,64}\Z", text) is not None


def _queued(job: Job, *_: Any) -> None:
    job.state, job.stage = RUNNING, "waiting"


def _progress(job: Job, fraction: float, stage: str, *_: Any) -> None:
    job.state = RUNNING
    job.progress, job.stage = max(job.progress, float(fraction)), str(stage)


def _warning(job: Job, _code: str, message: str, *_: Any) -> None:
    if message not in job.warnings:
        job.warnings.append(message)


def _stem(job: Job, name: str, path: str, length_s: float, *_: Any) -> None:
    job.stems[name] = Stem(name, path, float(length_s))


def _midi(job: Job, stem: str, path: str, *rest: Any) -> None:
    _, tempo, track_name, role = rest[:4]
    job.clips[stem] = Clip(stem, path, float(tempo), track_name, role)


def _done(job: Job, manifest: str, *_: Any) -> None:
    job.state, job.manifest, job.progress = DONE, manifest, 1.0


def _failed(job: Job, _code: str, message: str, *_: Any) -> None:
    job.state, job.fault = FAILED, message


def _cancelled(job: Job, *_: Any) -> None:
    job.state = CANCELLED


_HANDLERS: dict[str, Callable[..., None]] = {
    "queued": _queued,
    "progress": _progress,
    "warning": _warning,
    "stem": _stem,
    "midi": _midi,
    "done": _done,
    "failed": _failed,
    "cancelled": _cancelled,
}
