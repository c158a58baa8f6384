"""`bench`: how quick this machine is, by jobs that a DAW would send to a daemon of its own."""

from __future__ import annotations

import json
import socket
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli import DONE
from bridge.cli.connection import fail, faults_end_the_command, settings, start
from bridge.cli.run import RUN, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.config import Settings
    from bridge.models import ModelInfo

STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Figure:
    """What one kind of job takes.

    Parameters
    ----------
    what
        Recipe, and what of its options matters.
    seconds
        Median of the runs, from sending to done.
    first_seconds
        Of the first run, in which the worker starts or loads the model.
    times_real_time
        How much longer the region is.
    device, precision
        As in the manifest; the latter is None where nothing was separated.
    """

    what: str
    seconds: float
    first_seconds: float
    times_real_time: float
    device: str
    precision: str | None


def bench(rounds: int, model: str | None, config: Path | None, *, as_json: bool) -> None:
    """Start a daemon with data of its own, send it jobs, print what they take, and end it."""
    from bridge.engines.demo_song import write_demo_song

    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="dawbridge-bench-") as name:
        folder = Path(name)
        chosen = settings(config, data=folder / "data", port=_free_port())
        song = write_demo_song(folder)
        jobs = list(_jobs(chosen, model))
        console.print(f"{len(jobs)} kinds of job, {rounds + 1} runs of each; Ctrl-C ends it.")
        daemon = start(chosen, config, is_detached=False)
        try:
            with faults_end_the_command():
                figures = [_measure(job, song, rounds, chosen, config) for job in jobs]
        finally:
            daemon.terminate()
            daemon.wait(STOP_TIMEOUT_S)
    if as_json:
        typer.echo(json.dumps([asdict(figure) for figure in figures], indent=2))
    else:
        _print(figures)


def _jobs(chosen: Settings, model: str | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield recipe and options of every kind of job that needs no download."""
    from bridge.engines.separation.catalogue import catalogue

    models = catalogue(chosen.models, allow_pickle=chosen.allow_pickle)
    if model is not None and model not in {info.name for info in models}:
        fail(f"There is no model '{model}'. `dawbridge models` lists them all.")
    for info in models:
        if info.weights_here and model in {None, info.name}:
            yield from (("stems", {"model": info.name, "quality": q}) for q in _qualities(info))
    yield "midi", {"transcription": "other"}


def _qualities(info: ModelInfo) -> tuple[str, ...]:
    return ("normal",) if info.built_in else ("draft", "normal", "best")


def _measure(
    job: tuple[str, dict[str, str]],
    song: Path,
    rounds: int,
    chosen: Settings,
    config: Path | None,
) -> Figure:
    recipe, options = job
    taken: list[float] = []
    manifest: dict[str, Any] = {}
    for _ in range(rounds + 1):
        outcome = follow(
            (RUN, recipe), {"path": str(song), "reuse": False, **options}, chosen, config
        )
        if outcome.status != DONE or outcome.seconds is None or outcome.manifest is None:
            fail((outcome.error or {}).get("message", "The job was cancelled."), outcome.status)
        taken.append(outcome.seconds)
        manifest = json.loads(Path(outcome.manifest).read_text(encoding="utf-8"))
    seconds = statistics.median(taken[1:])
    return Figure(
        what=" ".join((recipe, *options.values())),
        seconds=seconds,
        first_seconds=taken[0],
        times_real_time=manifest["source"]["length_s"] / seconds,
        device=manifest["device"],
        precision=manifest["precision"],
    )


def _print(figures: list[Figure]) -> None:
    table = Table("job", "seconds", "first run", "times real time", "on")
    for one in figures:
        where = f"{one.device}, {one.precision}" if one.precision else one.device
        table.add_row(
            one.what,
            f"{one.seconds:.2f}",
            f"{one.first_seconds:.2f}",
            f"{one.times_real_time:.1f}",
            where,
        )
    Console().print(table)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
