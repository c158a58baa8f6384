"""`serve`, `cancel`, `jobs`, `status`: the daemon itself, and questions to it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.connection import connect_or_leave, faults_end_the_command, settings
from bridge.errors import ForbiddenPathError
from bridge.logs import LOGS_FOLDER, set_up
from bridge.osc.client import FINAL

if TYPE_CHECKING:
    from pathlib import Path


def serve(config: Path | None, **flags: Any) -> None:
    """Run the daemon in this process."""
    from bridge.daemon import serve as serve_until_asked

    chosen = settings(config, **flags)
    os.environ["DAWBRIDGE_LOG_LEVEL"] = chosen.log_level  # for the workers
    with faults_end_the_command():
        try:
            set_up(chosen.data / LOGS_FOLDER, chosen.log_level)
        except OSError as exc:
            raise ForbiddenPathError(
                f"The data folder {chosen.data} cannot be used: {exc.strerror}."
            ) from exc
        serve_until_asked(chosen)


def cancel(job: str | None, config: Path | None) -> None:
    """Cancel a job and say how it ended."""
    with faults_end_the_command(), connect_or_leave(settings(config)) as client:
        client.request("/bridge/hello", "dawbridge cancel", "other", answer="/bridge/welcome")
        if job is None:
            unfinished = ("queued", "running", "cancelling")
            states = client.listing("/bridge/jobs", 500)
            job = next((s.arguments[0] for s in states if s.arguments[1] in unfinished), None)
        client.send("/bridge/cancel", *([job] if job else []))
        while (message := client.receive(60.0)).address not in FINAL | {"/bridge/error"}:
            pass
        if message.address == "/bridge/error":
            typer.echo(message.arguments[2], err=True)
            raise typer.Exit(1)
        typer.echo(f"{message.arguments[0]}: {message.address.rpartition('/')[2]}")


def jobs(most: int, config: Path | None, *, as_json: bool) -> None:
    """List the newest jobs."""
    with faults_end_the_command(), connect_or_leave(settings(config)) as client:
        found = [message.arguments for message in client.listing("/bridge/jobs", most)]
    names = ("job", "state", "recipe", "progress", "source")
    if as_json:
        typer.echo(json.dumps([dict(zip(names, job, strict=True)) for job in found], indent=2))
        return
    table = Table(*names)
    for job, state, recipe, progress, source in found:
        table.add_row(job, state, recipe, f"{progress:.0%}", source)
    Console().print(table)


def status(config: Path | None, *, as_json: bool) -> None:
    """Tell how the daemon is."""
    with faults_end_the_command(), connect_or_leave(settings(config)) as client:
        parts = client.request("/bridge/status", answer="/bridge/status").arguments
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    for name, value in values.items():
        typer.echo(f"{name:24} {value}")
