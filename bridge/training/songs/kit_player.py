"""Playing sampled drum kits: the layer for a stroke's velocity, its level, the hi-hat's choke.

Strokes are where the notes are, to the sample: what a recording holds before the drum is struck is
cut. A stroke begins where the recording first reaches `ONSET_SHARE` of its peak, and keeps the few
milliseconds of attack that lie before.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from bridge.errors import EngineFailedError
from bridge.training.songs import grooves, hydrogen
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from bridge.engines.audio import Audio
    from bridge.training.songs.drumkits import Drumkit, InstalledKit
    from bridge.training.songs.hydrogen import Instrument, Layer
    from bridge.training.songs.values import NoteEvent

ONSET_SHARE = 0.05
"""Of the peak: -26 dB, over the noise of the softest layers, under every attack."""
ATTACK_SAMPLES = 132
"""How much is kept before the onset, faded in: 3 ms."""

_LONGEST_S = 5.0
_FADE_S = 0.5
_SILENCE_SHARE = 1e-3
_CHOKE_S = 0.025
_DETUNING = 0.025
"""Standard deviation of a kit's tuning, as a share of the frequency; twice that at most."""
_LAYER_SPREAD = 0.04
"""Standard deviation of the velocity, 0..1, that chooses the layer: neighbours play too."""
_SINGLE_LAYER_POWER = 1.6
"""A single layer says nothing of soft strokes, and its level falls faster with the velocity."""
_DECODED = 192
"""How many recordings a process keeps: some 100 MB."""

_HATS = (grooves.CLOSED_HAT, grooves.PEDAL_HAT, grooves.OPEN_HAT)
_STAND_INS: dict[int, tuple[int, ...]] = {
    35: (grooves.KICK,),
    grooves.KICK: (35,),
    grooves.RIM: (40, grooves.SNARE),
    grooves.SNARE: (40,),
    grooves.CLAP: (40, grooves.SNARE),
    40: (grooves.SNARE,),
    grooves.CLOSED_HAT: (grooves.PEDAL_HAT,),
    grooves.PEDAL_HAT: (grooves.CLOSED_HAT,),
    grooves.OPEN_HAT: (grooves.CLOSED_HAT,),
    grooves.CRASH: (57, grooves.CHINA, 59),
    57: (grooves.CRASH, grooves.CHINA, 59),
    grooves.RIDE: (59, grooves.CRASH),
    59: (grooves.RIDE, grooves.CRASH),
    grooves.RIDE_BELL: (grooves.RIDE, 59, grooves.CRASH),
    grooves.CHINA: (grooves.CRASH, 57),
    grooves.SPLASH: (grooves.CRASH, 57),
    **{
        tom: tuple(sorted(set(grooves.TOMS) - {tom}, key=lambda other, tom=tom: abs(other - tom)))  # type: ignore[misc]
        for tom in grooves.TOMS
    },
    grooves.CABASA: (grooves.MARACAS,),
    grooves.MARACAS: (grooves.CABASA,),
    grooves.CLAVES: (grooves.WOODBLOCK,),
    grooves.WOODBLOCK: (grooves.CLAVES,),
    grooves.HIGH_BONGO: (grooves.LOW_BONGO,),
    grooves.LOW_BONGO: (grooves.HIGH_BONGO,),
    grooves.MUTE_CONGA: (grooves.HIGH_CONGA, grooves.LOW_CONGA),
    grooves.HIGH_CONGA: (grooves.LOW_CONGA,),
    grooves.LOW_CONGA: (grooves.HIGH_CONGA,),
    grooves.COWBELL: (grooves.AGOGO,),
    grooves.AGOGO: (grooves.COWBELL,),
}
"""What is struck where a kit lacks a sound, in order of preference."""


@dataclass(frozen=True)
class _Voice:
    """The instrument that plays a sound throughout a part, and how it is tuned."""

    instrument: Instrument
    ratio: float


