"""Separation of a region of any length, window by window, in constant memory.

A region is cut into windows that overlap; a model separates each; the estimates fade into each
other under triangular weights and are divided by the sum of the weights. The result equals
``demucs.apply.apply_model`` to rounding. What differs is the cost: only one window is in memory,
windows of silence are not run, models of a bag that count for no wanted stem are not run, and
every window can be the last if the job is cancelled.

Shifts
------
``apply_model`` averages passes over the region moved by random offsets up to half a second.
Here the offsets are spread evenly over that half second, so that the same job gives the same
samples: pass i of n puts ``i/n`` of half a second of silence before the region. The first pass is
therefore the plain one, and 0 and 1 shifts are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.engines.separation.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.separation.window_model import Bag, WindowModel

MAX_SHIFT_S = 0.5


@dataclass(frozen=True)
class _Pass:
    """One model over the whole region, once.

    ``gains`` of shape (outputs, stems) is what each stem of the model adds to each output.
    ``starts`` are the windows' first samples in the region; the first is negative by the shift.
    """

    model: WindowModel
    gains: NDArray[np.float32]
    starts: range
    silent: NDArray[np.bool_]


def separate(
    bag: Bag,
    mix: DiskBuffer,
    outputs: Mapping[str, tuple[str, ...]],
    folder: Path,
    *,
    overlap: float = 0.25,
    shifts: int = 0,
    progress: Callable[[float], None] | None = None,
) -> dict[str, DiskBuffer]:
    """Separate a region.

    Parameters
    ----------
    bag
        The models.
    mix
        The region, at the models' sample rate. Where its channels are not the models', the
        models hear each channel of a mono region doubled, or the mean of the channels, and the
        outputs are brought to the region's channels the same way.
    outputs
        The wanted outputs, each the sum of the named stems.
    folder
        Where the scratch files of the outputs go.
    overlap
        How much of a window the next one overlaps, 0 to below 1.
    shifts
        How many shifted passes are averaged.
    progress
        Called with 0…1 before every window that is run: windows done / windows to run. What it
        raises is let through.

    Returns
    -------
    dict
        For every output a buffer of the region's shape.

    Raises
    ------
    OutOfMemoryError, EngineFailedError
        From the models.
    """

    def say(fraction: float) -> None:
        if progress is not None:
            progress(fraction)

    survey = Survey.of(mix, lambda: say(0.0))
    passes = _passes(bag, survey, outputs, overlap, shifts)
    buffers = {
        name: DiskBuffer.create(
            folder / f"separated-{index}.f32", mix.channels, mix.frames, mix.sample_rate
        )
        for index, name in enumerate(outputs)
    }
    windows = sum(int(np.count_nonzero(~one.silent)) for one in passes)
    done = 0

    def next_window() -> None:
        nonlocal done
        say(done / windows)
        done += 1

    runner = _Runner(survey, bag.normalised, tuple(buffers.values()), next_window)
    for index, one in enumerate(passes):
        runner.run(one, is_first=index == 0)
    say(1.0)
    return buffers


def _passes(
    bag: Bag, survey: Survey, outputs: Mapping[str, tuple[str, ...]], overlap: float, shifts: int
) -> list[_Pass]:
    routing = np.array(
        [[stem in stems for stem in bag.stems] for stems in outputs.values()], dtype=np.float32
    )
    weights = np.array([member.weights for member in bag.members])
    shares = weights / weights.sum(axis=0) / max(1, shifts)
    passes = []
    for member, share in zip(bag.members, shares, strict=True):
        gains = routing * share.astype(np.float32)
        if not gains.any():
            continue
        segment = member.model.segment_frames
        stride = max(1, int((1 - overlap) * segment))
        max_shift = int(MAX_SHIFT_S * bag.sample_rate)
        for shift in range(max(1, shifts)):
            starts = range(-(max_shift * shift // max(1, shifts)), survey.mix.frames, stride)
            silent = [survey.is_silent(start, start + segment) for start in starts]
            passes.append(_Pass(member.model, gains, starts, np.array(silent, dtype=np.bool_)))
    return passes


@dataclass(frozen=True)
class _Runner:
    """Runs passes and adds what they find to the outputs' buffers."""

    survey: Survey
    normalised: bool
    buffers: tuple[DiskBuffer, ...]
    next_window: Callable[[], None]

    def run(self, one: _Pass, *, is_first: bool) -> None:
        """Add one pass to the buffers, each stretch as soon as no further window reaches it."""
        mix, segment, stride = self.survey.mix, one.model.segment_frames, one.starts.step
        taper = triangle(segment)
        pending = np.zeros((len(self.buffers), mix.channels, segment), dtype=np.float32)
        weight = np.zeros(segment, dtype=np.float32)
        for start, silent in zip(one.starts, one.silent, strict=True):
            frames = min(segment, mix.frames - start)
            weight[:frames] += taper[:frames]
            if not silent:
                self.next_window()
                pending[..., :frames] += taper[:frames] * self._estimate(one, start, frames)
            ready = min(stride, frames)
            self._write(start, pending[..., :ready] / weight[:ready], is_first=is_first)
            for array in (pending, weight):
                array[..., :-ready] = array[..., ready:].copy()
                array[..., -ready:] = 0.0

    def _estimate(self, one: _Pass, start: int, frames: int) -> NDArray[np.float32]:
        """Return what the model finds in one window, (outputs, channels of the mix, frames)."""
        mix, model = self.survey.mix, one.model
        target = model.window_frames(frames)
        before = (target - frames) // 2
        window = mix.read(start - before, target)
        mean, deviation = np.float32(0.0), np.float32(1.0)
        if self.normalised:
            mean = np.float32(self.survey.mean)
            deviation = np.float32(self.survey.standard_deviation)
            # Outside the region the model hears zeros, not the normalised value of silence.
            inside = slice(max(0, before - start), min(target, mix.frames - start + before))
            window[:, inside] = (window[:, inside] - mean) / deviation
        stems = model.forward(with_channels(window, model.channels))[..., before : before + frames]
        found = with_channels(np.tensordot(one.gains, stems, axes=1), mix.channels)
        offset = mean * one.gains.sum(axis=1)
        return np.asarray(found * deviation + offset[:, None, None], dtype=np.float32)

    def _write(self, start: int, found: NDArray[np.float32], *, is_first: bool) -> None:
        found = found[..., max(0, -start) :]
        if not found.any():
            return  # the buffers begin as silence
        start = max(0, start)
        for buffer, audio in zip(self.buffers, found, strict=True):
            earlier = 0.0 if is_first else buffer.read(start, audio.shape[-1])
            buffer.write(start, audio + earlier)


def triangle(frames: int) -> NDArray[np.float32]:
    """Return the weights of a window, rising from its edges to 1 in its middle."""
    rising = np.arange(1, frames // 2 + 1, dtype=np.float32)
    falling = np.arange(frames - frames // 2, 0, -1, dtype=np.float32)
    weights = np.concatenate([rising, falling])
    return np.asarray(weights / weights.max(), dtype=np.float32)


def with_channels(audio: Audio, channels: int) -> Audio:
    """Return audio of shape (..., channels, samples) with another number of channels.

    One channel is doubled; several become their mean, which is doubled in turn where needed.
    """
    if audio.shape[-2] == channels:
        return audio
    mono = audio.mean(axis=-2, keepdims=True, dtype=np.float32)
    return np.repeat(mono, channels, axis=-2)
