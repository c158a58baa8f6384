"""Seconds to ticks and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engines.tempo_map import TempoMap
from bridge.models import TempoChange


def drawn(tempos: list[float], quarters: list[int]) -> list[TempoChange]:
    """Return changes after these numbers of quarters, each as late as the tempi before say."""
    time_s, place, changes = 0.0, 0, []
    for tempo, length in zip(tempos, quarters, strict=False):
        changes.append(TempoChange(time_s=time_s, quarters=place, tempo=tempo))
        time_s, place = time_s + length * 60.0 / tempo, place + length
    return changes


def test_one_tempo_is_used_as_it_was_said() -> None:
    # An hour at 93.7: whole microseconds a quarter note would be 2.8 ms off at its end.
    assert TempoMap.constant(93.7).ticks(3600.0) == pytest.approx(93.7 * 60 * 960, abs=1e-6)


@settings(deadline=None)
@given(
    tempos=st.lists(st.floats(20.0, 400.0), min_size=2, max_size=60),
    quarters=st.lists(st.integers(1, 64), min_size=60, max_size=60),
    share=st.floats(0.0, 1.2),
)
def test_there_and_back(tempos: list[float], quarters: list[int], share: float) -> None:
    changes = drawn(tempos, quarters)
    tempo_map = TempoMap.of(changes)
    time_s = share * changes[-1].time_s

    assert tempo_map.seconds(tempo_map.ticks(time_s)) == pytest.approx(time_s, abs=1e-9)
    for change, mark in zip(changes, tempo_map.marks, strict=True):
        assert mark.tick == change.quarters * 960
        # Half a microsecond a quarter note, of one stretch only.
        assert mark.time_s == pytest.approx(change.time_s, abs=64e-6)
        assert mark.quarter_s * 1e6 == pytest.approx(mark.microseconds, abs=1e-6)


@settings(deadline=None)
@given(
    tempos=st.lists(st.floats(20.0, 400.0), min_size=2, max_size=20),
    times=st.lists(st.floats(0.0, 60.0), min_size=2, max_size=20),
)
def test_later_is_later(tempos: list[float], times: list[float]) -> None:
    tempo_map = TempoMap.of(drawn(tempos, [4] * 20))

    ticks = [tempo_map.ticks(time_s) for time_s in sorted(times)]
    assert ticks == sorted(ticks)
