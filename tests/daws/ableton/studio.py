"""A stand-in for Live with the remote script installed, and what tests put into its Set."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from bridge.resources import shipped
from tests.daws.ableton.standin import PACKAGE, Live
from tests.daws.ableton.warping import Marker, Warp
from tests.end_to_end.conftest import Daemon, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.document import Set
    from tests.daws.ableton.tracks import Track

RATE = 44100
FOLDER = "Jörg O'Neil's “Live” Set"
"""Where files lie: spaces, quotes, letters beyond ASCII."""

FAULT = re.compile(r"\w+(Error|Exception)\(")
"""How an exception of Python's looks in Live's log: a fault of the script, not of the musician."""


@dataclass
class Studio:
    """A Live, and a folder for what it plays."""

    live: Live
    folder: Path
    daemon_port: int
    controller_port: int

    @property
    def set(self) -> Set:
        return self.live.set

    def audio(self, name: str, audio: np.ndarray) -> str:
        """Write ``(channels, samples)`` float32 as a file; return its path."""
        path = self.folder / name
        soundfile.write(path, audio.T.astype(np.float32), RATE, subtype="FLOAT")
        return str(path)

    def clip(
        self, path: str, *markers: tuple[float, float], last_bpm: float = 120.0, slot: int = 0
    ) -> Clip:
        """Put a file into a slot of the first track, warped by markers (seconds, beats) if given.

        It plays the whole file, without a loop.
        """
        track = self.set.tracks[0]
        self.set.warps_new_clips, before = False, self.set.warps_new_clips
        made = track.clip_slots[slot].create_audio_clip(path)
        self.set.warps_new_clips = before
        if markers:
            made.warp = Warp([Marker(*pair) for pair in markers], last_bpm)
            made._set_warping(True)
        return made

    def named(self, name: str) -> Track:
        """Return the one track of a name."""
        (track,) = [track for track in self.set.tracks if track.name == name]
        return track

    def said(self) -> str:
        """Return all that was shown in the status bar."""
        return " ".join(self.live.messages)


def install(
    folder: Path, daemon_port: int, controller_port: int, settings: str = "", **known: Any
) -> Path:
    """Put a copy of the script into a folder, with the two files that belong to it.

    Parameters
    ----------
    settings
        More lines of `settings.ini`.
    known
        More of `daemon.json`, which the installer writes.
    """
    target = folder / PACKAGE
    source = shipped("daw_scripts") / "ableton" / PACKAGE
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    table: dict[str, Any] = {
        "port": daemon_port,
        "program": [],
        "state": str(folder / "state"),
        "instruments": {},
        **known,
    }
    (target / "daemon.json").write_text(json.dumps(table), encoding="utf-8")
    text = f"[controller]\nport = {controller_port}\n{settings}"
    (target / "settings.ini").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def studios(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Make studios by version; what Live would not take of a script fails the test."""
    made: list[Studio] = []

    def make(version: str = "12.3", daemon: Daemon | None = None, **known: Any) -> Studio:
        folder = tmp_path / f"{FOLDER} {len(made)}"
        folder.mkdir()
        ports = (daemon.port if daemon else free_port(), free_port())
        scripts = install(folder / "Remote Scripts", *ports, **known)
        live = Live(version, scripts)
        made.append(Studio(live, folder, *ports))
        return made[-1]

    yield make
    for studio in made:
        if studio.live.script is not None:
            studio.live.disconnect()
        assert studio.live.tracebacks == []
        assert [line for line in studio.live.log if FAULT.search(line)] == []
        assert studio.live.world.violations == []
        assert studio.set.undo_depth == 0, "an undo step was not ended"
