"""How well a network separates the rendered songs of the validation split, and other folders."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.evaluation import KnownSong, estimate, scores
from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.unet_layout import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bridge.engines.separation.window_model import Bag
    from bridge.training.separator.cache import Song

MAX_SONGS = 12
MAX_SONG_S = 40.0


def rendered(songs: Iterable[Song]) -> Iterator[KnownSong]:
    """Yield the beginnings of the first songs as evaluation takes them."""
    for song, _ in zip(songs, range(MAX_SONGS), strict=False):
        frames = min(song.frames, round(MAX_SONG_S * SAMPLE_RATE))
        crop = song.crop(0, frames) * np.float32(1.0 / 32768.0)
        yield KnownSong(song.folder.name, dict(zip(FOUR_STEMS, crop, strict=True)), SAMPLE_RATE)


def mean_scores_db(songs: Iterable[KnownSong], bag: Bag) -> dict[str, float]:
    """Return the global ratio of every stem, in dB, as the mean over songs, and their mean.

    Songs in which a stem is silent do not count for that stem.
    """
    ratios: dict[str, list[float]] = {stem: [] for stem in FOUR_STEMS}
    with tempfile.TemporaryDirectory() as scratch:
        for song in songs:
            for stem, score in scores(song, estimate(song, bag, Path(scratch))).items():
                if np.isfinite(score.global_sdr_db):
                    ratios[stem].append(score.global_sdr_db)
    means = {stem: float(np.mean(values)) for stem, values in ratios.items() if values}
    return {**means, "mean": float(np.mean(list(means.values())))} if means else {}
