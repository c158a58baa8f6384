"""What the speed benchmarks find: paired times as rows, and the machine that they were taken on."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LIBRARIES = ("torch", "demucs", "basic-pitch", "onnxruntime", "numpy", "pedalboard")


@dataclass(frozen=True)
class Taken:
    """One run: how long, and the peak memory of every process that took part, by its name."""

    seconds: float
    peak_bytes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """Median, least and most of some numbers."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        return cls(statistics.median(numbers), min(numbers), max(numbers), len(numbers))

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g}…{self.most:.3g}, n={self.count})"


@dataclass(frozen=True)
class Row:
    """A figure, and the limit that it must keep.

    Parameters
    ----------
    what
        A sentence.
    figure
        A ratio where two sides were paired; else what `unit` says.
    limit
        What the figure's median must not pass; None where nothing was promised.
    is_least
        Whether the limit is the least rather than the most that is allowed.
    seconds
        Of each side.
    peak_mib
        Of each side's processes.
    """

    what: str
    figure: Spread
    unit: str = "times"
    limit: float | None = None
    is_least: bool = False
    seconds: Mapping[str, Spread] = field(default_factory=dict)
    peak_mib: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        if self.limit is None:
            return True
        median = self.figure.median
        return median >= self.limit if self.is_least else median <= self.limit

    def __str__(self) -> str:
        text = f"{self.what}: {self.figure} {self.unit}"
        if self.limit is not None:
            sign = "≥" if self.is_least else "≤"
            text += f"   {'kept' if self.is_kept else 'NOT KEPT'}: {sign} {self.limit:g}"
        for side, spread in self.seconds.items():
            peaks = ", ".join(f"{n} {m:.0f} MiB" for n, m in self.peak_mib.get(side, {}).items())
            text += f"\n    {side}: {spread} s" + (f"; at most {peaks}" if peaks else "")
        return text


def paired(
    what: str,
    ours: Callable[[], Taken],
    theirs: Callable[[], Taken],
    rounds: int,
    *,
    limit: float | None = None,
    names: tuple[str, str] = ("dawbridge", "the other"),
) -> Row:
    """Let two sides take turns, each first in every second round; the figure is ours / theirs."""
    taken: dict[str, list[Taken]] = {name: [] for name in names}
    sides = list(zip(names, (ours, theirs), strict=True))
    for number in range(rounds):
        for name, run in sides if number % 2 else reversed(sides):
            taken[name].append(run())
    pairs = zip(*taken.values(), strict=True)
    ratios = [mine.seconds / other.seconds for mine, other in pairs]
    return Row(
        what,
        Spread.of(ratios),
        limit=limit,
        seconds={name: Spread.of([one.seconds for one in runs]) for name, runs in taken.items()},
        peak_mib={name: _peaks(runs) for name, runs in taken.items()},
    )


def _peaks(runs: Sequence[Taken]) -> dict[str, float]:
    """Return the most that each process took in any run, in MiB."""
    names = {name: None for run in runs for name in run.peak_bytes}
    return {name: max(run.peak_bytes.get(name, 0) for run in runs) / 2**20 for name in names}


def machine() -> dict[str, Any]:
    """Describe this machine as far as it bears on speed."""
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False),
        "usable_cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": [round(load, 2) for load in psutil.getloadavg()],
        "graphics": _graphics(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _graphics() -> str | None:
    try:
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip() or None


def save(path: Path, described: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write machine and rows as JSON."""
    found = [{**asdict(row), "is_kept": row.is_kept} for row in rows]
    text = json.dumps({"machine": described, "rows": found}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
