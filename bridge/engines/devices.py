"""Which compute device this machine has, told without loading a model library.

The daemon needs the answer to queue a job, long before the worker imports torch. Looking for the
driver takes no time; if the driver is there and torch cannot use it, the worker falls back to the
CPU and says so.
"""

from __future__ import annotations

import ctypes.util
import platform
import sys
from pathlib import Path


def settle_device(wanted: str) -> str:
    """Return ``cuda``, ``mps`` or ``cpu`` for ``auto``; anything else as it is."""
    if wanted != "auto":
        return wanted
    if _has_nvidia_driver():
        return "cuda"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def _has_nvidia_driver() -> bool:
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return Path("/dev/nvidiactl").exists()
