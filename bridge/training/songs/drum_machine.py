"""A drum machine of our own: kicks, snares, claps, hats, cymbals, toms and small percussion.

Analogue circuits in a few lines: a sine that falls in pitch, noise through band-pass filters,
square waves at inharmonic frequencies for metal. Each instrument draws its parameters once for a
song; four takes of each are made, so that no two strokes are quite the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from bridge.training.songs import grooves
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.engines.audio import Audio
    from bridge.training.songs.values import NoteEvent

Wave = NDArray[np.float32]

_TAKES = 4
_METAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Ratios of the six oscillators that analogue machines mix for metal."""


def play(notes: Sequence[NoteEvent], samples: int, rng: np.random.Generator) -> Audio:
    """Return strokes of a machine whose parameters are drawn.

    Parameters
    ----------
    notes
        Strokes; pitches are General MIDI's drum sounds.
    samples
        Length of the result at 44.1 kHz.
    rng
        What the machine is drawn from.

    Returns
    -------
    np.ndarray [shape=(2, samples), dtype=float32]
    """
    audio = np.zeros(samples, dtype=np.float32)
    sounds: dict[int, list[Wave]] = {}
    for event in notes:
        if event.pitch not in sounds:
            sounds[event.pitch] = _takes(event.pitch, rng)
        take = sounds[event.pitch][int(rng.integers(_TAKES))]
        start = round(event.start_s * SAMPLE_RATE)
        end = min(samples, start + len(take))
        if end > start:
            audio[start:end] += take[: end - start] * np.float32((event.velocity / 127.0) ** 1.6)
    return np.stack([audio, audio])


def _takes(sound: int, rng: np.random.Generator) -> list[Wave]:
    maker = _MAKERS.get(sound, _blip)
    seed = int(rng.integers(1 << 31))
    takes = []
    for take in range(_TAKES):
        parameters, noise = np.random.default_rng(seed), np.random.default_rng([seed, take])
        wave = maker(parameters, noise)
        takes.append((wave / max(1e-6, float(np.abs(wave).max())) * 0.7).astype(np.float32))
    return takes


