"""The controllers' files as made from what ships.

`python -m tests.daws.controllers.made` writes them.
"""

from __future__ import annotations

from pathlib import Path

from bridge.config import DEFAULT_PORT
from bridge.core.presets import Presets
from bridge.daws.controllers import made
from bridge.daws.surface import Surface, surface
from bridge.engines.effects import knobs
from bridge.engines.separation.catalogue import catalogue
from bridge.resources import shipped

CONTROLLERS = Path(__file__).resolve().parents[3] / "daw_scripts" / "controllers"


def shipped_surface(port: int = DEFAULT_PORT) -> Surface:
    """Return what a controller shows of the shipped presets."""
    presets = Presets((shipped("presets"),))
    return surface(presets, catalogue(None), knobs, "127.0.0.1", port)


if __name__ == "__main__":
    for name, content in made(CONTROLLERS, shipped_surface()).items():
        (CONTROLLERS / name).write_bytes(content)
