"""The demo song's instruments: additive and noise synthesis in numpy alone.

Every function returns a mono array of shape ``(samples,)`` that begins at the note's onset.
Sinusoids are summed up to a frequency below half the sample rate, so that nothing aliases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Mono = NDArray[np.float64]
"""Shape ``(samples,)``."""


_HIGHEST_HZ = 10_000.0


def pitch_to_hz(pitch: float | Mono) -> Mono:
    """Return the frequency of a MIDI pitch, 69 being 440 Hz."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch, dtype=np.float64) - 69.0) / 12.0))


def time_axis(seconds: float, sample_rate: int) -> Mono:
    """Return the times in seconds of so many seconds of samples."""
    return np.arange(round(seconds * sample_rate)) / sample_rate


def band(noise: Mono, sample_rate: int, low_hz: float, high_hz: float) -> Mono:
    """Return noise within a band, with slopes of about 12 dB per octave."""
    spectrum = np.fft.rfft(noise)
    hz = np.maximum(np.fft.rfftfreq(noise.size, 1.0 / sample_rate), 1.0)
    gain = 1.0 / np.sqrt((1.0 + (low_hz / hz) ** 4) * (1.0 + (hz / high_hz) ** 4))
    return np.fft.irfft(spectrum * gain, n=noise.size)


def faded(audio: Mono, sample_rate: int, attack_s: float, release_s: float) -> Mono:
    """Return audio with raised-cosine edges, so that it begins and ends without a click."""
    audio = audio.copy()
    for seconds, edge in ((attack_s, audio), (release_s, audio[::-1])):
        n = min(round(seconds * sample_rate), audio.size)
        edge[:n] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(1, n))
    return audio


def kick(sample_rate: int) -> Mono:
    """Return a bass drum: a sine that falls from 165 to 50 Hz, with a short click."""
    t = time_axis(0.35, sample_rate)
    hz = 50.0 + 115.0 * np.exp(-t / 0.028)
    body = np.sin(2.0 * np.pi * np.cumsum(hz) / sample_rate) * np.exp(-t / 0.11)
    click = np.sin(2.0 * np.pi * 1_900.0 * t) * np.exp(-t / 0.004)
    return faded(body + 0.25 * click, sample_rate, 0.0005, 0.05)


def snare(sample_rate: int, rng: np.random.Generator) -> Mono:
    """Return a snare drum: two modes of the head and the rattle of the wires."""
    t = time_axis(0.28, sample_rate)
    head = np.sin(2.0 * np.pi * 186.0 * t) + 0.6 * np.sin(2.0 * np.pi * 332.0 * t)
    wires = band(rng.standard_normal(t.size), sample_rate, 1_500.0, 9_000.0)
    sound = 0.6 * head * np.exp(-t / 0.06) + 0.9 * wires * np.exp(-t / 0.075)
    return faded(sound, sample_rate, 0.0005, 0.05)


def hat(sample_rate: int, rng: np.random.Generator, decay_s: float) -> Mono:
    """Return a hi-hat: noise above 7 kHz that dies away."""
    t = time_axis(6.0 * decay_s, sample_rate)
    noise = band(rng.standard_normal(t.size), sample_rate, 7_500.0, 16_000.0)
    return faded(noise * np.exp(-t / decay_s), sample_rate, 0.0005, decay_s)


def _plucked(
    hz: float, seconds: float, sample_rate: int, partials: Sequence[float], decay_s: float
) -> Mono:
    """Return a string-like tone whose higher partials die away faster."""
    t = time_axis(seconds, sample_rate)
    sound = np.zeros(t.size)
    for number, level in enumerate(partials, start=1):
        if number * hz < min(_HIGHEST_HZ, 0.45 * sample_rate):
            decay = np.exp(-t * (0.6 + 0.4 * number) / decay_s)
            sound += level * decay * np.sin(2.0 * np.pi * number * hz * t)
    return sound


def bass(pitch: int, seconds: float, sample_rate: int) -> Mono:
    """Return a fingered bass note."""
    partials = [1.0, 0.75, 0.5, 0.32, 0.2, 0.12, 0.07, 0.05, 0.03]
    tone = _plucked(float(pitch_to_hz(pitch)), seconds, sample_rate, partials, 1.1)
    return faded(tone, sample_rate, 0.004, 0.04)


def keys(pitch: int, cents: float, seconds: float, sample_rate: int) -> Mono:
    """Return an electric-piano-like note, a few cents off for width."""
    partials = [1.0, 0.35, 0.12, 0.16, 0.05, 0.03]
    tone = _plucked(float(pitch_to_hz(pitch + cents / 100)), seconds, sample_rate, partials, 1.6)
    return faded(tone, sample_rate, 0.006, 0.08)


def room(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the impulse response of a small room, shape ``(2, samples)``.

    Noise that is independent on both sides, falls by 60 dB in 0.8 s, and loses its highs.
    """
    t = time_axis(0.8, sample_rate)
    decay = 10.0 ** (-3.0 * t / 0.8)
    sides = [band(rng.standard_normal(t.size), sample_rate, 250.0, 4_500.0) for _ in range(2)]
    response = np.stack(sides) * decay
    response[:, : round(0.012 * sample_rate)] = 0.0
    return np.asarray(response / np.sqrt((response**2).sum(axis=1, keepdims=True)))
