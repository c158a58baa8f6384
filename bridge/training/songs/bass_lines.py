"""Ways to play the bass: each returns the notes of one bar under a chord."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.training.songs.harmony import nearest_in, scale_step
from bridge.training.songs.values import ScoreNote

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from bridge.training.songs.grooves import Groove
    from bridge.training.songs.harmony import Chord

LOWEST, HIGHEST = 28, 55


@dataclass(frozen=True)
class Bar:
    """What a player knows of the bar to be played.

    Parameters
    ----------
    start, quarters
        Where it begins and how long it is, in quarter notes.
    chord, following
        The chord here and the one after it.
    scale
        Pitch classes of the key.
    groove
        What the drummer plays.
    """

    start: float
    quarters: int
    chord: Chord
    following: Chord
    scale: tuple[int, ...]
    groove: Groove


def line(style: str, bar: Bar, octave: int, rng: np.random.Generator) -> list[ScoreNote]:
    """Return a bar of the bass.

    Parameters
    ----------
    style
        A row of `LINES`.
    bar
        The bar.
    octave
        MIDI note about which the roots lie.
    rng
        What varies it.
    """
    root = bar.chord.near(octave)
    notes = LINES[style](bar, root, rng)
    return [
        ScoreNote(note.start, note.length, _in_range(note.pitch), note.velocity)
        for note in notes
        if note.start < bar.start + bar.quarters
    ]


def _in_range(pitch: int) -> int:
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def _every(
    bar: Bar, step: float, hold: float, pitches: list[int], accent: int = 2
) -> list[ScoreNote]:
    count = round(bar.quarters / step)
    return [
        ScoreNote(
            bar.start + index * step,
            step * hold,
            pitches[index % len(pitches)],
            104 if index % accent == 0 else 90,
        )
        for index in range(count)
    ]


def _steps(bar: Bar, row: str, pitches: dict[str, int], length: float = 0.25) -> list[ScoreNote]:
    """Return the notes of a row in which every letter names a pitch and ``.`` is a rest."""
    return [
        ScoreNote(bar.start + step * 0.25, length, pitches[letter], 112 if step % 4 == 0 else 92)
        for step, letter in enumerate(row[: bar.quarters * 4])
        if letter != "."
    ]


def _letters(bar: Bar, root: int) -> dict[str, int]:
    third = bar.chord.intervals[1]
    return {
        "r": root,
        "t": root + third,
        "f": root + bar.chord.fifth,
        "s": root + (10 if third == 3 or 10 in bar.chord.intervals else 9),
        "o": root + 12,
        "d": root - 12 + bar.chord.fifth,
        "a": bar.following.near(root) - 1,
    }


def _long(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    if rng.random() < 0.3:
        half = bar.quarters / 2
        fifth = root + bar.chord.fifth
        return [ScoreNote(bar.start, half, root, 100), ScoreNote(bar.start + half, half, fifth, 92)]
    return [ScoreNote(bar.start, bar.quarters * 0.97, root, 100)]


def _roots(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    return _every(bar, float(rng.choice([1.0, 1.0, 0.5])), float(rng.uniform(0.6, 0.98)), [root])


def _eighths(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    notes = _every(bar, 0.5, float(rng.uniform(0.7, 0.98)), [root])
    if rng.random() < 0.35:
        last = notes[-1]
        notes[-1] = ScoreNote(last.start, last.length, bar.following.near(root) - 1, last.velocity)
    return notes


def _kick(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    hits = [step * 0.25 for step, letter in enumerate(bar.groove.kick) if letter != "."]
    hits = [hit for hit in hits if hit < bar.quarters] or [0.0]
    ends = [*hits[1:], float(bar.quarters)]
    choices = [root, root, root, root + bar.chord.fifth, root + 12]
    return [
        ScoreNote(bar.start + hit, max(0.2, (end - hit) * 0.9), int(rng.choice(choices)), 104)
        if index
        else ScoreNote(bar.start + hit, max(0.2, (end - hit) * 0.9), root, 112)
        for index, (hit, end) in enumerate(zip(hits, ends, strict=True))
    ]


def _melodic(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    notes, place, pitch = [], 0.0, root
    while place < bar.quarters:
        length = min(float(rng.choice([0.5, 0.5, 1.0, 1.5, 0.25])), bar.quarters - place)
        notes.append(ScoreNote(bar.start + place, length * 0.93, pitch, int(rng.integers(84, 112))))
        place += length
        pitch = scale_step(pitch, int(rng.choice([-2, -1, 1, 2, 3])), bar.scale)
        if rng.random() < 0.4:
            pitch = nearest_in(pitch, bar.chord.pitch_classes)
        pitch = min(max(pitch, root - 7), root + 12)
    return notes


def _walking(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    target = bar.following.near(root)
    line_up = [root, root + bar.chord.intervals[1], root + bar.chord.fifth]
    shapes = [
        [*line_up, target - 1], [*line_up, target + 1],
        [root, scale_step(root, 1, bar.scale), root + bar.chord.intervals[1], target - 1],
        [root, root + 12, root + bar.chord.fifth, target + 2],
        [root, root, root + bar.chord.fifth, target - 1],
    ]  # fmt: skip
    shape = shapes[int(rng.integers(len(shapes)))][: bar.quarters]
    notes = _every(bar, 1.0, 0.92, shape)
    if rng.random() < 0.3:
        place = bar.start + float(rng.integers(bar.quarters)) + 0.5
        notes.append(ScoreNote(place, 0.35, shape[0], 70))
    return sorted(notes, key=lambda note: note.start)


def _boogie(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:  # noqa: ARG001
    return _every(
        bar, 0.5, 0.85, [root, root, root + 7, root + 7, root + 9, root + 9, root + 10, root + 9]
    )


def _two_beat(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    low = root - 12 + bar.chord.fifth if rng.random() < 0.6 else root + bar.chord.fifth
    step = 2.0 if bar.quarters % 2 == 0 else float(bar.quarters)
    return _every(bar, step, 0.7, [root, low])


def _slap(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    notes = _walking(bar, root, rng)
    backbeats = [
        ScoreNote(note.start + 0.5, 0.12, note.pitch, 58) for note in notes if rng.random() < 0.8
    ]
    return sorted(notes + backbeats, key=lambda note: note.start)


def _octaves(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    return _every(bar, 0.5, float(rng.uniform(0.5, 0.9)), [root, root + 12])


def _offbeat(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    row = str(rng.choice(["..r...r...r...r.", "..rr..rr..rr..rr", ".rrr.rrr.rrr.rrr"]))
    return _steps(bar, row, _letters(bar, root), 0.23)


def _sixteenths(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    row = str(
        rng.choice(["rrrrrrrrrrrrrrrr", "r.rrr.rrr.rrr.rr", "rrorrrorrrorrroo", "r.or.or.r.or.oro"])
    )
    return _steps(bar, row, _letters(bar, root), 0.22)


def _funk(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    rows = [
        "r..r..o...s.o..a",
        "r.r....so.f.s..a",
        "r...o.s.r..rf.s.",
        "rr..o..r.s.fr..a",
        "r..o...r..tf.s.o",
    ]
    return _steps(bar, rows[int(rng.integers(len(rows)))], _letters(bar, root), 0.22)


def _slap_funk(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    rows = ["r.o.r.oor..ro.so", "rr.or..o.r.or.so", "r..or.o.rr.o.sfo"]
    return _steps(bar, rows[int(rng.integers(len(rows)))], _letters(bar, root), 0.16)


def _riff(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    rows = ["r.rr.rr.r.rr.t.f", "r.r.rrr.s.r.rrf.", "rrr.rrr.rrr.t.s.", "r..r..r.r..r.sf."]
    return _steps(bar, rows[int(rng.integers(len(rows)))], _letters(bar, root), 0.24)


def _reggae(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    rows = ["r..rf...t.f.r...", "....r.r.f...t.r.", "r.....f.r..f.r..", "r.r...t.f.....d."]
    return _steps(bar, rows[int(rng.integers(len(rows)))], _letters(bar, root), 0.4)


def _tumbao(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    notes = _steps(bar, "......f.....o...", _letters(bar, root), 0.9)
    if rng.random() < 0.5:
        notes.insert(0, ScoreNote(bar.start, 0.9, root, 96))
    return notes


def _bossa(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    return _steps(
        bar,
        "r.....ff......rr" if rng.random() < 0.4 else "r.....f.f.....r.",
        _letters(bar, root),
        0.45,
    )


def _sub(bar: Bar, root: int, rng: np.random.Generator) -> list[ScoreNote]:
    low = root - 12 if root - 12 >= LOWEST - 4 else root
    hits = [step * 0.25 for step, letter in enumerate(bar.groove.kick) if letter != "."] or [0.0]
    hits = hits[: int(rng.integers(1, 4))]
    ends = [*hits[1:], float(bar.quarters)]
    return [
        ScoreNote(bar.start + hit, (end - hit) * float(rng.uniform(0.7, 1.0)), low, 110)
        for hit, end in zip(hits, ends, strict=True)
    ]


LINES: dict[str, Callable[[Bar, int, np.random.Generator], list[ScoreNote]]] = {
    "long": _long,
    "roots": _roots,
    "eighths": _eighths,
    "kick": _kick,
    "melodic": _melodic,
    "walking": _walking,
    "boogie": _boogie,
    "two beat": _two_beat,
    "slap": _slap,
    "octaves": _octaves,
    "offbeat": _offbeat,
    "synth sixteenths": _sixteenths,
    "funk": _funk,
    "slap funk": _slap_funk,
    "riff": _riff,
    "reggae": _reggae,
    "tumbao": _tumbao,
    "bossa": _bossa,
    "sub": _sub,
    "reese": _long,
}
"""Every way to play the bass, by the name that styles use."""
