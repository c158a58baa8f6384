"""REAPER: its resource folders, and the scripts in them.

A resource folder holds REAPER's settings and scripts; a portable installation has its own, beside
the program. Ours go to ``Scripts/dawbridge``, with ``program.txt``, which says how dawbridge is
started.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.daws.installation import lines, plan_files, remove_empty
from bridge.daws.program import program_words
from bridge.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bridge.daws.installation import Installation

FOLDER = "dawbridge"
PROGRAM = "program.txt"
MAIN_SCRIPT = "dawbridge_Stems.lua"
REGISTER_SCRIPT = "dawbridge_Add to action list.lua"
SETTINGS_FILE = "reaper.ini"
FLATPAK = Path(".var/app/fm.reaper.Reaper")

_FLATPAK_STEP = (
    "Allow REAPER's Flatpak to start dawbridge, once: "
    "flatpak override --user --talk-name=org.freedesktop.Flatpak fm.reaper.Reaper"
)


def find_resource_folders(
    home: Path, environment: Mapping[str, str], platform: str = sys.platform
) -> list[Path]:
    """Return every resource folder of REAPER that can be found.

    Parameters
    ----------
    home
        The musician's home folder.
    environment
        For ``APPDATA`` and ``XDG_CONFIG_HOME``.
    platform
        As `sys.platform` says it.
    """
    found = [folder for folder in _usual(home, environment, platform) if folder.is_dir()]
    for folder in _portable(home, environment, platform):
        if (folder / SETTINGS_FILE).is_file() and folder not in found:
            found.append(folder)
    return found


def _usual(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "win32":
        yield Path(environment.get("APPDATA", home / "AppData/Roaming")) / "REAPER"
    elif platform == "darwin":
        yield home / "Library/Application Support/REAPER"
    else:
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "REAPER"
        yield home / ".REAPER"
        yield home / FLATPAK / "config/REAPER"


def _portable(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    """Yield folders that a portable REAPER is usually unpacked into."""
    places = [home, home / "Desktop", home / "Documents", home / "Downloads", home / "opt"]
    if platform == "win32":
        names = ("SystemDrive", "ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA")
        places += [Path(environment[name] + os.sep) for name in names if name in environment]
    elif platform == "darwin":
        places += [Path("/Applications"), home / "Applications"]
    else:
        places += [Path("/opt"), Path("/usr/local")]
    for place in places:
        for pattern in ("REAPER*", "reaper*", "reaper*/REAPER"):
            try:
                yield from sorted(path for path in place.glob(pattern) if path.is_dir())
            except OSError:
                continue  # a folder that may not be looked into holds nothing of ours


def resource_folder(text: Path) -> Path:
    """Return a folder that the musician named, if it is one of REAPER's.

    Raises
    ------
    SettingsError
        It is not there, or not REAPER's.
    """
    folder = text.expanduser().resolve()
    if not (folder / SETTINGS_FILE).is_file():
        raise SettingsError(
            f"{folder} is not a resource folder of REAPER: it holds no {SETTINGS_FILE}. In REAPER, "
            "Options > Show REAPER resource path shows it."
        )
    return folder


def plan_install(resources: Path, shipped: Path) -> Installation:
    """Return what brings a resource folder up to date; doing it twice changes nothing.

    Scripts that ReaPack brought are kept, and ours removed, so that no action is there twice.

    Parameters
    ----------
    resources
        The resource folder.
    shipped
        The scripts, as the program carries them.
    """
    from_reapack = _reapack_copy(resources)
    wanted: dict[str, bytes] = {}
    if from_reapack is None:
        files = sorted(shipped.rglob("*.lua"))
        wanted = {path.relative_to(shipped).as_posix(): path.read_bytes() for path in files}
    wanted[PROGRAM] = lines(program_words(in_flatpak=_is_flatpak(resources)))
    steps = _steps(resources, from_reapack)
    return plan_files("REAPER", resources, _target(resources), wanted, steps)


def plan_uninstall(resources: Path) -> Installation:
    """Return what removes our files from a resource folder, and nothing else."""
    return plan_files("REAPER", resources, _target(resources), {})


def remove_job_folders(resources: Path) -> None:
    """Remove the folders in which the scripts kept their jobs, where they are empty."""
    remove_empty([resources / FOLDER / "jobs", resources / FOLDER])


def _target(resources: Path) -> Path:
    return resources / "Scripts" / FOLDER


def _steps(resources: Path, from_reapack: Path | None) -> tuple[str, ...]:
    steps = [_FLATPAK_STEP] if _is_flatpak(resources) else []
    if from_reapack is not None:
        steps.append(f"The actions are those that ReaPack installed in {from_reapack}.")
    else:
        script = _target(resources) / REGISTER_SCRIPT
        steps.append(
            "In REAPER, once: Actions > Show action list > New action > Load ReaScript, choose "
            f"{script}, and run it. All actions whose names begin with dawbridge are there then."
        )
    return tuple(steps)


def _reapack_copy(resources: Path) -> Path | None:
    """Return the folder of the scripts that ReaPack installed, if it did."""
    own = _target(resources)
    copies = (path.parent for path in (resources / "Scripts").rglob(MAIN_SCRIPT))
    return next((folder for folder in copies if folder != own), None)


def _is_flatpak(resources: Path) -> bool:
    return FLATPAK.as_posix() in resources.as_posix()
