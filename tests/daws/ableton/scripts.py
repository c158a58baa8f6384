"""Lives with little scripts, by which the stand-in itself is tested."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from tests.daws.ableton.standin import Live
from tests.daws.ableton.studio import RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMPTY = """
from _Framework.ControlSurface import ControlSurface

def create_instance(c_instance):
    return ControlSurface(c_instance)
"""


@pytest.fixture
def lives(tmp_path: Path) -> Callable[..., Live]:
    """Make Lives with a script of these lines."""

    def make(version: str = "12.3", script: str = EMPTY, *, is_connected: bool = True) -> Live:
        folder = tmp_path / f"scripts {version}"
        (folder / "DawBridge").mkdir(parents=True, exist_ok=True)
        (folder / "DawBridge" / "__init__.py").write_text(textwrap.dedent(script))
        live = Live(version, folder)
        if is_connected:
            live.connect()
        return live

    return make


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Four seconds of silence."""
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros((4 * RATE, 2), dtype=np.float32), RATE)
    return str(path)


def song_of(live: Live) -> Any:
    assert live.instance is not None
    return live.instance.song()


def lib(live: Live) -> Any:
    return live.modules.by_name["Live"]
