"""Fixtures that every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import Core, make_core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A core whose jobs run nowhere."""
    made = make_core(tmp_path)
    yield made
    made.store.close()
