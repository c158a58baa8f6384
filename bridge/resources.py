"""Where the files that ship with the program lie: in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """Return the folder ``presets`` or ``daw_scripts``.

    A wheel carries both inside the package, under ``bridge/shipped``; in a checkout they lie beside
    the package.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "shipped" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"dawbridge is not installed completely: its folder '{name}' is missing."
    )
