"""Looking for plugins: each is loaded once in a process of its own, and what came of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.plugins import LOADERS
from bridge.engines.effects.plugins_library import (
    Contents,
    Quarantined,
    Scanned,
    Stamp,
    plugin_files,
)
from bridge.errors import BridgeError, EngineFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bridge.engines.effects.plugins_library import PluginLibrary


@dataclass(frozen=True)
class ScanResult:
    """What a scan did; paths.

    Parameters
    ----------
    loaded
        New or changed, and loaded.
    unchanged
        Known from an earlier scan, and not loaded again.
    quarantined
        Tried now, and put into quarantine.
    avoided
        In quarantine since an earlier scan, and not tried.
    gone
        Known from an earlier scan, and no longer there.
    """

    loaded: tuple[str, ...]
    unchanged: tuple[str, ...]
    quarantined: tuple[str, ...]
    avoided: tuple[str, ...]
    gone: tuple[str, ...]


def scan(
    library: PluginLibrary,
    folders: Iterable[Path],
    timeout_s: float,
    tell: Callable[[Path], None] = lambda _: None,
    make_host: Callable[[], EffectsHost] = EffectsHost,
) -> ScanResult:
    """Bring the library up to date with some folders.

    The library is written after each plugin that was loaded, so that a scan that is interrupted
    goes on where it was.

    Parameters
    ----------
    library
        What earlier scans found.
    folders
        Where to look, with all folders below.
    timeout_s
        How long a plugin may say nothing while it is loaded.
    tell
        Told each plugin before it is loaded.
    make_host
        Makes the host of one plugin's process.

    Raises
    ------
    EngineFailedError
        No process can be started.
    DiskFullError, ForbiddenPathError
        The library cannot be written.
    """
    before = library.contents()
    scanned, quarantine = dict(before.scanned), dict(before.quarantine)
    done: dict[str, list[str]] = {"loaded": [], "unchanged": [], "quarantined": [], "avoided": []}
    found = set()
    for path in plugin_files(folders, frozenset(LOADERS)):
        key = str(path)
        if key in found:  # folders may lie in each other
            continue
        found.add(key)
        try:
            stamp = Stamp.of(path)
        except OSError:  # it went away while we looked
            continue
        if key in scanned and scanned[key].stamp == stamp:
            done["unchanged"].append(key)
        elif key in quarantine and quarantine[key].stamp == stamp:
            done["avoided"].append(key)
        else:
            tell(path)
            row = _try(path, stamp, timeout_s, make_host)
            scanned.pop(key, None)
            quarantine.pop(key, None)
            if isinstance(row, Scanned):
                scanned[key] = row
                done["loaded"].append(key)
            else:
                quarantine[key] = row
                done["quarantined"].append(key)
            library.keep(Contents(scanned=scanned, quarantine=quarantine))
    gone = sorted((scanned.keys() | quarantine.keys()) - found)
    library.keep(
        Contents(
            scanned={key: row for key, row in sorted(scanned.items()) if key in found},
            quarantine={key: row for key, row in sorted(quarantine.items()) if key in found},
        )
    )
    return ScanResult(**{what: tuple(keys) for what, keys in done.items()}, gone=tuple(gone))


def _try(
    path: Path, stamp: Stamp, timeout_s: float, make_host: Callable[[], EffectsHost]
) -> Scanned | Quarantined:
    host = make_host()
    try:
        return Scanned(stamp=stamp, plugins=host.inspect(path, timeout_s))
    except EngineFailedError:
        raise
    except BridgeError as exc:
        date = datetime.now().astimezone().isoformat(timespec="seconds")
        return Quarantined(stamp=stamp, reason=str(exc), date=date)
    finally:
        host.stop()
