"""Kick, snare and hi-hat from a drum recording, by what rises in three frequency bands.

In each band the magnitude's rise in decibels over 12 ms is the onset function, a spectral flux of
one band; an onset is a local maximum that exceeds the moving median by a fixed amount (Bello et
al., "A Tutorial on Onset Detection in Music Signals", IEEE TSAP 13(5), 2005). The rise is taken
over two frames rather than one, as in SuperFlux (Böck and Widmer, "Maximum Filter Vibrato
Suppression for Onset Detection", DAFx 2013). Toms are heard as snares and cymbals as hi-hats.

Conventions
-----------
Frame ``f`` is centred on sample ``f * HOP_SAMPLES`` at `SAMPLE_RATE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.velocity import relative_levels, velocity
from bridge.units import amplitude_to_db

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.settings import DrumSettings

SAMPLE_RATE = 44_100
HOP_SAMPLES = 256

_FRAME_SAMPLES = 1024
_BLOCK_FRAMES = 4096
_RISE_FRAMES = 2
_RANGE_DB = 20.0
"""What lies this far below a band's usual hit counts as silence."""

_SILENCE = 1e-4
_SECOND_FRAMES = SAMPLE_RATE // HOP_SAMPLES
_MEDIAN_FRAMES = 61
_APART_FRAMES = 6
"""Nearest two hits of one drum: 35 ms, a fast flam."""

_ATTACK_FRAMES = 4
_LENGTH_S = 0.1
"""How long a hit's note is; drum instruments ignore it."""

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Drum:
    """Where one drum is heard.

    Attributes
    ----------
    pitch
        General MIDI percussion key.
    low_hz, high_hz
        The band.
    rise_db
        How far the band must rise above the moving median to be a hit.
    """

    pitch: int
    low_hz: float
    high_hz: float
    rise_db: float


def kit(settings: DrumSettings) -> tuple[Drum, ...]:
    """Return the drums that a preset listens for: kick, snare and closed hi-hat."""
    return (
        Drum(36, 30.0, 100.0, settings.kick_rise_db),
        Drum(38, 220.0, 800.0, settings.snare_rise_db),
        Drum(42, 9_000.0, 16_000.0, settings.hihat_rise_db),
    )


def hear_drums(
    buffer: DiskBuffer, drums: tuple[Drum, ...], progress: Callable[[float], None]
) -> list[Note]:
    """Transcribe a drum recording.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    drums
        What to listen for.
    progress
        Told the fraction done, 0…1, about every 24 s of audio; what it raises is let through.

    Returns
    -------
    list of Note
        By onset. Velocities compare hits of the same drum.
    """
    curves = _band_magnitudes(buffer, drums, progress)
    # A window that reaches past the end hears the cut through the sound, which is no hit.
    last = (buffer.frames - _FRAME_SAMPLES // 2) // HOP_SAMPLES
    notes: list[Note] = []
    for drum, magnitudes in zip(drums, curves, strict=True):
        frames = find_hits(magnitudes, drum.rise_db)
        frames = frames[frames <= last]
        loudest = [magnitudes[frame : frame + _ATTACK_FRAMES].max() for frame in frames]
        levels = relative_levels([amplitude_to_db(float(magnitude)) for magnitude in loudest])
        onsets = frames * (HOP_SAMPLES / SAMPLE_RATE)
        lengths = np.minimum(_LENGTH_S, np.diff(onsets, append=np.inf))
        notes += [
            Note(onset, onset + length, drum.pitch, velocity(level))
            for onset, length, level in zip(
                onsets.tolist(), lengths.tolist(), levels.tolist(), strict=True
            )
        ]
    return sorted(notes, key=lambda note: (note.onset_s, note.pitch))


def find_hits(magnitudes: Curve, rise_db: float) -> NDArray[np.intp]:
    """Return the frames where a band's magnitude jumps.

    Parameters
    ----------
    magnitudes : np.ndarray [shape=(frames,)]
        Linear, full scale is 1.
    rise_db
        How far the rise must exceed its moving median.

    Returns
    -------
    np.ndarray [shape=(hits,)]
        Rising, at least 35 ms apart.
    """
    from scipy.ndimage import maximum_filter1d, median_filter

    usual = _usual_hit(magnitudes)
    if usual < _SILENCE:
        return np.zeros(0, dtype=np.intp)
    level_db = 20.0 * np.log10(magnitudes / usual + 10.0 ** (-_RANGE_DB / 20.0))
    before_db = np.concatenate((np.full(_RISE_FRAMES, -_RANGE_DB), level_db[:-_RISE_FRAMES]))
    rise = np.maximum(0.0, level_db - before_db[: len(level_db)])
    highest = maximum_filter1d(rise, 2 * _APART_FRAMES - 1, mode="constant")
    threshold = rise_db + median_filter(rise, _MEDIAN_FRAMES, mode="constant")
    hits = np.flatnonzero((rise == highest) & (rise >= threshold))
    # Of equal maxima side by side the first is the hit.
    return hits[np.diff(hits, prepend=-_APART_FRAMES) >= _APART_FRAMES]


def _usual_hit(magnitudes: Curve) -> float:
    """Return the median of the loudest frames of the seconds in which the band is used."""
    seconds = np.arange(0, len(magnitudes), _SECOND_FRAMES)
    if not seconds.size:
        return 0.0
    loudest = np.maximum.reduceat(magnitudes, seconds)
    return float(np.median(loudest[loudest >= 0.1 * loudest.max()]))


def _band_magnitudes(
    buffer: DiskBuffer, drums: tuple[Drum, ...], progress: Callable[[float], None]
) -> list[Curve]:
    """Return the magnitude of each drum's band, one curve of `frames` values per drum."""
    frames = -(-buffer.frames // HOP_SAMPLES)
    curves = [np.zeros(frames) for _ in drums]
    taper = np.hanning(_FRAME_SAMPLES)
    for first in range(0, frames, _BLOCK_FRAMES):
        progress(first / frames)
        count = min(_BLOCK_FRAMES, frames - first)
        audio = buffer.read(
            first * HOP_SAMPLES - _FRAME_SAMPLES // 2, (count - 1) * HOP_SAMPLES + _FRAME_SAMPLES
        )
        windows = np.lib.stride_tricks.sliding_window_view(audio.mean(axis=0), _FRAME_SAMPLES)
        windows = windows[::HOP_SAMPLES]
        powers = np.abs(np.fft.rfft(windows * taper, axis=1) * (2.0 / taper.sum())) ** 2
        for drum, curve in zip(drums, curves, strict=True):
            low = int(np.ceil(drum.low_hz * _FRAME_SAMPLES / SAMPLE_RATE))
            high = int(drum.high_hz * _FRAME_SAMPLES / SAMPLE_RATE) + 1
            curve[first : first + count] = np.sqrt(powers[:, low:high].sum(axis=1))
    progress(1.0)
    return curves
