"""`demo`: a song through the whole bridge, over OSC, as a DAW would send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from bridge.cli import NO_DAEMON
from bridge.cli.connection import connect, fail, faults_end_the_command, settings, start
from bridge.cli.outcome import Outcome, show
from bridge.cli.run import RUN, follow

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.config import Settings

STOP_TIMEOUT_S = 10.0


def demo(file: Path | None, recipe: str, output: Path | None, config: Path | None) -> None:
    """Send a song, show progress and what came back; stop the daemon if it was started for this."""
    chosen = settings(config)
    console = Console(stderr=True)
    options: dict[str, Any] = {"path": str(file.resolve()) if file else _compose(chosen, console)}
    if output is not None:
        options["output"] = str(output.resolve())
    daemon = None
    try:
        connect(chosen).close()
        console.print(f"Using the dawbridge on port {chosen.port}.", highlight=False)
    except ConnectionRefusedError:
        daemon = start(chosen, config, is_detached=False)
        console.print(f"Started the daemon on port {chosen.port}.", highlight=False)
    except OSError as exc:
        fail(f"Port {chosen.port} is taken: {exc}. Choose another with DAWBRIDGE_PORT.", NO_DAEMON)
    try:
        with faults_end_the_command():
            outcome = follow((RUN, recipe), options, chosen, config)
        show(outcome, {} if file else _scores_db(outcome))
    finally:
        if daemon is not None:
            daemon.terminate()
            daemon.wait(STOP_TIMEOUT_S)
    raise typer.Exit(outcome.status)


def _scores_db(outcome: Outcome) -> dict[str, float]:
    """Return how near the stems of our own song came back: global SDR of each."""
    import soundfile

    from bridge.engines.demo_song import render_demo_song
    from bridge.engines.evaluation import global_sdr_db

    truth = render_demo_song()
    found = {}
    for stem in outcome.stems:
        audio, _ = soundfile.read(stem["path"], dtype="float32", always_2d=True)
        reference = truth.get(stem["stem"])
        if reference is not None and reference.shape == audio.T.shape:
            found[stem["stem"]] = global_sdr_db(reference, audio.T)
    return found


def _compose(chosen: Settings, console: Console) -> str:
    from bridge.engines.demo_song import write_demo_song

    folder = chosen.data / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    path = write_demo_song(folder)
    console.print(f"Composed a song: {path}", highlight=False, soft_wrap=True)
    return str(path)
