"""From strokes to recordings: a loop played on a kit, produced, with other instruments leaking in.

The truth of a clip is exact to the sample, since strokes are laid where their onsets shall be, and
nothing that is done afterwards delays them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bridge.engines.transcription.drums.kit import INDEX_OF_KEY
from bridge.training.drums.loops import loop
from bridge.training.songs import grooves, production
from bridge.training.songs.values import SAMPLE_RATE
from bridge.units import db_to_amplitude

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bridge.training.drums.bleed import Bleed
    from bridge.training.drums.loops import Events
    from bridge.training.drums.strokes import Kit, Stroke, Wave
    from bridge.training.songs.values import NoteEvent

_MIXED_KITS = 0.6
_LAYERED = 0.4
"""How often a drum is two that are struck together: kits are few, pairs of them many."""

_PIECE_OF = {sound: piece for piece, sounds in grooves.PIECES.items() for sound in sounds}
_HATS = frozenset({grooves.CLOSED_HAT, grooves.PEDAL_HAT, grooves.OPEN_HAT})
_HAT_PIECE = "hats"
_PIECE_SPREAD_DB = 4.0
_VELOCITY_POWER = 1.7
"""Between two strokes of a bank the level follows velocity to this power."""

_INAUDIBLE_DB = -38.0
_TOGETHER_S = 0.015
_CHOKE_S = 0.012
_TUNING_SEMITONES = 2.2


class Truth(NamedTuple):
    """One stroke of a clip."""

    onset_s: float
    drum: int
    """Row of `bridge.engines.transcription.drums.kit.DRUMS`."""
    velocity: int


@dataclass(frozen=True)
class Clip:
    """A rendered recording.

    Parameters
    ----------
    audio : np.ndarray [shape=(samples,)]
        Mono at 44.1 kHz.
    truth
        Its strokes, by onset.
    """

    audio: Wave
    truth: tuple[Truth, ...]


@dataclass(frozen=True)
class Room:
    """What clips are drawn from.

    Parameters
    ----------
    kits
        Every kit with its weight.
    bleed
        Other instruments, or None.
    """

    kits: tuple[tuple[float, Kit], ...]
    bleed: Bleed | None = None


def draw(room: Room, duration_s: float, rng: np.random.Generator) -> Clip:
    """Return a clip of a loop on one kit or on pieces of several."""
    clip = perform(loop(duration_s, rng), room, duration_s, rng)
    if room.bleed is not None and rng.random() < 0.6:
        level_db = float(rng.uniform(-30.0, -6.0))
        return Clip(room.bleed.into(clip.audio, level_db, rng), clip.truth)
    return clip


def perform(events: Events, room: Room, duration_s: float, rng: np.random.Generator) -> Clip:
    """Return a loop as a drummer, an engineer and a room would leave it."""
    samples = round(duration_s * SAMPLE_RATE)
    lookup = _Setup(room.kits, rng)
    struck = [(event, stroke) for event in events if (stroke := lookup.stroke(event)) is not None]
    floor = max((stroke.peak for _, stroke in struck), default=0.0)
    floor *= db_to_amplitude(_INAUDIBLE_DB)
    tracks: dict[str, Wave] = {}
    truth: list[Truth] = []
    for index, (event, stroke) in enumerate(struck):
        if stroke.peak < floor:
            continue
        piece = _piece(event.pitch)
        track = tracks.setdefault(piece, np.zeros(samples, dtype=np.float32))
        audio = stroke.sound.audio
        if event.pitch == grooves.OPEN_HAT:
            later = (other for other, _ in struck[index + 1 :])
            audio = _choked(audio, stroke.sound.onset, event, later)
        start = round(event.start_s * SAMPLE_RATE) - stroke.sound.onset
        _lay(track, audio, start, stroke.gain)
        if event.pitch in INDEX_OF_KEY:
            truth.append(Truth(event.start_s, INDEX_OF_KEY[event.pitch], event.velocity))
    return Clip(_produced(tracks, samples, rng), _distinct(truth))


class _Sound(NamedTuple):
    """A stroke of a bank, tuned and damped for this clip."""

    audio: Wave
    onset: int
    peak: float


class _Struck(NamedTuple):
    """A sound and how hard it is struck."""

    sound: _Sound
    gain: float

    @property
    def peak(self) -> float:
        return self.sound.peak * self.gain


class _Setup:
    """The kit that stands in the room: one, or pieces of several; each piece tuned and damped."""

    def __init__(self, kits: Sequence[tuple[float, Kit]], rng: np.random.Generator) -> None:
        self._kits = [kit for _, kit in kits]
        weights = np.array([weight for weight, _ in kits])
        self._weights = weights / weights.sum()
        self._rng = rng
        self._main = self._draw()
        self._mixed = rng.random() < _MIXED_KITS
        self._of_piece: dict[str, Kit] = {}
        self._of_sound: dict[int, Kit] = {}
        self._ratio: dict[str, float] = {}
        self._damping_s: dict[str, float] = {}
        self._sounds: dict[tuple[int, int], _Sound] = {}
        self._layers: dict[int, tuple[Kit, float, float] | None] = {}

    def stroke(self, event: NoteEvent) -> _Struck | None:
        """Return the audio of one stroke at its level; None if no kit has the sound."""
        piece = _piece(event.pitch)
        if piece not in self._ratio:
            semitones = float(self._rng.normal(0.0, _TUNING_SEMITONES))
            self._ratio[piece] = 2.0 ** (semitones / 12.0)
            damped = self._rng.random() < 0.3
            self._damping_s[piece] = float(self._rng.uniform(0.08, 0.6)) if damped else np.inf
        kit = self._kit(piece, event.pitch)
        if kit is None:
            return None
        wanted = event.velocity + float(self._rng.normal(0.0, 8.0))
        stroke = min(kit[event.pitch], key=lambda stroke: abs(stroke.velocity - wanted))
        key = (event.pitch, stroke.velocity)
        if key not in self._sounds:
            sound = _tuned(stroke, self._ratio[piece], self._damping_s[piece])
            self._sounds[key] = self._layered(sound, event.pitch, stroke.velocity)
        gain = (event.velocity / stroke.velocity) ** _VELOCITY_POWER
        return _Struck(self._sounds[key], gain)

    def _layered(self, sound: _Sound, pitch: int, velocity: int) -> _Sound:
        """Return a sound together with the same drum of another kit, or as it is."""
        if pitch not in self._layers:
            layer = (self._draw(), 2.0 ** float(self._rng.normal(0.0, 0.15)),
                     db_to_amplitude(float(self._rng.uniform(-9.0, 3.0))))  # fmt: skip
            wanted = self._rng.random() < _LAYERED and pitch in layer[0]
            self._layers[pitch] = layer if wanted else None
        chosen = self._layers[pitch]
        if chosen is None:
            return sound
        kit, ratio, gain = chosen
        like = min(kit[pitch], key=lambda stroke: abs(stroke.velocity - velocity))
        other = _tuned(like, ratio, np.inf)
        return _together(sound, other, gain * sound.peak / max(other.peak, 1e-6))

    def _kit(self, piece: str, pitch: int) -> Kit | None:
        if pitch not in self._of_sound:
            kit = self._main
            if self._mixed:
                kit = self._of_piece.setdefault(piece, self._draw())
            for _ in range(20):
                if pitch in kit:
                    break
                kit = self._draw()
            self._of_sound[pitch] = kit
        found = self._of_sound[pitch]
        return found if pitch in found else None

    def _draw(self) -> Kit:
        return self._kits[int(self._rng.choice(len(self._kits), p=self._weights))]


def _piece(pitch: int) -> str:
    return _HAT_PIECE if pitch in _HATS else _PIECE_OF[pitch]


def _tuned(stroke: Stroke, ratio: float, damping_s: float) -> _Sound:
    """Return a stroke played faster or slower, and damped; its onset moves along."""
    onset = round(stroke.onset / ratio)
    # Reading starts where the onset comes out on a whole sample.
    places = stroke.onset + (np.arange(int(len(stroke.audio) / ratio)) - onset) * ratio
    audio = np.interp(places, np.arange(len(stroke.audio)), stroke.audio, left=0.0, right=0.0)
    if np.isfinite(damping_s):
        audio *= np.exp(-np.maximum(0, np.arange(len(audio)) - onset) / (damping_s * SAMPLE_RATE))
    return _Sound(audio.astype(np.float32), onset, float(np.abs(audio).max(initial=0.0)))


def _together(one: _Sound, other: _Sound, gain: float) -> _Sound:
    """Return two sounds with their onsets on the same sample."""
    onset = max(one.onset, other.onset)
    samples = onset + max(len(one.audio) - one.onset, len(other.audio) - other.onset)
    audio = np.zeros(samples, dtype=np.float32)
    for sound, level in ((one, 1.0), (other, gain)):
        start = onset - sound.onset
        audio[start : start + len(sound.audio)] += np.float32(level) * sound.audio
    return _Sound(audio, onset, float(np.abs(audio).max(initial=0.0)))


def _choked(audio: Wave, onset: int, event: NoteEvent, later: Iterable[NoteEvent]) -> Wave:
    """Return an open hat that the next stroke of the hats ends."""
    for other in later:
        if other.pitch in _HATS and other.start_s > event.start_s + 0.01:
            place = onset + round((other.start_s - event.start_s) * SAMPLE_RATE)
            if place < len(audio):
                fade = np.maximum(0, np.arange(len(audio)) - place) / (_CHOKE_S * SAMPLE_RATE)
                return np.asarray(audio * np.exp(-fade), dtype=np.float32)
            return audio
    return audio


def _lay(track: Wave, audio: Wave, start: int, gain: float) -> None:
    first, last = max(0, start), min(len(track), start + len(audio))
    if last > first:
        track[first:last] += np.float32(gain) * audio[first - start : last - start]


def _distinct(truth: list[Truth]) -> tuple[Truth, ...]:
    """Return strokes without those of the same drum at the same time: two crashes are one."""
    kept: list[Truth] = []
    last: dict[int, float] = {}
    for stroke in sorted(truth):
        if stroke.onset_s - last.get(stroke.drum, -1.0) >= _TOGETHER_S:
            kept.append(stroke)
            last[stroke.drum] = stroke.onset_s
    return tuple(kept)


def _produced(tracks: dict[str, Wave], samples: int, rng: np.random.Generator) -> Wave:
    """Return the tracks balanced, mixed and treated as drums are."""
    mix = np.zeros((1, samples), dtype=np.float32)
    for piece, track in tracks.items():
        audio = production.equalised(track[None], rng, 5.0)
        if piece in {"kick", "snare", "toms"} and rng.random() < 0.3:
            audio = production.compressed(audio, rng)
        if piece in {"snare", "toms", "percussion"} and rng.random() < 0.2:
            audio = production.reverberated(audio, rng)
        mix += audio * np.float32(db_to_amplitude(float(rng.normal(0.0, _PIECE_SPREAD_DB))))
    if not np.any(mix):
        return np.zeros(samples, dtype=np.float32)
    mix = production.levelled(mix, -20.0)
    if rng.random() < 0.55:
        mix = production.roomy(mix, rng).mean(axis=0, keepdims=True)
    if rng.random() < 0.4:
        mix = production.compressed(mix, rng)
    if rng.random() < 0.25:
        mix = production.saturated(mix, rng)
    if rng.random() < 0.6:
        mix = production.equalised(mix, rng, 5.0)
    if rng.random() < 0.08:
        mix = production.aged(mix, rng)
    noise_db = float(rng.uniform(-96.0, -60.0))
    hiss = rng.normal(0.0, db_to_amplitude(noise_db), samples)
    return np.asarray(mix[0] + hiss, dtype=np.float32)
