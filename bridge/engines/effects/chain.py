"""Running a chain over audio on disk, in blocks, so that memory stays flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import BLOCK_FRAMES, Audio, DiskBuffer
from bridge.engines.disk import disk_faults, need_space
from bridge.engines.effects.graph import GraphMaker
from bridge.engines.effects.pedalboard_nodes import SuspectError
from bridge.engines.levels import LoudnessMeter
from bridge.errors import PluginFailedError
from bridge.units import db_to_amplitude, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bridge.engines.effects.chain_spec import ChainSpec, PluginSpec
    from bridge.engines.effects.nodes import Node
    from bridge.engines.effects.pedalboard_nodes import Processor

_RENDER_SHARE = 0.9
"""Of the work, where the loudness is set afterwards."""


def run_chain(
    chain: ChainSpec,
    buffer: DiskBuffer,
    path: Path,
    *,
    progress: Callable[[float], None] | None = None,
    block_frames: int = BLOCK_FRAMES,
    load_plugin: Callable[[PluginSpec, int], Processor] | None = None,
) -> DiskBuffer:
    """Process a buffer into another, aligned to the sample.

    Parameters
    ----------
    chain
        The effects, in order.
    buffer
        Mono or stereo.
    path
        Scratch file of the result.
    progress
        Called with 0…1 after every block; what it raises is let through.
    block_frames
        Samples that are processed at a time; the result does not depend on it.
    load_plugin
        Given a plugin and the sample rate in Hz, returns it loaded. None refuses plugins.

    Returns
    -------
    DiskBuffer
        Channels and rate of `buffer`; as long, and longer by the chain's tail.

    Raises
    ------
    PluginFailedError
        An effect refused its parameters, failed, or made samples that are not numbers.
    DiskFullError
        No room for the result.
    """
    frames = buffer.frames + seconds_to_samples(chain.tail_s, buffer.sample_rate)
    need_space(path.parent, frames * buffer.channels * 4)
    said = progress or (lambda _: None)
    with disk_faults(path):
        result = DiskBuffer.create(path, buffer.channels, frames, buffer.sample_rate)
        maker = GraphMaker(buffer.channels, buffer.sample_rate, load_plugin)
        try:
            _render(chain, maker.graph(chain), buffer, result, block_frames=block_frames, said=said)
        except SuspectError as exc:
            apart = GraphMaker(buffer.channels, buffer.sample_rate, load_plugin, is_apart=True)
            _render(chain, apart.graph(chain), buffer, result, block_frames=block_frames, said=said)
            raise PluginFailedError(
                f"An effect of the chain '{chain.name}' {exc} Alone each of them works."
            ) from exc
    return result


def _render(
    chain: ChainSpec,
    graph: Node,
    buffer: DiskBuffer,
    result: DiskBuffer,
    *,
    block_frames: int,
    said: Callable[[float], None],
) -> None:
    """Fill `result` with what the chain makes of `buffer`."""
    meter = None
    if chain.loudness_lufs is not None:
        meter = LoudnessMeter(buffer.channels, buffer.sample_rate)
    written = 0
    for block in _blocks(chain, graph, buffer, result.frames, block_frames):
        out = _placed(chain, block)
        result.write(written, out)
        written += out.shape[1]
        if meter is not None:
            meter.add(out)
        said((1.0 if meter is None else _RENDER_SHARE) * written / result.frames)
    if meter is not None and chain.loudness_lufs is not None:
        _set_loudness(result, meter, chain.loudness_lufs, block_frames)
        said(1.0)


def _blocks(
    chain: ChainSpec, graph: Node, buffer: DiskBuffer, frames: int, block_frames: int
) -> Iterator[Audio]:
    """Yield what the effects make of a buffer and the silence after it."""
    gain = np.float32(db_to_amplitude(chain.input_gain_db))
    for start in range(0, frames, block_frames):
        block = buffer.read(start, min(block_frames, frames - start))
        yield graph.process(block if gain == 1.0 else gain * block)
    yield graph.finish()


def _placed(chain: ChainSpec, block: Audio) -> Audio:
    """Return a block with the chain's width and output gain.

    Width is a gain of the side signal, half the difference of left and right.
    """
    gain = np.float32(db_to_amplitude(chain.output_gain_db))
    if chain.width != 1.0 and block.shape[0] == 2:
        mid = block.mean(axis=0)
        side = np.float32(chain.width) * (block[0] - mid)
        block = np.stack([mid + side, mid - side])
    return block if gain == 1.0 else gain * block


def _set_loudness(
    result: DiskBuffer, meter: LoudnessMeter, target_lufs: float, block_frames: int
) -> None:
    """Bring a result to a loudness by one gain; what is silent or too short stays as it is."""
    loudness_lufs = meter.integrated_lufs()
    if loudness_lufs is None:
        return
    gain = np.float32(db_to_amplitude(target_lufs - loudness_lufs))
    for start, block in result.blocks(block_frames):
        result.write(start, gain * block)
