"""Songs in the cache's format, a few seconds long, whose stems are easy to tell apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.training.separator.cache import Song

RATE = 44_100
SECONDS = 4


def write_songs(folder: Path, count: int) -> tuple[Song, ...]:
    """Write songs 0 to `count` into a split's folder."""
    songs = []
    for index in range(count):
        path = folder / f"{index:05d}"
        path.mkdir(parents=True, exist_ok=True)
        for stem, audio in _stems(np.random.default_rng(index)).items():
            stereo = np.stack([audio, 0.7 * audio], axis=1)
            np.round(stereo * 32767).astype("<i2").tofile(path / f"{stem}.i16")
        (path / "song.toml").write_text(f"seed = {index}\n")
        songs.append(Song.of(path))
    return tuple(songs)


def _stems(random: np.random.Generator) -> dict[str, np.ndarray]:
    time_s = np.arange(RATE * SECONDS) / RATE
    beat_s = random.uniform(0.2, 0.4)
    decay = np.exp(-30.0 * (time_s % beat_s))
    vibrato = 0.4 * np.sin(2 * np.pi * 5.0 * time_s)
    root_hz = random.uniform(300.0, 500.0)
    return {
        "drums": 0.1 * decay * random.standard_normal(time_s.size),
        "bass": 0.2 * np.sin(2 * np.pi * random.uniform(50.0, 90.0) * time_s),
        "other": 0.1 * np.sin(2 * np.pi * root_hz * np.outer((1.0, 1.26, 1.5), time_s)).sum(axis=0),
        "vocals": 0.15 * np.sin(2 * np.pi * 3.0 * root_hz * time_s + 8.0 * vibrato),
    }
