"""Source and filter: glottal pulses and noise through a spectrum that changes 172 times a second.

Both sources are white and of unit power, so that an envelope is the amplitude spectrum of what is
heard. They are cut into frames, multiplied by their envelopes in the frequency domain and added
up again. Pulses get the minimum phase of their envelope (A. V. Oppenheim and R. W. Schafer,
"Discrete-Time Signal Processing", section on the real cepstrum), so that each rings after its own
beginning like a tract; noise has no phase to keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curve = NDArray[np.float32]

SAMPLE_RATE = 44100
HOP = 256
FRAME_RATE = SAMPLE_RATE / HOP
WINDOW = 2 * HOP
FFT_SIZE = 2048
BINS = FFT_SIZE // 2 + 1

BINS_HZ: NDArray[np.float32] = np.linspace(0, SAMPLE_RATE / 2, BINS, dtype=np.float32)
"""Frequencies of an envelope's bins."""

_LEAD = WINDOW  # room before a frame for what noise without a phase spreads backwards
_BLOCK_FRAMES = 128
_SINC_TAPS = 24
_SINC_STEPS = 64


class Timbre(Protocol):
    """What the sources are filtered with, frame by frame."""

    @property
    def sounds(self) -> NDArray[np.bool_]:
        """Which frames are worth computing, (frames,)."""

    def envelopes(self, frames: NDArray[np.intp]) -> tuple[Curve, Curve]:
        """Return the amplitude spectra of some frames.

        Parameters
        ----------
        frames
            Their indices, rising.

        Returns
        -------
        voiced, noise : np.ndarray [shape=(len(frames), BINS), dtype=float32]
            What the pulses and what the noise are filtered with.
        """


@dataclass(frozen=True)
class Glottis:
    """How irregularly the vocal folds beat.

    Parameters
    ----------
    jitter, shimmer
        Standard deviation of a pulse's place, in periods, and of its amplitude.
    subharmonic
        How much weaker every other pulse is, 0 to 1: the octave below a rough or creaking voice.
    growl, growl_hz
        Depth, 0 to 1, and rate of the false folds' flutter.
    """

    jitter: float = 0.003
    shimmer: float = 0.03
    subharmonic: float = 0.0
    growl: float = 0.0
    growl_hz: float = 50.0


def frames_for(samples: int) -> int:
    """Return how many frames cover so many samples."""
    return samples // HOP + 2


def render(
    timbre: Timbre,
    pitch_hz: NDArray[np.float64],
    glottis: Glottis,
    samples: int,
    rng: np.random.Generator,
) -> Curve:
    """Filter pulses and noise.

    Parameters
    ----------
    timbre
        The envelopes.
    pitch_hz : np.ndarray [shape=(frames_for(samples),)]
        The fundamental in every frame; it goes on through what is not voiced.
    glottis
        How the pulses stumble.
    samples
        Length of the result.
    rng
        What noise and irregularities are drawn from.

    Returns
    -------
    np.ndarray [shape=(samples,), dtype=float32]
    """
    phase = _phase(pitch_hz, samples)
    padding = (HOP, WINDOW)
    voiced = np.pad(_pulses(phase, glottis, rng), padding)
    noise = np.pad(_noise(phase, rng), padding)
    active = np.flatnonzero(timbre.sounds[: frames_for(samples)])
    slots = FFT_SIZE // HOP
    total = np.zeros((frames_for(samples) + slots, HOP), dtype=np.float32)
    for first in range(0, len(active), _BLOCK_FRAMES):
        frames = active[first : first + _BLOCK_FRAMES]
        filtered = _filtered(timbre, frames, voiced, noise).reshape(len(frames), slots, HOP)
        for slot in range(slots):
            total[frames + slot] += filtered[:, slot]
    begin = _LEAD + HOP
    return total.ravel()[begin : begin + samples]


def shelf(level_db: float, half_hz: float) -> Curve:
    """Return the response of a gentle shelf that reaches half its level at `half_hz`, (BINS,)."""
    share = np.square(BINS_HZ / half_hz)
    return np.asarray(10.0 ** (level_db / 20.0 * share / (1.0 + share)), dtype=np.float32)


