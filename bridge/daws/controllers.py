"""Controllers: files for programs and devices that press buttons and turn knobs over OSC.

Those that name recipes, models, chains or knobs are made from the installed presets, so that they
show what this daemon has. The ones in ``daw_scripts/controllers`` were made from what ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.core.presets import Presets
from bridge.daws import open_stage_control, pure_data, touchosc
from bridge.daws.installation import plan_files
from bridge.daws.surface import surface

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bridge.config import Settings
    from bridge.core.ports import KnobTable
    from bridge.daws.installation import Installation
    from bridge.daws.surface import Surface
    from bridge.models import ModelInfo

FOLDER = "dawbridge controllers"
OPEN_STAGE_CONTROL, PURE_DATA, TOUCHOSC = "open_stage_control", "pure_data", "touchosc"

_HERE = frozenset({"localhost", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on
"""What the daemon may listen on that is reached as 127.0.0.1."""

_STEPS = (
    "README.md there says how each program opens its file. Run this again after you have added a "
    "recipe or a chain of your own.",
)


def made(shipped: Path, shown: Surface) -> dict[str, bytes]:
    """Return the files that are made from what there is, by their names below the folder.

    Parameters
    ----------
    shipped
        The folder of the files as the program carries them.
    shown
        What there is.
    """
    guide = {path.name: path.read_text(encoding="utf-8") for path in (shipped / TOUCHOSC).iterdir()}
    texts = {
        OPEN_STAGE_CONTROL: open_stage_control.files(shown),
        PURE_DATA: pure_data.files(shown),
        TOUCHOSC: touchosc.files(guide, shown),
    }
    return {
        f"{folder}/{name}": text.encode()
        for folder, files in texts.items()
        for name, text in files.items()
    }


def surface_of(
    settings: Settings, presets: Path, models: Sequence[ModelInfo], table: KnobTable
) -> Surface:
    """Return what the daemon with these settings has to show.

    Parameters
    ----------
    settings
        For the musician's own presets, and where the daemon listens.
    presets
        Those that ship.
    models, table
        The separation models, and the knobs of effects.
    """
    host = "127.0.0.1" if settings.host in _HERE else settings.host
    return surface(Presets((settings.presets, presets)), models, table, host, settings.port)


def plan_install(place: Path, shipped: Path, shown: Surface) -> Installation:
    """Return what puts all controllers into a folder of their own; twice it changes nothing.

    Parameters
    ----------
    place
        Where that folder is to be.
    shipped, shown
        As in `made`.
    """
    found = sorted(path for path in shipped.rglob("*") if path.is_file())
    wanted = {path.relative_to(shipped).as_posix(): path.read_bytes() for path in found}
    wanted |= made(shipped, shown)
    return plan_files("the controller", place, place / FOLDER, wanted, _STEPS)


def plan_uninstall(place: Path) -> Installation:
    """Return what removes our files from where they were put, and nothing else."""
    return plan_files("the controller", place, place / FOLDER, {})
