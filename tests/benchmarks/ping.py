"""How long an answer to `/bridge/ping` takes while a job runs, against an idle daemon.

`python -m tests.benchmarks.ping` starts a daemon of its own, pings it idle and under a separation
in alternating rounds, and prints both distributions, their paired ratio, and the daemon's memory.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import soundfile

from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from bridge.osc.client import BridgeClient

RATE = 44100
PAUSE_S = 0.005


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--pings", type=int, default=300, help="a round")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(Path(folder))
        daemon.start()
        try:
            measure(daemon, asked.rounds, asked.pings)
        finally:
            daemon.stop()


def measure(daemon: Daemon, rounds: int, pings: int) -> None:
    """Alternate idle and busy rounds."""
    song = _noise(daemon.folder / "noise.wav", seconds=1200)
    idle: list[float] = []
    busy: list[float] = []
    with daemon.client("udp") as pinger, daemon.client() as runner:
        for number in range(rounds):
            idle += _ping(pinger, pings)
            job = f"job-{number}"
            runner.send(
                "/bridge/run", "stems", "id", job, "path", str(song), "model", "dsp", "reuse", False
            )
            for event in runner.events(job, 60.0):
                if event.address == "/bridge/job/progress" and event.arguments[1] > 0.05:
                    break
            busy += _ping(pinger, pings)
            runner.send("/bridge/cancel", job)
            list(runner.events(job, 60.0))
        assert daemon.process is not None
        memory = psutil.Process(daemon.process.pid).memory_info().rss
    for name, times in (("idle", idle), ("while a job runs", busy)):
        print(f"{name:18} {_summary(times)}")
    size = len(idle) // rounds
    ratios = [
        statistics.median(busy[i * size : (i + 1) * size])
        / statistics.median(idle[i * size : (i + 1) * size])
        for i in range(rounds)
    ]
    print(f"busy / idle, median of {rounds} pairs: {statistics.median(ratios):.2f}")
    print(f"the daemon's memory: {memory / 1e6:.0f} MB")


def _ping(client: BridgeClient, count: int) -> list[float]:
    times = []
    for number in range(count):
        began = time.perf_counter()
        client.request("/bridge/ping", number, answer="/bridge/pong")
        times.append((time.perf_counter() - began) * 1e3)
        time.sleep(PAUSE_S)
    return times


def _summary(times: list[float]) -> str:
    p50, p99, most = np.percentile(times, [50, 99, 100])
    return f"{len(times)} pings: median {p50:.2f} ms, 99 % {p99:.2f} ms, slowest {most:.2f} ms"


def _noise(path: Path, seconds: int) -> Path:
    noise = np.random.default_rng(0).normal(0.0, 0.1, (RATE, 2)).astype(np.float32)
    with soundfile.SoundFile(path, "w", RATE, 2, "FLOAT") as file:
        for _ in range(seconds):
            file.write(noise)
    return path


if __name__ == "__main__":
    main()
