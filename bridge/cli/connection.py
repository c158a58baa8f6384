"""Reaching the daemon, starting it if need be, and leaving with the right exit status."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from bridge.cli import FAILED, NO_DAEMON
from bridge.config import Settings, load_settings
from bridge.errors import BridgeError, InternalError
from bridge.osc.client import BridgeClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_TIMEOUT_S = 20.0
LOG_NAME = "daemon.log"


class Failure(typer.Exit):
    """Leaving because of a fault whose sentence was printed.

    Parameters
    ----------
    sentence, code
        What happened, for the musician and for programs.
    status
        Of the exit.
    """

    def __init__(self, sentence: str, status: int, code: str) -> None:
        super().__init__(status)
        self.sentence, self.code = sentence, code


def fail(message: str, status: int = FAILED, code: str | None = None) -> NoReturn:
    """Print a sentence, and its error's code if there is one, on standard error; and leave."""
    typer.echo(f"{message} [{code}]" if code else message, err=True)
    raise Failure(message, status, code or InternalError.code)


@contextlib.contextmanager
def faults_end_the_command() -> Iterator[None]:
    """Turn our own errors into a sentence and an exit status."""
    try:
        yield
    except BridgeError as exc:
        fail(str(exc), code=exc.code)
    except (ConnectionError, TimeoutError) as exc:
        fail(f"The daemon went away: {exc}", NO_DAEMON)


def settings(config: Path | None, **flags: Any) -> Settings:
    """Load the settings; faults end the command."""
    with faults_end_the_command():
        return load_settings(file=config, flags=flags)[0]


def connect(chosen: Settings) -> BridgeClient:
    """Return a connection to the running daemon.

    Raises
    ------
    ConnectionError
        Nobody listens, or somebody who does not speak the contract.
    """
    host = "127.0.0.1" if chosen.host in {"0.0.0.0", "::", "localhost"} else chosen.host  # noqa: S104
    client = BridgeClient(host, chosen.port)
    try:
        client.request("/bridge/ping", answer="/bridge/pong")
    except (TimeoutError, BridgeError) as exc:
        client.close()
        raise ConnectionError(f"what listens on port {chosen.port} is not dawbridge") from exc
    return client


def connect_or_leave(chosen: Settings) -> BridgeClient:
    """Return a connection to the running daemon; without one the command ends."""
    try:
        return connect(chosen)
    except OSError as exc:
        fail(
            f"No dawbridge answers on {chosen.host}:{chosen.port} ({exc}). "
            "Start it with `dawbridge serve`.",
            NO_DAEMON,
        )


def connect_or_start(chosen: Settings, config: Path | None) -> BridgeClient:
    """Return a connection to the daemon; one is started, and goes on running, if there is none."""
    with contextlib.suppress(ConnectionRefusedError):
        return _connect_or_say_why(chosen)
    start(chosen, config, is_detached=True)
    return _connect_or_say_why(chosen)


def start(chosen: Settings, config: Path | None, *, is_detached: bool) -> subprocess.Popen[bytes]:
    """Start a daemon with these settings and wait until it answers."""
    command = [sys.executable, "-m", "bridge", "serve", "--host", chosen.host]
    command += ["--port", str(chosen.port), "--data", str(chosen.data)]
    if config is not None:
        command += ["--config", str(config)]
    try:
        chosen.data.mkdir(parents=True, exist_ok=True)
        # What the daemon prints before its own log begins, which is rotated.
        with (chosen.data / LOG_NAME).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_detached() if is_detached else {},
            )
    except OSError as exc:
        fail(f"The daemon cannot be started: {exc}.", NO_DAEMON)
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s and process.poll() is None:
        with contextlib.suppress(OSError):
            connect(chosen).close()
            return process
        time.sleep(0.05)
    if process.poll() is None:
        process.kill()
    fail(f"The daemon did not start; {chosen.data / LOG_NAME} says why.", NO_DAEMON)


def _connect_or_say_why(chosen: Settings) -> BridgeClient:
    try:
        return connect(chosen)
    except ConnectionRefusedError:
        raise
    except OSError as exc:
        fail(f"The daemon cannot be reached: {exc}.", NO_DAEMON)


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags}
    return {"start_new_session": True}
