"""A process as the system sees it: when it ends, which goes first, how large it is."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
"""linux/prctl.h."""

_FIRST_TO_GO = "1000"
"""Linux' highest `oom_score_adj`."""


def end_with_parent() -> None:
    """Have the system end this process with its parent, where it can (Linux, prctl(2)).

    A closed pipe tells the same everywhere, but only to a process that still runs Python: a plugin
    or a library that hangs inside its own code holds the interpreter, and would stay for ever.
    """
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        log.info("prctl: %s; the pipe still tells the end", os.strerror(ctypes.get_errno()))


def be_the_first_to_go() -> None:
    """Have the system end this process before others, such as the DAW, when memory runs out."""
    if sys.platform != "linux":
        return
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(_FIRST_TO_GO)
    except OSError as exc:
        log.info("the system does not let this process be the first to go: %s", exc)


def memory_bytes() -> int:
    """Return how much memory the process has in use; 0 where the platform does not tell cheaply."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
