"""What tempo, bars and key are heard by: onset strength in four bands, and chroma.

The audio is read in blocks of half a minute, so that memory grows with 4 kB, not 10 MB, a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.engines.timing.chroma import (
    CHROMA_HOP_SAMPLES,
    MARGIN_SAMPLES,
    SAMPLE_RATE,
    chroma,
)
from bridge.errors import EngineFailedError

if TYPE_CHECKING:
    from bridge.engines.audio import DiskBuffer

Curve = NDArray[np.float64]
Curves = NDArray[np.float64]

HOP_SAMPLES = 256
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES

BAND_EDGES_HZ = (150.0, 1_500.0, 6_000.0)
"""Between kick and bass, tuned middle, snare, and hi-hat."""

BANDS = len(BAND_EDGES_HZ) + 1

_WINDOW_SAMPLES = 1024
_MELS = 64
_LOWEST_HZ = 30.0
_FLOOR_POWER = 1e-7
_BLOCK_SAMPLES = 344 * CHROMA_HOP_SAMPLES
_SILENCE = 1e-4


@dataclass(frozen=True)
class Features:
    """Onset strength and chroma of a region.

    Attributes
    ----------
    bands : np.ndarray [shape=(4, frames)]
        Onset strength in dB a frame, from the lowest band up; frame j is centred at
        ``j / FRAMES_PER_SECOND`` seconds.
    chroma : np.ndarray [shape=(12, chroma frames)]
        Constant-Q chroma from C up; frame j is centred at ``j / chroma.CHROMA_PER_SECOND`` seconds.
    duration_s
        Length of the region in seconds.
    """

    bands: Curves
    chroma: Curves
    duration_s: float

    @property
    def onsets(self) -> Curve:
        """Onset strength of all bands together, its mean taken out."""
        total = self.bands.mean(axis=0)
        return np.asarray(total - total.mean())


def extract(buffer: DiskBuffer) -> Features | None:
    """Return the features of a region; None for silence and for less than a second.

    Parameters
    ----------
    buffer
        Any number of channels, any rate.

    Raises
    ------
    EngineFailedError
        The transforms or the resampler failed.
    """
    if buffer.duration_s < 1.0:
        return None
    bands, pitch_classes, loudest = [], [], 0.0
    try:
        weights = _mel_weights()
        samples = int(buffer.duration_s * SAMPLE_RATE)
        for start in range(0, samples, _BLOCK_SAMPLES):
            length = min(_BLOCK_SAMPLES, samples - start)
            audio = _mono(buffer, start - MARGIN_SAMPLES, _BLOCK_SAMPLES + 2 * MARGIN_SAMPLES)
            loudest = max(loudest, float(np.abs(audio).max()))
            bands.append(_block_onsets(audio, length, weights))
            pitch_classes.append(chroma(audio, -(-length // CHROMA_HOP_SAMPLES)))
    except Exception as exc:
        raise EngineFailedError(f"The tempo could not be estimated: {exc}") from exc
    if loudest < _SILENCE:
        return None
    return Features(
        np.concatenate(bands, axis=1), np.concatenate(pitch_classes, axis=1), buffer.duration_s
    )


def _mono(buffer: DiskBuffer, start: int, length: int) -> NDArray[np.float32]:
    """Return samples at `SAMPLE_RATE` as one channel; silence outside the buffer."""
    import soxr

    ratio = buffer.sample_rate / SAMPLE_RATE
    audio: NDArray[np.float32]
    audio = buffer.read(round(start * ratio), round(length * ratio)).mean(axis=0)
    if buffer.sample_rate == SAMPLE_RATE:
        return audio
    resampled: Any = soxr.resample(audio, buffer.sample_rate, SAMPLE_RATE)
    return np.asarray(resampled, dtype=np.float32)


def _mel_weights() -> list[NDArray[np.float32]]:
    """Return the mel filters of each band, of shape ``(filters, bins)``."""
    lowest, highest = _mel(np.array([_LOWEST_HZ, SAMPLE_RATE / 2])).tolist()
    edges_hz = _hertz(np.linspace(lowest, highest, _MELS + 2))
    filters = _triangles(edges_hz)
    rows = np.searchsorted(BAND_EDGES_HZ, edges_hz[1:-1])
    heard = filters.any(axis=1)
    return [filters[(rows == band) & heard] for band in range(BANDS)]


def _triangles(edges_hz: Curve) -> NDArray[np.float32]:
    """Return filters that rise from each edge to the next and fall to the one after.

    Each has the area of 1 Hz, so that white noise is as loud in all of them.
    """
    bins_hz = np.fft.rfftfreq(_WINDOW_SAMPLES, 1.0 / SAMPLE_RATE)
    low, middle, high = (
        edges_hz[:-2, np.newaxis],
        edges_hz[1:-1, np.newaxis],
        edges_hz[2:, np.newaxis],
    )
    rising = (bins_hz - low) / (middle - low)
    falling = (high - bins_hz) / (high - middle)
    shapes = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(shapes * 2.0 / (high - low), dtype=np.float32)


def _mel(hertz: Curve) -> Curve:
    """Return places on the mel scale of M. Slaney, "Auditory Toolbox", 1998.

    It is linear below 1 kHz, where 15 mel are 1 kHz, and logarithmic above, 27 mel from there to
    6.4 kHz.
    """
    above = 15.0 + 27.0 * np.log(np.maximum(hertz, 1_000.0) / 1_000.0) / np.log(6.4)
    return np.where(hertz < 1_000.0, hertz * 15.0 / 1_000.0, above)


def _hertz(mel: Curve) -> Curve:
    above = 1_000.0 * 6.4 ** ((np.maximum(mel, 15.0) - 15.0) / 27.0)
    return np.where(mel < 15.0, mel * 1_000.0 / 15.0, above)


def _block_onsets(
    audio: NDArray[np.float32], length: int, weights: list[NDArray[np.float32]]
) -> Curves:
    """Return the mean rise in dB of each band's mel filters, from each frame to the next."""
    import scipy.fft

    first = MARGIN_SAMPLES - _WINDOW_SAMPLES // 2 - HOP_SAMPLES
    frames = -(-length // HOP_SAMPLES) + 1
    window = np.hanning(_WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(audio[first:], _WINDOW_SAMPLES)
    spectra = scipy.fft.rfft(windows[::HOP_SAMPLES][:frames] * window, axis=1)
    power = (np.abs(spectra) ** 2 / _WINDOW_SAMPLES).T
    rises = []
    for band in weights:
        level_db = 10.0 * np.log10(band @ power + _FLOOR_POWER)
        rises.append(np.maximum(0.0, np.diff(level_db, axis=1)).mean(axis=0))
    return np.asarray(rises, dtype=np.float64)
