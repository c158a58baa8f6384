"""Ardour: its configuration folders, and the scripts in them.

Each major version has a folder of its own. Actions lie in ``scripts``, where Ardour's script
manager finds them; what they load lies below, in ``scripts/dawbridge``. They are also put into
slots, so that they are in the menu at once: see `bridge.daws.ardour_slots`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.daws.ardour_slots import SLOTS_FILE, Script, UnknownSlotsError, quoted, with_scripts
from bridge.daws.installation import Change, lines, plan_files
from bridge.daws.instruments import wished
from bridge.daws.program import program_words
from bridge.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.daws.installation import Installation

FOLDER = "dawbridge"
PROGRAM = "program.txt"
WISHES = "wishes.lua"
"""Which instruments play which role; the scripts load it."""

ACTIONS = (
    "bridge_stems.lua",
    "bridge_stems_and_midi.lua",
    "bridge_midi.lua",
    "bridge_collect.lua",
)
HOOK = "bridge_watch.lua"
SHARED = ("colours.lua", "events.lua", "quoting.lua", "track_name.lua")
"""Modules of REAPER's scripts that know nothing of REAPER."""
FLATPAK = Path(".var/app/org.ardour.Ardour")

_NAME = re.compile(r"[Aa]rdour[6-9]")
_FLATPAK_STEP = (
    "Allow Ardour's Flatpak to start dawbridge, once: "
    "flatpak override --user --talk-name=org.freedesktop.Flatpak org.ardour.Ardour"
)
_READY_STEP = (
    "If Ardour runs, close it, then run this again: it may write its own list of scripts over this "
    "one. The actions are in Edit > Lua Scripts."
)
_BY_HAND_STEP = (
    "In Ardour, once: Edit > Lua Scripts > Script Manager. Under Action Scripts choose a free line "
    "for each of the four actions whose names begin with Bridge, then Add/Set; under Action Hooks "
    "add Bridge: watch."
)


def find_config_folders(
    home: Path, environment: Mapping[str, str], platform: str = sys.platform
) -> list[Path]:
    """Return the configuration folder of every Ardour from version 6 on.

    Parameters
    ----------
    home
        The musician's home folder.
    environment
        For ``LOCALAPPDATA`` and ``XDG_CONFIG_HOME``.
    platform
        As `sys.platform` says it.
    """
    if platform == "win32":
        places = [Path(environment.get("LOCALAPPDATA", home / "AppData/Local"))]
    elif platform == "darwin":
        places = [home / "Library/Preferences"]
    else:
        own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        places = [own, home / FLATPAK / "config"]
    found = (path for place in places if place.is_dir() for path in sorted(place.iterdir()))
    return [path for path in found if _NAME.fullmatch(path.name) and path.is_dir()]


def config_folder(text: Path) -> Path:
    """Return a folder that the musician named, if it is one of Ardour's.

    Raises
    ------
    SettingsError
        It is not there, or not Ardour's.
    """
    folder = text.expanduser().resolve()
    if not folder.is_dir() or not (_NAME.fullmatch(folder.name) or (folder / "config").is_file()):
        raise SettingsError(
            f"{folder} is not a configuration folder of Ardour, such as ~/.config/ardour7. Start "
            "Ardour once, then name the folder that it made."
        )
    return folder


def plan_install(config: Path, shipped: Path, instruments: Mapping[str, Any]) -> Installation:
    """Return what brings a configuration folder up to date; doing it twice changes nothing.

    Parameters
    ----------
    config
        The configuration folder.
    shipped
        All DAW scripts, as the program carries them.
    instruments
        What plays which role, as `core.presets.Presets.instruments` has it.

    Raises
    ------
    PresetError
        An instrument's ``ardour`` is not a list of names.
    """
    own = shipped / "ardour"
    wanted = {path.relative_to(own).as_posix(): path.read_bytes() for path in own.rglob("*.lua")}
    for name in SHARED:
        wanted[f"{FOLDER}/{name}"] = (shipped / "reaper" / "lib" / name).read_bytes()
    wanted[f"{FOLDER}/{PROGRAM}"] = lines(program_words(in_flatpak=_is_flatpak(config)))
    wanted[f"{FOLDER}/{WISHES}"] = _wishes(instruments)
    scripts = [Script.read(own / name) for name in (*ACTIONS, HOOK)]
    steps = (_FLATPAK_STEP,) if _is_flatpak(config) else ()
    planned = plan_files("Ardour", config, config / "scripts", dict(sorted(wanted.items())), steps)
    return _with_slots(planned, scripts)


def plan_uninstall(config: Path) -> Installation:
    """Return what removes our files and slots from a configuration folder, and nothing else."""
    return _with_slots(plan_files("Ardour", config, config / "scripts", {}), [])


def _wishes(instruments: Mapping[str, Any]) -> bytes:
    """Return a Lua module: a table of lists of plugins, by role."""
    roles = wished(instruments, "ardour", ("General MIDI Synth", "ACE Reasonable Synth"))
    rows = (
        f"  [{quoted(role)}] = {{ {', '.join(map(quoted, names))} }},"
        for role, names in roles.items()
    )
    return lines(["return {", *rows, "}"])


def _with_slots(planned: Installation, scripts: Sequence[Script]) -> Installation:
    """Add what puts scripts into Ardour's slots; what cannot be read is left to the musician."""
    path = planned.place / SLOTS_FILE
    step = (_READY_STEP,) if scripts else ()
    try:
        change = Change(path, with_scripts(path.read_bytes() if path.is_file() else None, scripts))
    except UnknownSlotsError:
        step = (_BY_HAND_STEP,) if scripts else ()
        return replace(planned, steps=(*planned.steps, *step))
    changes = (*planned.changes, *((change,) if change.is_needed else ()))
    return replace(planned, changes=changes, steps=(*planned.steps, *step))


def _is_flatpak(config: Path) -> bool:
    return FLATPAK.as_posix() in config.as_posix()
