"""Fixtures of the DAW tests; each DAW's own lie in a module of its own."""

from tests.daws.reaper_studio import bare, live, studio
from tests.end_to_end.conftest import daemon

__all__ = ["bare", "daemon", "live", "studio"]
