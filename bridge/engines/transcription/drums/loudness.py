"""How loud a stroke is in its drum's band, and how a tom is tuned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.transcription.drums.kit import HIGH_TOM, LOW_TOM, MID_TOM
from bridge.engines.transcription.drums.spectra import SAMPLE_RATE
from bridge.units import amplitude_to_db

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.drums.kit import Drum

    Wave = NDArray[np.float32]

_FRAME_SAMPLES = 2048
_AHEAD_SAMPLES = 256
"""The frame of a stroke begins this much before it: 6 ms, so that the attack is inside."""

_LEAST_SHARE = 0.05
"""A stroke counts at least this share of what is heard after it: -13 dB."""

_TUNING_FROM_S, _TUNING_SAMPLES, _FFT_SAMPLES = 0.02, 8192, 32_768
_LOWEST_TOM_HZ, _HIGHEST_TOM_HZ = 55.0, 320.0
_MID_TOM_HZ, _HIGH_TOM_HZ = 92.0, 115.0
"""Between the medians of the keys 43, 47 and 50 over the kits that train."""


def stroke_level_dbfs(buffer: DiskBuffer, onset_s: float, drum: Drum) -> float:
    """Return how loud a stroke is: what its drum's band holds more after the onset than before.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    onset_s
        When it begins, in seconds.
    drum
        Whose band is measured.

    Returns
    -------
    float
        Level in dBFS of the band over the first 40 ms.
    """
    onset = round(onset_s * SAMPLE_RATE)
    before_start = onset - _AHEAD_SAMPLES - _FRAME_SAMPLES
    audio = buffer.read(before_start, 2 * _FRAME_SAMPLES).mean(axis=0)
    taper = np.hanning(_FRAME_SAMPLES)
    frames = audio.reshape(2, _FRAME_SAMPLES) * (2.0 * taper / taper.sum())
    low = int(np.ceil(drum.low_hz * _FRAME_SAMPLES / SAMPLE_RATE))
    high = int(drum.high_hz * _FRAME_SAMPLES / SAMPLE_RATE) + 1
    power = 0.5 * np.square(np.abs(np.fft.rfft(frames, axis=1)[:, low:high])).sum(axis=1)
    before, after = float(power[0]), float(power[1])
    return amplitude_to_db(float(np.sqrt(max(after - before, _LEAST_SHARE * after))))


def tom_pitch(buffer: DiskBuffer, onset_s: float) -> int:
    """Return the key of General MIDI's low, middle or high tom that a stroke is nearest to."""
    start = round((onset_s + _TUNING_FROM_S) * SAMPLE_RATE)
    fundamental_hz = tuning_hz(buffer.read(start, _TUNING_SAMPLES).mean(axis=0))
    if fundamental_hz < _MID_TOM_HZ:
        return LOW_TOM
    return MID_TOM if fundamental_hz < _HIGH_TOM_HZ else HIGH_TOM


def tuning_hz(audio: Wave) -> float:
    """Return the frequency at which a tom rings: the highest peak from 55 to 320 Hz.

    Parameters
    ----------
    audio : np.ndarray [shape=(samples,)]
        What sounds shortly after the stroke.
    """
    taper = np.hanning(len(audio))
    spectrum = np.abs(np.fft.rfft(audio * taper, _FFT_SAMPLES))
    low = int(_LOWEST_TOM_HZ * _FFT_SAMPLES / SAMPLE_RATE)
    high = int(_HIGHEST_TOM_HZ * _FFT_SAMPLES / SAMPLE_RATE)
    return float((low + int(np.argmax(spectrum[low:high]))) * SAMPLE_RATE / _FFT_SAMPLES)
