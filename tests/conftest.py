"""Fixtures that every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.fakes import Core, make_core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What an example costs depends on what else the machine does.
settings.register_profile("dawbridge", deadline=None)
settings.load_profile("dawbridge")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A core whose jobs run nowhere."""
    made = make_core(tmp_path)
    yield made
    made.store.close()
