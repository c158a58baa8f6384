"""What the network hears: levels of mel bands, 100 frames a second.

Conventions
-----------
Frame ``f`` is centred on sample ``f * HOP_SAMPLES`` at `SAMPLE_RATE`. Bands lie evenly on the mel
scale of D. O'Shaughnessy, "Speech Communication: Human and Machine", 1987:
``m = 2595 log10(1 + f / 700)``. Levels are decimal logarithms of band powers, relative to the
recording's own playing level, above a floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.engines.audio import Audio, DiskBuffer

SAMPLE_RATE = 44_100
HOP_SAMPLES = 441
FRAME_SAMPLES = 2048
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_SAMPLES
BANDS = 80
LOWEST_HZ, HIGHEST_HZ = 30.0, 17_000.0

FLOOR = 1e-7
"""Powers are compressed above this: 50 dB below the playing level's mean square."""

_PLAYING_RMS = 0.1
BLOCK_SAMPLES = round(0.4 * SAMPLE_RATE)
"""Length of the stretches whose loudness tells whether anything is played."""

_GATE = 10.0 ** (-26.0 / 10.0)
"""Blocks whose power is less than this share of the loudest one's do not count as played."""

Levels = NDArray[np.float32]


def playing_gain(blocks: Iterable[Audio]) -> float:
    """Return the gain that brings the played parts of a recording to an RMS of 0.1; 0 for silence.

    A fader's position must not decide what is heard.

    Parameters
    ----------
    blocks
        The recording in blocks of `BLOCK_SAMPLES`; channels are averaged.
    """
    powers = np.array([float(np.square(audio.mean(axis=0)).mean()) for audio in blocks])
    loudest = powers.max(initial=0.0)
    if loudest <= 0.0:
        return 0.0
    return float(_PLAYING_RMS / np.sqrt(powers[powers >= _GATE * loudest].mean()))


def levels(audio: NDArray[np.float32], frames: int) -> Levels:
    """Return the band levels of audio.

    Parameters
    ----------
    audio : np.ndarray [shape=(samples,)]
        Mono at its playing level. The first frame is centred on sample ``FRAME_SAMPLES / 2``.
    frames
        How many.

    Returns
    -------
    np.ndarray [shape=(frames, BANDS), dtype=float32]
    """
    windows = np.lib.stride_tricks.sliding_window_view(audio, FRAME_SAMPLES)[::HOP_SAMPLES]
    taper = np.hanning(FRAME_SAMPLES).astype(np.float32)
    taper *= np.float32(2.0 / taper.sum())
    spectrum = np.fft.rfft(windows[:frames] * taper, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = power.astype(np.float32) @ filterbank()
    return np.asarray(np.log10(bands + np.float32(FLOOR)), dtype=np.float32)


def levels_of(buffer: DiskBuffer, first: int, frames: int, gain: float) -> Levels:
    """Return the levels of some frames of a recording; outside it there is silence.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    first
        The first frame, may be negative.
    frames
        How many.
    gain
        As `playing_gain` returned it.
    """
    start = first * HOP_SAMPLES - FRAME_SAMPLES // 2
    audio = buffer.read(start, (frames - 1) * HOP_SAMPLES + FRAME_SAMPLES).mean(axis=0)
    return levels(audio * np.float32(gain), frames)


def filterbank() -> NDArray[np.float32]:
    """Return triangular bands of shape ``(FRAME_SAMPLES / 2 + 1, BANDS)``, each half over the next.

    A band narrower than a bin takes the nearest one.
    """
    low_mel, high_mel = 2595.0 * np.log10(1.0 + np.array([LOWEST_HZ, HIGHEST_HZ]) / 700.0)
    corners = 700.0 * (10.0 ** (np.linspace(low_mel, high_mel, BANDS + 2) / 2595.0) - 1.0)
    bins = np.arange(FRAME_SAMPLES // 2 + 1)[:, None] * (SAMPLE_RATE / FRAME_SAMPLES)
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    bands = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    bands = np.maximum(bands, 0.0)
    empty = np.flatnonzero(bands.sum(axis=0) == 0.0)
    nearest = np.round(centre[empty] * FRAME_SAMPLES / SAMPLE_RATE).astype(int)
    bands[nearest, empty] = 1.0
    return np.asarray(bands, dtype=np.float32)
