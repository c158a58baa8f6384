"""The manifest's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engines.disk import disk_faults
from bridge.engines.naming import finished

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.models import Manifest

MANIFEST_NAME = "manifest.json"


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest so that whoever sees the file sees all of it.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The file cannot be written.
    """
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with finished(path) as temporary:
        temporary.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