def sound_struck(kit: InstalledKit, sound: int) -> int | None:
    """Return the sound that a kit plays for one of General MIDI's.

    Parameters
    ----------
    kit
        An installed kit.
    sound
        As General MIDI numbers the sounds of a kit, 35..81.

    Returns
    -------
    int or None
        The same where the kit has it, else its stand-in; None where it has none of these. What
        learns from strokes learns this sound.

    Raises
    ------
    EngineFailedError
        The kit cannot be read.
    """
    here = _instruments(kit.path, kit.kit)
    return next((own for own in (sound, *_STAND_INS.get(sound, ())) if own in here), None)


def plays(kit: InstalledKit, sounds: Collection[int]) -> bool:
    """Return whether a kit has every one of some sounds or something that stands for it."""
    return all(sound_struck(kit, sound) is not None for sound in sounds)


def play(
    kit: InstalledKit, notes: Sequence[NoteEvent], samples: int, rng: np.random.Generator
) -> Audio:
    """Return strokes of a sampled kit.

    Parameters
    ----------
    kit
        An installed kit.
    notes
        Strokes; pitches are General MIDI's drum sounds. An open hi-hat rings until the next
        stroke of the hi-hat, everything else until it has died away.
    samples
        Length of the result at 44.1 kHz.
    rng
        What the tuning, and the choice among like instruments and neighbouring layers, are drawn
        from.

    Returns
    -------
    np.ndarray [shape=(2, samples), dtype=float32]
        Every stroke's onset is at sample ``round(44_100 * start_s)``.

    Raises
    ------
    EngineFailedError
        The kit, or one of its samples, cannot be read, or it lacks a sound; see `plays`.
    """
    audio = np.zeros((2, samples), dtype=np.float32)
    tuning = _detuned(rng, _DETUNING)
    voices: dict[int, _Voice] = {}
    tuned: dict[tuple[Layer, float], Audio] = {}
    for note, choked_s in zip(notes, _chokes(notes), strict=True):
        if note.pitch not in voices:
            voices[note.pitch] = _voice(kit, note.pitch, tuning, rng)
        voice = voices[note.pitch]
        layer = _layer(voice.instrument, note.velocity, rng)
        if (layer, voice.ratio) not in tuned:
            tuned[layer, voice.ratio] = _tuned(layer, voice.ratio)
        stroke = tuned[layer, voice.ratio]
        if choked_s is not None:
            stroke = _choked(stroke, choked_s - note.start_s)
        start = round(note.start_s * SAMPLE_RATE) - round(ATTACK_SAMPLES / voice.ratio)
        begin, end = max(0, start), min(samples, start + stroke.shape[1])
        if end > begin:
            gains = _gains(voice.instrument, layer, note.velocity)
            audio[:, begin:end] += gains * stroke[:, begin - start : end - start]
    return audio


def _voice(kit: InstalledKit, sound: int, tuning: float, rng: np.random.Generator) -> _Voice:
    struck = sound_struck(kit, sound)
    if struck is None:
        raise EngineFailedError(
            f"The drum kit {kit.path.name} has nothing for the sound {sound} of General MIDI."
        )
    like = _instruments(kit.path, kit.kit)[struck]
    return _Voice(like[int(rng.integers(len(like)))], tuning * _detuned(rng, _DETUNING / 5))


def _detuned(rng: np.random.Generator, deviation: float) -> float:
    return 1.0 + float(np.clip(rng.normal(0.0, deviation), -2 * deviation, 2 * deviation))


def _layer(instrument: Instrument, velocity: int, rng: np.random.Generator) -> Layer:
    """Return the layer for a velocity; among layers for the same range, any."""
    wanted = velocity / 127.0 + float(rng.normal(0.0, _LAYER_SPREAD))
    layers = instrument.layers
    hardest = next((row.hardest for row in layers if row.hardest >= wanted), layers[-1].hardest)
    like = [row for row in layers if row.hardest == hardest]
    return like[int(rng.integers(len(like)))]


