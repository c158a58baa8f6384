"""The remote script for Ableton Live: says what is selected, starts jobs, puts back what came.

Runs in Live's own Python: 3.7 in Live 11, 3.11 in Live 12; standard library only. `surface` is the
one module that imports Live's; the others take Live's objects as arguments, so that they load and
run anywhere.
"""

from __future__ import annotations

from typing import Any


def create_instance(c_instance: Any) -> Any:
    """Return the control surface; Live calls this for each slot in which the script is chosen."""
    from .surface import DawBridge

    return DawBridge(c_instance)
