"""`run`: a recipe from the command line, and what DAW scripts without sockets call."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from bridge.cli import CANCELLED, DONE, FAILED, NO_DAEMON
from bridge.cli.connection import connect, connect_or_start, fail, faults_end_the_command, settings
from bridge.cli.connection import start as start_daemon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bridge.config import Settings
    from bridge.osc.client import BridgeClient
    from bridge.osc.codec import Message

MOST_RECONNECTS = 3

_STEM = ("stem", "path", "seconds", "sample_rate", "peak_dbfs")
_CLIPS_FILE = ("path", "clips", "notes")
_TIMING = ("tempo", "tempo_from", "tempo_confidence", "meter", "meter_from", "meter_confidence",
           "key", "key_confidence", "downbeat", "tempo_changes")  # fmt: skip
_CLIP = ("stem", "path", "notes", "tempo", "track", "instrument")


@dataclass
class Outcome:
    """What came of a job, gathered from its events."""

    job: str
    status: int = FAILED
    stems: list[dict[str, Any]] = field(default_factory=list)
    clips: list[dict[str, Any]] = field(default_factory=list)
    clips_file: dict[str, Any] | None = None
    timing: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    manifest: str | None = None
    seconds: float | None = None
    error: dict[str, str] | None = None

    def take(self, message: Message) -> None:
        """Add an event."""
        _, *rest = message.arguments
        kind = message.address.rpartition("/")[2]
        if kind == "stem":
            self.stems.append(dict(zip(_STEM, rest, strict=True)))
        elif kind == "midi":
            self.clips.append(dict(zip(_CLIP, rest, strict=True)))
        elif kind == "clips":
            self.clips_file = dict(zip(_CLIPS_FILE, rest, strict=True))
        elif kind == "timing":
            self.timing = dict(zip(_TIMING, rest, strict=True))
        elif kind == "warning":
            self.warnings.append(dict(zip(("code", "message"), rest, strict=True)))
        elif kind == "done":
            self.status, (self.manifest, self.seconds) = DONE, rest
        elif kind == "failed":
            self.error = dict(zip(("code", "message"), rest, strict=True))
        elif kind == "cancelled":
            self.status = CANCELLED


def run(
    recipe: str,
    given: Mapping[str, Any],
    events: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run a recipe and leave with the status of its outcome."""
    chosen = settings(config)
    options = {name: _plain(value) for name, value in given.items() if value is not None}
    with faults_end_the_command():
        outcome = follow(recipe, options, chosen, config, events, is_quiet=as_json)
    if as_json:
        typer.echo(json.dumps(outcome.__dict__, indent=2))
    else:
        show(outcome)
    raise typer.Exit(outcome.status)


def follow(
    recipe: str,
    options: Mapping[str, Any],
    chosen: Settings,
    config: Path | None,
    events: Path | None = None,
    *,
    is_quiet: bool = False,
) -> Outcome:
    """Run a recipe, showing progress on standard error; Ctrl-C cancels the job and waits for it.

    A daemon that dies meanwhile is started again: it takes the job up where its store says.
    """
    job_id = options.get("id") or f"cli-{secrets.token_hex(4)}"
    options = {**options, "id": job_id}
    outcome = Outcome(job_id)
    client = connect_or_start(chosen, config)
    with contextlib.ExitStack() as stack:
        write = stack.enter_context(_event_file(events)) if events else None
        bar = stack.enter_context(_bar(is_quiet))
        shown = bar.add_task(recipe, total=1.0, left="")
        for message in _messages(client, recipe, options, chosen, config):
            if write is not None:
                write(message)
            if message.address == "/bridge/job/progress":
                _, fraction, stage, left_s = message.arguments
                left = f"{left_s:.0f} s left" if left_s >= 0 else ""
                bar.update(shown, completed=fraction, description=stage, left=left)
            else:
                outcome.take(message)
        if outcome.status == DONE:
            bar.update(shown, completed=1.0, description="done", left="")
    return outcome


