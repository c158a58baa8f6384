"""What a plugin that misbehaves costs: what the musician reads, and when the next job has run.

`python -m tests.benchmarks.isolation` sends three seconds of stereo noise through a stand-in plugin
of every bad kind, then through a good one, and prints a row of Markdown for each. The child process
is warm before and must often be started anew after; the last rows say what that costs by itself.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.engines.effects.host import EffectsHost
from bridge.errors import BridgeError
from tests.engines.effects.plugin_chains import STANDINS, chain_of, plugin_effect, standin

RATE = 44_100
ROUNDS = 5

ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hangs at load (sleeps)", {"kind": "sleeps", "when": "load"}),
    ("hangs at load, holding the interpreter", {"kind": "holds the interpreter", "when": "load"}),
    ("hangs while it processes (sleeps)", {"kind": "sleeps"}),
    ("hangs while it processes (spins)", {"kind": "spins"}),
    ("hangs, holding the interpreter", {"kind": "holds the interpreter"}),
    ("crashes at load (null pointer)", {"kind": "segfaults", "when": "load"}),
    ("crashes while it processes", {"kind": "segfaults"}),
    ("aborts", {"kind": "aborts"}),
    ("is killed as memory runs out", {"kind": "is ended by the system"}),
    ("allocates without end", {"kind": "hoards memory"}),
    ("ends its process", {"kind": "exits"}),
    ("raises SystemExit", {"kind": "raises SystemExit"}),
    ("raises", {"kind": "raises"}),
    ("closes every file", {"kind": "closes all files"}),
    ("prints 3 MB, in Python and in C", {"kind": "prints"}),
    ("reads standard input", {"kind": "reads"}),
    ("leaves a process behind", {"kind": "forks"}),
    ("returns NaN", {"kind": "not a number"}),
    ("returns infinity", {"kind": "infinite"}),
    ("halves the sample rate", {"kind": "half the sample rate"}),
    ("doubles the sample rate", {"kind": "twice the sample rate"}),
    ("returns one sample too many", {"kind": "one sample too many"}),
    ("returns nothing", {"kind": "nothing"}),
    ("returns mono for stereo", {"kind": "mono"}),
    ("returns channels last", {"kind": "wrong way round"}),
    ("returns no array", {"kind": "None"}),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timeout", type=float, default=2.0, help="plugin_timeout_s")
    timeout_s = parser.parse_args().timeout
    os.environ["PYTHONPATH"] = str(STANDINS)
    host = EffectsHost()
    with tempfile.TemporaryDirectory() as folder:
        noise = np.random.default_rng(1).normal(0.0, 0.1, (2, 3 * RATE)).astype(np.float32)
        buffer = DiskBuffer.of(Path(folder) / "in.f32", noise, RATE)
        try:
            measure(host, buffer, timeout_s)
        finally:
            host.stop()


def measure(host: EffectsHost, buffer: DiskBuffer, timeout_s: float) -> None:
    """Print a row for every bad plugin, and what a child's start costs."""
    folder = buffer.path.parent
    good = standin(folder, "Good")
    print("| the plugin | what the job says | told after, s | next job done after, s |")
    print("| --- | --- | --- | --- |")
    for what, told in ROWS:
        run(host, buffer, good, 60.0)
        bad = standin(folder, "Bad", **told)
        began_s = time.perf_counter()
        sentence = run(host, buffer, bad, timeout_s)
        told_s = time.perf_counter() - began_s
        run(host, buffer, good, 60.0)
        next_s = time.perf_counter() - began_s - told_s
        print(f"| {what} | {sentence} | {told_s:.2f} | {next_s:.2f} |", flush=True)
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(ROUNDS):
        host.stop()
        for times in (cold, warm):
            began_s = time.perf_counter()
            run(host, buffer, good, 60.0)
            times.append(time.perf_counter() - began_s)
    print(f"a good job in a new child: {statistics.median(cold):.2f} s, median of {ROUNDS}")
    print(f"a good job in a warm child: {statistics.median(warm):.3f} s")


def run(host: EffectsHost, buffer: DiskBuffer, plugin: Path, timeout_s: float) -> str:
    """Run a chain with one plugin; return what the musician is told."""
    out = buffer.path.with_name("out.f32")
    try:
        host.run(chain_of(plugin_effect(plugin)), buffer, out, lambda _: None, timeout_s)
    except BridgeError as exc:
        return f"`{exc.code}`: {exc}"
    return "the job is done"


if __name__ == "__main__":
    main()
