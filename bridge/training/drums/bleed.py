"""Other instruments that leak into a drum track, as microphones and separators let them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs import production

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.training.drums.strokes import Wave

_LEAKING = ("bass", "other", "vocals")
_BYTES_PER_FRAME = 4
_FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Bleed:
    """Rendered songs whose stems leak.

    Parameters
    ----------
    songs
        Folders as `bridge.training.songs.cache` writes them.
    """

    songs: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> Bleed | None:
        """Return the songs of a split's folder; None if there are none."""
        songs = tuple(sorted(path for path in folder.glob("[0-9]*") if path.name.isdigit()))
        return cls(songs) if songs else None

    def into(self, audio: Wave, level_db: float, rng: np.random.Generator) -> Wave:
        """Return drums with a crop of a song's other stems at a level relative to theirs.

        Parameters
        ----------
        audio : np.ndarray [shape=(samples,)]
        level_db
            How loud the bleed's played parts are beside the drums'.
        rng
            Song, stems and crop are drawn from it.
        """
        song = self.songs[int(rng.integers(len(self.songs)))]
        leaking = [stem for stem in _LEAKING if rng.random() < 0.7]
        other = np.zeros(len(audio), dtype=np.float32)
        place = float(rng.random())
        for stem in leaking:
            path = song / f"{stem}.i16"
            if path.is_file():
                other += _crop(path, place, len(audio))
        if not np.any(other) or not np.any(audio):
            return audio
        wanted_db = production.active_db(audio[None]) + level_db
        return np.asarray(audio + production.levelled(other[None], wanted_db)[0])


def _crop(path: Path, place: float, samples: int) -> Wave:
    """Return a mono crop that begins at a share of the song."""
    frames = path.stat().st_size // _BYTES_PER_FRAME
    start = int(place * max(0, frames - samples))
    flat = np.fromfile(path, dtype="<i2", count=2 * samples, offset=start * _BYTES_PER_FRAME)
    crop = np.zeros(samples, dtype=np.float32)
    crop[: len(flat) // 2] = flat.reshape(-1, 2).mean(axis=1) / _FULL_SCALE
    return crop
