"""The programs that are timed against each other, each in processes of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.benchmarks.rows import Taken
from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOK_INTERVAL_S = 0.05
JOB_TIMEOUT_S = 1800.0


@dataclass
class Memory:
    """The peak memory of a process and of all that it starts, looked at twenty times a second."""

    pid: int
    peak_bytes: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def watched(self) -> Iterator[dict[str, int]]:
        """Look until the block ends; gives the peaks by the processes' names."""
        is_over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(is_over,))
        watcher.start()
        try:
            yield self.peak_bytes
        finally:
            is_over.set()
            watcher.join()

    def _watch(self, is_over: threading.Event) -> None:
        while True:
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(self.pid)
                for process in (root, *root.children(recursive=True)):
                    self._look(process)
            if is_over.wait(LOOK_INTERVAL_S):
                return

    def _look(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            name = _name(process.cmdline())
            now = process.memory_info().rss
            self.peak_bytes[name] = max(now, self.peak_bytes.get(name, 0))


def _name(command: Sequence[str]) -> str:
    """Return a process' module or program, without its interpreter."""
    for flag in ("-m", "-c"):
        if flag in command[:-1]:
            return command[command.index(flag) + 1].splitlines()[0]
    return Path(command[0]).name if command else "a process that ended"


def command_line(command: Sequence[str], environment: dict[str, str]) -> Taken:
    """Run a program from its start to its end."""
    began_s = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with Memory(process.pid).watched() as peaks:
        _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command}: {said.decode(errors='replace')[-2000:]}")
    return Taken(time.perf_counter() - began_s, peaks)


class Warm:
    """A program that was imported and has its model, in a process that waits for work.

    Parameters
    ----------
    kind
        One of `warm_process.KINDS`.
    environment
        Of the process.
    """

    def __init__(self, kind: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.warm_process", kind],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, what: str) -> Taken:
        """Have it work; the time is its own."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with Memory(self._process.pid).watched() as peaks:
            print(what, file=self._process.stdin, flush=True)
            seconds = float(self._process.stdout.readline())
        return Taken(seconds, peaks)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Ours:
    """A daemon, and jobs that are sent to it over OSC.

    Parameters
    ----------
    folder
        For its data.
    settings
        Environment variables besides the process' own.
    """

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.daemon = Daemon(folder, settings=settings)
        self._jobs = 0
        self.first_stem_s = 0.0
        self.manifest = ""

    def job(self, recipe: str, path: Path, **options: Any) -> Taken:
        """Run a job; the time is from sending to `/bridge/job/done`."""
        self._jobs += 1
        name = f"job-{self._jobs}"
        pairs = [part for pair in options.items() for part in pair]
        assert self.daemon.process is not None
        self.first_stem_s = 0.0
        with (
            self.daemon.client() as client,
            Memory(self.daemon.process.pid).watched() as peaks,
        ):
            began_s = time.perf_counter()
            client.send(
                "/bridge/run", recipe, "id", name, "path", str(path), "reuse", False, *pairs
            )
            for event in client.events(name, JOB_TIMEOUT_S):
                if event.address == "/bridge/job/stem" and not self.first_stem_s:
                    self.first_stem_s = time.perf_counter() - began_s
            seconds = time.perf_counter() - began_s
        if event.address != "/bridge/job/done":
            raise RuntimeError(f"{recipe}: {event.arguments}")
        self.manifest = event.arguments[1]
        return Taken(seconds, peaks)

    def jobs_at_once(self, count: int, recipe: str, path: Path, **options: Any) -> float:
        """Send several jobs; return the seconds until all are done."""
        pairs = [part for pair in options.items() for part in pair]
        names = [f"queued-{self._jobs}-{number}" for number in range(count)]
        self._jobs += 1
        began_s = time.perf_counter()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(self.daemon.client()) for _ in names]
            for client, name in zip(clients, names, strict=True):
                client.send(
                    "/bridge/run", recipe, "id", name, "path", str(path), "reuse", False, *pairs
                )
            for client, name in zip(clients, names, strict=True):
                *_, last = client.events(name, JOB_TIMEOUT_S)
                assert last.address == "/bridge/job/done", last
        return time.perf_counter() - began_s


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process' environment without what would bridle or loosen either side."""
    dropped = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "MKL_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **more}
