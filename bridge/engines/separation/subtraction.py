"""What is left of a buffer when others are taken away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def subtract(
    whole: DiskBuffer,
    parts: Iterable[DiskBuffer],
    path: Path,
    progress: Callable[[float], None],
) -> DiskBuffer:
    """Return the whole less the parts, in blocks.

    The difference is taken in float64 and rounded once, so that the parts and the result sum to
    the whole within the rounding of float32.

    Parameters
    ----------
    whole, parts
        Buffers of one shape.
    path
        Scratch file of the result.
    progress
        Called with 0…1 after every block; what it raises is let through.
    """
    parts = tuple(parts)
    result = DiskBuffer.create(path, whole.channels, whole.frames, whole.sample_rate)
    for start, block in whole.blocks():
        left = block.astype(np.float64)
        for part in parts:
            left -= part.read(start, block.shape[1])
        result.write(start, left.astype(np.float32))
        progress((start + block.shape[1]) / whole.frames)
    return result
