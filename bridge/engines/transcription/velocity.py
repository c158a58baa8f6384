"""How loud each note is in the audio, as MIDI velocity.

A note's level is that of its own partials, not of everything that sounds with it: the sum of the
powers found at its fundamental and the next three harmonics. Velocity follows the squared curve
that General MIDI synthesisers play, a gain of ``40 log10(velocity / 127)`` dB (MIDI Manufacturers
Association, "Downloadable Sounds Level 1"), so that a synthesiser gives the levels back. What
counts is the level relative to the loud notes of the same stem: a fader's position is not a touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.units import amplitude_to_db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer

LOUD_VELOCITY = 112
"""Velocity of the level that one note in ten exceeds: forte, with room above."""

_LOUD_PERCENTILE = 90.0
_DB_PER_DECADE = 40.0
_HARMONICS = 4
_FRAME_SAMPLES = 2048
_FRAMES = 3
_FFT_SAMPLES = 8192
_SEMITONE = 2.0 ** (1.0 / 12.0)


def note_level_dbfs(buffer: DiskBuffer, onset_s: float, offset_s: float, pitch: int) -> float:
    """Return how loud a note is at its loudest within its first 0.28 s.

    Parameters
    ----------
    buffer
        At 22,050 Hz; its channels are averaged.
    onset_s, offset_s
        Where the note sounds, in seconds.
    pitch
        MIDI note number.

    Returns
    -------
    float
        Level in dBFS of the note's first partials together.
    """
    start = round(onset_s * buffer.sample_rate)
    span = round((offset_s - onset_s) * buffer.sample_rate)
    count = int(np.clip(span // _FRAME_SAMPLES, 1, _FRAMES))
    audio = buffer.read(start, count * _FRAME_SAMPLES).mean(axis=0)
    taper = np.hanning(_FRAME_SAMPLES)
    frames = audio.reshape(count, _FRAME_SAMPLES) * taper
    amplitudes = np.abs(np.fft.rfft(frames, _FFT_SAMPLES, axis=1)) * (2.0 / taper.sum())
    fundamental_hz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    power = np.zeros(count)
    for harmonic in range(1, _HARMONICS + 1):
        centre = harmonic * fundamental_hz * _FFT_SAMPLES / buffer.sample_rate
        low, high = int(centre / _SEMITONE), int(centre * _SEMITONE) + 2
        if high < amplitudes.shape[1]:
            power += 0.5 * amplitudes[:, low:high].max(axis=1) ** 2
    return float(amplitude_to_db(float(np.sqrt(power.max()))))


def relative_levels(levels_dbfs: Sequence[float]) -> NDArray[np.float64]:
    """Return levels in dB relative to the one that one note in ten exceeds."""
    levels = np.asarray(levels_dbfs, dtype=np.float64)
    return levels - np.percentile(levels, _LOUD_PERCENTILE) if levels.size else levels


def velocity(relative_db: float) -> int:
    """Return the MIDI velocity, 1…127, of a level that `relative_levels` returned.

    ``112 * 10 ** (relative_db / 40)``
    """
    raw = LOUD_VELOCITY * 10.0 ** (relative_db / _DB_PER_DECADE)
    return int(min(max(round(raw), 1), 127))
