"""The rows of `speed` that have no other side: real time, latency, memory, scaling."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.rows import Row, Spread
from tests.benchmarks.sides import Ours

if TYPE_CHECKING:
    from tests.benchmarks.speed import Bench

MIB = 2**20


def real_time(bench: Bench) -> list[Row]:
    """How many times as fast as the music the built-in separator is."""
    song, seconds = bench.song(60.0), 60.0
    whole, alone = [], []
    bench.ours.job("stems", song, model="unet")
    for _ in range(3 if bench.is_quick else 5):
        whole.append(bench.ours.job("stems", song, model="unet").seconds)
        manifest = json.loads(Path(bench.ours.manifest).read_text(encoding="utf-8"))
        alone.append(manifest["seconds_per_stage"]["separate"])
    return [
        Row(
            f"unet, {seconds:g} s, {what}",
            Spread.of([seconds / one for one in taken]),
            "times real time",
            limit,
            is_least=True,
            seconds={"dawbridge": Spread.of(taken)},
        )
        for what, taken, limit in (("separation", alone, 25.0), ("a whole job", whole, None))
    ]


def latency(bench: Bench) -> list[Row]:
    """What a musician waits for: the daemon, the first job of a worker, the first stem."""
    rounds = 2 if bench.is_quick else 3
    starts, cold, warm, first = [], [], [], []
    song = bench.song(10.0)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            fresh = Ours(Path(name), {})
            began_s = time.perf_counter()
            fresh.daemon.start()
            try:
                starts.append(time.perf_counter() - began_s)
                cold.append(fresh.job("stems", song, model="unet").seconds)
                warm.append(fresh.job("stems", song, model="unet").seconds)
            finally:
                fresh.daemon.stop()
        bench.ours.job("stems", song, model="htdemucs")
        first.append(bench.ours.first_stem_s)
    rows = [
        Row(what, Spread.of(taken), "s")
        for what, taken in (
            ("from the daemon's start to its first answer", starts),
            ("10 s with unet, the worker's first job", cold),
            ("10 s with unet, warm worker", warm),
            ("10 s with htdemucs, warm, to the first stem", first),
        )
    ]
    if bench.is_quick:
        return rows
    with tempfile.TemporaryDirectory() as name:
        fresh = Ours(Path(name), {})
        fresh.daemon.start()
        try:
            seconds = fresh.job("stems", song, model="htdemucs").seconds
        finally:
            fresh.daemon.stop()
    return [*rows, Row("10 s with htdemucs, the worker's first job", Spread.of([seconds]), "s")]


def scaling(bench: Bench) -> list[Row]:
    """How time grows with the length, and how many jobs an hour holds."""
    lengths = (10.0, 40.0) if bench.is_quick else (10.0, 60.0, 180.0)
    rows = []
    for recipe, options in (("stems", {"model": "unet"}), ("midi", {"transcription": "other"})):
        points = []
        for seconds in lengths:
            song = bench.song(seconds)
            runs = [bench.ours.job(recipe, song, **options).seconds for _ in range(2)]
            points.append((log(seconds), log(min(runs))))
        rows.append(
            Row(
                f"{recipe}: slope of log time over log length, {lengths[0]:g} to {lengths[-1]:g} s",
                Spread.of([_slope(points)]),
                "",
            )
        )
    count = 4
    song = bench.song(10.0)
    rates = [
        3600.0 * count / bench.ours.jobs_at_once(count, "stems", song, model="unet")
        for _ in range(2)
    ]
    return [
        *rows,
        Row("jobs of 10 s with unet, sent four at once; one worker", Spread.of(rates), "an hour"),
    ]


def _slope(points: list[tuple[float, float]]) -> float:
    """Return the least squares slope."""
    slope, _ = statistics.linear_regression(*zip(*points, strict=True))
    return slope


def memory(bench: Bench) -> list[Row]:
    """Peak memory of a separation with windows of htdemucs by a small network, by length."""
    lengths = (1.0, 3.0) if bench.is_quick else (1.0, 10.0, 60.0)
    peaks, seconds = {}, {}
    for minutes in lengths:
        with tempfile.TemporaryDirectory() as name:
            program = [sys.executable, "-m", "tests.benchmarks.one_hour"]
            said = subprocess.run(
                [*program, "--minutes", f"{minutes}", "--in", name],
                stdout=subprocess.PIPE,
                check=True,
                env=bench.environment,
            )
        found = json.loads(said.stdout)
        peaks[minutes], seconds[minutes] = found["peak_bytes"], found["seconds"]
    least, most = lengths[0], lengths[-1]
    return [
        Row(
            f"peak memory of {most:g} min, of what {least:g} min allows: 1.2 times and 200 MB",
            Spread.of([peaks[most] / (1.2 * peaks[least] + 200e6)]),
            limit=1.0,
            seconds={f"{minutes:g} min": Spread.of([seconds[minutes]]) for minutes in lengths},
            peak_mib={f"{minutes:g} min": {"worker": peaks[minutes] / MIB} for minutes in lengths},
        )
    ]
