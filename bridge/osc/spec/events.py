"""What clients get, one row for each event of a job; and the address of errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.core import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.models import Timing


@dataclass(frozen=True)
class EventSpec:
    """How an event of the core looks on the wire: the first argument is always the job's id."""

    address: str
    arguments: str
    tags: str
    values: Callable[[Any], Sequence[Any]]
    doc: str


EVENTS: dict[type[ev.JobEvent], EventSpec] = {
    ev.Queued: EventSpec(
        "/bridge/job/queued",
        "s recipe, i place in the queue (0 = runs now)",
        "ssi",
        lambda e: (e.job, e.recipe, e.place),
        "the job was accepted",
    ),
    ev.Progressed: EventSpec(
        "/bridge/job/progress",
        "f 0…1 (never falls), s stage, f seconds left (-1 = unknown)",
        "sfsf",
        lambda e: (e.job, e.fraction, e.stage, e.seconds_left),
        "at most 10 a second",
    ),
    ev.Warned: EventSpec(
        "/bridge/job/warning",
        "s code, s message",
        "sss",
        lambda e: (e.job, e.code, e.message),
        "a fallback model, clipped input, no tempo found, …",
    ),
    ev.StemReady: EventSpec(
        "/bridge/job/stem",
        "s stem, s path, d seconds, i sample rate, f peak in dBFS",
        "sssdif",
        lambda e: (
            e.job,
            e.stem.name,
            e.stem.path,
            e.stem.duration_s,
            e.stem.sample_rate,
            e.stem.peak_dbfs,
        ),
        "sent as soon as that file is complete",
    ),
    ev.ClipReady: EventSpec(
        "/bridge/job/midi",
        "s stem, s path, i notes, f tempo, s track name, s instrument role",
        "sssifss",
        lambda e: (
            e.job,
            e.clip.stem,
            e.clip.path,
            len(e.clip.notes),
            e.clip.tempo,
            e.clip.track_name,
            e.clip.instrument_role,
        ),
        "sent as soon as that file is complete",
    ),
    ev.ClipsFileReady: EventSpec(
        "/bridge/job/clips",
        "s path, i clips, i notes",
        "ssii",
        lambda e: (e.job, e.file.path, e.file.clip_count, e.file.note_count),
        "one MIDI file with all clips, a track each; after the last of several",
    ),
    ev.TimingKnown: EventSpec(
        "/bridge/job/timing",
        "f tempo, s from (`host` `estimated` `default`), f confidence 0…1, s meter, s from, "
        "f confidence, s key (empty = none heard), f confidence, d first downbeat in seconds "
        "(-1 = unknown), i changes of the tempo map (0 = steady)",
        "sfsfssfsfdi",
        lambda e: _timing_values(e.job, e.timing),
        "before the first clip; a confidence of -1 says that nothing was estimated",
    ),
    ev.Finished: EventSpec(
        "/bridge/job/done",
        "s path of manifest.json, f seconds taken",
        "ssf",
        lambda e: (e.job, e.manifest, e.seconds),
        "everything is there",
    ),
    ev.Failed: EventSpec(
        "/bridge/job/failed",
        "s code, s message for a person",
        "sss",
        lambda e: (e.job, e.code, e.message),
        "nothing more comes",
    ),
    ev.Cancelled: EventSpec(
        "/bridge/job/cancelled", "", "s", lambda e: (e.job,), "nothing more comes"
    ),
    ev.StateShown: EventSpec(
        "/bridge/job/state",
        "s state, s recipe, f progress, s source path",
        "sssfs",
        lambda e: (e.job, e.state.value, e.recipe, e.progress, e.source),
        "answers `/bridge/jobs`",
    ),
}

NOTE = EventSpec(
    "/bridge/job/note",
    "s stem, d start (quarter notes), d length, i pitch, i velocity, i channel",
    "ssddiii",
    lambda e: e,
    "one for each note, after the option `notes true`",
)

ERROR_ADDRESS = "/bridge/error"
ERROR_TAGS = "sss"


def _timing_values(job: str, timing: Timing) -> tuple[Any, ...]:
    def known(value: float | None) -> float:
        return -1.0 if value is None else value

    return (
        job,
        timing.tempo,
        timing.tempo_from,
        known(timing.tempo_confidence),
        timing.meter,
        timing.meter_from,
        known(timing.meter_confidence),
        timing.key or "",
        known(timing.key_confidence),
        known(timing.downbeat_s),
        len(timing.tempo_map),
    )
