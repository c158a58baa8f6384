"""Every Lua script that ships, against the names that its program has."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from bridge.resources import shipped

SCRIPTS = shipped("daw_scripts")
SETTINGS = SCRIPTS.parent / ".luacheckrc"


@pytest.mark.skipif(
    shutil.which("luacheck") is None or not SETTINGS.is_file(),
    reason="luacheck is missing (Debian: lua-check)",
)
def test_luacheck_finds_nothing() -> None:
    told = subprocess.run(
        ["luacheck", "--config", str(SETTINGS), "-q", SCRIPTS.name],
        capture_output=True,
        text=True,
        check=False,
        cwd=SCRIPTS.parent,
    )
    assert told.returncode == 0, told.stdout
