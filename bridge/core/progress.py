"""When to tell a client that a job advanced, and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_INTERVAL_S = 0.1
"""At most ten events a second, as the contract says."""

UNKNOWN_S = -1.0
"""What `seconds_left` is before anything is known."""

_EARLIEST_ESTIMATE = 0.02


@dataclass
class ProgressMeter:
    """Thins out one job's progress and estimates its end.

    The fraction that it lets through never falls. The estimate assumes that the rest goes as fast
    as what is done, which holds because stages report in proportion to their cost.

    Parameters
    ----------
    clock
        Monotonic seconds.
    floor
        What the client was told before, when a job runs again.
    """

    clock: Callable[[], float]
    floor: float = 0.0
    _started_s: float = field(init=False)
    _last_sent_s: float | None = field(init=False, default=None)
    _last_stage: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._started_s = self.clock()

    def advance(self, fraction: float, stage: str) -> tuple[float, float] | None:
        """Take a report; return ``(fraction, seconds left)`` if it is time to tell, else None."""
        now_s = self.clock()
        fraction = min(1.0, max(fraction, self.floor))
        is_news = fraction > self.floor or stage != self._last_stage
        is_due = self._last_sent_s is None or now_s - self._last_sent_s >= MIN_INTERVAL_S
        if not is_news or not is_due:
            return None
        self.floor, self._last_sent_s, self._last_stage = fraction, now_s, stage
        return fraction, self._seconds_left(fraction, now_s)

    def _seconds_left(self, fraction: float, now_s: float) -> float:
        if fraction < _EARLIEST_ESTIMATE:
            return UNKNOWN_S
        elapsed_s = now_s - self._started_s
        return elapsed_s * (1.0 - fraction) / fraction
