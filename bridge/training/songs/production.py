"""What a recording, a mixing and a mastering engineer do to a part, drawn at random.

Everything is `pedalboard` or a few lines of numpy. Effects act on one stem at a time, and
mastering gives all stems the same gain, so that they always sum to the mix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pedalboard import (  # type: ignore[attr-defined]  # it exports without saying so
    Bitcrush,
    Chorus,
    Compressor,
    Delay,
    Distortion,
    HighpassFilter,
    HighShelfFilter,
    LowpassFilter,
    LowShelfFilter,
    PeakFilter,
    Pedalboard,
    Phaser,
    Reverb,
)
from scipy import ndimage, signal

from bridge.training.songs.values import SAMPLE_RATE
from bridge.units import amplitude_to_db, db_to_amplitude

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pedalboard import Plugin

    from bridge.engines.audio import Audio

_BLOCK_S = 0.4
_GATE_DB = 26.0
"""Blocks this far below the loudest one do not count as played."""
_SILENT = 1e-4
_MASTER_BLOCK = 441


def apply(audio: Audio, plugins: list[Plugin]) -> Audio:
    """Return audio of shape ``(channels, samples)`` after effects, as long as before."""
    if not plugins:
        return audio
    return np.asarray(Pedalboard(plugins)(audio, SAMPLE_RATE), dtype=np.float32)


def active_db(audio: Audio) -> float:
    """Return the RMS level in dBFS of the blocks in which anything is played."""
    block = round(_BLOCK_S * SAMPLE_RATE)
    power = np.square(audio).mean(axis=0)
    whole = max(1, len(power) // block)
    blocks = power[: whole * block].reshape(whole, -1).mean(axis=1)
    loud = blocks[blocks >= blocks.max() * db_to_amplitude(-_GATE_DB) ** 2]
    return amplitude_to_db(float(np.sqrt(loud.mean())))


def levelled(audio: Audio, level_dbfs: float) -> Audio:
    """Return audio whose played parts have an RMS level; silence stays silence."""
    if float(np.abs(audio).max(initial=0.0)) < _SILENT:
        return np.zeros_like(audio)
    return np.asarray(audio * np.float32(db_to_amplitude(level_dbfs - active_db(audio))))


def amplified(audio: Audio, amplifier: str, drive: float, rng: np.random.Generator) -> Audio:
    """Return an electric guitar or bass through an amplifier and its cabinet.

    Parameters
    ----------
    audio : np.ndarray [shape=(2, samples)]
        The instrument as it leaves the pick-up; it is folded to mono.
    amplifier
        See `instruments.Instrument`.
    drive
        How hard the style plays it, 0..1.
    rng
        What its controls are drawn from.

    Returns
    -------
    np.ndarray [shape=(2, samples), dtype=float32]
        The same on both sides.
    """
    low, high = {
        "clean": (0.0, 8.0),
        "bass": (0.0, 10.0),
        "crunch": (10.0, 24.0),
        "high gain": (26.0, 46.0),
        "fuzz": (34.0, 52.0),
    }[amplifier]
    drive_db = low + (high - low) * float(np.clip(rng.normal(0.3 + 0.4 * drive, 0.25), 0.0, 1.0))
    mono = levelled(audio.mean(axis=0, keepdims=True), -20.0)
    if amplifier == "bass":
        return np.repeat(apply(mono, _bass_amplifier(drive_db, rng)), 2, axis=0)
    stages: list[Plugin] = [
        HighpassFilter(float(rng.uniform(60, 180 if drive_db > 20 else 90))),
        PeakFilter(float(rng.uniform(500, 1_200)), float(rng.uniform(-3, 8)), 0.7),
        Distortion(drive_db),
    ]
    if drive_db > 20:
        stages += [
            LowpassFilter(float(rng.uniform(5_000, 9_000))),
            Distortion(float(rng.uniform(0, 10))),
        ]
    stages += [
        LowShelfFilter(140.0, float(rng.uniform(-3, 5))),
        PeakFilter(float(rng.uniform(350, 900)), float(rng.uniform(-9, 2)), 0.8),
        HighShelfFilter(2_500.0, float(rng.uniform(-4, 5))),
    ]
    return np.repeat(_cabinet(apply(mono, stages), rng), 2, axis=0)


def _bass_amplifier(drive_db: float, rng: np.random.Generator) -> list[Plugin]:
    return [
        Compressor(float(rng.uniform(-30, -16)), float(rng.uniform(2, 6)), 8.0, 120.0),
        Distortion(drive_db),
        LowShelfFilter(90.0, float(rng.uniform(-2, 5))),
        PeakFilter(float(rng.uniform(600, 1_500)), float(rng.uniform(-4, 5)), 0.8),
        LowpassFilter(float(rng.uniform(2_500, 9_000))),
    ]


def _cabinet(mono: Audio, rng: np.random.Generator) -> Audio:
    """Return a signal through a loudspeaker: steep above 5 kHz, with a short uneven response."""
    length = round(0.004 * SAMPLE_RATE)
    response = rng.normal(size=length) * np.exp(-np.arange(length) / (0.0006 * SAMPLE_RATE))
    response *= float(rng.uniform(0.0, 0.35))
    response[0] = 1.0
    out = signal.oaconvolve(mono, response[None], axes=1)[:, : mono.shape[1]].astype(np.float32)
    top_hz = float(rng.uniform(3_800, 6_500))
    return apply(
        np.ascontiguousarray(out),
        [
            HighpassFilter(float(rng.uniform(60, 110))),
            PeakFilter(float(rng.uniform(90, 160)), float(rng.uniform(0, 5)), 1.2),
            PeakFilter(float(rng.uniform(1_800, 3_500)), float(rng.uniform(0, 6)), 1.0),
            LowpassFilter(top_hz),
            LowpassFilter(top_hz * 1.1),
            LowpassFilter(top_hz * 1.3),
        ],
    )


def equalised(audio: Audio, rng: np.random.Generator, strength_db: float = 5.0) -> Audio:
    """Return audio after one to three random bands."""
    bands: list[Plugin] = []
    if rng.random() < 0.5:
        bands.append(
            LowShelfFilter(float(rng.uniform(80, 300)), float(rng.normal(0, strength_db / 2)))
        )
    if rng.random() < 0.6:
        hz = float(np.exp(rng.uniform(np.log(200), np.log(6_000))))
        bands.append(
            PeakFilter(hz, float(rng.normal(0, strength_db / 1.7)), float(rng.uniform(0.5, 2)))
        )
    if rng.random() < 0.6:
        hz = float(rng.uniform(2_500, 9_000))
        bands.append(HighShelfFilter(hz, float(rng.normal(0, strength_db / 1.7))))
    return apply(audio, bands)


def brightened(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return an instrument with the treble that soundfonts, made small, often lack."""
    gain_db = float(rng.uniform(0.0, 9.0))
    return apply(audio, [HighShelfFilter(float(rng.uniform(1_500, 5_000)), gain_db, 0.6)])