def _gains(instrument: Instrument, layer: Layer, velocity: int) -> Audio:
    power = 1.0 if len(instrument.layers) > 1 else _SINGLE_LAYER_POWER
    level = layer.gain * (velocity / 127.0) ** power
    gains = [[level * instrument.gain_left], [level * instrument.gain_right]]
    return np.array(gains, dtype=np.float32)


def _chokes(notes: Sequence[NoteEvent]) -> list[float | None]:
    """Return when each stroke is choked: an open hi-hat by the next stroke of the hi-hat."""
    times: list[float | None] = [None] * len(notes)
    hats = sorted((note.start_s, index) for index, note in enumerate(notes) if note.pitch in _HATS)
    for (start_s, index), (next_s, _) in itertools.pairwise(hats):
        if notes[index].pitch == grooves.OPEN_HAT and next_s > start_s:
            times[index] = next_s
    return times


def _choked(stroke: Audio, ring_s: float) -> Audio:
    closing = ATTACK_SAMPLES + round(ring_s * SAMPLE_RATE)
    fade = round(_CHOKE_S * SAMPLE_RATE)
    out: Audio = stroke[:, : closing + fade].copy()
    left = out.shape[1] - closing
    if left > 0:
        out[:, closing:] *= (1.0 - np.arange(left, dtype=np.float32) / fade) ** 2
    return out


def _tuned(layer: Layer, ratio: float) -> Audio:
    """Return a layer's recording at another pitch, and as much shorter as it is higher."""
    stroke = _stroke(layer.path, layer.semitones)
    tuned = soxr.resample(stroke.T, SAMPLE_RATE * ratio, SAMPLE_RATE)
    return np.ascontiguousarray(tuned.T, dtype=np.float32)


@lru_cache(maxsize=32)
def _instruments(path: Path, kit: Drumkit) -> Mapping[int, tuple[Instrument, ...]]:
    """Return a kit's instruments by the sounds that they are."""
    found: dict[int, list[Instrument]] = defaultdict(list)
    for instrument in hydrogen.read_kit(path, dict(kit.sounds)):
        for sound in instrument.sounds:
            found[sound].append(instrument)
    return {sound: tuple(rows) for sound, rows in found.items()}


@lru_cache(maxsize=_DECODED)
def _stroke(path: Path, semitones: float) -> Audio:
    """Return a recording in stereo at 44.1 kHz, its onset at `ATTACK_SAMPLES`, transposed."""
    try:
        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as exc:
        raise EngineFailedError(
            f"The sample {path.name} of the drum kit {path.parent.name} cannot be read."
        ) from exc
    stereo = np.repeat(frames, 2, axis=1) if frames.shape[1] == 1 else frames[:, :2]
    speed = 2.0 ** (semitones / 12.0)
    if rate * speed != SAMPLE_RATE and len(stereo):
        stereo = soxr.resample(stereo, rate * speed, SAMPLE_RATE)
    return _trimmed(np.ascontiguousarray(stereo.T, dtype=np.float32))


def _trimmed(audio: Audio) -> Audio:
    """Return a recording from `ATTACK_SAMPLES` before its onset to where it has died away."""
    envelope = np.abs(audio).max(axis=0, initial=0.0)
    peak = float(envelope.max(initial=0.0))
    if peak == 0.0:
        return np.zeros((2, ATTACK_SAMPLES), dtype=np.float32)
    onset = int(np.argmax(envelope >= ONSET_SHARE * peak))
    last = int(np.flatnonzero(envelope >= _SILENCE_SHARE * peak)[-1]) + 1
    end = min(last, onset + round(_LONGEST_S * SAMPLE_RATE))
    before = min(onset, ATTACK_SAMPLES)
    out = np.pad(audio[:, onset - before : end], ((0, 0), (ATTACK_SAMPLES - before, 0)))
    out[:, :ATTACK_SAMPLES] *= np.linspace(0.0, 1.0, ATTACK_SAMPLES, dtype=np.float32)
    if end < audio.shape[1]:
        fade = min(round(_FADE_S * SAMPLE_RATE), end - onset)
        out[:, out.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return out
