"""The demo song's voice: a source, a vocal tract and consonants, added up in numpy alone.

Voiced sound is a sum of harmonics that fall with frequency and pass the tract's
resonances (G. Fant, "Acoustic Theory of Speech Production", 1960); breath is noise through the same
resonances, swelling with each opening of the glottis. Consonants come before the note that they
begin, as singers place them, so that the vowel falls on the beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.demo_synth import Mono, band, faded, pitch_to_hz, time_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.demo_score import DemoNote

LEAD_S = 0.16
"""A phrase begins this long before its first note: time for the consonant."""

_HIGHEST_HZ = 14_000.0
_CONTROL_S = 0.004
_TAIL_S = 0.12

FORMANTS_HZ = {
    "a": (740.0, 1090.0, 2440.0, 3390.0, 4090.0),
    "e": (435.0, 1700.0, 2310.0, 3310.0, 4090.0),
    "i": (315.0, 2000.0, 2610.0, 3390.0, 4090.0),
    "o": (420.0, 765.0, 2390.0, 3220.0, 4000.0),
}
"""Resonances of the vowels, rounded to a plausible tenor."""

_BANDWIDTHS_HZ = (140.0, 160.0, 230.0, 300.0, 400.0)


@dataclass(frozen=True)
class Consonant:
    """A consonant as noise and as what becomes of the voice meanwhile.

    Parameters
    ----------
    length_s
        How long the tract is narrow or shut before the vowel.
    noise_s
        How long noise sounds, up to the vowel.
    low_hz, high_hz
        Its band.
    noise
        Its amplitude relative to a vowel's.
    voice
        What is left of the voice, 0…1, low-passed by the closed mouth.
    """

    length_s: float
    noise_s: float
    low_hz: float
    high_hz: float
    noise: float
    voice: float


CONSONANTS = {
    "s": Consonant(0.13, 0.11, 5_500.0, 12_000.0, 0.22, 0.0),
    "f": Consonant(0.11, 0.09, 1_800.0, 11_000.0, 0.06, 0.0),
    "t": Consonant(0.09, 0.035, 3_500.0, 9_000.0, 0.25, 0.0),
    "d": Consonant(0.07, 0.02, 2_500.0, 7_000.0, 0.15, 0.15),
    "m": Consonant(0.09, 0.0, 100.0, 1_000.0, 0.0, 0.3),
    "l": Consonant(0.07, 0.0, 100.0, 1_000.0, 0.0, 0.45),
}


def sung_phrase(notes: Sequence[DemoNote], sample_rate: int, rng: np.random.Generator) -> Mono:
    """Return a phrase sung in one breath.

    Parameters
    ----------
    notes
        In order; the sound begins `LEAD_S` before the first one's onset. Vowels are those of
        `FORMANTS_HZ`, consonants those of `CONSONANTS` or empty.
    sample_rate
        In Hz.
    rng
        For breath, consonants and the small wandering of pitch and level.
    """
    start_s = notes[0].onset_s - LEAD_S
    t = time_axis(notes[-1].offset_s + _TAIL_S - start_s, sample_rate)
    slow = np.arange(0.0, t[-1] + 2 * _CONTROL_S, _CONTROL_S)
    pitch = _pitch(notes, slow + start_s, rng)
    formants_hz = _formants_hz(notes, slow + start_s)
    opening, noises = _articulation(notes, slow + start_s, rng)
    phase = 2.0 * np.pi * np.cumsum(pitch_to_hz(np.interp(t, slow, pitch))) / sample_rate
    voice = _harmonics(phase, pitch_to_hz(pitch), formants_hz, opening, sample_rate)
    breath = band(rng.standard_normal(t.size), sample_rate, 1_500.0, 9_000.0)
    breath *= 0.06 * (1.0 + 0.7 * np.cos(phase)) * np.interp(t, slow, opening)
    hiss = np.zeros(t.size)
    for name, level in noises.items():
        sound = CONSONANTS[name]
        noise = band(rng.standard_normal(t.size), sample_rate, sound.low_hz, sound.high_hz)
        hiss += sound.noise * noise * np.interp(t, slow, level)
    return faded(voice + breath + hiss, sample_rate, 0.01, 0.05)


def _pitch(notes: Sequence[DemoNote], at_s: Mono, rng: np.random.Generator) -> Mono:
    """Return the pitch over time: glides, scoops into notes, vibrato that sets in, wandering."""
    pitch = np.full(at_s.size, float(notes[0].pitch))
    vibrato = np.zeros(at_s.size)
    scoop = np.zeros(at_s.size)
    for note in notes:
        since = at_s - note.onset_s
        pitch[since >= -0.02] = note.pitch
        held = (since >= 0.0) & (at_s < note.offset_s)
        vibrato[held] = np.clip((since[held] - 0.18) / 0.25, 0.0, 1.0)
        scoop[since >= -0.05] = -0.9 * np.exp(-np.maximum(since, 0.0) / 0.04)[since >= -0.05]
    wander = _smoothed(rng.standard_normal(at_s.size), 0.12) * 1.2
    jitter = _smoothed(rng.standard_normal(at_s.size), 0.012) * 0.2
    rate_hz = 5.4 + _smoothed(rng.standard_normal(at_s.size), 0.5)
    sway = 0.6 * vibrato * np.sin(2.0 * np.pi * np.cumsum(rate_hz) * _CONTROL_S)
    return np.asarray(_smoothed(pitch, 0.06) + scoop + sway + wander + jitter)


def _formants_hz(notes: Sequence[DemoNote], at_s: Mono) -> list[Mono]:
    """Return each resonance over time; the tongue needs a tenth of a second between vowels."""
    tracks = [np.full(at_s.size, hz) for hz in FORMANTS_HZ[notes[0].vowel]]
    for note in notes:
        for track, hz in zip(tracks, FORMANTS_HZ[note.vowel], strict=True):
            track[at_s >= note.onset_s - 0.03] = hz
    return [_smoothed(track, 0.1) for track in tracks]


def _articulation(
    notes: Sequence[DemoNote], at_s: Mono, rng: np.random.Generator
) -> tuple[Mono, dict[str, Mono]]:
    """Return how loud the voice is over time, and the level of each consonant's noise."""
    opening = np.zeros(at_s.size)
    noises: dict[str, Mono] = {}
    for note in notes:
        since = at_s - note.onset_s
        held = (since >= 0.0) & (at_s < note.offset_s)
        length_s = note.offset_s - note.onset_s
        opening[held] = 0.75 + 0.25 * np.sin(np.pi * np.clip(since[held] / length_s, 0.0, 1.0))
        sound = CONSONANTS.get(note.consonant)
        if sound is None:
            continue
        opening[(since >= -sound.length_s) & (since < 0.0)] = sound.voice
        hissing = (since >= -sound.noise_s) & (since < 0.0)
        noises.setdefault(note.consonant, np.zeros(at_s.size))[hissing] = 1.0
    shimmer = 1.0 + 0.6 * _smoothed(rng.standard_normal(at_s.size), 0.05)
    return (
        _smoothed(opening, 0.024) * shimmer,
        {name: _smoothed(level, 0.012) for name, level in noises.items()},
    )


