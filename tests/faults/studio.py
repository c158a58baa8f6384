"""A daemon that is made to suffer, and what must hold whatever happened to it."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import soundfile

from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RATE = 44_100
PATIENCE_S = 60.0
FINAL = frozenset({"done", "failed", "cancelled"})
CHILDREN = {
    "model worker": "bridge.engines.worker",
    "effects worker": "bridge.engines.effects.worker",
}
"""What a child is called here, and the module that its command line names."""


@contextlib.contextmanager
def running(daemon: Daemon) -> Iterator[Daemon]:
    """Run a daemon; whatever state it and its workers are in, they are gone afterwards."""
    daemon.start()
    try:
        yield daemon
    finally:
        assert daemon.process is not None
        children = daemon.children() if daemon.process.poll() is None else []
        daemon.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=PATIENCE_S)


def child(daemon: Daemon, role: str) -> psutil.Process | None:
    """Return a daemon's model worker or effects worker, if there is one."""
    for process in daemon.children():
        with contextlib.suppress(psutil.Error):
            if CHILDREN[role] in process.cmdline():
                return process
    return None


def until(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; AssertionError if it does not come true."""
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {patience_s:.0f} s: {what}"
        time.sleep(0.01)


def music(path: Path, seconds: float, seed: int = 0) -> Path:
    """Write stereo noise with clicks; no two seeds are alike."""
    rng = np.random.default_rng(seed)
    audio = rng.normal(0.0, 0.1, (round(seconds * RATE), 2)).astype(np.float32)
    audio[:: RATE // 2] += 0.5
    soundfile.write(path, audio, RATE, subtype="FLOAT")
    return path


def is_port_free(port: int) -> bool:
    """Tell whether nobody listens on a port, over UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def states(daemon: Daemon) -> dict[str, str]:
    """Return every job's state, as the daemon tells it."""
    with daemon.client() as client:
        return {m.arguments[0]: m.arguments[1] for m in client.listing("/bridge/jobs", 500)}


def faults_of_the_store(data: Path) -> list[str]:
    """Return what SQLite itself finds wrong with the job store."""
    with contextlib.closing(sqlite3.connect(data / "jobs.sqlite")) as store:
        found = [row[0] for row in store.execute("PRAGMA integrity_check")]
        found += [f"a foreign key: {row}" for row in store.execute("PRAGMA foreign_key_check")]
    return [line for line in found if line != "ok"]


def faults_of_the_files(folder: Path) -> Iterator[str]:
    """Yield what is wrong with result files: halves, leftovers, manifests that name what is not."""
    for path in folder.rglob("*"):
        if path.name.endswith((".part", ".claim")):
            yield f"{path.name} was left"
        elif path.suffix in {".wav", ".flac"} and not _is_whole(path):
            yield f"{path.name} is half"
        elif path.name == "manifest.json":
            yield from _faults_of_the_manifest(path)


def faults_of_the_jobs(daemon: Daemon, accepted: Iterable[str]) -> Iterator[str]:
    """Yield accepted jobs that have not ended, or failed without saying why."""
    with daemon.client() as client:
        for job in accepted:
            client.send("/bridge/job", job)
            last = list(client.events(job, PATIENCE_S))[-1]
            if last.address == "/bridge/job/failed" and not all(last.arguments[1:]):
                yield f"{job} failed without a word"
            if last.address == "/bridge/job/done" and not Path(last.arguments[1]).is_file():
                yield f"{job} is done, but its manifest is not there"


def scratch_of(data: Path) -> list[str]:
    """Return what lies in the folder for scratch files."""
    work = data / "work"
    return sorted(path.name for path in work.iterdir()) if work.is_dir() else []


def _is_whole(path: Path) -> bool:
    with soundfile.SoundFile(path) as file:
        return bool(file.frames) and len(file.read(dtype="float32")) == file.frames


def _faults_of_the_manifest(path: Path) -> Iterator[str]:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for made in (*manifest["stems"], *manifest["clips"]):
        if not Path(made["path"]).is_file():
            yield f"{path.parent.name} names {made['path']}, which is not there"
