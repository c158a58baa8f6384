"""Tones whose notes are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def tone(
    pitch: float, duration_s: float, sample_rate: int = 22_050, *, decay: float = 1.0
) -> Samples:
    """Return a plucked harmonic tone; a fractional pitch is out of tune."""
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    fundamental_hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
    partials = [
        np.sin(2.0 * np.pi * fundamental_hz * number * time_s) / number
        for number in range(1, 12)
        if fundamental_hz * number < 0.45 * sample_rate
    ]
    attack = np.minimum(1.0, time_s / 0.005)
    release = np.minimum(1.0, (duration_s - time_s) / 0.02)
    envelope = attack * release * np.exp(-decay * time_s)
    return np.asarray(0.3 * envelope * np.sum(partials, axis=0), dtype=np.float32)


def melody(
    duration_s: float, notes: list[tuple[float, float, float]], sample_rate: int = 22_050
) -> Samples:
    """Return tones given as ``(onset in s, duration in s, pitch)`` over silence."""
    audio = np.zeros(round(duration_s * sample_rate), np.float32)
    for onset_s, length_s, pitch in notes:
        start = round(onset_s * sample_rate)
        sound = tone(pitch, length_s, sample_rate)[: len(audio) - start]
        audio[start : start + len(sound)] += sound
    return audio