def _time_s(length_s: float) -> NDArray[np.float64]:
    return np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def _band(noise: NDArray[np.float64], low_hz: float, high_hz: float) -> NDArray[np.float64]:
    band_hz = [low_hz, min(high_hz, 21_000.0)]
    sections = signal.butter(2, band_hz, "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(signal.sosfilt(sections, noise))


def _kick(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    decay_s = float(rng.choice([0.08, 0.15, 0.25, 0.5])) * float(rng.uniform(0.8, 1.3))
    time_s = _time_s(min(1.5, decay_s * 6))
    base_hz, sweep_hz = float(rng.uniform(42, 68)), float(rng.uniform(60, 400))
    fall_s = float(rng.uniform(0.008, 0.05))
    radians = 2 * np.pi * (base_hz * time_s - sweep_hz * fall_s * np.exp(-time_s / fall_s))
    body = np.sin(radians) * np.exp(-time_s / decay_s)
    click = noise.normal(size=len(time_s)) * np.exp(-time_s / float(rng.uniform(0.0008, 0.004)))
    wave = body + float(rng.uniform(0.0, 0.5)) * _band(click, 800, 9_000)
    drive = float(rng.uniform(1.0, 5.0))
    return np.asarray(np.tanh(drive * wave) / np.tanh(drive))


def _snare(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    decay_s = float(rng.uniform(0.05, 0.22))
    time_s = _time_s(decay_s * 6)
    tone_hz = float(rng.uniform(150, 260))
    tone = np.sin(2 * np.pi * tone_hz * time_s) + 0.6 * np.sin(2 * np.pi * 1.6 * tone_hz * time_s)
    tone *= np.exp(-time_s / (decay_s * float(rng.uniform(0.3, 0.8))))
    rattle = _band(noise.normal(size=len(time_s)), float(rng.uniform(400, 2_500)), 12_000)
    rattle *= np.exp(-time_s / decay_s)
    return tone * float(rng.uniform(0.2, 1.0)) + rattle * float(rng.uniform(0.5, 1.4))


def _clap(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    decay_s = float(rng.uniform(0.06, 0.2))
    time_s = _time_s(decay_s * 6)
    gap_s = float(rng.uniform(0.008, 0.014))
    bursts = sum(
        np.exp(-np.maximum(time_s - k * gap_s, 0) / 0.004) * (time_s >= k * gap_s) for k in range(3)
    )
    tail = np.exp(-np.maximum(time_s - 3 * gap_s, 0) / decay_s) * (time_s >= 3 * gap_s)
    centre_hz = float(rng.uniform(900, 1_600))
    burst = _band(noise.normal(size=len(time_s)), centre_hz * 0.7, centre_hz * 2.2)
    return np.asarray(burst * (bursts + tail))


def _metal(
    rng: np.random.Generator, noise: np.random.Generator, decay_s: float, low_hz: float
) -> NDArray[np.float64]:
    time_s = _time_s(min(4.0, decay_s * 6))
    tune = float(rng.uniform(0.8, 1.9))
    squares = sum(np.sign(np.sin(2 * np.pi * tune * hz * time_s)) for hz in _METAL_HZ)
    hiss = noise.normal(size=len(time_s)) * float(rng.uniform(0.3, 4.0))
    return _band(squares + hiss, low_hz, 18_000) * np.exp(-time_s / decay_s)


def _closed_hat(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    return _metal(rng, noise, float(rng.uniform(0.012, 0.06)), float(rng.uniform(5_000, 8_500)))


def _open_hat(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    return _metal(rng, noise, float(rng.uniform(0.1, 0.35)), float(rng.uniform(5_000, 8_000)))


def _cymbal(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    return _metal(rng, noise, float(rng.uniform(0.4, 1.2)), float(rng.uniform(2_500, 5_000)))


def _rim(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time_s(0.08)
    hz = float(rng.uniform(380, 900))
    tone = np.sin(2 * np.pi * hz * time_s) + np.sin(2 * np.pi * hz * 3.7 * time_s)
    return (tone + 0.3 * noise.normal(size=len(time_s))) * np.exp(-time_s / 0.009)


def _tom(
    semitones: int,
) -> Callable[[np.random.Generator, np.random.Generator], NDArray[np.float64]]:
    def make(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
        time_s = _time_s(0.9)
        hz = 75.0 * 2 ** (semitones / 12) * float(rng.uniform(0.95, 1.05))
        radians = 2 * np.pi * hz * (time_s - 0.5 * 0.04 * np.exp(-time_s / 0.04))
        skin = _band(noise.normal(size=len(time_s)), 500, 5_000) * np.exp(-time_s / 0.02)
        return np.sin(radians) * np.exp(-time_s / float(rng.uniform(0.1, 0.25))) + 0.3 * skin

    return make


def _cowbell(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:  # noqa: ARG001
    time_s = _time_s(0.4)
    hz = float(rng.uniform(500, 620))
    tone = np.sign(np.sin(2 * np.pi * hz * time_s)) + np.sign(
        np.sin(2 * np.pi * hz * 1.48 * time_s)
    )
    return _band(tone, 500, 4_000) * np.exp(-time_s / float(rng.uniform(0.03, 0.1)))


def _shaken(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time_s(0.2)
    rise = np.minimum(time_s / float(rng.uniform(0.001, 0.03)), 1.0)
    return (
        _band(noise.normal(size=len(time_s)), float(rng.uniform(3_000, 7_000)), 16_000)
        * rise
        * np.exp(-time_s / 0.03)
    )


def _blip(rng: np.random.Generator, noise: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time_s(0.3)
    hz = float(rng.uniform(180, 1_800))
    skin = _band(noise.normal(size=len(time_s)), hz, hz * 4) * np.exp(-time_s / 0.006)
    return np.sin(2 * np.pi * hz * time_s) * np.exp(-time_s / float(rng.uniform(0.02, 0.09))) + skin


_MAKERS: dict[int, Callable[[np.random.Generator, np.random.Generator], NDArray[np.float64]]] = {
    35: _kick,
    grooves.KICK: _kick,
    grooves.RIM: _rim,
    grooves.SNARE: _snare,
    grooves.CLAP: _clap,
    40: _snare,
    grooves.CLOSED_HAT: _closed_hat,
    grooves.PEDAL_HAT: _closed_hat,
    grooves.OPEN_HAT: _open_hat,
    **dict.fromkeys(
        (grooves.CRASH, 57, grooves.RIDE, 59, grooves.CHINA, grooves.SPLASH, grooves.RIDE_BELL),
        _cymbal,
    ),
    **{sound: _tom(2 * (sound - 41)) for sound in grooves.TOMS},
    grooves.COWBELL: _cowbell,
    **dict.fromkeys((grooves.TAMBOURINE, grooves.CABASA, grooves.MARACAS), _shaken),
}
