"""REAPER: its resource folders, and the scripts in them.

A resource folder holds REAPER's settings and scripts; a portable installation has its own, beside
the program. Ours go to ``Scripts/dawbridge``, with ``program.txt``, which says how dawbridge is
started, and ``installed.txt``, which lists what was written.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.daws.program import program_words
from bridge.errors import ForbiddenPathError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = "dawbridge"
PROGRAM, INSTALLED = "program.txt", "installed.txt"
MAIN_SCRIPT = "dawbridge_Stems.lua"
REGISTER_SCRIPT = "dawbridge_Add to action list.lua"
SETTINGS_FILE = "reaper.ini"
FLATPAK = Path(".var/app/fm.reaper.Reaper")

_FLATPAK_STEP = (
    "Allow REAPER's Flatpak to start dawbridge, once: "
    "flatpak override --user --talk-name=org.freedesktop.Flatpak fm.reaper.Reaper"
)


@dataclass(frozen=True)
class Change:
    """A file that is written or removed.

    Parameters
    ----------
    path
        The file.
    content
        What it will hold; None removes it.
    """

    path: Path
    content: bytes | None

    @property
    def is_needed(self) -> bool:
        """Whether the file is not like that already."""
        if self.content is None:
            return self.path.is_file()
        try:
            return self.path.read_bytes() != self.content
        except OSError:
            return True

    def make(self) -> None:
        """Write or remove the file.

        Raises
        ------
        ForbiddenPathError
            The system does not allow it.
        """
        try:
            if self.content is None:
                self.path.unlink(missing_ok=True)
            else:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_bytes(self.content)
        except OSError as exc:
            raise ForbiddenPathError(
                f"{self.path} cannot be changed: {exc.strerror}. Close REAPER, make the folder "
                "writable, then run this again."
            ) from exc


@dataclass(frozen=True)
class Installation:
    """What is to be done to one resource folder.

    Parameters
    ----------
    resources
        The folder.
    changes
        In order; those that are not needed are left out.
    steps
        Sentences: what the musician has to do then.
    """

    resources: Path
    changes: tuple[Change, ...]
    steps: tuple[str, ...] = ()


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
    target = resources / "Scripts" / FOLDER
    from_reapack = _reapack_copy(resources)
    wanted: dict[str, bytes] = {}
    if from_reapack is None:
        files = sorted(shipped.rglob("*.lua"))
        wanted = {path.relative_to(shipped).as_posix(): path.read_bytes() for path in files}
    words = program_words(in_flatpak=_is_flatpak(resources))
    wanted[PROGRAM] = _lines(words)
    wanted[INSTALLED] = _lines([*wanted, INSTALLED])
    gone = [name for name in _installed(target) if name not in wanted]
    changes = [Change(target / name, None) for name in gone]
    changes += [Change(target / name, content) for name, content in wanted.items()]
    return Installation(
        resources,
        tuple(change for change in changes if change.is_needed),
        _steps(resources, from_reapack),
    )


def plan_uninstall(resources: Path) -> Installation:
    """Return what removes our files from a resource folder, and nothing else."""
    target = resources / "Scripts" / FOLDER
    changes = [Change(target / name, None) for name in _installed(target)]
    return Installation(resources, tuple(change for change in changes if change.is_needed))


def carry_out(installation: Installation) -> None:
    """Make every change, and remove our folders where they are empty then.

    Raises
    ------
    ForbiddenPathError
        A file cannot be changed.
    """
    for change in installation.changes:
        change.make()
    target, jobs = installation.resources / "Scripts" / FOLDER, installation.resources / FOLDER
    for folder in (target / "lib", target, jobs / "jobs", jobs):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _steps(resources: Path, from_reapack: Path | None) -> tuple[str, ...]:
    steps = [_FLATPAK_STEP] if _is_flatpak(resources) else []
    if from_reapack is not None:
        steps.append(f"The actions are those that ReaPack installed in {from_reapack}.")
    else:
        script = resources / "Scripts" / FOLDER / REGISTER_SCRIPT
        steps.append(
            "In REAPER, once: Actions > Show action list > New action > Load ReaScript, choose "
            f"{script}, and run it. All actions whose names begin with dawbridge are there then."
        )
    return tuple(steps)


def _installed(target: Path) -> list[str]:
    """Return the files that an earlier installation wrote, below their folder."""
    try:
        names = (target / INSTALLED).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    below = target.resolve()
    return [name for name in names if name and below in (target / name).resolve().parents]


def _reapack_copy(resources: Path) -> Path | None:
    """Return the folder of the scripts that ReaPack installed, if it did."""
    own = resources / "Scripts" / FOLDER
    copies = (path.parent for path in (resources / "Scripts").rglob(MAIN_SCRIPT))
    return next((folder for folder in copies if folder != own), None)


def _is_flatpak(resources: Path) -> bool:
    return FLATPAK.as_posix() in resources.as_posix()


def _lines(words: Sequence[str]) -> bytes:
    return ("\n".join(words) + "\n").encode()
