"""Single strokes of a drum kit, cut so that where each begins is known to the sample.

Soundfonts, sampled kits and synthesisers all start their sounds a little after the note: samples
begin with silence, membranes rise slowly. A loop whose truth is the notes' times would teach these
delays. So each sound of a kit is played alone at several velocities, its audible onset is measured,
and loops are put together from the strokes with the onsets where they shall be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.training.songs.grooves import PIECES
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from bridge.engines.audio import Audio

    Player = Callable[[Sequence[NoteEvent], int], Audio]

SOUNDS = frozenset(sound for sounds in PIECES.values() for sound in sounds)
VELOCITIES = (22, 46, 70, 94, 118)
"""What every sound is struck with, rising."""

_RINGING_S = 2.6
_SHORT_S = 1.1
_SILENCE_S = 3.0
_PRE_ROLL_S = 0.004
_ATTACK_S = 0.06
_ONSET_RATIO = 0.1
"""Audible from 20 dB below the attack's peak on."""

_TAIL_RATIO = 10.0 ** (-56.0 / 20.0)
_FADE_S = 0.02
_SILENT = 1e-4

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Stroke:
    """One stroke on one sound of a kit.

    Parameters
    ----------
    pitch
        General MIDI percussion key.
    velocity
        1..127.
    onset
        Sample of `audio` from which on it is heard.
    delay_s
        How long after its note the kit sounded it.
    audio : np.ndarray [shape=(samples,), dtype=float16]
        Mono at 44.1 kHz, at the kit's own level. Half precision keeps a hundred kits in memory,
        with noise 66 dB below each sample.
    """

    pitch: int
    velocity: int
    onset: int
    delay_s: float
    audio: NDArray[np.float16]


Kit = dict[int, tuple[Stroke, ...]]
"""A kit's strokes by sound, soft to loud; a sound that it lacks is not there."""


def audible_onset(audio: Wave) -> int:
    """Return the sample at which a stroke reaches a tenth of the peak of its first 60 ms.

    The 60 ms count from where anything at all is heard, so that leading silence does not matter.
    """
    level = np.abs(audio)
    first = int(np.argmax(level > _ONSET_RATIO * 0.1 * level.max(initial=0.0)))
    attack = level[first : first + round(_ATTACK_S * SAMPLE_RATE)]
    return first + int(np.argmax(attack >= _ONSET_RATIO * attack.max(initial=0.0)))


def strike_all(player: Player, sounds: Collection[int] = SOUNDS) -> Kit:
    """Play the sounds of General MIDI's kit alone at each of `VELOCITIES`.

    Parameters
    ----------
    player
        Takes notes and a length in samples, gives audio of shape ``(channels, samples)``.
    sounds
        What the player has.
    """
    notes: list[NoteEvent] = []
    place_s = 0.0
    for piece, keys in PIECES.items():
        length_s = _RINGING_S if piece == "cymbals" else _SHORT_S
        for sound in (key for key in keys if key in sounds):
            place_s += (
                _SILENCE_S  # for the loud stroke before, whose tail a soft one would not mask
            )
            for velocity in VELOCITIES:
                notes.append(NoteEvent(place_s, length_s, sound, velocity))
                place_s += length_s
    audio = player(notes, round((place_s + _SHORT_S) * SAMPLE_RATE)).mean(axis=0)
    kit: dict[int, list[Stroke]] = {}
    for note in notes:
        start = round(note.start_s * SAMPLE_RATE)
        stroke = _cut(note, audio[start : start + round(note.length_s * SAMPLE_RATE)])
        if stroke is not None:
            kit.setdefault(note.pitch, []).append(stroke)
    return {pitch: tuple(strokes) for pitch, strokes in kit.items()}


def _cut(note: NoteEvent, audio: Wave) -> Stroke | None:
    """Return a stroke from shortly before its onset until it has died away; None for silence."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < _SILENT:
        return None
    onset = audible_onset(audio)
    first = max(0, onset - round(_PRE_ROLL_S * SAMPLE_RATE))
    last = int(np.flatnonzero(np.abs(audio) >= _TAIL_RATIO * peak)[-1]) + 1
    cut = audio[first:last].copy()
    fade = min(len(cut) // 2, round(_FADE_S * SAMPLE_RATE))
    if fade:
        cut[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return Stroke(
        note.pitch, note.velocity, onset - first, onset / SAMPLE_RATE, cut.astype(np.float16)
    )


def write(kit: Kit, path: Path) -> None:
    """Write a kit as one file: its samples in a row, and their table."""
    strokes = [stroke for sound in kit.values() for stroke in sound]
    table = [(s.pitch, s.velocity, s.onset, s.delay_s, len(s.audio)) for s in strokes]
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, table=np.array(table), audio=np.concatenate([s.audio for s in strokes]))
    partial.replace(path)


def read(path: Path) -> Kit:
    """Read what `write` wrote."""
    with np.load(path) as file:
        table, flat = file["table"], file["audio"]
    kit: dict[int, list[Stroke]] = {}
    place = 0
    for pitch, velocity, onset, delay_s, length in table.tolist():
        end = place + int(length)
        stroke = Stroke(int(pitch), int(velocity), int(onset), delay_s, flat[place:end])
        kit.setdefault(stroke.pitch, []).append(stroke)
        place = end
    return {pitch: tuple(strokes) for pitch, strokes in kit.items()}
