"""`run` and `again`: jobs from the command line, and what DAW scripts without sockets call."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from bridge.cli import DONE, NO_DAEMON
from bridge.cli.connection import (
    Failure,
    connect,
    connect_or_start,
    fail,
    faults_end_the_command,
    settings,
)
from bridge.cli.connection import start as start_daemon
from bridge.cli.outcome import Outcome, show
from bridge.osc.codec import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bridge.config import Settings
    from bridge.osc.client import BridgeClient

RUN, AGAIN = "/bridge/run", "/bridge/again"
MOST_RECONNECTS = 3


def run(
    recipe: str,
    given: Mapping[str, Any],
    events: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run a recipe and leave with the status of its outcome."""
    _follow_and_leave((RUN, recipe), given, events, config, as_json=as_json)


def again(
    job: str | None,
    given: Mapping[str, Any],
    events: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run a job once more with the knobs as they are; leave with the status of its outcome."""
    request = (AGAIN, job) if job else (AGAIN,)
    _follow_and_leave(request, given, events, config, as_json=as_json)


def _follow_and_leave(
    request: Sequence[str],
    given: Mapping[str, Any],
    events: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    options = {name: _plain(value) for name, value in given.items() if value is not None}
    options.setdefault("id", _new_id())
    with _event_file(events, options["id"]) as write, faults_end_the_command():
        outcome = follow(request, options, settings(config), config, write, is_quiet=as_json)
    if as_json:
        typer.echo(json.dumps(outcome.__dict__, indent=2))
    else:
        show(outcome)
    raise typer.Exit(outcome.status)


def follow(
    request: Sequence[str],
    options: Mapping[str, Any],
    chosen: Settings,
    config: Path | None,
    write: Callable[[Message], object] | None = None,
    *,
    is_quiet: bool = False,
) -> Outcome:
    """Start a job, showing progress on standard error; Ctrl-C cancels the job and waits for it.

    A daemon that dies meanwhile is started again: it takes the job up where its store says.

    Parameters
    ----------
    request
        `RUN` and a recipe, or `AGAIN` and, if need be, a job.
    options
        By name; an id is made where there is none.
    chosen, config
        The settings, and the file that they are from.
    write
        Takes each of the job's events.
    is_quiet
        Show no progress.
    """
    options = {"id": _new_id(), **options}
    outcome = Outcome(options["id"])
    client = connect_or_start(chosen, config)
    with _bar(is_quiet) as bar:
        shown = bar.add_task(request[-1].rpartition("/")[2], total=1.0, left="")
        for message in _messages(client, request, options, chosen, config):
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


def _messages(
    client: BridgeClient,
    request: Sequence[str],
    options: Mapping[str, Any],
    chosen: Settings,
    config: Path | None,
) -> Iterator[Message]:
    """Yield the job's events once each, over reconnections and Ctrl-C."""
    job_id = options["id"]
    seen: set[tuple[Any, ...]] = set()
    reconnects = 0
    is_cancelled = False
    client.send(*request, *(part for pair in options.items() for part in pair))
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
def line_file(path: Path | None) -> Iterator[Callable[[Message], object]]:
    """Give a function that appends a message as one tab-separated line, in one write.

    Without a path it does nothing.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    except OSError as exc:
        fail(f"The events cannot be written to {path}: {exc.strerror}.")
    try:
        yield lambda message: os.write(descriptor, event_line(message))
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _event_file(path: Path | None, job_id: str) -> Iterator[Callable[[Message], object]]:
    """Give a function that appends an event of a job.

    A fault that ends the command is written too, as the job's last event: whoever reads only the
    file learns of it.
    """
    with line_file(path) as write:
        try:
            yield write
        except Failure as exc:
            write(Message("/bridge/job/failed", (job_id, exc.code, exc.sentence)))
            raise


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


def _new_id() -> str:
    return f"cli-{secrets.token_hex(4)}"


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.path.abspath(value)  # noqa: PTH100 - the daemon has another working folder
    return value
