"""What the network hears in a region: the likelihood of notes, onsets and pitches over time.

Conventions
-----------
Frame ``f`` is centred on sample ``f * HOP_SAMPLES`` at `SAMPLE_RATE`, from the first to the last.
The network answers 172 frames for a window, of which the outer 15 on each side lack context and are
cut. We advance by 128 frames, a whole number of hops, and fade from each window to the next over
the 14 that both know: the network normalises every window for itself, and a step at the joint would
pass for an onset. (basic-pitch advances by 141.27 hops without a fade, so that its frames do not
lie on a grid and its times wander by ±10 ms.)
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.engines.transcription import network
from bridge.engines.transcription.network import (
    CUT_FRAMES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    WINDOW_FRAMES,
    WINDOW_SAMPLES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.engines.audio import DiskBuffer

    Heard = Future[dict[str, NDArray[np.float32]]]

FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES
LOWEST_PITCH = 21
PITCHES = 88
BINS_PER_SEMITONE = 3
CONTOUR_BINS = PITCHES * BINS_PER_SEMITONE

_KEPT_FRAMES = WINDOW_FRAMES - 2 * CUT_FRAMES
_ADVANCE_FRAMES = 128
_FADE_FRAMES = _KEPT_FRAMES - _ADVANCE_FRAMES
_SILENCE = 1e-4
"""Peak below which a window is not listened to (-80 dBFS). The network normalises each window, so
that it would find notes in dither."""

Likelihoods = NDArray[np.float16]


@dataclass(frozen=True)
class Posteriors:
    """The network's answer for a whole region; half precision, 0.28 GB an hour.

    Attributes
    ----------
    notes : np.ndarray [shape=(frames, 88), dtype=float16]
        Likelihood that each pitch, from `LOWEST_PITCH` up, sounds.
    onsets : np.ndarray [shape=(frames, 88), dtype=float16]
        Likelihood that each pitch begins.
    contours : np.ndarray [shape=(frames, 264), dtype=float16]
        Likelihood of each third of a semitone; bin ``3 * (pitch - LOWEST_PITCH) + 1`` is in tune.
    """

    notes: Likelihoods
    onsets: Likelihoods
    contours: Likelihoods

    @classmethod
    def silent(cls, frames: int) -> Posteriors:
        """Make the answer to silence."""
        return cls(
            np.zeros((frames, PITCHES), np.float16),
            np.zeros((frames, PITCHES), np.float16),
            np.zeros((frames, CONTOUR_BINS), np.float16),
        )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return int(self.notes.shape[0])


def infer(buffer: DiskBuffer, progress: Callable[[float], None]) -> Posteriors:
    """Run the network over a region.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    progress
        Told the fraction done, 0…1, before each window of 1.5 s; what it raises is let through.

    Returns
    -------
    Posteriors
        One frame per `HOP_SAMPLES`, so that the last one lies within a hop of the region's end.

    Raises
    ------
    ModelUnavailableError
        The network's file is not installed.
    EngineFailedError
        onnxruntime refused to run it.
    """
    frames = -(-buffer.frames // HOP_SAMPLES)
    posteriors = Posteriors.silent(frames)
    for first, heard in _windows(buffer, frames, progress):
        count = min(_KEPT_FRAMES, frames - first)
        weights = _fades(first == 0)[:count, np.newaxis]
        for name, block in heard.items():
            kept = block[CUT_FRAMES : CUT_FRAMES + count] * weights
            getattr(posteriors, name)[first : first + count] += kept.astype(np.float16)
    progress(1.0)
    return posteriors


def _windows(
    buffer: DiskBuffer, frames: int, progress: Callable[[float], None]
) -> Iterator[tuple[int, dict[str, NDArray[np.float32]]]]:
    """Yield the first frame and the answer of each window that is not silent, in order."""
    threads = network.threads()
    waiting: deque[tuple[int, Heard]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, frames, _ADVANCE_FRAMES):
            progress(first / frames)
            audio = buffer.read((first - CUT_FRAMES) * HOP_SAMPLES, WINDOW_SAMPLES)
            window = audio.mean(axis=0, keepdims=True)
            if float(np.abs(window).max()) < _SILENCE:
                continue
            waiting.append((first, pool.submit(network.hear_window, window)))
            if len(waiting) > threads:
                first_waiting, heard = waiting.popleft()
                yield first_waiting, heard.result()
        for first_waiting, heard in waiting:
            yield first_waiting, heard.result()


def _fades(first_window: bool) -> NDArray[np.float32]:
    """Return the weights of a window's kept frames; those of neighbours add up to one."""
    weights = np.ones(_KEPT_FRAMES, np.float32)
    ramp = (np.arange(_FADE_FRAMES, dtype=np.float32) + 0.5) / _FADE_FRAMES
    weights[_ADVANCE_FRAMES:] = ramp[::-1]
    if not first_window:
        weights[:_FADE_FRAMES] = ramp
    return weights
