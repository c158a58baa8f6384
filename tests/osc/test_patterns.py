"""Address patterns, as OSC 1.0 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadAddressError
from bridge.osc.patterns import is_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "address", "expected"),
    [
        ("/bridge/ping", "/bridge/ping", True),
        ("/bridge/p?ng", "/bridge/ping", True),
        ("/bridge/p?ng", "/bridge/png", False),
        ("/bridge/*", "/bridge/ping", True),
        ("/bridge/*", "/bridge/job/done", False),
        ("/bridge/*/done", "/bridge/job/done", True),
        ("/*", "/bridge/ping", False),
        ("/bridge/*s", "/bridge/jobs", True),
        ("/bridge/job*", "/bridge/job", True),
        ("/bridge/[jm]o*", "/bridge/models", True),
        ("/bridge/[a-l]*", "/bridge/models", False),
        ("/bridge/[!a-l]*", "/bridge/models", True),
        ("/bridge/{jobs,models}", "/bridge/models", True),
        ("/bridge/{jobs,models}", "/bridge/recipes", False),
        ("/bridge/{job,jobs}", "/bridge/jobs", True),
        ("/bridge?ping", "/bridge/ping", False),
    ],
)
def test_patterns(pattern: str, address: str, expected: bool) -> None:
    assert matches(pattern, address) is expected


@pytest.mark.parametrize("pattern", ["/a[", "/a{b", "/" + "*a" * 400])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(BadAddressError):
        matches(pattern, "/a")


def test_a_hostile_pattern_takes_no_time() -> None:
    # A backtracking matcher would take longer than the universe has existed.
    assert not matches("/" + "*a" * 200 + "b", "/" + "a" * 300)


@given(st.text("/ab*?[]{},!-", max_size=30), st.text("/ab", max_size=30))
def test_no_pattern_does_harm(pattern: str, address: str) -> None:
    try:
        found = matches(pattern, address)
    except BadAddressError:
        return
    if not is_pattern(pattern):
        assert found is (pattern == address)
