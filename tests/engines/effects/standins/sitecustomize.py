"""Read by every Python process that has this folder in PYTHONPATH: stand-ins count as plugins.

Nothing in the program knows of it. A test that sets PYTHONPATH gets daemons, workers and children
that load ``.standin`` files through the code that loads every plugin.
"""

from __future__ import annotations

from typing import Any

from bridge.engines.effects.plugins import LOADERS, Loader


def _names(path: str) -> list[str]:
    from standin_plugins import names  # type: ignore[import-not-found]

    found: list[str] = names(path)
    return found


def _open(path: str, name: str | None) -> Any:
    from standin_plugins import StandIn

    return StandIn(path, name)


LOADERS[".standin"] = Loader(_names, _open)
