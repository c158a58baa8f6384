"""Run the benchmarks one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

QUICK = {
    "speed": ("--quick",),
    "ping": ("--rounds", "2", "--pings", "200"),
    "knobs": ("--rounds", "3"),
    "effects": ("--rounds", "3"),
}
FULL: dict[str, tuple[str, ...]] = {
    "speed": (),
    "ping": (),
    "knobs": (),
    "effects": (),
    "isolation": (),
    "transcription": (),
}


def main() -> None:
    """Run those that were named, or all; `--quick` leaves out what takes many minutes."""
    words = sys.argv[1:]
    known = QUICK if "--quick" in words else FULL
    names = [word for word in words if word != "--quick"] or list(known)
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    for name in names:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *known[name]], check=True)


if __name__ == "__main__":
    main()