def _filtered(
    timbre: Timbre, frames: NDArray[np.intp], voiced: Curve, noise: Curve
) -> NDArray[np.float32]:
    from scipy import fft

    envelope, noise_envelope = timbre.envelopes(frames)
    spectrum = _spectra(voiced, frames) * _minimum_phase(envelope)
    spectrum += _spectra(noise, frames) * noise_envelope
    return np.asarray(fft.irfft(spectrum, FFT_SIZE, axis=1), dtype=np.float32)


def _spectra(source: Curve, frames: NDArray[np.intp]) -> NDArray[np.complex64]:
    from scipy import fft

    windows = np.lib.stride_tricks.sliding_window_view(source, WINDOW)[frames * HOP]
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    placed = np.zeros((len(frames), FFT_SIZE), dtype=np.float32)
    placed[:, _LEAD : _LEAD + WINDOW] = windows * taper
    return np.asarray(fft.rfft(placed, axis=1), dtype=np.complex64)


def _minimum_phase(envelope: Curve) -> NDArray[np.complex64]:
    from scipy import fft

    amplitude = envelope + np.float32(1e-6)
    cepstrum = fft.irfft(np.log(amplitude), FFT_SIZE, axis=1)
    cepstrum[:, 1 : FFT_SIZE // 2] *= 2.0
    cepstrum[:, FFT_SIZE // 2 + 1 :] = 0.0
    phase = fft.rfft(cepstrum, axis=1).imag
    # The modulus is known: sine and cosine take a fifth of a complex exponential's time.
    response = np.empty(envelope.shape, dtype=np.complex64)
    response.real = amplitude * np.cos(phase)
    response.imag = amplitude * np.sin(phase)
    return response


def _phase(pitch_hz: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Return the fundamental's phase in cycles at every sample."""
    places = np.arange(len(pitch_hz)) * HOP
    per_sample = np.interp(np.arange(samples), places, pitch_hz) / SAMPLE_RATE
    return np.asarray(np.cumsum(per_sample))


def _pulses(phase: NDArray[np.float64], glottis: Glottis, rng: np.random.Generator) -> Curve:
    """Return band-limited pulses of unit power, one a cycle, placed between the samples."""
    count = int(phase[-1]) if len(phase) else 0
    if count < 2:
        return np.zeros(len(phase), dtype=np.float32)
    places = np.interp(np.arange(1, count + 1), phase, np.arange(len(phase)))
    period = np.gradient(places)
    heights = np.sqrt(period) * (1.0 + glottis.shimmer * rng.standard_normal(count))
    heights[::2] *= 1.0 - glottis.subharmonic
    if glottis.growl > 0.0:
        flutter_hz = glottis.growl_hz * np.exp(0.15 * _wander(count, rng))
        flutter = np.cumsum(flutter_hz * period / SAMPLE_RATE)
        heights *= 1.0 - glottis.growl * (0.5 + 0.5 * np.sin(2 * np.pi * flutter))
    places += glottis.jitter * period * rng.standard_normal(count)
    whole = np.floor(places).astype(np.intp)
    kernel = _sinc_table()[((places - whole) * _SINC_STEPS).astype(np.intp)]
    index = whole[:, None] + np.arange(_SINC_TAPS) - _SINC_TAPS // 2 + 1
    np.clip(index, 0, len(phase) - 1, out=index)
    weights = kernel * heights[:, None]
    found = np.bincount(index.ravel(), weights=weights.ravel(), minlength=len(phase))
    return np.asarray(found, dtype=np.float32)


def _noise(phase: NDArray[np.float64], rng: np.random.Generator) -> Curve:
    """Return white noise that comes in puffs with the glottis' opening, of about unit power."""
    white = rng.standard_normal(len(phase), dtype=np.float32)
    puffs = 1.0 + 0.4 * np.cos(2 * np.pi * phase).astype(np.float32)
    return np.asarray(white * puffs, dtype=np.float32)


def _wander(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return slow noise of unit deviation."""
    from scipy import ndimage

    slow = ndimage.gaussian_filter1d(rng.standard_normal(count), 6.0)
    return np.asarray(slow / (slow.std() + 1e-9))


def _sinc_table() -> NDArray[np.float64]:
    """Return windowed sincs, (steps, taps), each moved by a fraction of a sample."""
    offsets = np.arange(_SINC_TAPS) - _SINC_TAPS // 2 + 1
    at = offsets[None, :] - (np.arange(_SINC_STEPS)[:, None] + 0.5) / _SINC_STEPS
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(at / (_SINC_TAPS / 2), -1.0, 1.0))
    return np.asarray(np.sinc(at) * window)
