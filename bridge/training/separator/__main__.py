"""``python -m bridge.training.separator``: songs, training, scores and weights, from nothing.

Without arguments it renders three hours of songs into the platform's cache folder, trains for
three hours beside that, and leaves the best weights with their card in the output folder. Whatever
was rendered or trained before is gone on with, so that it can be ended at any time with Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from bridge.engines.separation.demucs_model import usable_device
from bridge.errors import BridgeError
from bridge.training.separator.export import install
from bridge.training.separator.plan import Plan
from bridge.training.separator.training import BEST, CHECKPOINT, train

if TYPE_CHECKING:
    from collections.abc import Iterator

VALID_HOURS = 1 / 6
FIRST_HOURS = 0.25
"""Training begins once this much is rendered; the rest comes while it runs."""


def main() -> None:
    """Read the arguments, render and train."""
    given = _parser().parse_args()
    plan = Plan(
        data=given.data,
        out=given.out,
        minutes=given.minutes,
        report=given.report,
        start=given.start,
        device=usable_device(given.device)[0],
        bfloat16=given.bfloat16,
        batch=given.batch,
        seed=given.seed,
        learning_rate=given.learning_rate,
        validate_minutes=given.validate_minutes,
    )
    is_new = not (plan.out / CHECKPOINT).is_file()
    try:
        with _songs(plan.data, given.hours, plan.seed):
            train(plan, resume=not (given.restart or is_new))
    except BridgeError as exc:
        sys.exit(str(exc))
    except subprocess.CalledProcessError:
        sys.exit("The songs could not be rendered; what was printed above says why.")
    if given.install:
        install(plan.out / BEST)


def _parser() -> argparse.ArgumentParser:
    cache = platformdirs.user_cache_path("dawbridge", appauthor=False) / "training"
    parser = argparse.ArgumentParser(
        prog="python -m bridge.training.separator", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--data", type=Path, default=cache / "songs", help="rendered songs")
    parser.add_argument("--hours", type=float, default=3.0, help="of songs; 0 renders none")
    parser.add_argument(
        "--out", type=Path, default=cache / "separator", help="checkpoint, log and weights"
    )
    parser.add_argument("--minutes", type=float, default=180.0, help="of training in all")
    parser.add_argument(
        "--start", type=Path, help="begin with these weights, as the package's, not at random"
    )
    parser.add_argument("--restart", action="store_true", help="leave the checkpoint aside")
    parser.add_argument("--report", type=Path, help="folder of songs scored for the log alone")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="mixed precision; faster on GPUs and on processors with AVX512_BF16 or AMX",
    )
    parser.add_argument("--batch", type=int, default=12, help="mixes in a step")
    parser.add_argument(
        "--install", action="store_true", help="put the best weights into the package at the end"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--validate-minutes", type=float, default=5.0)
    return parser


@contextlib.contextmanager
def _songs(folder: Path, hours: float, seed: int) -> Iterator[None]:
    """Render what is missing: what training needs to begin now, the rest while the block runs."""
    if hours <= 0.0:
        yield
        return
    _renderer(folder, "valid", VALID_HOURS, seed, check=True)
    _renderer(folder, "train", min(hours, FIRST_HOURS), seed, check=True)
    rest = _renderer(folder, "train", hours, seed, check=False)
    try:
        yield
    finally:
        rest.terminate()
        rest.wait()


def _renderer(
    folder: Path, split: str, hours: float, seed: int, *, check: bool
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bridge.training.songs", "--folder", str(folder)]
    command += ["--split", split, "--hours", str(hours), "--seed", str(seed)]
    if not check:
        command += ["--workers", str(max(1, (os.cpu_count() or 1) // 2))]
    quiet = None if check else subprocess.DEVNULL
    process = subprocess.Popen(command, stderr=quiet)
    if check and process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return process


if __name__ == "__main__":
    main()
