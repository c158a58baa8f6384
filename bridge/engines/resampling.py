"""Change of sample rate for audio on disk, in a stream.

The resampler is libsoxr at its very high quality: a linear-phase low-pass whose delay the library
takes out itself, so that a sample at time t comes out at time t.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.errors import EngineFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def resampled_frames(frames: int, sample_rate: int, new_sample_rate: int) -> int:
    """Return how many samples a length becomes at another sample rate in Hz, to the nearest."""
    return round(frames * new_sample_rate / sample_rate)


def resample(
    buffer: DiskBuffer,
    sample_rate: int,
    path: Path,
    frames: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> DiskBuffer:
    """Resample a buffer into another one, aligned to the sample, in constant memory.

    Parameters
    ----------
    buffer
        What is resampled.
    sample_rate
        The new rate in Hz.
    path
        Scratch file of the result.
    frames
        Exact length of the result, which is cut or ends in silence to fit: a region that goes
        to another rate and back keeps its length this way. None means the nearest to the same
        duration.
    progress
        Called with 0…1 after every block; what it raises is let through.

    Returns
    -------
    DiskBuffer
        The result; `buffer` itself when it has that rate and length already.

    Raises
    ------
    EngineFailedError
        If the resampler refuses the rates.
    """
    if frames is None:
        frames = resampled_frames(buffer.frames, buffer.sample_rate, sample_rate)
    if buffer.sample_rate == sample_rate and buffer.frames == frames:
        return buffer
    import soxr

    try:
        stream = soxr.ResampleStream(
            buffer.sample_rate, sample_rate, buffer.channels, dtype="float32", quality="VHQ"
        )
    except (RuntimeError, ValueError) as exc:
        raise EngineFailedError(
            f"Audio at {buffer.sample_rate} Hz cannot be brought to {sample_rate} Hz: {exc}."
        ) from exc
    result = DiskBuffer.create(path, buffer.channels, frames, sample_rate)
    written = 0
    for start, block in buffer.blocks():
        end = start + block.shape[1]
        samples = stream.resample_chunk(np.ascontiguousarray(block.T), last=end == buffer.frames).T[
            :, : frames - written
        ]
        result.write(written, samples)
        written += samples.shape[1]
        if progress is not None:
            progress(end / buffer.frames)
    return result
