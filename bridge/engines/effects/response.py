"""What a chain does to a signal, measured by sending signals through it.

The chain is taken as a black box, so that plugins, paths and wet mixes are in the picture. Its
loudness target and tail are left out: both depend on the song.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.units import SILENCE_DBFS, db_to_amplitude

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.effects.chain_spec import ChainSpec

SAMPLE_RATE = 48_000

NOISE_DBFS = -30.0
"""RMS of the noise: below most thresholds, above most gates."""

TONE_HZ = 1_000.0

LEVELS_DBFS = tuple(float(level) for level in range(-60, 1, 2))
"""Peaks of the tone's steps."""

_NOISE_S = 12.0
_SETTLE_S, _STEP_S = 0.5, 0.8
_WINDOW = 1 << 15
_BANDS_PER_OCTAVE = 12
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0


@dataclass(frozen=True)
class Response:
    """A chain's measured behaviour.

    Attributes
    ----------
    frequencies_hz, gains_db
        Gain at a level of `NOISE_DBFS`, in twelfths of an octave from 20 Hz to 20 kHz.
    inputs_dbfs, outputs_dbfs
        Peak level of a steady tone of `TONE_HZ` before and after.
    """

    frequencies_hz: tuple[float, ...]
    gains_db: tuple[float, ...]
    inputs_dbfs: tuple[float, ...]
    outputs_dbfs: tuple[float, ...]

    @property
    def has_dynamics(self) -> bool:
        """Whether the gain depends on the level, by more than 1 dB above -50 dBFS."""
        gains = [
            out - given
            for given, out in zip(self.inputs_dbfs, self.outputs_dbfs, strict=True)
            if given >= -50.0
        ]
        return max(gains) - min(gains) > 1.0


def measure(
    chain: ChainSpec, folder: Path, run: Callable[[ChainSpec, DiskBuffer, Path], DiskBuffer]
) -> Response:
    """Send noise and a tone through a chain.

    Parameters
    ----------
    chain
        What is measured.
    folder
        For scratch files.
    run
        Processes a buffer into another, given the result's path.

    Raises
    ------
    PluginFailedError
        An effect failed.
    """
    bare = chain.model_copy(update={"loudness_lufs": None, "tail_s": 0.0})

    def through(audio: Audio, name: str) -> Audio:
        given = DiskBuffer.of(folder / f"{name}-in.f32", audio, SAMPLE_RATE)
        return run(bare, given, folder / f"{name}-out.f32").read()

    noise, tone = _noise(), _steps()
    frequencies_hz, gains_db = _gains(noise, through(noise, "noise"))
    return Response(
        tuple(frequencies_hz.tolist()),
        tuple(gains_db.tolist()),
        LEVELS_DBFS,
        tuple(_levels(through(tone, "tone"))),
    )


def _noise() -> Audio:
    """Return white noise, the same on both channels."""
    random = np.random.default_rng(0)
    noise = random.standard_normal(round(_NOISE_S * SAMPLE_RATE))
    return np.tile(db_to_amplitude(NOISE_DBFS) * noise, (2, 1)).astype(np.float32)


def _steps() -> Audio:
    """Return a tone that grows louder in steps, on both channels."""
    frames = round(_STEP_S * SAMPLE_RATE)
    levels = np.repeat([db_to_amplitude(level) for level in LEVELS_DBFS], frames)
    phase = 2.0 * np.pi * TONE_HZ / SAMPLE_RATE * np.arange(levels.size)
    return np.tile(levels * np.sin(phase), (2, 1)).astype(np.float32)


def _gains(given: Audio, made: Audio) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ratio of powers in bands, in dB; the mean of both channels."""
    hertz = np.fft.rfftfreq(_WINDOW, 1.0 / SAMPLE_RATE)
    before, after = _power(given), _power(made)
    octaves = np.log2(_HIGHEST_HZ / _LOWEST_HZ)
    centres = _LOWEST_HZ * 2.0 ** np.linspace(0.0, octaves, round(octaves * _BANDS_PER_OCTAVE) + 1)
    gains = []
    for centre in centres:
        half = max(centre * (2.0 ** (0.5 / _BANDS_PER_OCTAVE) - 1.0), hertz[1])
        inside = np.abs(hertz - centre) <= half
        ratio = after[inside].sum() / before[inside].sum()
        gains.append(max(10.0 * np.log10(ratio + 1e-30), float(SILENCE_DBFS)))
    return centres, np.array(gains)


def _power(audio: Audio) -> NDArray[np.float64]:
    """Return the mean power spectrum, settled (Welch's method, Hann window)."""
    settled = audio[:, round(_SETTLE_S * SAMPLE_RATE) :]
    window = np.hanning(_WINDOW)
    starts = range(0, settled.shape[1] - _WINDOW + 1, _WINDOW // 2)
    spectra = [np.fft.rfft(window * settled[:, start : start + _WINDOW]) for start in starts]
    powers = [np.square(np.abs(spectrum)).sum(axis=0) for spectrum in spectra]
    mean: NDArray[np.float64] = np.mean(powers, axis=0)
    return mean


def _levels(made: Audio) -> list[float]:
    """Return the level of each step, from the root mean square of its last third."""
    steps = made.reshape(made.shape[0], len(LEVELS_DBFS), -1)
    last = steps[:, :, -steps.shape[2] // 3 :].astype(np.float64)
    peaks = np.sqrt(2.0 * np.square(last).mean(axis=(0, 2)))
    return [max(20.0 * np.log10(peak + 1e-30), float(SILENCE_DBFS)) for peak in peaks]
