"""Fixtures of the tests with a real Ardour."""

from tests.end_to_end.conftest import daemon

__all__ = ["daemon"]
