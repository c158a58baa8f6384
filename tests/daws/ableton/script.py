"""The script's modules without Live: all but `surface`."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from bridge.resources import shipped

FOLDER = shipped("daw_scripts") / "ableton" / "DawBridge"
PURE = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"__init__", "surface"})


def module(name: str) -> Any:
    """Return a module of the script; any Python can load it, so its types are not known here."""
    sys.path.insert(0, str(FOLDER.parent))
    try:
        return importlib.import_module(f"DawBridge.{name}")
    finally:
        sys.path.remove(str(FOLDER.parent))
