"""Ableton Live: its User Libraries, and the remote script in them.

A User Library holds the musician's presets, and in ``Remote Scripts`` control surfaces, a folder
each. It may lie anywhere: Live's preferences hold a ``Library.cfg`` for each version, which says
where. Beside the script lie ``daemon.json``, which tells it where the daemon is and how it is
started, and ``settings.ini``, which is the musician's.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from bridge.config import LOOPBACK_HOSTS
from bridge.daws.installation import Change, plan_files, remove_empty
from bridge.daws.instruments import wished
from bridge.daws.program import program_words
from bridge.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bridge.config import Settings
    from bridge.daws.installation import Installation

SCRIPT = "DawBridge"
"""The script's folder; Live lists control surfaces by the names of theirs."""

LIBRARY_NAME = "User Library"
REMOTE_SCRIPTS = "Remote Scripts"
MARKER = "Ableton Folder Info"
"""A folder that Live makes in its own."""

DAEMON_FILE, SETTINGS_FILE = "daemon.json", "settings.ini"
STATE_FOLDER = "ableton"
"""Below the data folder: jobs whose results are not placed yet."""

_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on


def find_user_libraries(
    home: Path, environment: Mapping[str, str], platform: str = sys.platform
) -> list[Path]:
    """Return every User Library that can be found, one for each place that a Live uses.

    Parameters
    ----------
    home
        The musician's home folder.
    environment
        For ``APPDATA`` and ``OneDrive``.
    platform
        As `sys.platform` says it.
    """
    found: list[Path] = []
    candidates = [*_configured(home, environment, platform), *_usual(home, environment, platform)]
    for folder in candidates:
        if folder.is_dir() and folder.resolve() not in found:
            found.append(folder.resolve())
    return found


def user_library(text: Path) -> Path:
    """Return a User Library that the musician named, by itself or by the folder that it lies in.

    Raises
    ------
    SettingsError
        It is not there, or not a User Library.
    """
    folder = text.expanduser().resolve()
    for candidate in (folder / LIBRARY_NAME, folder):
        is_named = candidate.name == LIBRARY_NAME and candidate.is_dir()
        if is_named or any((candidate / name).is_dir() for name in (MARKER, REMOTE_SCRIPTS)):
            return candidate
    raise SettingsError(
        f"{folder} is not a User Library of Live. In Live, Settings > Library > Location of User "
        "Library shows it."
    )


def plan_install(
    library: Path, shipped: Path, settings: Settings, instruments: Mapping[str, Any]
) -> Installation:
    """Return what brings a User Library up to date; doing it twice changes nothing.

    Parameters
    ----------
    library
        The User Library.
    shipped
        The script's folder, as the program carries it.
    settings
        Where the daemon is.
    instruments
        What plays which role, as `core.presets.Presets.instruments` has it.

    Raises
    ------
    PresetError
        An instrument's ``live`` is not a list of names.
    """
    wanted = {path.name: path.read_bytes() for path in sorted(shipped.glob("*.py"))}
    wanted[DAEMON_FILE] = _daemon(settings, instruments)
    target = _target(library)
    planned = plan_files("Live", library, target, wanted, _steps(settings))
    mine = target / SETTINGS_FILE
    if mine.exists():
        return planned
    # Not in the list of what we wrote: it is the musician's from now on.
    change = Change(mine, (shipped / SETTINGS_FILE).read_bytes())
    return replace(planned, changes=(*planned.changes, change))


def plan_uninstall(library: Path, shipped: Path) -> Installation:
    """Return what removes the script; settings that the musician changed stay."""
    target = _target(library)
    planned = plan_files("Live", library, target, {})
    ours = [Change(path, None) for path in sorted((target / "__pycache__").glob("*.pyc"))]
    mine = target / SETTINGS_FILE
    if mine.is_file() and mine.read_bytes() == (shipped / SETTINGS_FILE).read_bytes():
        ours.append(Change(mine, None))
    return replace(planned, changes=(*planned.changes, *ours))


def remove_state(settings: Settings) -> None:
    """Remove the folder in which the script kept its jobs, if it is empty."""
    remove_empty([settings.data / STATE_FOLDER])


def _target(library: Path) -> Path:
    return library / REMOTE_SCRIPTS / SCRIPT


def _daemon(settings: Settings, instruments: Mapping[str, Any]) -> bytes:
    table = {
        "port": settings.port,
        "program": program_words(),
        "state": str(settings.data / STATE_FOLDER),
        "instruments": wished(instruments, "live", ("Drift", "Operator")),
    }
    return (json.dumps(table, indent=2) + "\n").encode()


def _steps(settings: Settings) -> tuple[str, ...]:
    steps = [
        "In Live, once: restart it, then Settings > Link, Tempo & MIDI > Control Surface, choose "
        f"{SCRIPT} in a free row. As its input, choose the controller whose pads you map."
    ]
    if settings.host not in LOOPBACK_HOSTS | _EVERY_ADDRESS:
        steps.append(
            f"The daemon listens on {settings.host} alone, where Live does not look for it: set "
            'host = "127.0.0.1", or "0.0.0.0", in the settings.'
        )
    return tuple(steps)


def _usual(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "win32":
        documents = [home / "Documents"]
        if environment.get("OneDrive"):
            documents.append(Path(environment["OneDrive"]) / "Documents")
        yield from (folder / "Ableton" / LIBRARY_NAME for folder in documents)
    elif platform == "darwin":
        yield home / "Music/Ableton" / LIBRARY_NAME


def _configured(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    """Yield the User Libraries that Live's preferences name, those of the latest used Live first.

    ``Library.cfg`` is XML: in ``UserLibrary/LibraryProject``, ``ProjectPath`` holds the folder that
    the library lies in, and ``ProjectName`` its name there.
    """
    if platform == "win32":
        roaming = Path(environment.get("APPDATA") or home / "AppData/Roaming")
        files = (roaming / "Ableton").glob("Live *[0-9]*/Preferences/Library.cfg")
    elif platform == "darwin":
        files = (home / "Library/Preferences/Ableton").glob("Live *[0-9]*/Library.cfg")
    else:
        return
    for file in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            root = ET.fromstring(file.read_bytes())  # noqa: S314 - Live's own file
        except (OSError, ET.ParseError):
            continue  # a version that was removed, or never finished starting
        project = root.find(".//UserLibrary/LibraryProject")
        if project is not None:
            path, name = (_value(project, tag) for tag in ("ProjectPath", "ProjectName"))
            if path:
                yield Path(path) / (name or LIBRARY_NAME)


def _value(element: ET.Element, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else found.get("Value", "")
