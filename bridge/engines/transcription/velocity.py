"""How loud each note is in the audio, as MIDI velocity.

A note's level is that of its own partials, not of everything that sounds with it: the sum of the
powers found at its fundamental and the next three harmonics. Velocity follows the squared curve
that General MIDI synthesisers play, a gain of ``40 log10(velocity / 127)`` dB (MIDI Manufacturers
Association, "Downloadable Sounds Level 1"), so that a synthesiser gives the levels back. What
counts is the level relative to the loud notes of the same stem: a fader's position is not a touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bridge.units import amplitude_to_db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer

LOUD_VELOCITY = 112
"""Velocity of the level that one note in ten exceeds: forte, with room above."""

_LOUD_PERCENTILE = 90.0
_DB_PER_DECADE = 40.0
_HARMONICS = 4
_FRAME_SAMPLES = 2048
_FRAMES = 3
_FFT_SAMPLES = 4096
_SEMITONE = 2.0 ** (1.0 / 12.0)
_NOTES_AT_ONCE = 64

Strokes = Sequence[tuple[float, float, int]]
"""Onset and offset in seconds, and MIDI note number, of each note."""


def note_levels_dbfs(buffer: DiskBuffer, notes: Strokes) -> Iterator[float]:
    """Yield how loud each note is at its loudest within its first 0.28 s.

    Parameters
    ----------
    buffer
        At 22,050 Hz; its channels are averaged.
    notes
        Which, by onset.

    Yields
    ------
    float
        Level in dBFS of the note's first partials together.
    """
    for first in range(0, len(notes), _NOTES_AT_ONCE):
        yield from _levels_dbfs(buffer, notes[first : first + _NOTES_AT_ONCE])


def _levels_dbfs(buffer: DiskBuffer, notes: Strokes) -> list[float]:
    from scipy.fft import rfft

    taper = np.hanning(_FRAME_SAMPLES).astype(np.float32)
    frames = np.zeros((len(notes), _FRAMES, _FRAME_SAMPLES), np.float32)
    starts = [round(onset_s * buffer.sample_rate) for onset_s, _, _ in notes]
    read_from = min(starts)
    audio = buffer.read(read_from, max(starts) - read_from + _FRAMES * _FRAME_SAMPLES).mean(axis=0)
    for row, start, (onset_s, offset_s, _) in zip(frames, starts, notes, strict=True):
        span = round((offset_s - onset_s) * buffer.sample_rate)
        count = min(max(span // _FRAME_SAMPLES, 1), _FRAMES)
        sound = audio[start - read_from : start - read_from + count * _FRAME_SAMPLES]
        row[:count] = sound.reshape(count, _FRAME_SAMPLES)
    power = (2.0 / taper.sum()) ** 2 * np.square(np.abs(rfft(frames * taper, _FFT_SAMPLES)))
    return [
        float(amplitude_to_db(float(np.sqrt(_partials(spectra, pitch, buffer.sample_rate)))))
        for spectra, (_, _, pitch) in zip(power, notes, strict=True)
    ]


def _partials(power: NDArray[np.float32], pitch: int, sample_rate: int) -> float:
    """Return the mean square of a pitch's first partials in the loudest of some spectra."""
    total = np.zeros(len(power))
    fundamental_hz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    for harmonic in range(1, _HARMONICS + 1):
        centre = harmonic * fundamental_hz * _FFT_SAMPLES / sample_rate
        low, high = int(centre / _SEMITONE), int(centre * _SEMITONE) + 2
        if high < power.shape[1]:
            total += 0.5 * power[:, low:high].max(axis=1)
    return float(total.max())


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
