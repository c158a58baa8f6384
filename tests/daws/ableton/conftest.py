"""Fixtures of the tests of Live's remote script."""

from tests.daws.ableton.actor import acted, controller
from tests.daws.ableton.scripts import file, lives
from tests.daws.ableton.studio import studios
from tests.end_to_end.conftest import daemon

__all__ = ["acted", "controller", "daemon", "file", "lives", "studios"]
