"""Oscillators and envelopes: wavetables that change while a note lasts, frequency modulation.

A note fades through a stack of single-cycle tables, from how it begins to how it ends: a filter
that closes, or a string whose upper partials die first (the modal view of K. Karplus and
A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", Computer Music Journal 7(2),
1983). The tables hold no partial above 16 kHz, so nothing aliases. Frequency modulation is
J. Chowning's, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation", Journal
of the AES 21(7), 1973.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bridge.training.songs.values import SAMPLE_RATE

Wave = NDArray[np.float32]
Curve = NDArray[np.floating]

TABLE = 2048
_HIGHEST_PARTIAL_HZ = 16_000.0
_STAGES = 6
"""How many tables a note fades through."""


class Patch(Protocol):
    """An instrument with its parameters drawn."""

    def note(self, pitch: float, samples: int, velocity: int) -> Wave:
        """Return one note of shape ``(2, samples + release)``, held for some samples."""


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI note in equal temperament, A4 at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


@dataclass(frozen=True)
class Envelope:
    """Attack, decay, sustain and release; times in seconds, the sustained level from 0 to 1."""

    attack_s: float
    decay_s: float
    sustain: float
    release_s: float

    def curve(self, samples: int) -> Wave:
        """Return the gain of a note held for some samples, its release after them."""
        release = max(8, round(self.release_s * SAMPLE_RATE))
        time_s = np.arange(samples + release, dtype=np.float32) / SAMPLE_RATE
        decay = self.sustain + (1.0 - self.sustain) * np.exp(-time_s / max(self.decay_s, 1e-3))
        gain = np.minimum(time_s / max(self.attack_s, 1e-3), 1.0) * decay
        tail = np.linspace(1.0, 0.0, release, dtype=np.float32)
        gain[samples:] *= tail * tail
        return np.asarray(gain, dtype=np.float32)


@dataclass(frozen=True)
class Wavetable:
    """A patch that fades through single-cycle tables.

    Parameters
    ----------
    partials
        Amplitudes of the partials from the first: of the raw waveform.
    envelope
        Loudness of a note.
    open_hz, closed_hz
        Cutoff of the low-pass at the beginning and at the end of the sweep.
    sweep_s
        Time constant of the sweep.
    resonance
        How much the partials at the cutoff are raised, 0 for none.
    damping
        For strings: how much faster upper partials die, per partial and second; 0 for synths.
    detunes_cents
        One oscillator each, spread from left to right.
    vibrato_cents, vibrato_hz
        Depth and rate.
    noise
        Level of the pick, breath or hammer at the beginning.
    """

    partials: Wave
    envelope: Envelope
    open_hz: float = 16_000.0
    closed_hz: float = 16_000.0
    sweep_s: float = 0.3
    resonance: float = 0.0
    damping: float = 0.0
    detunes_cents: tuple[float, ...] = (0.0,)
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.0
    noise: float = 0.0
    glide_cents: float = 0.0

    def note(self, pitch: float, samples: int, velocity: int) -> Wave:
        """Return one note; see `Patch.note`."""
        curve = self.envelope.curve(samples)
        time_s = np.arange(len(curve), dtype=np.float32) / SAMPLE_RATE
        tables, place = self._tables(hertz(pitch), time_s, velocity / 127.0)
        drift = self.glide_cents * np.exp(-time_s / 0.03)
        if self.vibrato_cents:
            depth = self.vibrato_cents * np.minimum(time_s / 0.4, 1.0)
            drift = drift + depth * np.sin(2.0 * np.pi * self.vibrato_hz * time_s)
        sides = np.linspace(-0.8, 0.8, len(self.detunes_cents))
        out = np.zeros((2, len(curve)), dtype=np.float32)
        for detune, side in zip(self.detunes_cents, sides, strict=True):
            phase = _phase(hertz(pitch + detune / 100.0), drift) + side
            wave = _read(tables, place, phase)
            out[0] += wave * np.float32(np.sqrt(0.5 - 0.5 * side))
            out[1] += wave * np.float32(np.sqrt(0.5 + 0.5 * side))
        out *= curve * np.float32((velocity / 127.0) ** 1.5 / np.sqrt(len(sides)))
        if self.noise:
            length = min(len(curve), round(0.012 * SAMPLE_RATE))
            burst = np.random.default_rng(round(pitch * 131) + velocity).normal(size=length)
            out[:, :length] += (self.noise * burst * np.linspace(1, 0, length) ** 2).astype(
                np.float32
            )
        return out

    def _tables(self, first_hz: float, time_s: Curve, strength: float) -> tuple[Wave, Wave]:
        """Return the tables, one a row, and where between them each sample lies."""
        count = max(1, min(len(self.partials), int(_HIGHEST_PARTIAL_HZ / first_hz)))
        order = np.arange(1, count + 1)
        if self.damping:
            steps_s = np.geomspace(0.05, max(0.1, float(time_s[-1])), _STAGES) - 0.05
            gains = np.exp(
                -self.damping * steps_s[:, None] * (order - 1) * (first_hz / 110.0) ** 0.5
            )
            gains = gains * (0.35 + 0.65 * strength) ** (0.08 * order)
            place = np.interp(time_s, steps_s, np.arange(_STAGES))
        else:
            open_hz = self.open_hz * (0.4 + 0.6 * strength)
            cutoffs_hz = np.geomspace(max(open_hz, 60.0), max(self.closed_hz, 60.0), _STAGES)
            ratio = order * first_hz / cutoffs_hz[:, None]
            gains = (1.0 + self.resonance * np.exp(-np.square((ratio - 1.0) * 4.0))) / np.sqrt(
                1.0 + ratio**8
            )
            place = (_STAGES - 1) * (1.0 - np.exp(-time_s / self.sweep_s))
        spectrum = np.zeros((_STAGES, TABLE // 2 + 1), dtype=np.complex64)
        phases = np.exp(2j * np.pi * np.sqrt(order * 0.731))
        spectrum[:, 1 : count + 1] = self.partials[:count] * gains * phases * (TABLE / 2)
        return np.fft.irfft(spectrum, TABLE, axis=1).astype(np.float32), place.astype(np.float32)


def _phase(first_hz: float, drift_cents: Curve) -> Curve:
    """Return the phase in cycles of an oscillator that drifts from its frequency."""
    if not np.any(drift_cents):
        return np.arange(len(drift_cents)) * (first_hz / SAMPLE_RATE)
    return np.cumsum(first_hz / SAMPLE_RATE * 2.0 ** (drift_cents / 1200.0))


def _read(tables: Wave, place: Wave, phase: Curve) -> Wave:
    """Return samples at a phase in cycles, faded between the two tables next to a place."""
    column = (phase * TABLE).astype(np.int64) & (TABLE - 1)
    row = np.minimum(place.astype(np.int64), len(tables) - 2)
    share = place - row
    flat = tables.ravel()
    index = row * TABLE + column
    low = flat[index]
    return np.asarray(low + share * (flat[index + TABLE] - low), dtype=np.float32)


@dataclass(frozen=True)
class Modulation:
    """Two-operator frequency modulation.

    Parameters
    ----------
    ratio
        The modulator's frequency in relation to the carrier's.
    index
        How strongly it modulates at the beginning.
    index_decay_s
        How fast that fades.
    envelope
        Loudness of a note.
    """

    ratio: float
    index: float
    index_decay_s: float
    envelope: Envelope
    detune_cents: float = 4.0

    def note(self, pitch: float, samples: int, velocity: int) -> Wave:
        """Return one note; see `Patch.note`."""
        curve = self.envelope.curve(samples)
        time_s = np.arange(len(curve), dtype=np.float32) / SAMPLE_RATE
        strength = velocity / 127.0
        index = self.index * strength * (0.15 + 0.85 * np.exp(-time_s / self.index_decay_s))
        out = np.empty((2, len(curve)), dtype=np.float32)
        for side, cents in enumerate((self.detune_cents, -self.detune_cents)):
            radians = np.float32(2.0 * np.pi * hertz(pitch + cents / 100.0)) * time_s
            out[side] = np.sin(radians + index * np.sin(self.ratio * radians))
        return np.asarray(out * curve * np.float32(0.4 * strength**1.3), dtype=np.float32)
