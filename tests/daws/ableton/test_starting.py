"""Live starts the daemon by itself, as the installer told it how."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import psutil

from tests.daws.ableton.studio import RATE
from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.daws.ableton.studio import Studio

MOST_PRESSES = 5
"""A machine under load may not have a daemon up in the time that is given it."""


def daemons_on(port: int) -> list[psutil.Process]:
    """Return the daemons that were started for a port."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "serve" in words and str(port) in words:
            found.append(process)
    return found


def is_running(studio: Studio) -> bool:
    """Press, and again where Live says so; return whether the job runs then."""
    jobs = studio.live.script.session.desk.jobs
    for _ in range(MOST_PRESSES):
        studio.live.script.session.press("process")
        studio.live.run_until(lambda: bool(jobs))
        studio.live.run_until(lambda: not jobs or any(j.state != "asked" for j in jobs.values()))
        if jobs:
            return True
    return False


def test_a_press_starts_the_daemon(
    studios: Callable[..., Studio], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Daemon(tmp_path)
    for name, value in wanted.environment.items():
        if name.startswith("DAWBRIDGE_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "Live's own Python"))
    studio = studios("11.3.25", wanted, program=[sys.executable, "-m", "bridge"])
    audio = 0.1 * np.random.default_rng(9).standard_normal((2, 2 * RATE))
    clip = studio.clip(studio.audio("song.wav", audio), (0.0, 0.0), (1.0, 2.0))
    try:
        studio.live.connect()
        studio.live.select(clip)
        assert daemons_on(wanted.port) == []
        assert is_running(studio), studio.live.log
        assert "starting dawbridge…" in studio.said()
        assert daemons_on(wanted.port)
    finally:
        started = daemons_on(wanted.port)
        for process in started:
            process.terminate()
        _, alive = psutil.wait_procs(started, timeout=60.0)
        for process in alive:
            process.kill()
    assert not alive
