"""Running a chain over audio on disk.

The effects keep their state from block to block, so that the result is that of one pass. An
effect that looks ahead holds its first samples back; pedalboard cuts that delay off the
beginning, and silence fed in at the end brings out the rest, so length and alignment stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.audio import BLOCK_FRAMES, Audio, DiskBuffer
from bridge.engines.disk import disk_faults, need_space
from bridge.errors import PluginFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec

_HIGHEST_CUTOFF = 0.49
"""Of the sample rate: pedalboard's filters become unstable at half of it."""

_CUTOFFS = {"cutoff_frequency_hz", "cutoff_hz", "centre_frequency_hz"}

_SMALLEST_BLOCK = 256
"""pedalboard guesses which axis the channels are, and cannot with as few samples as channels."""

_MOST_LATENCY_S = 2.0
"""A chain that still holds samples back after so much silence has lost them."""


def run_chain(
    chain: ChainSpec,
    buffer: DiskBuffer,
    path: Path,
    progress: Callable[[float], None] | None = None,
    block_frames: int = BLOCK_FRAMES,
) -> DiskBuffer:
    """Process a buffer into another of the same length, aligned to the sample.

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
        Samples that are processed at a time.

    Returns
    -------
    DiskBuffer
        Channels, frames and rate of `buffer`. What an effect adds beyond the end is cut.

    Raises
    ------
    PluginFailedError
        An effect refused its parameters, failed, or made samples that are not numbers.
    DiskFullError
        No room for the result.
    """
    need_space(path.parent, buffer.frames * buffer.channels * 4)
    board = [
        _LoadedEffect(chain, place, buffer.channels, buffer.sample_rate)
        for place in range(len(chain.effects))
    ]
    most = buffer.frames + block_frames + round(_MOST_LATENCY_S * buffer.sample_rate)
    fed = written = 0
    with disk_faults(path):
        result = DiskBuffer.create(path, buffer.channels, buffer.frames, buffer.sample_rate)
        while written < buffer.frames:
            if fed > most:
                raise PluginFailedError(f"The chain '{chain.name}' holds audio back for ever.")
            # Beyond its end the buffer reads as silence.
            frames = max(_SMALLEST_BLOCK, min(block_frames, buffer.frames - fed))
            block = buffer.read(fed, frames)
            fed += frames
            for effect in board:
                block = effect.process(block)
            block = block[:, : buffer.frames - written]
            result.write(written, block)
            written += block.shape[1]
            if progress is not None:
                progress(written / buffer.frames)
    return result


class _LoadedEffect:
    """An effect of a chain with its state; blocks too short for it wait for more."""

    def __init__(self, chain: ChainSpec, place: int, channels: int, sample_rate: int) -> None:
        spec = chain.effects[place]
        self._where = f"Effect {place + 1} of the chain '{chain.name}', {spec.type},"
        self._sample_rate = sample_rate
        self._waiting: Audio = np.zeros((channels, 0), dtype=np.float32)
        try:
            self._effect = _make(spec, sample_rate)
        except (ValueError, TypeError, RuntimeError) as exc:
            raise PluginFailedError(f"{self._where} refused its parameters: {exc}") from exc

    def process(self, block: Audio) -> Audio:
        """Return what comes out for a block; fewer samples while the effect looks ahead."""
        if self._waiting.shape[1]:
            block = np.concatenate([self._waiting, block], axis=1)
        if block.shape[1] < _SMALLEST_BLOCK:
            self._waiting = block
            return block[:, :0]
        self._waiting = block[:, :0]
        try:
            out: Audio = self._effect.process(block, self._sample_rate, reset=False)
        except (ValueError, RuntimeError) as exc:
            raise PluginFailedError(f"{self._where} failed: {exc}") from exc
        if not np.isfinite(out).all():
            raise PluginFailedError(
                f"{self._where} made samples that are not numbers. Turn its parameters towards "
                "their defaults."
            )
        return out


def _make(spec: EffectSpec, sample_rate: int) -> Any:
    import pedalboard

    kind = getattr(pedalboard, spec.type)
    arguments: dict[str, Any] = dict(spec.parameters)
    for name in _CUTOFFS & arguments.keys():
        arguments[name] = min(arguments[name], _HIGHEST_CUTOFF * sample_rate)
    if "mode" in arguments:
        arguments["mode"] = kind.Mode.__members__[arguments["mode"]]
    return kind(**arguments)
