"""Audio on disk: float32 of any length, read and written in blocks, so that memory stays flat.

Conventions
-----------
In memory audio is a C-contiguous ``(channels, samples)`` float32 array. On disk the samples of a
`DiskBuffer` are interleaved raw float32, so that a block is one contiguous read. Plain file reads
rather than a memory map: the pages of a map count as the process' memory, and an hour of five
stereo buffers would count as 6 GB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Audio = NDArray[np.float32]
"""``(channels, samples)`` float32; full scale is ±1 but nothing clips."""

BLOCK_FRAMES = 1 << 18
"""How much is read at a time where the engine has no window of its own: 6 s at 44.1 kHz."""

_BYTES_PER_SAMPLE = 4


@dataclass(frozen=True)
class DiskBuffer:
    """Audio in a scratch file.

    Parameters
    ----------
    path
        The scratch file; it belongs to the job's work folder.
    channels, frames, sample_rate
        Its shape and rate in Hz.
    """

    path: Path
    channels: int
    frames: int
    sample_rate: int

    @classmethod
    def create(cls, path: Path, channels: int, frames: int, sample_rate: int) -> DiskBuffer:
        """Make a silent buffer; the file system stores the zeros sparsely where it can."""
        with path.open("wb") as file:
            file.truncate(channels * frames * _BYTES_PER_SAMPLE)
        return cls(path, channels, frames, sample_rate)

    @classmethod
    def of(cls, path: Path, audio: Audio, sample_rate: int) -> DiskBuffer:
        """Make a buffer that holds an array of shape ``(channels, samples)``."""
        buffer = cls.create(path, audio.shape[0], audio.shape[1], sample_rate)
        buffer.write(0, audio)
        return buffer

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def read(self, start: int = 0, frames: int | None = None) -> Audio:
        """Return ``frames`` samples from ``start``; outside the buffer there is silence.

        Parameters
        ----------
        start
            First sample; may be negative.
        frames
            How many; None reads to the end.

        Returns
        -------
        np.ndarray [shape=(channels, frames), dtype=float32]
        """
        if frames is None:
            frames = max(0, self.frames - start)
        first, last = max(0, start), min(self.frames, start + frames)
        if last <= first:
            return np.zeros((self.channels, frames), dtype=np.float32)
        with self.path.open("rb") as file:
            file.seek(first * self.channels * _BYTES_PER_SAMPLE)
            flat = np.fromfile(file, dtype=np.float32, count=(last - first) * self.channels)
        inside = flat.reshape(-1, self.channels).T
        if last - first == frames:
            return np.ascontiguousarray(inside)
        audio = np.zeros((self.channels, frames), dtype=np.float32)
        audio[:, first - start : last - start] = inside
        return audio

    def write(self, start: int, audio: Audio) -> None:
        """Put a block of shape ``(channels, samples)`` at sample ``start``.

        Raises
        ------
        ValueError
            If the block does not fit; a buffer never grows.
        """
        if audio.shape[0] != self.channels or start < 0 or start + audio.shape[1] > self.frames:
            raise ValueError(
                f"a block of shape {audio.shape} at {start} does not fit into "
                f"({self.channels}, {self.frames})"
            )
        with self.path.open("r+b") as file:
            file.seek(start * self.channels * _BYTES_PER_SAMPLE)
            # Column by column: seven times as fast as transposing as a whole.
            file.write(np.stack(tuple(audio), axis=1).astype(np.float32, copy=False).data)

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[tuple[int, Audio]]:
        """Yield ``(start, block)`` from the beginning to the end."""
        for start in range(0, self.frames, frames):
            yield start, self.read(start, min(frames, self.frames - start))
