"""Rendered clips as the network sees them: levels and strokes, in files that are made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.transcription.drums import spectra
from bridge.training.drums import clips
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from bridge.training.drums.clips import Clip, Room
    from bridge.training.drums.strokes import Wave
    from bridge.training.songs.soundfonts import Split

CLIP_S = 10.0
CLIPS_PER_FILE = 24
_SEEDS = {"train": 0, "valid": 1}
_SIX_DIGITS = "[0-9]" * 6


@dataclass(frozen=True)
class Example:
    """A clip as the network sees it.

    Parameters
    ----------
    levels : np.ndarray [shape=(frames, BANDS), dtype=float16]
        Frame 0 is centred on the clip's first sample.
    strokes : np.ndarray [shape=(strokes, 3)]
        Onset in seconds, row of `kit.DRUMS`, velocity.
    """

    levels: NDArray[np.float16]
    strokes: NDArray[np.float64]


def example(clip: Clip) -> Example:
    """Return what the network sees of a clip."""
    strokes = np.array(clip.truth, dtype=np.float64).reshape(-1, 3)
    return Example(levels_of(clip.audio).astype(np.float16), strokes)


def levels_of(audio: Wave) -> spectra.Levels:
    """Return the levels of a whole recording in memory, of shape ``(frames, BANDS)``."""
    block = spectra.BLOCK_SAMPLES
    gain = spectra.playing_gain(
        audio[None, start : start + block] for start in range(0, len(audio), block)
    )
    frames = len(audio) // spectra.HOP_SAMPLES
    half = spectra.FRAME_SAMPLES // 2
    return spectra.levels(np.pad(audio * np.float32(gain), (half, half)), frames)


def write_examples(
    folder: Path, split: Split, count: int, room: Room, said: Callable[[int], None]
) -> None:
    """Render clips until there are as many as wanted; those of an earlier call are kept.

    Parameters
    ----------
    folder
        Where the files go, a few dozen clips each.
    split
        Clips of the splits never share a seed.
    count
        How many clips.
    room
        What they are drawn from.
    said
        Told how many are there, after each file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, count, CLIPS_PER_FILE):
        last = min(count, first + CLIPS_PER_FILE)
        path = folder / f"{split}-{first:06d}.npz"
        if not path.exists():
            rngs = [np.random.default_rng([_SEEDS[split], index]) for index in range(first, last)]
            _write(path, [example(clips.draw(room, CLIP_S, rng)) for rng in rngs])
        said(last)


def keep(folder: Path, name: str, rows: Iterable[Example], said: Callable[[], None]) -> None:
    """Write examples under a name of their own, unless there are some already.

    Parameters
    ----------
    folder
        Where the file goes.
    name
        What `read_examples` finds them by.
    rows
        Taken one by one, and only if they are wanted.
    said
        Called after each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-000000.npz"
    if path.exists():
        return
    made = []
    for row in rows:
        made.append(row)
        said()
    _write(path, made)


def _write(path: Path, rows: list[Example]) -> None:
    partial = path.with_suffix(".partial.npz")
    numbered = [np.insert(row.strokes, 0, index, axis=1) for index, row in enumerate(rows)]
    levels = np.stack([row.levels for row in rows])
    np.savez(partial, levels=levels, strokes=np.concatenate(numbered))
    partial.replace(path)


def read_examples(folder: Path, name: str) -> Iterator[Example]:
    """Yield the clips of a split, or those that were kept under a name, in their order."""
    for path in sorted(folder.glob(f"{name}-{_SIX_DIGITS}.npz")):
        with np.load(path) as file:
            levels, strokes = file["levels"], file["strokes"]
        for index, row in enumerate(levels):
            yield Example(row, strokes[strokes[:, 0] == index, 1:])


def frames_of(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times as fractional frames."""
    return seconds * (SAMPLE_RATE / spectra.HOP_SAMPLES)