def compressed(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return audio after a compressor whose threshold lies around its own level."""
    threshold_db = active_db(audio) + float(rng.uniform(-8, 6))
    ratio = float(rng.choice([2.0, 3.0, 4.0, 8.0]))
    attack_ms, release_ms = float(rng.uniform(0.5, 30)), float(rng.uniform(40, 300))
    return apply(audio, [Compressor(threshold_db, ratio, attack_ms, release_ms)])


def saturated(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return audio after gentle overdrive, at about the level it had."""
    drive_db = float(rng.uniform(2, 14))
    return levelled(apply(levelled(audio, -18.0), [Distortion(drive_db)]), active_db(audio))


def modulated(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return audio after a chorus, a flanger or a phaser."""
    rate_hz, depth = float(rng.uniform(0.15, 2.5)), float(rng.uniform(0.1, 0.5))
    kinds: tuple[Plugin, ...] = (
        Chorus(rate_hz, depth, float(rng.uniform(6, 18)), 0.0, 0.4),
        Chorus(rate_hz / 3, depth, 2.5, float(rng.uniform(0.1, 0.5)), 0.5),
        Phaser(rate_hz, depth, float(rng.uniform(500, 2_000)), 0.2, 0.5),
    )
    return apply(audio, [kinds[int(rng.integers(len(kinds)))]])


def panned(audio: Audio, position: float, width: float) -> Audio:
    """Return stereo audio narrowed and moved.

    Parameters
    ----------
    audio : np.ndarray [shape=(2, samples)]
    position
        From -1, left, to 1, right; equal power.
    width
        0 folds to mono, 1 leaves the sides as they are.
    """
    middle, side = (audio[0] + audio[1]) / 2, (audio[0] - audio[1]) / 2 * width
    angle = (position + 1.0) * np.pi / 4.0
    gains = np.sqrt(2.0) * np.array([np.cos(angle), np.sin(angle)])
    return np.stack([(middle + side) * gains[0], (middle - side) * gains[1]]).astype(np.float32)


def delayed(audio: Audio, beat_s: float, rng: np.random.Generator) -> Audio:
    """Return audio with an echo in time with the song."""
    seconds = beat_s * float(rng.choice([0.25, 0.5, 0.75, 1.0]))
    if rng.random() < 0.25:
        seconds = float(rng.uniform(0.06, 0.14))
    mix = float(rng.uniform(0.08, 0.3))
    return apply(audio, [Delay(min(seconds, 1.5), float(rng.uniform(0.05, 0.45)), mix)])


def reverberated(audio: Audio, rng: np.random.Generator, wet: float | None = None) -> Audio:
    """Return audio with an algorithmic room or hall."""
    level = float(rng.uniform(0.03, 0.22)) if wet is None else wet
    size = float(rng.uniform(0.1, 0.85))
    return apply(audio, [Reverb(size, float(rng.uniform(0.2, 0.8)), level, 1.0 - level / 2, 1.0)])


def roomy(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return audio with a short room of its own: decaying noise, different on each side.

    J. A. Moorer, "About This Reverberation Business", Computer Music Journal 3(2), 1979: late
    reverberation is noise that decays exponentially.
    """
    decay_s = float(rng.uniform(0.04, 0.35))
    length = round(decay_s * 3.0 * SAMPLE_RATE)
    response = rng.normal(size=(2, length)) * np.exp(
        -np.arange(length) / (decay_s * SAMPLE_RATE / 2)
    )
    gap = round(float(rng.uniform(0.001, 0.015)) * SAMPLE_RATE)
    response[:, :gap] = 0.0
    response = ndimage.uniform_filter1d(response, int(rng.integers(1, 8)), axis=1)
    response /= np.sqrt(np.square(response).sum(axis=1, keepdims=True))
    wet = signal.oaconvolve(audio, response, axes=1)[:, : audio.shape[1]]
    share = float(rng.uniform(0.08, 0.5))
    return np.asarray(audio + share * wet, dtype=np.float32)


def aged(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return audio as an old or cheap machine would play it: dull, thin or coarse."""
    kinds: tuple[list[Plugin], ...] = (
        [LowpassFilter(float(rng.uniform(4_000, 11_000)))],
        [
            HighpassFilter(float(rng.uniform(60, 250))),
            LowpassFilter(float(rng.uniform(5_000, 9_000))),
        ],
        [Bitcrush(float(rng.uniform(8, 12))), LowpassFilter(float(rng.uniform(6_000, 12_000)))],
    )
    return apply(audio, kinds[int(rng.integers(len(kinds)))])


def mastered(stems: Mapping[str, Audio], rng: np.random.Generator) -> dict[str, Audio]:
    """Return stems that sum to a mastered mix: one gain for all, which limits the mix's peaks.

    Parameters
    ----------
    stems
        Audio of one shape by stem.
    rng
        What loudness and ceiling are drawn from.

    Returns
    -------
    dict
        The stems; neither they nor the mix exceed full scale.
    """
    mix = np.sum(list(stems.values()), axis=0)
    push = float(db_to_amplitude(float(rng.choice([0.0, 4.0, 8.0, 11.0, 14.0]))))
    ceiling = float(db_to_amplitude(float(rng.uniform(-6.0, -0.3))))
    peak = np.abs(np.stack([mix, *stems.values()])).max(axis=(0, 1))
    blocks = -(-len(peak) // _MASTER_BLOCK)
    padded = np.zeros(blocks * _MASTER_BLOCK, dtype=np.float32)
    padded[: len(peak)] = peak
    peaks = padded.reshape(blocks, -1).max(axis=1)
    loudest = max(float(peaks.max()), 1e-6)
    wanted = np.minimum(ceiling / np.maximum(peaks, 1e-6), push * ceiling / loudest)
    held = ndimage.minimum_filter1d(wanted, 11)
    smooth = ndimage.uniform_filter1d(held, 9)
    places = (np.arange(blocks) + 0.5) * _MASTER_BLOCK
    gain = np.interp(np.arange(len(peak)), places, smooth).astype(np.float32)
    return {stem: audio * gain for stem, audio in stems.items()}
