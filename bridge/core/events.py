"""What clients hear about a job. `osc.spec` gives each event its address.

Stored events are replayed to whoever asks for the job again; a field added here needs a default,
since older stores are read by newer programs.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from bridge.models import ClipsFile, JobId, JobState, MidiClip, Stem, Timing, Value


class JobEvent(Value):
    """Something that happened to a job."""

    is_stored: ClassVar[bool] = True

    job: JobId


class Queued(JobEvent):
    """The job was accepted; place 0 runs now."""

    recipe: str
    place: int


class Progressed(JobEvent):
    """The job advanced; the fraction never falls."""

    is_stored = False

    fraction: float
    stage: str
    seconds_left: float


class Warned(JobEvent):
    """Something the musician should know."""

    code: str
    message: str


class StemReady(JobEvent):
    """An audio file is complete."""

    stem: Stem


class ClipReady(JobEvent):
    """A MIDI file is complete."""

    clip: MidiClip
    with_notes: bool = False


class ClipsFileReady(JobEvent):
    """The MIDI file with all clips is complete."""

    file: ClipsFile


class TimingKnown(JobEvent):
    """Tempo, meter and key are settled."""

    timing: Timing


class Finished(JobEvent):
    """The job is done and its manifest written."""

    manifest: str
    seconds: float
    seconds_per_stage: dict[str, float] = Field(default_factory=dict)


class Failed(JobEvent):
    """The job ended without a result."""

    code: str
    message: str


class Cancelled(JobEvent):
    """The job was stopped on request."""


class StateShown(JobEvent):
    """Where a job is, for listings."""

    is_stored = False

    state: JobState
    recipe: str
    progress: float
    source: str


STORED: dict[str, type[JobEvent]] = {
    cls.__name__: cls
    for cls in (
        Queued,
        Warned,
        TimingKnown,
        StemReady,
        ClipReady,
        ClipsFileReady,
        Finished,
        Failed,
        Cancelled,
    )
}
"""Events that the store keeps, by the name it keeps them under."""