def _harmonics(
    phase: Mono,
    hz: Mono,
    formants_hz: list[Mono],
    opening: Mono,
    sample_rate: int,
) -> Mono:
    """Return the voiced sound; a closing mouth takes the highs first."""
    t = np.arange(phase.size) / sample_rate
    slow = np.arange(hz.size) * _CONTROL_S
    voice = np.zeros(phase.size)
    top_hz = min(_HIGHEST_HZ, 0.45 * sample_rate)
    for number in range(1, int(top_hz / hz.min()) + 1):
        frequency = number * hz
        shut = 1.0 / (1.0 + (frequency / 600.0) * np.clip(0.6 - opening, 0.0, 1.0))
        level = _tract(frequency, formants_hz) * number**-0.7 * opening * shut
        voice += np.interp(t, slow, level * (frequency < top_hz)) * np.sin(number * phase)
    return np.asarray(0.5 * voice)


def _tract(hz: Mono, formants_hz: list[Mono]) -> Mono:
    """Return the gain of the resonances in a row, 1 at low frequencies."""
    gain = np.ones(hz.size)
    for centre_hz, width_hz in zip(formants_hz, _BANDWIDTHS_HZ, strict=True):
        ratio = hz / centre_hz
        gain /= np.sqrt((1.0 - ratio**2) ** 2 + (width_hz * ratio / centre_hz) ** 2)
    # Without the resonances above the fifth, one every kilohertz, the voice would be muffled.
    for upper_hz in range(5_000, int(_HIGHEST_HZ) + 1_000, 1_000):
        ratio = hz / upper_hz
        gain /= np.sqrt((1.0 - ratio**2) ** 2 + (0.12 * ratio) ** 2)
    return gain


def _smoothed(control: Mono, seconds: float) -> Mono:
    """Return a control curve averaged over a Hann window of this length."""
    n = max(3, round(seconds / _CONTROL_S) | 1)
    window = np.hanning(n + 2)[1:-1]
    padded = np.pad(control, n // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
