"""Run the benchmarks one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

QUICK = {
    "ping": ("--rounds", "2", "--pings", "200"),
    "knobs": ("--rounds", "3"),
    "effects": ("--rounds", "3"),
    "transcription": ("--seconds", "30", "--rounds", "3"),
}
FULL: dict[str, tuple[str, ...]] = {
    "ping": (),
    "knobs": (),
    "effects": (),
    "isolation": (),
    "one_hour": (),
    "transcription": (),
}


def main() -> None:
    """Run those that were asked for; `--quick` leaves out what takes minutes."""
    chosen = QUICK if "--quick" in sys.argv[1:] else FULL
    for name, arguments in chosen.items():
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], check=True)


if __name__ == "__main__":
    main()
