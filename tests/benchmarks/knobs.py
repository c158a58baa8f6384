"""How long it takes from a turned knob to the new files, and what turning costs.

`python -m tests.benchmarks.knobs` starts a daemon of its own, separates ten seconds once, and then
turns a knob and asks for the job again, over OSC from this process, until `/bridge/job/done`; in
alternating rounds it has the same computed anew. It then moves a fader and times each message from
sending to its echo, beside a ping. Where other programs take the processors, the processor time
that the daemon and its workers spent says more than the clock.
"""

from __future__ import annotations

import argparse
import json
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
KNOB = "/bridge/chain/plate/0/wet_level"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0, help="of stereo audio")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(Path(folder))
        daemon.start()
        try:
            with daemon.client() as client:
                song = _song(daemon.folder / "song.wav", asked.seconds)
                _jobs(daemon, client, song, asked.rounds)
                _turns(client, asked.turns)
        finally:
            daemon.stop()


def _jobs(daemon: Daemon, client: BridgeClient, song: Path, rounds: int) -> None:
    options = ("path", str(song), "model", "dsp", "post", "plate")
    client.send("/bridge/run", "stems", "id", "first", *options)
    first = list(client.events("first", 600.0))[-1]
    print(f"first run, with the worker's start: {first.arguments[2]:.2f} s")
    kept: list[float] = []
    anew: list[float] = []
    spent: dict[str, list[float]] = {"kept": [], "anew": []}
    for number in range(rounds):
        for name, times, more in (("kept", kept, ()), ("anew", anew, ("reuse", False))):
            value = (2 * number + (name == "anew") + 1) / (2 * rounds + 1)
            before = _processor_s(daemon)
            began = time.perf_counter()
            client.request(KNOB, value, answer=KNOB)
            client.send("/bridge/again", "first", "id", f"{name}-{number}", *more)
            end = list(client.events(f"{name}-{number}", 600.0))[-1]
            times.append(time.perf_counter() - began)
            spent[name].append(_processor_s(daemon) - before)
            manifest = json.loads(Path(end.arguments[1]).read_text())
            assert (manifest["kept_from"] is not None) == (name == "kept"), manifest
    for name, times in (("kept stems", kept), ("anew", anew)):
        print(f"knob to done, {name:11}: {_summary(times)}")
    for name, used in spent.items():
        print(f"processor time, {name}: {_summary(used)}")
    ratios = [new / old for new, old in zip(kept, anew, strict=True)]
    print(f"kept / anew, median of {rounds} pairs: {statistics.median(ratios):.3f}")


def _processor_s(daemon: Daemon) -> float:
    """Return the processor time that the daemon and its workers have spent."""
    assert daemon.process is not None
    family = [psutil.Process(daemon.process.pid), *daemon.children()]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def _turns(client: BridgeClient, count: int) -> None:
    ping: list[float] = []
    turn: list[float] = []
    for number in range(count):
        for times, address, answer in ((ping, "/bridge/ping", "/bridge/pong"), (turn, KNOB, KNOB)):
            began = time.perf_counter()
            client.request(address, number / count, answer=answer)
            times.append(time.perf_counter() - began)
    print(f"ping: {_summary(ping)}")
    print(f"turn: {_summary(turn)}")
    print(f"turn less ping, median: {1e3 * (np.median(turn) - np.median(ping)):.3f} ms")


def _summary(times_s: list[float]) -> str:
    p50, p99, most = 1e3 * np.percentile(times_s, [50, 99, 100])
    return f"median {p50:.2f} ms, 99 % {p99:.2f} ms, slowest {most:.2f} ms ({len(times_s)})"


def _song(path: Path, seconds: float) -> Path:
    noise = np.random.default_rng(0).normal(0.0, 0.1, (round(RATE * seconds), 2))
    soundfile.write(path, noise, RATE, subtype="FLOAT")
    return path


if __name__ == "__main__":
    main()
