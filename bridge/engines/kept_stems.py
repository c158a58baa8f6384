"""Separated stems that stay after their job, for jobs that would separate the same again.

Each take has a folder of its own: the stems as raw float32, as the stages after the separation
found them, and ``take.json``. Nothing is copied where the file system has hard links: a kept file
and a job's scratch file are then one. The folder is made hidden and renamed, so that whoever sees
it sees all of it. A checksum finds what a power cut left in a file of the right size.

Standard library only at import, since the daemon tidies up when it starts.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.results import FALLBACK_LIFETIME_S, FALLBACK_WARNING
from bridge.engines.disk import need_space
from bridge.errors import DiskFullError
from bridge.models import JobWarning, Precision, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.take import Take
    from bridge.models import WorkOrder

log = logging.getLogger(__name__)

INDEX_NAME = "take.json"
"""Its modification time says when the take was used last."""

_CHECKED_BYTES = 1 << 22


class KeptStem(Value):
    """One stem; `is_dry` if it is none of what the separation left over."""

    name: str
    channels: int
    frames: int
    sample_rate: int
    checksum: int
    is_dry: bool


class KeptTake(Value):
    """What the separation gave, in the take's order, and what it said."""

    job: str
    model: str | None
    device: str
    precision: Precision | None
    separated_at: float
    warnings: tuple[JobWarning, ...]
    stems: tuple[KeptStem, ...]

    def answers(self, *, offline: bool) -> bool:
        """Tell whether the wanted model would separate the same today.

        Stems of a fallback model answer only for a while, unless nothing better can be fetched.
        """
        is_fallback = any(warning.code == FALLBACK_WARNING for warning in self.warnings)
        return not is_fallback or offline or time.time() - self.separated_at < FALLBACK_LIFETIME_S


@dataclass(frozen=True)
class KeptStems:
    """The folder with what is kept.

    Parameters
    ----------
    folder
        Made when something is kept.
    limit_bytes
        Most that lies there; what was used least recently goes first.
    """

    folder: Path
    limit_bytes: int

    @classmethod
    def of(cls, order: WorkOrder) -> KeptStems | None:
        """Return what a job may take and keep; None if the settings keep nothing."""
        if order.stems_folder is None or not order.kept_stems_bytes:
            return None
        return cls(Path(order.stems_folder), order.kept_stems_bytes)

    def bring(self, key: str, take: Take) -> KeptTake | None:
        """Give a take the stems that are kept under a key; None if there are none to be used."""
        home = self.folder / key
        try:
            kept = KeptTake.model_validate_json((home / INDEX_NAME).read_bytes())
            if not kept.answers(offline=take.order.offline):
                return None
            stems = _brought(kept, home, take.work_folder)
            os.utime(home / INDEX_NAME)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            log.warning("kept stems cannot be used, they are separated again: %s", exc)
            _discard(home)
            return None
        take.stems = stems
        take.dry = {stem.name: stems[stem.name] for stem in kept.stems if stem.is_dry}
        take.model, take.device, take.precision = kept.model, kept.device, kept.precision
        return kept

    def keep(self, key: str, take: Take, warnings: Sequence[JobWarning]) -> None:
        """Keep a take's stems as they are now; without room for them nothing happens."""
        size_bytes = sum(_bytes_of(stem) for stem in take.stems.values())
        if size_bytes > self.limit_bytes:
            return
        job_id = take.order.job.id
        part = self.folder / f".{key}.{job_id}"
        try:
            part.mkdir(parents=True)
            need_space(self.folder, size_bytes)
            kept = KeptTake(
                job=job_id,
                model=take.model,
                device=take.device,
                precision=take.precision,
                separated_at=time.time(),
                warnings=tuple(warnings),
                stems=tuple(_put(take, part)),
            )
            (part / INDEX_NAME).write_text(kept.model_dump_json(), encoding="utf-8")
            _discard(self.folder / key)
            self._make_room(size_bytes)
            part.rename(self.folder / key)
        except (OSError, DiskFullError) as exc:
            log.info("stems of job %s are not kept: %s", job_id, exc)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what a killed daemon left half made, and what is more than may be kept.

        Only while no worker runs.
        """
        for path in self.folder.glob(".*"):
            shutil.rmtree(path, ignore_errors=True)
        self._make_room(0)

    def forget_unfinished(self, job_id: str) -> None:
        """Remove what a job whose worker was killed left half made."""
        for part in self.folder.glob(f".*.{job_id}"):
            shutil.rmtree(part, ignore_errors=True)

    def clear(self) -> None:
        """Give the room of everything back."""
        for home in self._homes():
            _discard(home)

    def _homes(self) -> list[Path]:
        """Return what is kept, the least recently used first."""
        homes = [path for path in self.folder.glob("[!.]*") if path.is_dir()]
        return sorted(homes, key=_last_used)

    def _make_room(self, size_bytes: int) -> None:
        homes = self._homes()
        sizes = [_size_bytes(home) for home in homes]
        total = sum(sizes)
        for home, size in zip(homes, sizes, strict=True):
            if total + size_bytes <= self.limit_bytes:
                return
            _discard(home)
            total -= size


def _brought(kept: KeptTake, home: Path, work_folder: Path) -> dict[str, DiskBuffer]:
    """Return the stems as scratch files of a job; ValueError if one is not as it was kept."""
    from bridge.engines.audio import DiskBuffer

    stems = {}
    for number, stem in enumerate(kept.stems):
        path = work_folder / f"kept-{number}.f32"
        _share(home / f"{number}.f32", path)
        buffer = DiskBuffer(path, stem.channels, stem.frames, stem.sample_rate)
        if path.stat().st_size != _bytes_of(buffer) or _checksum(path) != stem.checksum:
            raise ValueError(f"the stem {stem.name} in {home} is damaged")
        stems[stem.name] = buffer
    return stems


def _put(take: Take, folder: Path) -> Iterator[KeptStem]:
    for number, (name, buffer) in enumerate(take.stems.items()):
        path = folder / f"{number}.f32"
        _share(buffer.path, path)
        yield KeptStem(
            name=name,
            channels=buffer.channels,
            frames=buffer.frames,
            sample_rate=buffer.sample_rate,
            checksum=_checksum(path),
            is_dry=name in take.dry,
        )


def _share(source: Path, target: Path) -> None:
    """Make a file available under a second name, or as a copy where there are no hard links.

    Stages write their results to new files and leave those that they read alone, so that two names
    of one file are safe.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_CHECKED_BYTES):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _bytes_of(buffer: DiskBuffer) -> int:
    return 4 * buffer.channels * buffer.frames


def _size_bytes(home: Path) -> int:
    """Return how much a kept take takes; 0 if it went meanwhile."""
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in home.iterdir())
    return 0


def _last_used(home: Path) -> float:
    with contextlib.suppress(OSError):
        return (home / INDEX_NAME).stat().st_mtime
    return 0.0  # without an index it is of no use: it goes first


def _discard(home: Path) -> None:
    """Remove a kept take, from sight in one step."""
    gone = home.with_name(f".{home.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):  # another job has removed it, or still opens it (Windows)
        home.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
