"""The benchmarks' figures: pairs take turns, limits are kept or not, JSON holds everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.rows import Row, Spread, Taken, paired, save
from tests.benchmarks.speed import windows

if TYPE_CHECKING:
    from pathlib import Path


def test_sides_take_turns_and_each_round_is_one_ratio() -> None:
    said: list[str] = []
    times = {"ours": iter([1.0, 2.0, 3.0]), "theirs": iter([2.0, 8.0, 4.0])}

    def side(name: str) -> Taken:
        said.append(name)
        return Taken(next(times[name]), {"worker": len(said) << 20})

    row = paired("a", lambda: side("ours"), lambda: side("theirs"), 3, limit=0.5)
    assert said == ["theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert row.figure == Spread(0.5, 0.25, 0.75, 3)
    assert row.is_kept
    assert row.seconds["dawbridge"] == Spread(2.0, 1.0, 3.0, 3)
    assert row.peak_mib == {"dawbridge": {"worker": 6.0}, "the other": {"worker": 5.0}}


@pytest.mark.parametrize(
    ("limit", "is_least", "is_kept"),
    [(None, False, True), (2.0, False, True), (1.9, False, False), (2.0, True, True),
     (2.1, True, False)],
)  # fmt: skip
def test_a_limit_is_the_most_or_the_least(
    limit: float | None, is_least: bool, is_kept: bool
) -> None:
    row = Row("a", Spread(2.0, 1.0, 3.0, 3), limit=limit, is_least=is_least)
    assert row.is_kept is is_kept
    assert ("NOT KEPT" in str(row)) is not is_kept


def test_rows_and_machine_are_written(tmp_path: Path) -> None:
    row = Row("a", Spread(2.0, 1.0, 3.0, 3), limit=1.0, peak_mib={"ours": {"worker": 4.5}})
    save(tmp_path / "found.json", {"processor": "x"}, [row])
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["machine"] == {"processor": "x"}
    assert found["rows"][0]["figure"] == {"median": 2.0, "least": 1.0, "most": 3.0, "count": 3}
    assert found["rows"][0]["is_kept"] is False
    assert found["rows"][0]["peak_mib"] == {"ours": {"worker": 4.5}}


@pytest.mark.parametrize(
    ("seconds", "count"), [(7.8, 1), (10.0, 2), (13.6, 2), (13.7, 3), (30.0, 5), (180.0, 31)]
)
def test_windows_of_a_region(seconds: float, count: int) -> None:
    assert windows(seconds) == count
