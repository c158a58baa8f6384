"""Starts the daemon, and shows folders in the Finder or the Explorer."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

STARTING_WORDS = ("ask", "/bridge/recipes")
"""A short command that starts the daemon, in the background, if there is none."""


class Program:
    """The program dawbridge, as the installer found it.

    Parameters
    ----------
    words
        What starts it; none if it was not installed from here.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._process: Any | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is anything to start."""
        return bool(self._words)

    def start(self) -> bool:
        """Begin to start the daemon; return whether that could be tried."""
        if not self._words:
            return False
        if self._process is not None and self._process.poll() is None:
            return True
        try:
            self._process = subprocess.Popen(
                self._words + list(STARTING_WORDS),
                env=clean_environment(dict(os.environ)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **_apart(),
            )
        except (OSError, ValueError):
            return False
        return True

    def has_failed(self) -> bool:
        """Tell whether the daemon could not be started."""
        return self._process is not None and self._process.poll() not in (None, 0)

    def forget(self) -> None:
        """Let go of a start that goes on without us."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # else Python warns of a child that nobody waits for


def clean_environment(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment without what Live may have set for its own Python."""
    return {name: value for name, value in environment.items() if not name.startswith("PYTHON")}


def reveal(folder: Path) -> None:
    """Show a folder; where nothing can show it, the message that names it must do."""
    with contextlib.suppress(OSError):
        _show(folder)


def _show(folder: Path) -> None:
    if sys.platform == "win32":
        os.startfile(str(folder))  # noqa: S606 - a folder, in the Explorer
    elif sys.platform == "darwin":
        subprocess.Popen(["/usr/bin/open", str(folder)])


def _apart() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": 0x08000000}  # CREATE_NO_WINDOW: no console flashes up
    return {"start_new_session": True}
