"""Fixtures for whatever runs effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.plugins import LOADERS
from tests.engines.effects.plugin_chains import LOADER, STANDINS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def host() -> Iterator[EffectsHost]:
    """A host whose children load stand-ins; each test may leave it without a child."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(STANDINS))
        made = EffectsHost()
        yield made
        made.stop()


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins count as plugins in this process and in the children that it starts."""
    monkeypatch.setitem(LOADERS, ".standin", LOADER)
    monkeypatch.setenv("PYTHONPATH", str(STANDINS))
