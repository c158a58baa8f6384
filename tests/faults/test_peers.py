"""Senders that the settings do not name, from another network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults.disks import is_root_on_linux
from tests.faults.peers import peers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(
    not is_root_on_linux() or shutil.which("ip") is None,
    reason="only root can make network namespaces, with iproute2",
)
def test_only_the_named_peer_is_answered(tmp_path: Path) -> None:
    (outcome,) = peers(tmp_path)
    outcome.check()
