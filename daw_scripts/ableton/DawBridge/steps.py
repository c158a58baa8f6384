"""Long work in small steps, so that a tick stays short.

A piece of work is a generator. It yields None where it may pause, and `NEXT_TICK` where it must,
because Live carries out what was asked only after the script has returned.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Generator, Optional

NEXT_TICK = "next tick"
STEPS_S = 0.001
"""How long one tick may go on beginning steps."""

Steps = Generator[Optional[str], None, None]


def advance(
    steps: Steps, clock: Callable[[], float] = time.perf_counter, budget_s: float = STEPS_S
) -> bool:
    """Do some of the work; return whether it is finished.

    What a step raises comes out here.
    """
    deadline_s = clock() + budget_s
    nothing = object()
    while True:
        told: Any = next(steps, nothing)
        if told is nothing:
            return True
        if told == NEXT_TICK or clock() >= deadline_s:
            return False
