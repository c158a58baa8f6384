"""How long a chain takes, against pedalboard called directly; and memory over an hour of audio.

``python -m tests.benchmarks.effects`` sends 60 s of stereo noise through the four effects of
`voice-polish`: by `run_chain`, from file to file; in the effects worker; and by a ``Pedalboard``
called on the array in memory. The three take turns, and the median of the paired ratios is printed.
``--hour`` streams an hour through effects in a run, alone, wet and side by side, and prints the
process' memory.
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

from bridge.core.presets import Presets
from bridge.engines.audio import DiskBuffer
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.host import EffectsHost
from bridge.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.effects.chain_spec import ChainSpec

RATE = 44_100
TIMEOUT_S = 120.0

ROUNDABOUT = (
    {"type": "BrickwallLimiter", "wet": 0.5},
    {"type": "Mix", "path": [{}, {"gain_db": -6, "effect": [{"type": "Resample"}]}]},
)
"""What comes after the effects of `voice-polish`."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--hour", action="store_true", help="an hour's memory instead")
    parser.add_argument("--minutes", type=float, default=60.0, help="of that hour")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.hour:
            memory(Path(folder), asked.minutes)
        else:
            compare(Path(folder), asked.rounds, asked.seconds)


def compare(folder: Path, rounds: int, seconds: float) -> None:
    """Let the three take turns."""
    from pedalboard import Compressor, Gain, HighpassFilter, HighShelfFilter, PeakFilter
    from pedalboard._pedalboard import Pedalboard

    presets = Presets((shipped("presets"),))
    chain = parse_chain("voice-polish", presets.chain("voice-polish"), presets)
    kinds = (HighpassFilter, Compressor, PeakFilter, HighShelfFilter)
    assert [effect.type for effect in chain.effects] == [kind.__name__ for kind in kinds]
    board = Pedalboard(
        [kind(**effect.parameters) for kind, effect in zip(kinds, chain.effects, strict=True)]
    )
    board.append(Gain(chain.output_gain_db))
    random = np.random.default_rng(0)
    audio = 0.1 * random.standard_normal((2, round(seconds * RATE)), dtype=np.float32)
    buffer = DiskBuffer.of(folder / "in.f32", audio, RATE)
    host = EffectsHost()
    ways: dict[str, Callable[[], object]] = {
        "pedalboard": lambda: board(audio, RATE),
        "run_chain": lambda: run_chain(chain, buffer, folder / "out.f32"),
        "effects worker": lambda: host.run(
            chain, buffer, folder / "out.f32", lambda _: None, TIMEOUT_S
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for turn in range(rounds + 1):
            for name, way in ways.items():
                began = time.perf_counter()
                way()
                if turn:  # the first round warms up
                    times[name].append(time.perf_counter() - began)
    finally:
        host.stop()
    for name, taken in times.items():
        pairs = zip(taken, times["pedalboard"], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"{name:15} median {statistics.median(taken):6.3f} s   x {ratio:.2f}")


def memory(folder: Path, minutes: float) -> None:
    """Stream a minute and an hour through a chain."""
    presets = Presets((shipped("presets"),))
    rows = [*presets.chain("voice-polish")["effect"], *ROUNDABOUT]
    settings = {"width": 1.2, "loudness_lufs": -20.0}
    chain = parse_chain("roundabout", {"effect": rows, **settings})
    frames = round(minutes * 60 * RATE)
    random = np.random.default_rng(0)
    noise = 0.1 * random.standard_normal((2, 1 << 18), dtype=np.float32)
    for length in (frames // 60, frames):
        buffer = DiskBuffer.create(folder / "in.f32", 2, length, RATE)
        for start in range(0, length, noise.shape[1]):
            buffer.write(start, noise[:, : length - start])
        print(f"{length / RATE / 60:5.1f} min: {_peak(chain, buffer, folder / 'out.f32')}")


def _peak(chain: ChainSpec, buffer: DiskBuffer, path: Path) -> str:
    process = psutil.Process()
    before = process.memory_info().rss
    peak = before

    def look(_: float) -> None:
        nonlocal peak
        peak = max(peak, process.memory_info().rss)

    began = time.perf_counter()
    run_chain(chain, buffer, path, progress=look)
    taken = time.perf_counter() - began
    return f"{taken:.1f} s, {before / 1e6:.0f} MB before, {peak / 1e6:.0f} MB at most"


if __name__ == "__main__":
    main()
