"""Songs on disk, as the training reads them.

``FOLDER/<split>/<index>/<stem>.i16`` holds little-endian 16-bit samples at 44.1 kHz, left and right
in turn; a stem that is silent has no file. ``song.toml`` beside them says how the song was made. A
song is written under another name and renamed when it is whole, so that a reader may start while
the rest is still being rendered, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs import drumkits, soundfonts
from bridge.training.songs.render import mix_song
from bridge.training.songs.score import compose
from bridge.training.songs.values import SAMPLE_RATE, STEMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.engines.audio import Audio
    from bridge.training.songs.drumkits import InstalledKit
    from bridge.training.songs.soundfonts import InstalledFont, Split

SHORTEST_S, LONGEST_S = 25.0, 40.0
_FULL_SCALE = 32_767
_SEEDS_PER_SPLIT = 10_000_000
_NICE = 19


@dataclass(frozen=True)
class Order:
    """One song to be rendered.

    Parameters
    ----------
    folder
        Of its split; the song gets a folder of its own in it.
    index
        Its number, from 0.
    seed
        What it is drawn from.
    duration_s
        Its length.
    fonts, kits
        Soundfonts and sampled drum kits that play.
    """

    folder: Path
    index: int
    seed: int
    duration_s: float
    fonts: tuple[InstalledFont, ...]
    kits: tuple[InstalledKit, ...] = ()

    @property
    def path(self) -> Path:
        """The song's folder."""
        return self.folder / f"{self.index:05d}"


def orders(
    folder: Path,
    hours: float,
    split: Split,
    seed: int,
    fonts: tuple[InstalledFont, ...] | None = None,
    *,
    kits: tuple[InstalledKit, ...] | None = None,
) -> Iterator[Order]:
    """Yield what is to be rendered until the songs are together as long as wanted.

    The songs of the splits never share a seed. More hours give the same songs and further ones.
    """
    playing = soundfonts.installed(split) if fonts is None else fonts
    struck = drumkits.installed(split) if kits is None else kits
    rng = np.random.default_rng([seed, split == "valid"])
    total_s, index = 0.0, 0
    while total_s < hours * 3_600.0:
        duration_s = round(float(rng.uniform(SHORTEST_S, LONGEST_S)), 2)
        song_seed = (2 * seed + (split == "valid")) * _SEEDS_PER_SPLIT + index
        yield Order(folder / split, index, song_seed, duration_s, playing, struck)
        total_s += duration_s
        index += 1


def write_song(order: Order) -> Path:
    """Render a song and write it; return its folder. One that is there already is kept."""
    if order.path.exists():
        return order.path
    song = compose(order.seed, order.duration_s)
    stems = mix_song(song, order.seed, order.duration_s, order.fonts, order.kits)
    part = order.folder / f".{order.index:05d}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for stem, audio in stems.items():
            if np.any(audio):
                (part / f"{stem}.i16").write_bytes(_integers(audio).tobytes())
        (part / "song.toml").write_text(
            f"seed = {order.seed}\n"
            f"seconds = {order.duration_s}\n"
            f"tempo = {song.tempo:.2f}\n"
            f'style = "{song.style}"\n',
            encoding="utf-8",
        )
        part.rename(order.path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return order.path


def read_stem(song: Path, stem: str) -> Audio | None:
    """Return a stem of a song of shape ``(2, samples)``, or None where it is silent."""
    path = song / f"{stem}.i16"
    if not path.exists():
        return None
    integers = np.fromfile(path, dtype="<i2").reshape(-1, 2)
    audio = np.ascontiguousarray(integers.T, dtype=np.float32)
    audio /= np.float32(_FULL_SCALE)
    return audio


def write_songs(wanted: list[Order], workers: int) -> Iterator[tuple[Order, Exception | None]]:
    """Render songs in processes of low priority; yield each when it is done, with its failure."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_give_way)
    try:
        waiting = {pool.submit(write_song, order): order for order in wanted}
        for future in as_completed(waiting):
            failure = future.exception()
            if failure is not None and not isinstance(failure, Exception):
                raise failure
            yield waiting[future], failure
    finally:
        pool.shutdown(cancel_futures=True)


def _give_way() -> None:
    os.nice(_NICE)


def _integers(audio: Audio) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    scaled = np.round(np.clip(audio.T, -1.0, 1.0) * _FULL_SCALE)
    return np.ascontiguousarray(scaled, dtype="<i2")


__all__ = ["SAMPLE_RATE", "STEMS", "Order", "orders", "read_stem", "write_song", "write_songs"]
