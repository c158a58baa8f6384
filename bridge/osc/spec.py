"""The OSC contract as tables; argument checks, `dawbridge protocol` and the README derive from it.

`REQUESTS` are what clients send, `OPTIONS` the name-value pairs that follow a request's own
arguments, `EVENTS` what clients get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.core import events as ev
from bridge.errors import codes
from bridge.osc.converters import boolean, integer, number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.models import Timing


@dataclass(frozen=True)
class Argument:
    """One fixed argument of a request."""

    name: str
    convert: Callable[[Any], Any]
    is_optional: bool = False


@dataclass(frozen=True)
class Request:
    """One row of the contract."""

    address: str
    arguments: tuple[Argument, ...]
    does: str
    answers: str
    takes_options: bool = False
    takes_anything: bool = False

    @property
    def signature(self) -> str:
        """The arguments as the contract writes them."""
        if self.takes_anything:
            return "any"
        words = [
            f"[{_tag(item)} {item.name}]" if item.is_optional else f"{_tag(item)} {item.name}"
            for item in self.arguments
        ]
        return ", ".join([*words, "options"] if self.takes_options else words)


@dataclass(frozen=True)
class Option:
    """One name-value pair of select and run."""

    name: str
    convert: Callable[[Any], Any]
    value: str
    default: str
    is_region: bool = False


JOB = Argument("job", text)

REQUESTS: tuple[Request, ...] = (
    Request(
        "/bridge/ping",
        (),
        "answers at once, also while a job runs",
        "`/bridge/pong` version, protocol, then what was sent",
        takes_anything=True,
    ),
    Request(
        "/bridge/hello",
        (Argument("name", text), Argument("kind", text), Argument("reply port", integer, True)),
        "lists the client; it gets the events of all jobs until `/bridge/bye` or 10 minutes "
        "without a word",
        "`/bridge/welcome` version, protocol",
    ),
    Request("/bridge/bye", (), "forgets the client", ""),
    Request(
        "/bridge/select",
        (Argument("path", text), Argument("start", number), Argument("length", number)),
        "makes this the selected region, for every client; seconds in the file, length 0 = to its "
        "end",
        "`/bridge/selected` path, start, length",
        takes_options=True,
    ),
    Request(
        "/bridge/run",
        (Argument("recipe", text),),
        "runs the recipe on the selection, or on the region that the options name",
        "the job's events",
        takes_options=True,
    ),
    Request(
        "/bridge/run/RECIPE",
        (),
        "the same, a button for each recipe: one number (non-zero runs, zero is the release), "
        "nothing, or options",
        "the job's events",
        takes_options=True,
    ),
    Request(
        "/bridge/cancel",
        (Argument("job", text, True),),
        "stops a job; without an id the newest unfinished one",
        "`/bridge/job/cancelled`, or the event that the job had ended with",
    ),
    Request(
        "/bridge/jobs",
        (Argument("most", integer, True),),
        "lists the newest jobs (20)",
        "`/bridge/job/state` for each, then `/bridge/jobs/end` i count",
    ),
    Request("/bridge/job", (JOB,), "tells a job's events again, from the first", "its events"),
    Request(
        "/bridge/recipes",
        (),
        "lists the recipes",
        "`/bridge/recipe` s name, s description for each, then `/bridge/recipes/end` i count",
    ),
    Request(
        "/bridge/models",
        (),
        "lists the separation models",
        "`/bridge/model` s name, s description, s stems, T/F weights are here for each, then "
        "`/bridge/models/end` i count",
    ),
    Request(
        "/bridge/chains",
        (),
        "lists the effect chains",
        "`/bridge/chain` s name, s description, i effects for each, then `/bridge/chains/end` "
        "i count",
    ),
    Request(
        "/bridge/set",
        (Argument("option", text), Argument("value", lambda value: value)),
        "a default for the next runs of this client's host; the text `default` takes it back",
        "`/bridge/set` option, value",
    ),
    Request(
        "/bridge/chain/NAME/INDEX/PARAM",
        (Argument("value", number),),
        "turns one knob of an effect chain (the first effect has index 0); used by the next job "
        "that is planned",
        "`/bridge/chain/NAME/INDEX/PARAM` the value as taken",
    ),
    Request(
        "/bridge/status",
        (),
        "tells how the daemon is",
        "`/bridge/status` s name, value, and so on",
    ),
)

OPTIONS: tuple[Option, ...] = (
    Option(
        "id",
        text,
        "the job's name, 1 to 64 of `A-Z a-z 0-9 . _ -`; the same id again is the same job",
        "made by the daemon",
    ),
    Option("path", text, "a file, in place of the selection", "the selection", is_region=True),
    Option("start", number, "seconds in the file", "0", is_region=True),
    Option("length", number, "seconds; 0 = to the file's end", "0", is_region=True),
    Option(
        "output",
        text,
        "folder for the results, inside an allowed root",
        "a new folder for the job under the data folder",
    ),
    Option("tempo", number, "quarter notes a minute", "estimated from the audio"),
    Option("meter", text, 'such as `"6/8"`', "estimated; 4/4 where unsure"),
    Option(
        "position",
        number,
        "seconds on the DAW's timeline where the region begins; also written into the WAVs as a "
        "broadcast-wave time reference",
        "0",
    ),
    Option("track", text, "the source track's name", "the file's name"),
    Option("rate", integer, "sample rate of the results", "the file's"),
    Option("model", text, "a model's name, or `auto`", "the recipe's"),
    Option(
        "stems",
        text,
        '`"vocals,drums"`; `"vocals+rest"` gives the named stem and everything else in one, '
        '`"-vocals"` only the latter',
        "the recipe's",
    ),
    Option("format", text, "`wav16` `wav24` `wav32f` `flac` `mp3`", "wav32f"),
    Option("bitrate", integer, "kbit/s of an mp3", "256"),
    Option(
        "residual",
        boolean,
        "also write what the stems leave out, so that all files sum to the source",
        "false",
    ),
    Option("shifts", integer, "Demucs' shift trick: so many passes, averaged", "the recipe's"),
    Option("overlap", number, "of Demucs' windows, 0 to 0.95", "the recipe's"),
    Option("device", text, "`auto` `cpu` `mps` `cuda` `cuda:1`", "auto"),
    Option("pre", text, "effect chain before the stages; `none` for none", "the recipe's"),
    Option(
        "post",
        text,
        'effect chain for the stems; also `"vocals:plate,drums:glue"`; `none` for none',
        "the recipe's",
    ),
    Option(
        "transcription",
        text,
        'transcription preset, also `"vocals:voice,bass:bass"`; for a recording that is one stem, '
        "its kind: `drums` `bass` `vocals` `other`",
        "the recipe's",
    ),
    Option(
        "quantize",
        text,
        "note grid: `off` `1/4` `1/8` `1/16` `1/32`, with `t` for triplets",
        "off",
    ),
    Option(
        "quantize_strength",
        number,
        "how far notes go to the grid: 0 not at all, 1 all the way",
        "1",
    ),
    Option(
        "swing",
        number,
        "delays every second line of a straight grid by up to half a step: 0 is straight, 0.67 "
        "a triplet's feel, 1 dotted (an MPC's 50 %, 67 %, 75 %)",
        "0",
    ),
    Option("bars", boolean, "pad the clips' lengths to whole bars", "false"),
    Option(
        "mpe",
        boolean,
        "MPE clips: a channel for each sounding note, so that chords keep their bends",
        "false",
    ),
    Option("notes", boolean, "also send every note as `/bridge/job/note`", "false"),
    Option("reuse", boolean, "answer from an earlier result of the same audio and options", "true"),
)


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


def error_codes() -> list[tuple[str, str]]:
    """Return every wire code with what it means, for the tables."""
    return [(code, (cls.__doc__ or "").split(";")[0].rstrip(".")) for code, cls in codes().items()]


def markdown() -> str:
    """Return the contract as Markdown tables: what `dawbridge protocol` prints."""
    lines = ["| address | arguments | what happens | answer |", "|---|---|---|---|"]
    lines += [f"| `{r.address}` | {r.signature} | {r.does} | {r.answers} |" for r in REQUESTS]
    lines += ["", "| option | value | default |", "|---|---|---|"]
    lines += [f"| `{o.name}` | {o.value} | {o.default} |" for o in OPTIONS]
    lines += ["", "| event | arguments after the job's id | when |", "|---|---|---|"]
    lines += [f"| `{e.address}` | {e.arguments} | {e.doc} |" for e in (*EVENTS.values(), NOTE)]
    lines += ["", "| error code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in error_codes()]
    return "\n".join(lines) + "\n"


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


def _tag(argument: Argument) -> str:
    return {"text": "s", "number": "n", "integer": "i"}.get(argument.convert.__name__, "any")
