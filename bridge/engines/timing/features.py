"""What tempo, bars and key are heard by: onset strength in four bands, and chroma.

The audio is read in blocks of half a minute, so that memory grows with 4 kB, not 10 MB, a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import EngineFailedError

if TYPE_CHECKING:
    from bridge.engines.audio import DiskBuffer

Curve = NDArray[np.float64]
Curves = NDArray[np.float64]

SAMPLE_RATE = 22_050
HOP_SAMPLES = 256
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES

CHROMA_HOP_SAMPLES = 2048
CHROMA_PER_SECOND = SAMPLE_RATE / CHROMA_HOP_SAMPLES

BAND_EDGES_HZ = (150.0, 1_500.0, 6_000.0)
"""Between kick and bass, tuned middle, snare, and hi-hat."""

BANDS = len(BAND_EDGES_HZ) + 1

_LOWEST_CHROMA_HZ = 65.406
"""C2: the octave below holds kick drums, and the bass is heard by its harmonics."""

_CHROMA_OCTAVES = 6

_WINDOW_SAMPLES = 1024
_MELS = 64
_LOWEST_HZ = 30.0
_FLOOR_POWER = 1e-7
_BLOCK_SAMPLES = 344 * CHROMA_HOP_SAMPLES
_MARGIN_SAMPLES = CHROMA_HOP_SAMPLES
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
        Constant-Q chroma from C up; frame j is centred at ``j / CHROMA_PER_SECOND`` seconds.
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
        librosa or the resampler failed.
    """
    if buffer.duration_s < 1.0:
        return None
    bands, chroma, loudest = [], [], 0.0
    try:
        weights = _mel_weights()
        samples = int(buffer.duration_s * SAMPLE_RATE)
        for start in range(0, samples, _BLOCK_SAMPLES):
            length = min(_BLOCK_SAMPLES, samples - start)
            audio = _mono(buffer, start - _MARGIN_SAMPLES, _BLOCK_SAMPLES + 2 * _MARGIN_SAMPLES)
            loudest = max(loudest, float(np.abs(audio).max()))
            bands.append(_block_onsets(audio, length, weights))
            chroma.append(_block_chroma(audio, length))
    except Exception as exc:
        raise EngineFailedError(f"The tempo could not be estimated: {exc}") from exc
    if loudest < _SILENCE:
        return None
    return Features(
        np.concatenate(bands, axis=1), np.concatenate(chroma, axis=1), buffer.duration_s
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
    """Return the mel filters of each band."""
    import librosa

    mel: Any = librosa.filters.mel(
        sr=SAMPLE_RATE, n_fft=_WINDOW_SAMPLES, n_mels=_MELS, fmin=_LOWEST_HZ
    )
    centres: Any = librosa.mel_frequencies(_MELS + 2, fmin=_LOWEST_HZ, fmax=SAMPLE_RATE / 2)[1:-1]
    rows = np.searchsorted(BAND_EDGES_HZ, centres)
    heard = mel.any(axis=1)
    return [mel[(rows == band) & heard] for band in range(BANDS)]


def _block_onsets(
    audio: NDArray[np.float32], length: int, weights: list[NDArray[np.float32]]
) -> Curves:
    """Return the mean rise in dB of each band's mel filters, from each frame to the next."""
    import scipy.fft

    first = _MARGIN_SAMPLES - _WINDOW_SAMPLES // 2 - HOP_SAMPLES
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


def _block_chroma(audio: NDArray[np.float32], length: int) -> Curves:
    """Return chroma without tuning: what is a quarter tone off is nobody's key."""
    import librosa

    frames = -(-length // CHROMA_HOP_SAMPLES)
    chroma: Any = librosa.feature.chroma_cqt(
        y=audio[_MARGIN_SAMPLES:],
        sr=SAMPLE_RATE,
        hop_length=CHROMA_HOP_SAMPLES,
        fmin=_LOWEST_CHROMA_HZ,
        n_octaves=_CHROMA_OCTAVES,
        norm=None,
        tuning=0.0,
    )
    return np.asarray(chroma[:, :frames], dtype=np.float64)
