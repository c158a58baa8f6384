"""Faults of packets in the log, so that a flood of them does not fill the disk."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

MOST_A_SECOND = 20
"""What is more is counted, and the count is logged."""

SHOWN_CHARACTERS = 300
"""Of each fault: a message repeats what was sent, which may be long."""


@dataclass
class FaultLog:
    """Writes faults, a bounded number in each second.

    Parameters
    ----------
    clock
        Monotonic seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _second: int = 0
    _told: int = 0

    def tell(self, code: str, address: str, sender: str, error: Exception) -> None:
        """Write a fault, unless too many were written just now."""
        second = int(self.clock())
        if second != self._second:
            if self._told > MOST_A_SECOND:
                log.info("%d more faults of packets", self._told - MOST_A_SECOND)
            self._second, self._told = second, 0
        self._told += 1
        if self._told <= MOST_A_SECOND:
            where, what = address[:SHOWN_CHARACTERS] or "a packet", str(error)[:SHOWN_CHARACTERS]
            log.info("%s: %r from %s: %s", code, where, sender, what)
