"""Ways to play chords, riffs and lines: each returns the notes of one bar of one player."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs.harmony import nearest_in, scale_step
from bridge.training.songs.values import ScoreNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.training.songs.bass_lines import Bar

_STRUMS = (
    "x...x.x.x...x.x.", "x.x...xox.x...xo", "x..x..x.x..x..x.", "x.xxx.xxx.xxx.xx",
    "x...o.x...x.o.x.", "x.x.x.x.x.x.x.x.", "x.......x...x...",
)  # fmt: skip
_STABS = (
    "......x.......x.", "x..x..x.........", "..x...x...x...x.", "x.....x.........",
    "...x..x...x..x..", "x...............", "......x..x......", "x.x.......x.x...",
)  # fmt: skip
_CHUCKS = ("....x.......x...", "..x...x...x...x.", "..x...x.x.x...x.", "x...x...x...x...")
_SCRATCHES = ("x.xgx.xxgxx.xgxx", "xggxggxgxggxggxg", ".xx.gxxg.xx.gxxg", "xgxg.gxgx.xg.gxg")
_POWERS = (
    "xoooxoooxoooxooo", "x.o.o.o.x.o.o.o.", "x.......x.......", "x..x..x.x..x..x.",
    "x...............", "x.ox.ox.x.ox.ox.", "x.x...x.x.x...x.",
)  # fmt: skip
_MONTUNOS = ("x.xx.xx.xx.xx.x.", "x..xx.x..xx.x.x.")


def play(
    manner: str, bar: Bar, centre: int, seed: int, rng: np.random.Generator
) -> list[ScoreNote]:
    """Return a bar of one player.

    Parameters
    ----------
    manner
        A row of `MANNERS`.
    bar
        The bar.
    centre
        MIDI note in the middle of the instrument's register.
    seed
        What the player keeps from bar to bar: the same pattern for a whole section.
    rng
        What varies from bar to bar.
    """
    notes = MANNERS[manner](bar, centre, seed, rng)
    return [note for note in notes if note.start < bar.start + bar.quarters - 1e-6]


def _pattern(rows: tuple[str, ...], seed: int, bar: Bar) -> list[tuple[float, float, int]]:
    """Return ``(start, time to the next, velocity)`` of each stroke of a row."""
    row = rows[seed % len(rows)][: bar.quarters * 4]
    hits = [step for step, letter in enumerate(row) if letter != "."]
    ends = [*hits[1:], len(row)]
    strength = {"x": 104, "o": 86, "g": 44}
    return [
        (bar.start + hit * 0.25, (end - hit) * 0.25, strength[row[hit]])
        for hit, end in zip(hits, ends, strict=True)
    ]


def _chord(
    start: float, length: float, pitches: tuple[int, ...], velocity: int, spread: float = 0.0
) -> list[ScoreNote]:
    return [
        ScoreNote(start + index * spread, max(0.05, length), pitch, max(1, velocity - 2 * index))
        for index, pitch in enumerate(pitches)
    ]


def _strum(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    up = bar.chord.voiced(centre, 5 + seed % 2)
    notes = []
    for start, length, velocity in _pattern(_STRUMS, seed, bar):
        downstroke = (start - bar.start) % 0.5 == 0
        pitches = up if downstroke else tuple(reversed(up[-4:]))
        spread = float(rng.uniform(0.008, 0.035))
        notes += _chord(start, length * 0.95, pitches, velocity - 8 * (not downstroke), spread)
    return notes


def _power(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    root = bar.chord.near(centre - 10)
    pitches: tuple[int, ...] = (root, root + bar.chord.fifth, root + 12)
    if seed % 5 == 0:
        pitches = bar.chord.voiced(centre - 4, 5)
    muted = seed % 3 == 0
    notes = []
    for start, length, velocity in _pattern(_POWERS, seed, bar):
        held = min(length, 0.14) if muted and length <= 0.5 and velocity < 100 else length * 0.97
        notes += _chord(start, held, pitches, velocity, float(rng.uniform(0.0, 0.015)))
    return notes


def _riff(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    shape = np.random.default_rng(seed)
    root = bar.chord.near(centre - 12)
    notes, place = [], 0.0
    while place < bar.quarters:
        length = float(shape.choice([0.25, 0.25, 0.5, 0.5, 0.75, 1.0]))
        steps = int(shape.choice([0, 0, 0, 0, 2, 3, 4, -1, 6, 7]))
        pitch = root if steps == 0 else scale_step(root, steps, bar.scale)
        held = length * (0.5 if shape.random() < 0.35 else 0.95)
        if shape.random() < 0.88:
            velocity = int(rng.integers(88, 116))
            fifths = (pitch, pitch + 7) if steps and seed % 2 else (pitch,)
            notes += _chord(bar.start + place, held, fifths, velocity)
        place += length
    return notes


def _arpeggio(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 3 + seed % 4)
    orders = (
        list(range(len(pitches))),
        [*range(len(pitches)), *range(len(pitches) - 2, 0, -1)],
        list(reversed(range(len(pitches)))),
        [0, len(pitches) - 1, 1, len(pitches) - 2],
    )
    order = orders[(seed // 4) % 4]
    step = (0.5, 0.25, 0.5, 1 / 3, 0.25)[(seed // 16) % 5]
    hold = (1.0, 3.0, 0.5)[(seed // 64) % 3]
    count = round(bar.quarters / step)
    return [
        ScoreNote(
            bar.start + index * step,
            min(step * hold, bar.quarters - index * step),
            pitches[order[index % len(order)]],
            int(rng.integers(76, 104)),
        )
        for index in range(count)
    ]


def _pad(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 3 + seed % 3)
    return _chord(bar.start, bar.quarters * 0.99, pitches, int(rng.integers(70, 96)))


def _block(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 3 + seed % 2)
    step = (1.0, 0.5, 2.0, 1.0)[seed % 4]
    notes = []
    for index in range(round(bar.quarters / step)):
        start = bar.start + index * step
        notes += _chord(start, step * 0.9, pitches, int(rng.integers(80, 104)), 0.004)
        if seed % 3 == 0 and index % 2 == 0:
            root = bar.chord.near(centre - 20)
            notes += _chord(start, step * 1.8, (root, root + 12), 90)
    return notes


def _stabs(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 3)
    return [
        note
        for start, length, velocity in _pattern(_STABS, seed, bar)
        if rng.random() < 0.9
        for note in _chord(start, min(length, 0.3 + 0.3 * (seed % 3)), pitches, velocity)
    ]


def _chuck(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre + 2, 4)
    return [
        note
        for start, length, velocity in _pattern(_CHUCKS, seed, bar)
        for note in _chord(start, min(length, 0.25), pitches, velocity, float(rng.uniform(0, 0.02)))
    ]


def _scratch(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre + 4, 4)
    return [
        note
        for start, _, velocity in _pattern(_SCRATCHES, seed, bar)
        for note in _chord(
            start, 0.05 if velocity < 60 else 0.2, pitches, velocity, float(rng.uniform(0, 0.01))
        )
    ]


def _skank(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre + 3, 3)
    notes = []
    for beat in range(bar.quarters):
        notes += _chord(bar.start + beat + 0.5, 0.18, pitches, int(rng.integers(88, 108)), 0.01)
        if seed % 3 == 0:
            notes += _chord(bar.start + beat + 0.75, 0.12, pitches, 72, 0.01)
    return notes


def _bubble(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:  # noqa: ARG001
    pitches = bar.chord.voiced(centre, 3)
    return [
        note
        for beat in range(bar.quarters)
        for place in (0.25, 0.5, 0.75)
        for note in _chord(bar.start + beat + place, 0.16, pitches, int(rng.integers(72, 92)))
    ]


def _comp(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 4)
    notes = []
    for step in range(bar.quarters * 2):
        if rng.random() < (0.28 if step % 2 else 0.22):
            length = float(rng.choice([0.2, 0.4, 0.9]))
            notes += _chord(
                bar.start + step * 0.5, length, pitches, int(rng.integers(66, 104)), 0.004
            )
    if not notes:
        notes = _chord(bar.start + 0.5 * (seed % 2), 1.2, pitches, 84)
    return notes


def _boogie(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    right = bar.chord.voiced(centre + 6, 3)
    root = bar.chord.near(centre - 12)
    notes = []
    for step in range(bar.quarters * 2):
        start = bar.start + step * 0.5
        notes += _chord(start, 0.4, (root, root + (7, 7, 9, 9)[step % 4]), 84)
        if (step + seed) % 3 != 0 and rng.random() < 0.8:
            notes += _chord(start, 0.3, right, int(rng.integers(80, 108)))
    return notes


def _montuno(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    pitches = bar.chord.voiced(centre, 4)
    notes = []
    for index, (start, length, velocity) in enumerate(_pattern(_MONTUNOS, seed, bar)):
        chosen = pitches[1:3] if index % 2 else (pitches[0], pitches[0] + 12)
        notes += _chord(start, length * 0.8, chosen, velocity - int(rng.integers(0, 12)))
    return notes


def _ostinato(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    shape = np.random.default_rng(seed)
    step = (0.25, 0.5, 0.25, 0.5)[seed % 4]
    cycle = int(shape.integers(3, 9))
    moves = [int(shape.choice([0, 1, 2, 3, 4, -1, -2, 7])) for _ in range(cycle)]
    played = [bool(shape.random() < 0.75) for _ in range(cycle)]
    home = nearest_in(centre, bar.chord.pitch_classes)
    return [
        ScoreNote(
            bar.start + index * step,
            step * 0.85,
            nearest_in(scale_step(home, moves[index % cycle], bar.scale), bar.scale),
            int(rng.integers(78, 108)),
        )
        for index in range(round(bar.quarters / step))
        if played[index % cycle]
    ]


def _line(bar: Bar, centre: int, seed: int, rng: np.random.Generator) -> list[ScoreNote]:
    if rng.random() < 0.2:
        return []
    shape = np.random.default_rng(seed + int(rng.integers(3)))
    notes, place = [], float(shape.choice([0.0, 0.0, 0.5, 1.0]))
    pitch = nearest_in(centre + int(rng.integers(-5, 6)), bar.chord.pitch_classes)
    fast = seed % 4 == 0
    while place < bar.quarters:
        lengths = [0.25, 0.25, 0.5] if fast else [0.5, 0.5, 1.0, 1.5, 2.0, 0.25]
        length = min(float(shape.choice(lengths)), bar.quarters - place)
        if shape.random() < 0.86:
            notes.append(
                ScoreNote(bar.start + place, length * 0.96, pitch, int(rng.integers(82, 116)))
            )
        place += length
        pitch = scale_step(pitch, int(shape.choice([-3, -2, -1, -1, 1, 1, 2, 3])), bar.scale)
        if shape.random() < 0.35:
            pitch = nearest_in(pitch, bar.chord.pitch_classes)
        pitch = min(max(pitch, centre - 12), centre + 12)
    return notes


MANNERS: dict[str, Callable[[Bar, int, int, np.random.Generator], list[ScoreNote]]] = {
    "strum": _strum,
    "power": _power,
    "riff": _riff,
    "arpeggio": _arpeggio,
    "pad": _pad,
    "block": _block,
    "stabs": _stabs,
    "chuck": _chuck,
    "scratch": _scratch,
    "skank": _skank,
    "bubble": _bubble,
    "comp": _comp,
    "boogie": _boogie,
    "montuno": _montuno,
    "ostinato": _ostinato,
    "line": _line,
}
"""Every way to play, by the name that styles use."""
