"""A real daemon in a process of its own, on a port and in folders of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import soundfile

from bridge.osc.client import BridgeClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE = 44100
START_TIMEOUT_S = 90.0


def free_port() -> int:
    """Return a port that is free for TCP and UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


@dataclass
class Daemon:
    """A daemon process that can be killed and started again on the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What every dawbridge command of this test sees."""
        return {
            **os.environ,
            "DAWBRIDGE_PORT": str(self.port),
            "DAWBRIDGE_DATA": str(self.folder / "data"),
            "DAWBRIDGE_PRESETS": str(self.folder / "presets"),
            "DAWBRIDGE_OFFLINE": "true",
            "DAWBRIDGE_OSCQUERY": "false",
            "DAWBRIDGE_OUTPUT_ROOTS": str(self.folder),
            **self.settings,
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            with contextlib.suppress(OSError), self.client() as client:
                client.request("/bridge/ping", answer="/bridge/pong")
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "daemon.log").read_text())

    def client(self, transport: Any = "tcp") -> BridgeClient:
        """Return a new connection."""
        return BridgeClient(port=self.port, transport=transport, timeout_s=20.0)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; return its status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15.0)

    def children(self) -> list[psutil.Process]:
        """Return its worker processes."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def command(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a dawbridge command as a user would, from another folder."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            timeout=120.0,
            **options,
        )


@contextlib.contextmanager
def running(made: Daemon) -> Iterator[Daemon]:
    """Run a daemon; when it was asked to stop, it and its workers must be gone."""
    made.start()
    yield made
    children = made.children() if made.process and made.process.poll() is None else []
    if made.process and made.process.poll() is None:
        assert made.stop() == 0, (made.folder / "daemon.log").read_text()
    _, alive = psutil.wait_procs(children, timeout=10.0)
    assert not alive, "a worker outlived the daemon"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A running daemon; ended and its workers gone after the test."""
    with running(Daemon(tmp_path)) as made:
        yield made


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Three seconds of stereo: a tone, a bass and clicks."""
    time_s = np.arange(3 * RATE) / RATE
    left = 0.3 * np.sin(2 * np.pi * 330.0 * time_s) + 0.3 * np.sin(2 * np.pi * 82.4 * time_s)
    clicks = np.where(np.arange(time_s.size) % (RATE // 2) < 60, 0.4, 0.0)
    path = tmp_path / "song.wav"
    soundfile.write(path, np.stack([left + clicks, left - clicks], axis=1), RATE, subtype="FLOAT")
    return path
