"""All of the harness by one command; prints the README's table.

`python -m tests.faults` takes about 20 minutes on two idle cores. Name parts to run those alone.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import disks, floods, kills, limits, peers, recordings, soak, strangers
from tests.faults.outcome import Outcome, table
from tests.readme_tables import README

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def parts(asked: argparse.Namespace) -> dict[str, Callable[[Path], Iterable[Outcome]]]:
    """Return every part by its name."""
    return {
        "kills": lambda folder: [kills.soak(folder, asked.kills, asked.seed)],
        "floods": lambda folder: floods.floods(folder, asked.flood_seconds, asked.seed),
        "recordings": lambda folder: [recordings.corpus(folder, asked.cases, asked.seed)],
        "disks": disks.disks,
        "strangers": strangers.strangers,
        "peers": peers.peers,
        "limits": limits.limits,
        "soak": lambda folder: [soak.soak(folder, asked.minutes, asked.seed)],
    }


def write_readme(rows: str) -> None:
    """Put the table into the README's place for it."""
    text = README.read_text(encoding="utf-8")
    block = f"<!-- table:faults -->\n{rows}\n<!-- end -->"
    pattern = r"<!-- table:faults -->\n.*?<!-- end -->"
    text = re.sub(pattern, lambda _: block, text, count=1, flags=re.DOTALL)
    README.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the parts that were asked for; the status is 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", help="which; all without")
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument(
        "--flood-seconds", type=float, default=90.0, help="of mutated packets; others a quarter"
    )
    parser.add_argument("--cases", type=int, default=3000, help="damaged audio files")
    parser.add_argument("--minutes", type=float, default=4.0, help="of the soak")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    asked = parser.parse_args()
    known = parts(asked)
    outcomes: list[Outcome] = []
    for name in asked.part or known:
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder:
            outcomes += known[name](Path(folder).resolve())
        print(f"{name}: {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    print(table(outcomes))
    if asked.readme:
        write_readme(table(outcomes))
    return int(any(outcome.lost for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
