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

    from bridge.engines.demo_score import DemoNote

Mono = NDArray[np.float64]
"""Shape ``(samples,)``."""

_HIGHEST_HZ = 10_000.0
_CONTROL_S = 0.004

FORMANTS = {
    "a": ((800.0, 80.0, 1.0), (1150.0, 90.0, 0.5), (2900.0, 120.0, 0.12), (3900.0, 130.0, 0.08)),
    "e": ((400.0, 60.0, 1.0), (1700.0, 80.0, 0.35), (2600.0, 120.0, 0.18), (3200.0, 130.0, 0.1)),
    "i": ((330.0, 60.0, 1.0), (2000.0, 90.0, 0.25), (2800.0, 100.0, 0.2), (3650.0, 120.0, 0.08)),
    "o": ((450.0, 70.0, 1.0), (800.0, 80.0, 0.45), (2830.0, 100.0, 0.06), (3500.0, 130.0, 0.04)),
}
"""Frequency and bandwidth in Hz and level of a vowel's resonances, rounded to a plausible alto."""


def pitch_to_hz(pitch: float | Mono) -> Mono:
    """Return the frequency of a MIDI pitch, 69 being 440 Hz."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch, dtype=np.float64) - 69.0) / 12.0))


def _time(seconds: float, sample_rate: int) -> Mono:
    return np.arange(round(seconds * sample_rate)) / sample_rate


def _band(noise: Mono, sample_rate: int, low_hz: float, high_hz: float) -> Mono:
    """Return noise within a band, with slopes of about 12 dB per octave."""
    spectrum = np.fft.rfft(noise)
    hz = np.maximum(np.fft.rfftfreq(noise.size, 1.0 / sample_rate), 1.0)
    gain = 1.0 / np.sqrt((1.0 + (low_hz / hz) ** 4) * (1.0 + (hz / high_hz) ** 4))
    return np.fft.irfft(spectrum * gain, n=noise.size)


def _faded(audio: Mono, sample_rate: int, attack_s: float, release_s: float) -> Mono:
    """Return audio with raised-cosine edges, so that it begins and ends without a click."""
    audio = audio.copy()
    for seconds, edge in ((attack_s, audio), (release_s, audio[::-1])):
        n = min(round(seconds * sample_rate), audio.size)
        edge[:n] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(1, n))
    return audio


def kick(sample_rate: int) -> Mono:
    """Return a bass drum: a sine that falls from 165 to 50 Hz, with a short click."""
    t = _time(0.35, sample_rate)
    hz = 50.0 + 115.0 * np.exp(-t / 0.028)
    body = np.sin(2.0 * np.pi * np.cumsum(hz) / sample_rate) * np.exp(-t / 0.11)
    click = np.sin(2.0 * np.pi * 1_900.0 * t) * np.exp(-t / 0.004)
    return _faded(body + 0.25 * click, sample_rate, 0.0005, 0.05)


def snare(sample_rate: int, rng: np.random.Generator) -> Mono:
    """Return a snare drum: two modes of the head and the rattle of the wires."""
    t = _time(0.28, sample_rate)
    head = np.sin(2.0 * np.pi * 186.0 * t) + 0.6 * np.sin(2.0 * np.pi * 332.0 * t)
    wires = _band(rng.standard_normal(t.size), sample_rate, 1_500.0, 9_000.0)
    sound = 0.6 * head * np.exp(-t / 0.06) + 0.9 * wires * np.exp(-t / 0.075)
    return _faded(sound, sample_rate, 0.0005, 0.05)


def hat(sample_rate: int, rng: np.random.Generator, decay_s: float) -> Mono:
    """Return a hi-hat: noise above 7 kHz that dies away."""
    t = _time(6.0 * decay_s, sample_rate)
    noise = _band(rng.standard_normal(t.size), sample_rate, 7_500.0, 16_000.0)
    return _faded(noise * np.exp(-t / decay_s), sample_rate, 0.0005, decay_s)


def _plucked(
    hz: float, seconds: float, sample_rate: int, partials: Sequence[float], decay_s: float
) -> Mono:
    """Return a string-like tone whose higher partials die away faster."""
    t = _time(seconds, sample_rate)
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
    return _faded(tone, sample_rate, 0.004, 0.04)


def keys(pitch: int, cents: float, seconds: float, sample_rate: int) -> Mono:
    """Return an electric-piano-like note, a few cents off for width."""
    partials = [1.0, 0.35, 0.12, 0.16, 0.05, 0.03]
    tone = _plucked(float(pitch_to_hz(pitch + cents / 100)), seconds, sample_rate, partials, 1.6)
    return _faded(tone, sample_rate, 0.006, 0.08)


def sung_phrase(notes: Sequence[DemoNote], sample_rate: int, rng: np.random.Generator) -> Mono:
    """Return a phrase sung in one breath: source and filter, added up harmonic by harmonic.

    Parameters
    ----------
    notes
        In order; the sound begins at the first one's onset. Vowels are those of `FORMANTS`.
    sample_rate
        In Hz.
    rng
        For the breath and for the small wandering of pitch.
    """
    seconds = notes[-1].offset_s - notes[0].onset_s + 0.12
    t = _time(seconds, sample_rate)
    slow = np.arange(0.0, seconds + _CONTROL_S, _CONTROL_S)
    pitch, vowels, loudness = _gestures(notes, slow, rng)
    hz = pitch_to_hz(np.interp(t, slow, pitch))
    phase = 2.0 * np.pi * np.cumsum(hz) / sample_rate
    voice = np.zeros(t.size)
    slow_hz = pitch_to_hz(pitch)
    top = min(_HIGHEST_HZ, 0.45 * sample_rate)
    for number in range(1, int(top / slow_hz.min()) + 1):
        frequency = number * slow_hz
        level = _resonance(frequency, vowels) * number**-1.1 * (frequency < top) * loudness
        voice += np.interp(t, slow, level) * np.sin(number * phase)
    breath = _band(rng.standard_normal(t.size), sample_rate, 1_800.0, 7_000.0)
    return _faded(voice + 0.012 * breath * np.interp(t, slow, loudness), sample_rate, 0.01, 0.05)


def _gestures(
    notes: Sequence[DemoNote], slow: Mono, rng: np.random.Generator
) -> tuple[Mono, dict[str, Mono], Mono]:
    """Return pitch, the share of each vowel, and loudness over time, at the control rate."""
    pitch = np.full(slow.size, float(notes[0].pitch))
    vowels = {vowel: np.zeros(slow.size) for vowel in FORMANTS}
    loudness = np.zeros(slow.size)
    vibrato = np.zeros(slow.size)
    for note in notes:
        since = slow - (note.onset_s - notes[0].onset_s)
        pitch[since >= 0.0] = note.pitch
        for name, share in vowels.items():
            share[since >= 0.0] = float(name == note.vowel)
        held = (since >= 0.0) & (since < note.offset_s - note.onset_s)
        loudness[held] = 1.0 - 0.35 * np.exp(-since[held] / 0.05)
        vibrato[held] = np.clip((since[held] - 0.22) / 0.25, 0.0, 1.0)
    wander = _smoothed(rng.standard_normal(slow.size), 0.12) * 0.35
    scoop = -0.7 * np.exp(-slow / 0.035)
    sway = 0.32 * vibrato * np.sin(2.0 * np.pi * 5.4 * slow)
    glided = _smoothed(pitch, 0.05) + scoop + sway + wander
    return (
        glided,
        {name: _smoothed(share, 0.06) for name, share in vowels.items()},
        _smoothed(loudness, 0.03),
    )


def _smoothed(control: Mono, seconds: float) -> Mono:
    """Return a control curve averaged over a Hann window of this length."""
    n = max(3, round(seconds / _CONTROL_S) | 1)
    window = np.hanning(n + 2)[1:-1]
    padded = np.pad(control, n // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _resonance(hz: Mono, vowels: dict[str, Mono]) -> Mono:
    """Return the level that the vocal tract gives to a frequency as it moves through vowels."""
    total = np.zeros(hz.size)
    for name, share in vowels.items():
        for centre, width, level in FORMANTS[name]:
            total += share * level / np.sqrt(1.0 + ((hz - centre) / width) ** 2)
    return total


def room(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the impulse response of a small room, shape ``(2, samples)``.

    Noise that is independent on both sides, falls by 60 dB in 0.8 s, and loses its highs.
    """
    t = _time(0.8, sample_rate)
    decay = 10.0 ** (-3.0 * t / 0.8)
    sides = [_band(rng.standard_normal(t.size), sample_rate, 250.0, 4_500.0) for _ in range(2)]
    response = np.stack(sides) * decay
    response[:, : round(0.012 * sample_rate)] = 0.0
    return np.asarray(response / np.sqrt((response**2).sum(axis=1, keepdims=True)))
