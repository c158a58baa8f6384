"""The tempo of a recording whose DAW did not say it.

The onset strength (librosa's spectral flux over mel bands) is correlated with itself; a tempo
scores the mean correlation at one to four beats, weighed by how usual the tempo is: a Gaussian over
the tempo's logarithm around 120 (Ellis, "Beat Tracking by Dynamic Programming", Journal of New
Music Research 36(1), 2007). The best tempo is then made exact by where the phases of all beats
agree, the maximum of the onset strength's Fourier transform nearby.
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

_LISTENED_S = 180
_SAMPLE_RATE = 22_050
_HOP_SAMPLES = 256
_FRAMES_PER_SECOND = _SAMPLE_RATE / _HOP_SAMPLES

_LOWEST, _HIGHEST = 50.0, 210.0
_USUAL = 120.0
_SPREAD_OCTAVES = 0.9
_BEATS = 4
_SHORTEST_BEATS = 4
"""A tempo must fit this often into the region, or nothing repeats that could be heard to."""

_STEP = 1.002
_MIN_CONFIDENCE = 0.2
_MIN_RISE_DB = 0.5
"""How steep the steepest onsets, one frame in 200, must be. Noise has 0.3; music more than 3."""

_NEAR = 0.02
"""How far from the coarse tempo the exact one is looked for."""

_WHOLE_WITHIN = 0.06
"""A tempo this near to a whole number is that number: projects are made on a grid."""


@dataclass(frozen=True)
class TempoEstimate:
    """What was heard.

    Attributes
    ----------
    tempo
        Quarter notes a minute, 50…210.
    confidence
        Mean correlation of the onset strength with itself one to four beats later, 0…1; music
        with a clear beat has more than 0.3, noise less than 0.1.
    """

    tempo: float
    confidence: float


def estimate_tempo(buffer: DiskBuffer) -> TempoEstimate | None:
    """Estimate the tempo from the first three minutes of a region.

    Parameters
    ----------
    buffer
        Any number of channels, any rate.

    Returns
    -------
    TempoEstimate or None
        None where nothing repeats: silence, noise, free speech, less than four beats.

    Raises
    ------
    EngineFailedError
        librosa failed.
    """
    strength = _onset_strength(buffer)
    if strength is None:
        return None
    correlation = _autocorrelation(strength)
    longest = len(strength) / _SHORTEST_BEATS
    slowest = max(_LOWEST, 60.0 * _FRAMES_PER_SECOND / longest)
    if slowest >= _HIGHEST:
        return None
    count = int(np.log(_HIGHEST / slowest) / np.log(_STEP)) + 1
    tempos = slowest * _STEP ** np.arange(count)
    periods = 60.0 * _FRAMES_PER_SECOND / tempos
    comb = np.mean([_at(correlation, beat * periods) for beat in range(1, _BEATS + 1)], axis=0)
    usual = np.exp(-0.5 * (np.log2(tempos / _USUAL) / _SPREAD_OCTAVES) ** 2)
    best = int(np.argmax(comb * usual))
    confidence = float(comb[best])
    if confidence < _MIN_CONFIDENCE:
        return None
    return TempoEstimate(_exact(strength, float(tempos[best])), min(1.0, confidence))


def _onset_strength(buffer: DiskBuffer) -> Curve | None:
    """Return the onset strength of the beginning, mean taken out; None for silence."""
    audio = buffer.read(0, min(buffer.frames, _LISTENED_S * buffer.sample_rate)).mean(axis=0)
    if audio.size < buffer.sample_rate or float(np.abs(audio).max()) < 1e-4:
        return None
    try:
        import librosa

        mono = librosa.resample(audio, orig_sr=buffer.sample_rate, target_sr=_SAMPLE_RATE)
        strength: Any = librosa.onset.onset_strength(
            y=mono, sr=_SAMPLE_RATE, hop_length=_HOP_SAMPLES
        )
    except Exception as exc:
        raise EngineFailedError(f"The tempo could not be estimated: {exc}") from exc
    curve = np.asarray(strength, dtype=np.float64)
    curve -= curve.mean()
    return curve if float(np.percentile(curve, 99.5)) > _MIN_RISE_DB else None


def _autocorrelation(curve: Curve) -> Curve:
    """Return the correlation of a curve with itself at every lag, 1 at lag 0, without bias."""
    size = 2 * len(curve)
    spectrum = np.abs(np.fft.rfft(curve, size)) ** 2
    raw = np.fft.irfft(spectrum, size)[: len(curve)]
    overlap = np.arange(len(curve), 0, -1)
    return np.asarray(raw / raw[0] * (len(curve) / overlap))


def _at(curve: Curve, places: NDArray[np.floating]) -> Curve:
    """Return a curve's values between its samples; zero past its end."""
    return np.asarray(np.interp(places, np.arange(len(curve)), curve, right=0.0))


def _exact(strength: Curve, coarse: float) -> float:
    """Return the tempo near a coarse one at which the beats' phases agree best."""
    seconds = np.arange(len(strength)) / _FRAMES_PER_SECOND
    tempos = np.arange(coarse * (1.0 - _NEAR), coarse * (1.0 + _NEAR), 0.01)
    agreement = np.zeros(len(tempos))
    for subdivision in (1, 2, 4):
        for index, tempo in enumerate(tempos):
            turns = seconds * (tempo * subdivision / 60.0)
            agreement[index] += abs(np.vdot(np.exp(2j * np.pi * turns), strength))
    tempo = float(tempos[int(agreement.argmax())])
    whole = round(tempo)
    return float(whole) if abs(tempo - whole) <= _WHOLE_WITHIN else round(tempo, 2)
