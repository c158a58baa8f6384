"""Fixtures of the tests of REAPER's scripts."""

from tests.daws.reaper.studio import bare, live, studio
from tests.end_to_end.conftest import daemon

__all__ = ["bare", "daemon", "live", "studio"]
