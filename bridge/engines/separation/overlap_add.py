"""Separation of a region of any length, window by window, in constant memory.

A region is cut into windows that overlap; a model separates each; the estimates fade into each
other under triangular weights and are divided by the sum of the weights. The result equals
``demucs.apply.apply_model`` to rounding, but for the end of some regions: ``apply_model`` begins
windows up to the last sample, also where the window before reaches the end already, and such a
window, which is mostly padding, is not run here. What differs further is the cost: only one window
is in memory, windows of silence are not run, models of a bag that count for no wanted stem are not
run, and every window can be the last if the job is cancelled.

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
    from collections.abc import Callable, Iterator, Mapping
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

    runner = _Runner(survey, bag, tuple(buffers.values()), next_window)
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
            first = -(max_shift * shift // max(1, shifts))
            starts = _window_starts(first, survey.mix.frames, segment, stride)
            silent = [survey.is_silent(start, start + segment) for start in starts]
            passes.append(_Pass(member.model, gains, starts, np.array(silent, dtype=np.bool_)))
    return passes


def _window_starts(first: int, frames: int, segment: int, stride: int) -> range:
    """Return where windows begin: every stride, until one reaches the region's end."""
    strides = -(-max(0, frames - segment - first) // stride)
    return range(first, first + strides * stride + 1, stride)


@dataclass(frozen=True)
class _Runner:
    """Runs passes and adds what they find to the outputs' buffers."""

    survey: Survey
    bag: Bag
    buffers: tuple[DiskBuffer, ...]
    next_window: Callable[[], None]

    def run(self, one: _Pass, *, is_first: bool) -> None:
        """Add one pass to the buffers, each stretch as soon as no further window reaches it."""
        mix, segment, stride = self.survey.mix, one.model.segment_frames, one.starts.step
        taper = triangle(segment)
        pending = np.zeros((len(self.buffers), mix.channels, segment), dtype=np.float32)
        weight = np.zeros(segment, dtype=np.float32)
        for start, found in self._estimates(one):
            frames = min(segment, mix.frames - start)
            weight[:frames] += taper[:frames]
            if found is not None:
                pending[..., :frames] += np.multiply(found, taper[:frames], out=found)
            ready = min(stride, frames)
            if start == one.starts[-1]:
                ready = frames
            self._write(start, pending[..., :ready] / weight[:ready], is_first=is_first)
            for array in (pending, weight):
                array[..., :-ready] = array[..., ready:].copy()
                array[..., -ready:] = 0.0

    def _estimates(self, one: _Pass) -> Iterator[tuple[int, NDArray[np.float32] | None]]:
        """Yield every window's first sample and what the model finds in it, in order.

        That is of shape (outputs, channels of the mix, frames), or None for silence.
        """
        waiting: list[tuple[int, Audio | None]] = []
        for start, silent in zip(one.starts, one.silent, strict=True):
            window = None if silent else self._window(one.model, start)
            batch = [heard for _, heard in waiting if heard is not None]
            is_full = len(batch) == self.bag.batch_windows
            if batch and (is_full or (window is not None and window.shape != batch[0].shape)):
                yield from self._run(one, waiting)
                waiting = []
            waiting.append((start, window))
        yield from self._run(one, waiting)

    def _run(
        self, one: _Pass, waiting: list[tuple[int, Audio | None]]
    ) -> Iterator[tuple[int, NDArray[np.float32] | None]]:
        batch = [window for _, window in waiting if window is not None]
        for _ in batch:
            self.next_window()
        found: Iterator[NDArray[np.float32]] = iter(())
        if len(batch) == 1:
            found = iter([one.model.forward(batch[0])])
        elif batch:
            found = iter(one.model.forward(np.stack(batch)))
        for start, window in waiting:
            yield start, None if window is None else self._mixed(one, start, next(found))

    def _window(self, model: WindowModel, start: int) -> Audio:
        """Return what the model hears for the window from `start` on."""
        mix = self.survey.mix
        before, target = self._padding(model, start)
        window = mix.read(start - before, target)
        if self.bag.normalised:
            mean, deviation = self._level
            # Outside the region the model hears zeros, not the normalised value of silence.
            inside = slice(max(0, before - start), min(target, mix.frames - start + before))
            window[:, inside] = (window[:, inside] - mean) / deviation
        return with_channels(window, model.channels)

    def _mixed(self, one: _Pass, start: int, stems: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the outputs that a model's stems of a window make."""
        mix = self.survey.mix
        before, _ = self._padding(one.model, start)
        frames = min(one.model.segment_frames, mix.frames - start)
        wanted = stems[..., before : before + frames]
        found = with_channels(np.tensordot(one.gains, wanted, axes=1), mix.channels)
        mean, deviation = self._level
        found *= deviation
        found += (mean * one.gains.sum(axis=1))[:, None, None]
        return found

    def _padding(self, model: WindowModel, start: int) -> tuple[int, int]:
        """Return how many samples are heard before a window, and how many in all."""
        frames = min(model.segment_frames, self.survey.mix.frames - start)
        target = model.window_frames(frames)
        return (target - frames) // 2, target

    @property
    def _level(self) -> tuple[np.float32, np.float32]:
        """Mean and deviation that the models' input is freed of."""
        if not self.bag.normalised:
            return np.float32(0.0), np.float32(1.0)
        return np.float32(self.survey.mean), np.float32(self.survey.standard_deviation)

    def _write(self, start: int, found: NDArray[np.float32], *, is_first: bool) -> None:
        found = found[..., max(0, -start) :]
        if not found.any():
            return  # the buffers begin as silence
        start = max(0, start)
        for buffer, audio in zip(self.buffers, found, strict=True):
            buffer.write(start, audio if is_first else audio + buffer.read(start, audio.shape[-1]))


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
