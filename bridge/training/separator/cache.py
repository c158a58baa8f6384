"""Reads the songs that `bridge.training.songs` renders, while it still renders more."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.unet_layout import CHANNELS, SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Crop = NDArray[np.int16]  # (stems, channels, samples)

_LOOK_AGAIN_S = 20.0
_BYTES_PER_FRAME = 2 * CHANNELS


@dataclass(frozen=True)
class Song:
    """One folder of the cache: ``<stem>.i16``, raw interleaved stereo, absent where silent.

    Parameters
    ----------
    folder
        Where it lies.
    frames
        Length in samples per channel.
    """

    folder: Path
    frames: int

    @classmethod
    def of(cls, folder: Path) -> Song:
        """Look at a song's files."""
        sizes = [path.stat().st_size for path in folder.glob("*.i16")]
        return cls(folder, max(sizes, default=0) // _BYTES_PER_FRAME)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / SAMPLE_RATE

    @property
    def seed(self) -> int:
        """What it was rendered from."""
        return int(tomllib.loads((self.folder / "song.toml").read_text(encoding="utf-8"))["seed"])

    def crop(self, start: int, frames: int) -> Crop:
        """Return ``(4, 2, frames)`` samples from `start`; silence beyond the end."""
        crop = np.zeros((len(FOUR_STEMS), CHANNELS, frames), dtype=np.int16)
        for index, stem in enumerate(FOUR_STEMS):
            path = self.folder / f"{stem}.i16"
            if not path.is_file():
                continue
            with path.open("rb") as file:
                file.seek(start * _BYTES_PER_FRAME)
                flat = np.fromfile(file, dtype="<i2", count=frames * CHANNELS)
            crop[index, :, : flat.size // CHANNELS] = flat.reshape(-1, CHANNELS).T
        return crop


@dataclass
class SongCache:
    """All songs of a split that are there by now.

    Parameters
    ----------
    folder
        ``<cache>/<split>``.
    """

    folder: Path
    _songs: dict[str, Song] = field(default_factory=dict)
    _looked_at_s: float = -_LOOK_AGAIN_S

    def songs(self) -> tuple[Song, ...]:
        """Return the songs, in their order; looks for new ones now and then."""
        if time.monotonic() - self._looked_at_s >= _LOOK_AGAIN_S:
            self._looked_at_s = time.monotonic()
            for path in sorted(self.folder.glob("[0-9]*")):
                # A song is renamed into place when it is whole; ``.partial`` names are not.
                if path.name.isdigit() and path.name not in self._songs:
                    self._songs[path.name] = Song.of(path)
        return tuple(song for song in self._songs.values() if song.frames)

    def seeds(self) -> list[int]:
        """Return the lowest and the highest seed of the songs."""
        seeds = [song.seed for song in self.songs()]
        return [min(seeds), max(seeds)] if seeds else []

    @property
    def duration_s(self) -> float:
        """Length of all songs in seconds."""
        return sum(song.duration_s for song in self.songs())
