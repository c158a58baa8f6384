"""Bars on a drum machine of our own that no network was trained on, with exact truth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.training.songs import drum_machine
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MACHINE = 7


@cache
def stroke(pitch: int, velocity: int = 110, machine: int = MACHINE) -> np.ndarray:
    """Return one stroke, which begins on its first sample."""
    if pitch == 51:
        return np.asarray(ride() * (velocity / 127.0) ** 1.6)
    note = NoteEvent(0.0, 2.0, pitch, velocity)
    audio = drum_machine.play([note], 2 * SAMPLE_RATE, np.random.default_rng([machine, pitch]))
    return np.asarray(audio[0])


def ride() -> np.ndarray:
    """Return a cymbal with a ping, which the machine does not have."""
    rng = np.random.default_rng(5)
    time_s = np.arange(round(2.2 * SAMPLE_RATE)) / SAMPLE_RATE
    partials_hz = np.exp(rng.uniform(np.log(2_000.0), np.log(14_000.0), 80))
    decays_s = 2.0 * np.sqrt(3_000.0 / partials_hz)
    ping = sum(
        np.sin(2 * np.pi * hz * time_s + hz) * np.exp(-time_s / decay_s)
        for hz, decay_s in zip(partials_hz, decays_s, strict=True)
    )
    wash = np.diff(rng.normal(size=len(time_s)), append=0.0) * np.exp(-time_s)
    wash *= np.minimum(1.0, time_s / 0.01)
    stick = rng.normal(size=len(time_s)) * np.exp(-time_s / 0.002)
    return np.asarray(0.034 * ping + 0.02 * wash + 0.05 * stick, dtype=np.float32)


def plain_stroke(pitch: int, velocity: int = 110) -> np.ndarray:
    """Return a kick, snare or hat as plain as can be: a tone, a tone with noise, noise."""
    time_s = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(pitch).normal(0.0, 1.0, len(time_s))
    if pitch == 36:
        sound = 0.8 * np.sin(2 * np.pi * 60.0 * time_s) * np.exp(-time_s / 0.05)
    elif pitch == 38:
        tone = np.sin(2 * np.pi * 195.0 * time_s) * np.exp(-time_s / 0.04)
        sound = 0.4 * tone + 0.1 * noise * np.exp(-time_s / 0.05)
    else:
        sound = 0.1 * np.diff(noise, n=2, append=[0.0, 0.0]) * np.exp(-time_s / 0.02)
    return np.asarray((velocity / 127.0) ** 1.6 * sound, dtype=np.float32)


def play(
    strokes: Sequence[tuple[float, int] | tuple[float, int, int]],
    duration_s: float,
    sound: Callable[..., np.ndarray] = stroke,
) -> np.ndarray:
    """Return strokes of onset in seconds, key and perhaps velocity, over a little hiss."""
    audio = np.random.default_rng(1).normal(0.0, 1e-5, round(duration_s * SAMPLE_RATE))
    for onset_s, *struck in strokes:
        start = round(onset_s * SAMPLE_RATE)
        wave = sound(*struck)[: len(audio) - start]
        audio[start : start + len(wave)] += wave
    return audio.astype(np.float32)


def buffer(folder: Path, audio: np.ndarray) -> DiskBuffer:
    """Return audio as the engines take it."""
    return DiskBuffer.of(folder / "drums.f32", np.atleast_2d(audio), SAMPLE_RATE)