def show(outcome: Outcome, scores_db: Mapping[str, float] = MappingProxyType({})) -> None:
    """Print what came back, beside how near each stem is to the true one where that is known."""
    console, errors = Console(), Console(stderr=True)
    for warning in outcome.warnings:
        errors.print(f"note: {warning['message']}", highlight=False, markup=False, soft_wrap=True)
    if outcome.error is not None:
        sentence = f"{outcome.error['message']} [{outcome.error['code']}]"
        errors.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if outcome.status == CANCELLED:
        errors.print("cancelled")
    if outcome.status == DONE:
        console.print(_table(outcome, scores_db))
        folders = {str(PurePath(part["path"]).parent) for part in (*outcome.stems, *outcome.clips)}
        said = [_timing_line(outcome.timing)] if outcome.timing else []
        for line in (*said, f"{outcome.seconds:.1f} s", *sorted(folders)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _timing_line(timing: Mapping[str, Any]) -> str:
    """Return tempo, meter and key, each estimate with how sure it is."""
    tempo = f"{timing['tempo']:.6g} quarter notes a minute"
    if timing["tempo_changes"]:
        tempo = f"about {timing['tempo']:.4g} quarter notes a minute, drifting"
    parts = [(tempo, "tempo"), (timing["meter"], "meter"), (timing["key"], "key")]
    return ", ".join(
        text if timing[f"{name}_confidence"] < 0 else f"{text} ({timing[f'{name}_confidence']:.0%})"
        for text, name in parts
        if text
    )


def _table(outcome: Outcome, scores_db: Mapping[str, float]) -> Table:
    """Return one row for each stem: level, score if it is known, notes, files."""
    table = Table("stem", "level", *(["SDR"] if scores_db else []), "notes", "files")
    clips = {clip["stem"]: clip for clip in outcome.clips}
    audio = {stem["stem"]: stem for stem in outcome.stems}
    for name in dict.fromkeys([*audio, *clips]):
        stem, clip = audio.get(name), clips.get(name)
        cells = [name, f"{stem['peak_dbfs']:.1f} dBFS" if stem else ""]
        if scores_db:
            cells.append(f"{scores_db[name]:.1f} dB" if name in scores_db else "")
        cells += [str(clip["notes"]) if clip else "", _files(stem, clip)]
        table.add_row(*cells)
    return table


def _files(*parts: dict[str, Any] | None) -> str:
    """Return the files' names, the second only by its ending where the rest is the same."""
    paths = [PurePath(part["path"]) for part in parts if part]
    if len({path.stem for path in paths}) > 1:
        return ", ".join(path.name for path in paths)
    return ", ".join([paths[0].name, *(path.suffix for path in paths[1:])])


def _messages(
    client: BridgeClient,
    recipe: str,
    options: Mapping[str, Any],
    chosen: Settings,
    config: Path | None,
) -> Iterator[Message]:
    """Yield the job's events once each, over reconnections and Ctrl-C."""
    job_id = options["id"]
    seen: set[tuple[Any, ...]] = set()
    reconnects = 0
    is_cancelled = False
    client.send("/bridge/run", recipe, *(part for pair in options.items() for part in pair))
    while True:
        try:
            for message in client.events(job_id):
                key = (message.address, message.arguments)
                if key not in seen:
                    seen.add(key)
                    yield message
        except KeyboardInterrupt:
            if is_cancelled:
                raise
            is_cancelled = True
            client.send("/bridge/cancel", job_id)
        except ConnectionError:
            reconnects += 1
            if reconnects > MOST_RECONNECTS:
                raise
            client = _reconnect(chosen, config)
            client.send("/bridge/job", job_id)
        else:
            return


def _reconnect(chosen: Settings, config: Path | None) -> BridgeClient:
    time.sleep(0.5)
    with contextlib.suppress(OSError):
        return connect(chosen)
    start_daemon(chosen, config, is_detached=True)
    try:
        return connect(chosen)
    except OSError as exc:
        fail(f"The daemon cannot be reached any more: {exc}.", NO_DAEMON)


@contextlib.contextmanager
def _event_file(path: Path) -> Iterator[Any]:
    """Give a function that appends an event as one tab-separated line, in one write."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    except OSError as exc:
        fail(f"The events cannot be written to {path}: {exc.strerror}.")
    try:
        yield lambda message: os.write(descriptor, event_line(message))
    finally:
        os.close(descriptor)


def event_line(message: Message) -> bytes:
    """Return an event as a line: address and arguments, tab-separated, escaped."""
    parts = (message.address, *message.arguments)
    return ("\t".join(_escaped(part) for part in parts) + "\n").encode()


def _escaped(value: Any) -> str:
    text = repr(value) if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _bar(is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[left]}"),
        console=Console(stderr=True),
        disable=is_quiet or not sys.stderr.isatty(),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.path.abspath(value)  # noqa: PTH100 - the daemon has another working folder
    return value
