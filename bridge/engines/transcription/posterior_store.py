"""Keeps what the network heard with the job, so that other thresholds need no new inference.

``<job's folder>/.posteriors/<key>.npz`` holds one stem's posteriors and is deleted with the job.
The key is a hash of the very samples that were heard and of the network's version: whatever changes
the audio, be it another region, model or chain, changes the key. Every job's folder is searched,
so that a run with another preset finds what an earlier job heard. When all of them together grow
too large, those that were not used for longest go.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.disk import RESERVE_BYTES
from bridge.engines.naming import finished
from bridge.engines.transcription import network
from bridge.engines.transcription.posteriors import Posteriors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.engines.audio import DiskBuffer

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 30
"""What all jobs together may keep: three hours and a half of one stem."""

_FOLDER = ".posteriors"


@dataclass(frozen=True)
class PosteriorStore:
    """The posteriors of all jobs.

    Parameters
    ----------
    folder
        The folder of the job that runs; those of the other jobs lie beside it.
    recalls
        Whether posteriors of earlier runs may be used.
    most_bytes
        When more than this is kept, the oldest go.
    """

    folder: Path
    recalls: bool = True
    most_bytes: int = MOST_BYTES

    def recall(self, key: str) -> Posteriors | None:
        """Return what was heard in the audio of a key; None if nobody has kept it."""
        if not self.recalls:
            return None
        for path in self._files(f"{key}.npz"):
            try:
                with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                    posteriors = Posteriors(held["notes"], held["onsets"], held["contours"])
                os.utime(path)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as exc:
                log.warning("%s cannot be read and is heard again: %s", path, exc)
                continue
            return posteriors
        return None

    def keep(self, key: str, posteriors: Posteriors) -> None:
        """Keep posteriors with the job, unless the disk is nearly full.

        Raises
        ------
        DiskFullError, ForbiddenPathError
            They cannot be written after all.
        """
        parts = (posteriors.notes, posteriors.onsets, posteriors.contours)
        size_bytes = sum(part.nbytes for part in parts)
        own = self.folder / _FOLDER
        own.mkdir(parents=True, exist_ok=True)
        # Half of what is free is left to the stems and clips of this and other jobs.
        if size_bytes > self.most_bytes or 2 * size_bytes + RESERVE_BYTES > _free_bytes(own):
            return
        with finished(own / f"{key}.npz") as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                notes=posteriors.notes,
                onsets=posteriors.onsets,
                contours=posteriors.contours,
            )
        self._forget_oldest()

    def _files(self, pattern: str) -> Iterator[Path]:
        return self.folder.parent.glob(f"*/{_FOLDER}/{pattern}")

    def _forget_oldest(self) -> None:
        kept = []
        for path in self._files("*.npz"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another worker was quicker
                continue
            kept.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def key_of(buffer: DiskBuffer) -> str:
    """Return what two buffers share if and only if the network hears the same in them."""
    digest = hashlib.sha256(f"{network.VERSION} {buffer.sample_rate} {buffer.channels}".encode())
    for _, block in buffer.blocks():
        digest.update(block.tobytes())
    return digest.hexdigest()[:32]


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
