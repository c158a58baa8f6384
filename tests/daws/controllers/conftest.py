"""The real daemon of the end-to-end tests, for real programs to drive."""

from tests.end_to_end.conftest import daemon, song

__all__ = ["daemon", "song"]
