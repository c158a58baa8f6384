"""Time and peak memory of the separation of a long stereo region.

``python -m tests.benchmarks.one_hour`` takes an hour at 48 kHz, the hardest way: a Demucs model at
44.1 kHz, all stems and the residual. The model is tiny; its windows are those of htdemucs, 7.8 s.
The region is bursts of noise, a third of the time, so that silent windows are met as well. It needs
10 GB of disk for an hour. A child process does the work, so that its peak is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.engines.separation.stage import SeparateStage
from bridge.engines.take import MIX, Take
from bridge.models import Job, Region, RunOptions, Source, WorkOrder
from tests.engines.separation.tiny_models import save_safetensors, tiny_htdemucs

SAMPLE_RATE = 48_000
PERIOD_S, BURST_S = 60, 20


class NoPresets:
    """Separation asks for none."""

    def chain_place(self, name: str) -> tuple[Path, str]:
        raise AssertionError(name)

    def chain(self, name: str) -> dict[str, object]:
        raise KeyError(name)

    transcription = instrument = chain


class Silent:
    """A report that nobody reads."""

    def progress(self, fraction: float, detail: str = "") -> None:
        pass

    def warning(self, code: str, message: str) -> None:
        sys.stderr.write(f"{code}: {message}\n")

    def stem(self, stem: object) -> None:
        pass

    def midi(self, clip: object) -> None:
        pass

    def clips_file(self, file: object) -> None:
        pass

    def timing(self, timing: object) -> None:
        pass


def bursts(path: Path, minutes: float) -> DiskBuffer:
    """Write the region, a burst at a time."""
    random = np.random.default_rng(0)
    buffer = DiskBuffer.create(path, 2, round(minutes * 60 * SAMPLE_RATE), SAMPLE_RATE)
    for start in range(0, buffer.frames, PERIOD_S * SAMPLE_RATE):
        frames = min(BURST_S * SAMPLE_RATE, buffer.frames - start)
        buffer.write(start, 0.2 * random.standard_normal((2, frames), dtype=np.float32))
    return buffer


def separate(folder: Path, minutes: float, model: str) -> dict[str, float]:
    """Separate in this process; return seconds and bytes."""
    import resource

    original = bursts(folder / "original.f32", minutes)
    save_safetensors(tiny_htdemucs(segment=Fraction(39, 5)), folder / "tiny.safetensors")
    job = Job(
        id="hour",
        recipe="stems",
        region=Region(path="hour.wav"),
        options=RunOptions(),
        stages=(),
        folder=str(folder),
        output=str(folder),
        device="cpu",
        created_at=0.0,
    )
    order = WorkOrder(job=job, work_folder=str(folder), max_region_s=1e5, models_folder=str(folder))
    source = Source(
        path="hour.wav",
        start_s=0.0,
        length_s=original.duration_s,
        frames=original.frames,
        sample_rate=SAMPLE_RATE,
        channels=2,
        content_hash="",
    )
    take = Take(order, source, original, {MIX: original}, folder, folder)
    stage = SeparateStage(models_folder=folder)
    plan = stage.plan({"model": model, "residual": True}, RunOptions(), NoPresets())
    began = time.monotonic()
    stage.run(take, plan, Silent())
    return {
        "minutes": minutes,
        "seconds": time.monotonic() - began,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024),
    }


def main() -> None:
    """Measure in a child process and print one line."""
    parser = argparse.ArgumentParser(description="Time and peak memory of a long separation.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", default="tiny", help="tiny, dsp or one that is here")
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.folder is not None:
        found = separate(chosen.folder, chosen.minutes, chosen.model)
        sys.stdout.write(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.one_hour", *sys.argv[1:], "--in", folder],
            stdout=subprocess.PIPE,
            check=True,
        )
    found = json.loads(said.stdout)
    sys.stdout.write(
        f"{found['minutes']:g} min of stereo with {chosen.model}: {found['seconds']:.0f} s, "
        f"peak {found['peak_bytes'] / 1e9:.2f} GB\n"
    )


if __name__ == "__main__":
    main()
