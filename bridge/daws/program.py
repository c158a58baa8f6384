"""How a DAW starts this very installation of dawbridge: absolute paths, since DAWs search none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FLATPAK_SPAWN = ("/usr/bin/flatpak-spawn", "--host")
"""Leaves a Flatpak's sandbox, where the host's programs are not."""


def program_words(*, in_flatpak: bool = False) -> tuple[str, ...]:
    """Return the words that start dawbridge: its script beside Python, or Python with the package.

    Symlinks are kept: the Python of a virtual environment is one.
    """
    python = Path(os.path.abspath(sys.executable))  # noqa: PTH100 - resolve() follows symlinks
    script = python.with_name("dawbridge.exe" if sys.platform == "win32" else "dawbridge")
    words = (str(script),) if script.is_file() else (str(python), "-m", "bridge")
    return (*FLATPAK_SPAWN, *words) if in_flatpak else words
