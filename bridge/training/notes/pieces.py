"""Pieces for one player, taken from the songs that `bridge.training.songs` composes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs.score import compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.training.songs.values import NoteEvent

KINDS = ("piano", "keys", "guitar", "bass", "voice", "other")
"""What is rendered; each is heard by the preset that has it in `tuning.PRESETS`."""

_REGISTERS = {
    "piano": (24, 103),
    "keys": (28, 96),
    "guitar": (40, 86),
    "bass": (26, 62),
    "voice": (43, 84),
    "other": (28, 96),
}
_VOICES = {"piano": 10, "keys": 8, "guitar": 6, "bass": 1, "voice": 1, "other": 12}
_SHORTEST_S = 0.05
_FEWEST = 12
_ATTEMPTS = 20


@dataclass(frozen=True)
class Piece:
    """What one player plays.

    Parameters
    ----------
    kind
        One of `KINDS`.
    notes
        By onset; notes of one pitch do not overlap.
    """

    kind: str
    notes: tuple[NoteEvent, ...]


def piece(kind: str, seed: int, duration_s: float) -> Piece:
    """Return a piece.

    Parameters
    ----------
    kind
        One of `KINDS`.
    seed
        What it is drawn from.
    duration_s
        Nothing starts later.
    """
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, KINDS.index(kind), attempt])
        drawn = _drawn(kind, int(rng.integers(1 << 30)), duration_s, rng)
        notes = tuple(_playable(drawn, _REGISTERS[kind], _VOICES[kind]))
        if len(notes) >= _FEWEST:
            return Piece(kind, notes)
    raise AssertionError(f"no song of seed {seed} gives {kind} anything to play")


def _drawn(kind: str, seed: int, duration_s: float, rng: np.random.Generator) -> list[NoteEvent]:
    song = compose(seed, duration_s)
    if kind == "voice":
        return list(song.melody)
    if kind == "bass":
        return [note for part in song.parts if part.stem == "bass" for note in part.notes]
    parts = [part.notes for part in song.parts if part.stem == "other"]
    if kind != "guitar" and song.melody:
        parts.append(song.melody)
    if kind == "piano":
        parts += [part.notes for part in song.parts if part.stem == "bass"]
    wanted = {"piano": 3, "keys": 2, "guitar": 1, "other": 3}[kind]
    chosen = rng.permutation(len(parts))[: int(rng.integers(1, wanted + 1))]
    return [note for index in chosen for note in parts[index]]


def _playable(
    notes: Sequence[NoteEvent], register: tuple[int, int], voices: int
) -> list[NoteEvent]:
    """Return notes in a register, no more at once than there are voices."""
    moved = [replace(note, pitch=_within(note.pitch, register)) for note in notes]
    kept: list[NoteEvent] = []
    for note in sorted(moved, key=lambda note: (note.start_s, note.pitch)):
        sounding = [one for one in kept[-4 * voices :] if one.start_s + one.length_s > note.start_s]
        again = [one for one in sounding if one.pitch == note.pitch or voices == 1]
        if any(note.start_s - one.start_s < _SHORTEST_S for one in again):
            continue
        if len(sounding) - len(again) >= voices:
            continue
        for one in again:
            kept[kept.index(one)] = replace(one, length_s=note.start_s - one.start_s)
        kept.append(note)
    return [note for note in kept if note.length_s >= _SHORTEST_S]


def _within(pitch: int, register: tuple[int, int]) -> int:
    """Return the pitch, moved by octaves into a register."""
    low, high = register
    return (
        min(high - (high - pitch) % 12, pitch)
        if pitch > high
        else max(low + (pitch - low) % 12, pitch)
    )
