"""The plugins of this machine: what the last scan found, and which of them are in quarantine.

One JSON file in the data folder holds both. `plugins_scan` writes it; planning reads it, so that a
plugin is known by name without being loaded, and one that hung or crashed is not tried again before
it has changed on the disk.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from bridge.engines.disk import disk_faults
from bridge.errors import SettingsError
from bridge.models import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIBRARY_NAME = "plugins.json"


class PluginParameter(Value):
    """One knob of a plugin, as the plugin describes it."""

    name: str
    kind: Literal["number", "switch", "choice"]
    value: str = Field(description="as the plugin shows it right after it was loaded")
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


class PluginInfo(Value):
    """One plugin of a file."""

    name: str
    path: str
    vendor: str = ""
    version: str = ""
    category: str = ""
    is_instrument: bool = False
    parameters: tuple[PluginParameter, ...] = ()

    def is_called(self, name: str) -> bool:
        """Tell whether a name means this plugin: its own or that of its file, in any case."""
        return name.casefold() in {self.name.casefold(), Path(self.path).stem.casefold()}


class Stamp(Value):
    """What a file or bundle looked like; another stamp means that it was changed."""

    modified_ns: int
    size_bytes: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Look at a plugin.

        Of a bundle every file counts: the folder's own time stays when a file in it is replaced.

        Raises
        ------
        OSError
            It is not there.
        """
        found = [path.stat()]
        for folder, _, names in os.walk(path):
            found += [Path(folder, name).lstat() for name in names]
        return cls(
            modified_ns=max(status.st_mtime_ns for status in found),
            size_bytes=sum(status.st_size for status in found[1:] or found),
        )


class Scanned(Value):
    """A file that was loaded without trouble."""

    stamp: Stamp
    plugins: tuple[PluginInfo, ...]


class Quarantined(Value):
    """A file that is not loaded again until it changes."""

    stamp: Stamp
    reason: str
    date: str = Field(description="ISO 8601")


class Contents(Value):
    """What the library's file holds; the keys are paths."""

    scanned: dict[str, Scanned] = Field(default_factory=dict)
    quarantine: dict[str, Quarantined] = Field(default_factory=dict)


@dataclass
class PluginLibrary:
    """The library's file, read again when it has changed.

    Parameters
    ----------
    path
        The file; it need not exist. None is a library that knows nothing.
    """

    path: Path | None = None
    _read: tuple[tuple[int, int], Contents] | None = field(default=None, repr=False)

    @classmethod
    def below(cls, data: Path) -> PluginLibrary:
        """Return the library of a data folder."""
        return cls(data / LIBRARY_NAME)

    def contents(self) -> Contents:
        """Return what the file holds.

        Raises
        ------
        SettingsError
            The file cannot be read or was not written by us.
        """
        if self.path is None:
            return Contents()
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)  # `keep` makes a new file each time
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, Contents.model_validate_json(self.path.read_bytes()))
        except FileNotFoundError:
            return Contents()
        except (OSError, ValidationError) as exc:
            raise SettingsError(
                f"The list of plugins {self.path} cannot be read. Delete it and run `dawbridge "
                "plugins scan`."
            ) from exc
        return self._read[1]

    def keep(self, contents: Contents) -> None:
        """Replace the file at once, so that nobody reads half of it.

        Raises
        ------
        DiskFullError, ForbiddenPathError
            It cannot be written.
        """
        if self.path is None:
            return
        with disk_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            draft.write_text(contents.model_dump_json(indent=1), encoding="utf-8")
            draft.replace(self.path)

    def plugins(self) -> tuple[PluginInfo, ...]:
        """Return every plugin that the last scan could load, by name."""
        found = (info for row in self.contents().scanned.values() for info in row.plugins)
        return tuple(sorted(found, key=lambda info: (info.name.casefold(), info.path)))

    def quarantined(self, path: Path) -> Quarantined | None:
        """Return why a file is not loaded; None if it may be, for instance since it changed."""
        row = self.contents().quarantine.get(str(path))
        if row is None:
            return None
        try:
            return row if Stamp.of(path) == row.stamp else None
        except OSError:
            return None


def standard_folders() -> tuple[Path, ...]:
    """Return where this platform's plugins are installed."""
    home = Path.home()
    if sys.platform == "win32":
        common = os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files")
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))
        return (Path(common, "VST3"), Path(local, "Programs", "Common", "VST3"))
    if sys.platform == "darwin":
        folders = [Path("/Library/Audio/Plug-Ins"), home / "Library/Audio/Plug-Ins"]
        return tuple(folder / kind for folder in folders for kind in ("VST3", "Components"))
    return (home / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3"))


def plugin_files(folders: Iterable[Path], suffixes: frozenset[str]) -> Iterator[Path]:
    """Yield every plugin below some folders; what lies inside a bundle belongs to the bundle."""
    for top in folders:
        for folder, subfolders, names in os.walk(top):
            bundles = [name for name in subfolders if Path(name).suffix.lower() in suffixes]
            subfolders[:] = sorted(name for name in subfolders if name not in bundles)
            files = [name for name in names if Path(name).suffix.lower() in suffixes]
            yield from (Path(folder, name) for name in sorted(bundles + files))
