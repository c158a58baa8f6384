"""Render songs into a folder: ``python -m bridge.training.songs --folder F --hours H``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.training.songs import cache, drumkits, soundfonts


def main() -> int:
    """Render what is missing; return the exit status: 1 if a song failed or no font is here."""
    arguments = _parser().parse_args()
    console = Console(stderr=True)
    folders = (*map(Path, arguments.soundfonts), *soundfonts.FOLDERS)
    fonts = soundfonts.installed(arguments.split, folders)
    kit_folders = (*map(Path, arguments.drumkits), *drumkits.FOLDERS)
    kits = drumkits.installed(arguments.split, kit_folders)
    if not fonts:
        packages = {font.package for font in soundfonts.SOUNDFONTS if font.split == arguments.split}
        names = " ".join(sorted(packages))
        console.print(f"No soundfont of this split is here; on Debian: apt install {names}")
        return 1
    wanted = [
        order
        for order in cache.orders(
            arguments.folder, arguments.hours, arguments.split, arguments.seed, fonts, kits=kits
        )
        if not order.path.exists()
    ]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    failures = 0
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"songs to {arguments.split}", total=len(wanted))
        for order, failure in cache.write_songs(wanted, arguments.workers):
            if failure is not None:
                failures += 1
                console.print(f"song {order.index}, seed {order.seed}: {failure!r}")
            progress.advance(task)
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge.training.songs", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the songs go")
    parser.add_argument("--hours", type=float, default=3.0, help="how much music, in hours")
    parser.add_argument("--split", choices=("train", "valid"), default="train")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--soundfonts",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder to look in before the standard ones",
    )
    parser.add_argument(
        "--drumkits",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder of Hydrogen's drum kits to look in before the standard ones",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
