"""Progress as clients see it."""

from __future__ import annotations

from bridge.core.progress import MIN_INTERVAL_S, UNKNOWN_S, ProgressMeter
from tests.fakes import FakeClock


def test_at_most_ten_a_second() -> None:
    clock = FakeClock()
    meter = ProgressMeter(clock)
    told = 0
    for step in range(1000):
        clock.now_s += 0.001
        told += meter.advance(step / 1000, "separate") is not None
    assert 9 <= told <= 1.0 / MIN_INTERVAL_S + 1


def test_it_never_falls() -> None:
    clock = FakeClock()
    meter = ProgressMeter(clock, floor=0.5)
    assert meter.advance(0.2, "read") == (0.5, clock.now_s - clock.now_s)
    clock.now_s += 1.0
    assert meter.advance(0.4, "read") is None
    told = meter.advance(0.6, "separate")
    assert told is not None
    assert told[0] == 0.6


def test_the_time_left_follows_the_pace() -> None:
    clock = FakeClock()
    meter = ProgressMeter(clock)
    assert meter.advance(0.0, "read") == (0.0, UNKNOWN_S)
    clock.now_s += 10.0
    told = meter.advance(0.25, "separate")
    assert told is not None
    assert told[1] == 30.0
