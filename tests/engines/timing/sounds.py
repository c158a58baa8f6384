"""Clicks, chords and grooves whose beats are known, in time with any tempo curve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.engines.audio import DiskBuffer

RATE = 22_050
Mono = NDArray[np.float64]


def buffer(folder: Path, audio: np.ndarray, sample_rate: int = RATE) -> DiskBuffer:
    return DiskBuffer.of(folder / "heard.f32", np.atleast_2d(audio).astype(np.float32), sample_rate)


def clicks(tempo: float, duration_s: float, sample_rate: int = RATE, seed: int = 7) -> Mono:
    generator = np.random.default_rng(seed)
    audio = generator.normal(0.0, 1e-3, round(duration_s * sample_rate))
    fade = np.exp(-np.arange(round(0.05 * sample_rate)) / (0.015 * sample_rate))
    for beat in np.arange(0.3, duration_s - 0.1, 60.0 / tempo):
        start = round(beat * sample_rate)
        audio[start : start + len(fade)] += fade * generator.normal(0.0, 0.3, len(fade))
    return audio


def constant(tempo: float, first_s: float = 0.0) -> Callable[[float], float]:
    return lambda quarter: first_s + quarter * 60.0 / tempo


def ramp(first: float, last: float, quarters: int) -> Callable[[float], float]:
    """Return when each quarter comes if the tempo goes from one to another, beat by beat."""
    lengths = 60.0 / np.linspace(first, last, quarters)
    times = np.concatenate([[0.0], np.cumsum(lengths)])
    return lambda quarter: float(np.interp(quarter, np.arange(len(times)), times))


def groove(
    seconds: Callable[[float], float],
    bars: int,
    quarters: int = 4,
    chords: tuple[tuple[int, ...], ...] = ((48, 60, 64, 67), (53, 60, 65, 69), (55, 59, 62, 67)),
    *,
    seed: int = 3,
) -> Mono:
    """Return a rock beat in four with eighths on the hat, or a waltz in three; a chord a bar."""
    generator = np.random.default_rng(seed)
    audio = generator.normal(0.0, 1e-3, round((seconds(bars * quarters) + 0.5) * RATE))

    def add(quarter: float, sound: Mono) -> None:
        start = round(seconds(quarter) * RATE)
        audio[start : start + len(sound)] += sound[: max(0, len(audio) - start)]

    time_s = np.arange(round(0.12 * RATE)) / RATE
    phase = 2 * np.pi * (45.0 * time_s + 4.0 * (1.0 - np.exp(-time_s / 0.02)))
    kick = 0.8 * np.sin(phase) * np.exp(-time_s / 0.05)
    for bar in range(bars):
        first, chord = bar * quarters, chords[bar % len(chords)]
        add(first, _chord((chord[0] - 12,), seconds(first + 1) - seconds(first)))
        for beat in range(quarters):
            place = first + beat
            is_kick = beat % 2 == 0 if quarters == 4 else beat == 0
            snare = 0.12 * generator.normal(size=len(time_s)) * np.exp(-time_s / 0.04)
            add(place, kick if is_kick else snare)
            if quarters == 4 or beat:
                add(place, _chord(chord, seconds(place + 1) - seconds(place)))
            for half in (0.0, 0.5) if quarters == 4 else (0.0,):
                hat = 0.1 * np.diff(generator.normal(size=400)) * np.exp(-np.arange(399) / 90.0)
                add(place + half, hat)
    return audio


def _chord(pitches: tuple[int, ...], length_s: float) -> Mono:
    time_s = np.arange(round(length_s * RATE)) / RATE
    fade = np.minimum(1.0, (length_s - time_s) / 0.02) * np.minimum(1.0, time_s / 0.005)
    tones = [
        np.sin(2 * np.pi * harmonic * 440.0 * 2.0 ** ((pitch - 69) / 12.0) * time_s) / harmonic**2
        for pitch in pitches
        for harmonic in (1, 2, 3)
    ]
    return np.asarray(0.06 * np.sum(tones, axis=0) * fade)
