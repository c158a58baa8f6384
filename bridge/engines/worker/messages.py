"""What the daemon and a worker say to each other: one JSON object a line.

The object has one key, the message's name, and its fields as the value. The daemon says `Run`,
`Cancel`, `Proceed` and `Drop`; the worker says `Alive`, `ContentRead`, `Dropped` and the core's own
events. Audio never crosses: paths do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.errors import InternalError
from bridge.models import JobId, Value, WorkOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LINE_BYTES = 1 << 26
"""A clip with a hundred thousand notes still fits."""


class Run(Value):
    """Run this job."""

    order: WorkOrder


class Cancel(Value):
    """Stop this job at the next report."""

    job: JobId


class Proceed(Value):
    """The audio is not known yet: go on."""

    job: JobId


class Drop(Value):
    """The audio is known: forget the job without a word."""

    job: JobId


class Alive(Value):
    """A second went by."""

    memory_bytes: int


class ContentRead(Value):
    """The region was read; wait for `Proceed` or `Drop`."""

    job: JobId
    content_hash: str


class Dropped(Value):
    """The job was forgotten."""

    job: JobId


TO_WORKER: dict[str, type[Value]] = {cls.__name__: cls for cls in (Run, Cancel, Proceed, Drop)}
FROM_WORKER: dict[str, type[Value]] = {
    cls.__name__: cls
    for cls in (
        Alive,
        ContentRead,
        Dropped,
        ev.Progressed,
        ev.Warned,
        ev.StemReady,
        ev.ClipReady,
        ev.ClipsFileReady,
        ev.TimingKnown,
        ev.Finished,
        ev.Failed,
        ev.Cancelled,
    )
}


def to_line(message: Value) -> bytes:
    """Return a message as one line."""
    return json.dumps({type(message).__name__: message.model_dump(mode="json")}).encode() + b"\n"


def from_line(line: bytes, known: Mapping[str, type[Value]]) -> Value:
    """Return the message of a line.

    Raises
    ------
    InternalError
        The line is none of the known messages.
    """
    try:
        ((name, fields),) = json.loads(line).items()
        return known[name].model_validate(fields)
    except (ValueError, KeyError, AttributeError) as exc:
        raise InternalError(f"A worker process said something unintelligible: {exc}.") from exc
