"""Drum patterns, and how a bar of them is played: variations, ghost notes, fills, percussion.

A row of a pattern has one character for each sixteenth: ``x`` accented, ``o`` plain, ``g`` a ghost
note, ``O`` an open hi-hat, ``.`` nothing. Bars of three quarters have twelve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.training.songs.values import ScoreNote

if TYPE_CHECKING:
    import numpy as np

KICK, RIM, SNARE, CLAP, CRASH, RIDE, RIDE_BELL, CHINA, SPLASH = 36, 37, 38, 39, 49, 51, 53, 52, 55
CLOSED_HAT, PEDAL_HAT, OPEN_HAT = 42, 44, 46
TOMS = (50, 48, 47, 45, 43, 41)
TAMBOURINE, COWBELL, CABASA, MARACAS, CLAVES, WOODBLOCK = 54, 56, 69, 70, 75, 76
HIGH_BONGO, LOW_BONGO, MUTE_CONGA, HIGH_CONGA, LOW_CONGA = 60, 61, 62, 63, 64
TIMBALE, AGOGO, TRIANGLE = 65, 67, 81

STEP_QUARTERS = 0.25

PIECES = {
    "kick": (35, KICK),
    "snare": (RIM, SNARE, CLAP, 40),
    "cymbals": (CLOSED_HAT, PEDAL_HAT, OPEN_HAT, CRASH, 57, RIDE, 59, RIDE_BELL, CHINA, SPLASH),
    "toms": TOMS,
    "percussion": (TAMBOURINE, COWBELL, CABASA, MARACAS, CLAVES, WOODBLOCK, HIGH_BONGO, LOW_BONGO,
                   MUTE_CONGA, HIGH_CONGA, LOW_CONGA, TIMBALE, AGOGO, TRIANGLE),
}  # fmt: skip
"""Which sounds of General MIDI's kit belong to which microphone."""

_VELOCITIES = {"x": 116, "o": 92, "g": 42, "O": 104}


@dataclass(frozen=True)
class Groove:
    """A bar of the drums.

    Parameters
    ----------
    kick, snare, hat
        Rows as the module describes them.
    hat_sound, snare_sound
        What the rows strike.
    busy
        How likely ghost notes and further kicks are, 0..1.
    """

    kick: str
    snare: str
    hat: str
    hat_sound: int = CLOSED_HAT
    snare_sound: int = SNARE
    busy: float = 0.3

    @property
    def quarters(self) -> int:
        """Length of the bar."""
        return len(self.kick) // 4


GROOVES = {
    "pop": Groove("x.......x.o.....", "....x.......x...", "x.o.x.o.x.o.x.o."),
    "rock": Groove("x.....o.x.......", "....x.......x...", "x.o.x.o.x.o.x.o.", busy=0.4),
    "heavy rock": Groove("x.o...o.x.o.....", "....x.......x...", "x...x...x...x...", OPEN_HAT),
    "half time": Groove("x.....o...o.....", "........x.......", "x.o.x.o.x.o.x.o.", RIDE),
    "tom rock": Groove("x...o...x...o...", "....x.......x...", "o.o.x.o.o.o.x.o.", 43),
    "punk": Groove("x...x...x.o.x...", "..x...x...x...x.", "x.x.x.x.x.x.x.x.", OPEN_HAT),
    "d-beat": Groove("x..o..o.x..o..o.", "....x.......x...", "x.x.x.x.x.x.x.x.", CRASH, busy=0.1),
    "double kick": Groove(
        "xoooxoooxoooxooo", "....x.......x...", "x...x...x...x...", CHINA, busy=0.1
    ),
    "blast": Groove(
        "x.x.x.x.x.x.x.x.", ".x.x.x.x.x.x.x.x", "x.x.x.x.x.x.x.x.", RIDE_BELL, busy=0.0
    ),
    "shuffle rock": Groove("x.......x.o.....", "....x.......x...", "x.o.x.o.x.o.x.o."),
    "slow blues": Groove(
        "x.......x.......", "....x.......x...", "x.o.x.o.x.o.x.o.", RIDE, busy=0.5
    ),
    "jump": Groove("x...o...x...o...", "....x.......x...", "x...x.o.x...x.o.", RIDE, busy=0.5),
    "train": Groove(
        "x...x...x...x...", "g.g.x.g.g.g.x.g.", "....o.......o...", PEDAL_HAT, busy=0.5
    ),
    "soul": Groove("x..o..o...o.....", "....x..g.g..x...", "x.o.x.o.x.o.x.o.", busy=0.7),
    "funk": Groove("x..o......o..o..", "....x..g.g.gx..g", "xooOxoooxoooxooo", busy=0.8),
    "funk two": Groove("x.o.......oo....", "....x..g.g..x...", "x.o.x.o.x.O.x.o.", busy=0.8),
    "disco": Groove("x...x...x...x...", "....x.......x...", "o.O.o.O.o.O.o.O."),
    "four floor": Groove(
        "x...x...x...x...", "....x.......x...", "..O...O...O...O.", OPEN_HAT, CLAP
    ),
    "techno": Groove("x...x...x...x...", "............x...", "g.O.g.O.g.O.g.O.", CLOSED_HAT, CLAP),
    "breakbeat": Groove("x.o.......o.....", "....x..g.g..x..g", "x.o.x.o.x.o.x.o.", busy=0.7),
    "breakbeat two": Groove("x.........o.....", "....x.......x...", "xoooxoooxoooxooo", busy=0.6),
    "machine": Groove("x......o..o.....", "....x.......x...", "ooooooooOooooooo", CLOSED_HAT, CLAP),
    "boom bap": Groove("x..o...o..x.....", "....x.......x..g", "x.o.x.o.x.o.x.O.", busy=0.6),
    "trap": Groove("x.....o...x.....", "........x.......", "o.o.o.oooo.o.ooo", CLOSED_HAT, CLAP),
    "trap two": Groove(
        "x..o......o..o..", "........x.......", "oooooooooo.ooooo", CLOSED_HAT, SNARE
    ),
    "ballad": Groove("x.......x.......", "....x.......x...", "x.o.o.o.x.o.o.o.", snare_sound=RIM),
    "folk": Groove("x.......x.......", "....o..g....o...", "o...o...o...o...", PEDAL_HAT, busy=0.2),
    "one drop": Groove("........x.......", "........x.......", "x.o.x.o.x.O.x.o.", snare_sound=RIM),
    "steppers": Groove("x...x...x...x...", "........x.......", "x.o.x.o.x.o.x.O.", snare_sound=RIM),
    "bossa": Groove("x..ox..ox..ox..o", "x..x..x...x..x..", "oooooooooooooooo", snare_sound=RIM),
    "samba": Groove("x..ox..ox..ox..o", "o.oo.o.oo.o.oo.o", "xogoxogoxogoxogo", busy=0.6),
    "son": Groove("x.....o.x.....o.", "..x.x...x..x..x.", "x.ox.ox.x.ox.oxo", COWBELL, RIM),
    "swing": Groove("g...g...g...g...", "......g.......g.", "x...x.o.x...x.o.", RIDE, busy=0.7),
    "brushes": Groove(
        "o.......o.......", "g.g.o.g.g.g.o.g.", "....o.......o...", PEDAL_HAT, busy=0.6
    ),
    "waltz": Groove("x...........", "....o...o...", "x...o.o.o...", RIDE),
    "six-eight": Groove("x.....o..o..", "......x.....", "x.o.o.x.o.o."),
    "six-eight ballad": Groove("x...........", "......x.....", "o.o.o.o.o.o.", RIDE),
}

_PERCUSSION = (
    (TAMBOURINE, "....x.......x..."), (TAMBOURINE, "o.x.o.x.o.x.o.x."),
    (MARACAS, "ogxgogxgogxgogxg"), (CABASA, "o.x.o.x.o.x.o.x."),
    (COWBELL, "x...x...x...x..."), (COWBELL, "x.o.x.o.x.oox.o."),
    (CLAVES, "x..x..x...x.x..."), (HIGH_CONGA, "..o...x...o..x.."), (LOW_CONGA, "o.....o.......oo"),
    (HIGH_BONGO, "x.oox.o.x.oox.o."), (WOODBLOCK, "x..x..x...x..x.."), (AGOGO, "x.o..o.x.o..o.x."),
    (TRIANGLE, "o.x.o.x.o.x.o.x."), (CLAP, "....x.......x..."), (TIMBALE, "......o...o...oo"),
    (MUTE_CONGA, "o.o.g.o.o.o.g.oo"), (CLAP, "..x..x....x....."), (RIM, "...o..o....o..o."),
)  # fmt: skip


def varied(groove: Groove, rng: np.random.Generator) -> Groove:
    """Return a groove with steps added, dropped and moved, so that no two songs play the same."""
    kick, snare, hat = list(groove.kick), list(groove.snare), list(groove.hat)
    for step in range(2, len(kick)):
        if kick[step] == "." and snare[step] == "." and rng.random() < 0.12 * groove.busy:
            kick[step] = "o"
        elif kick[step] == "o" and rng.random() < 0.2:
            kick[step] = "."
        if snare[step] == "." and rng.random() < 0.12 * groove.busy:
            snare[step] = "g"
        if hat[step] == "o" and rng.random() < 0.05:
            hat[step] = "O" if groove.hat_sound == CLOSED_HAT else "."
    hat_sound, snare_sound = groove.hat_sound, groove.snare_sound
    if rng.random() < 0.25:
        hat_sound = int(rng.choice([CLOSED_HAT, RIDE, OPEN_HAT, CLOSED_HAT, CRASH]))
    if rng.random() < 0.2:
        snare_sound = int(rng.choice([SNARE, 40, CLAP, RIM]))
    return Groove("".join(kick), "".join(snare), "".join(hat), hat_sound, snare_sound, groove.busy)


def bar(groove: Groove, start: float, rng: np.random.Generator) -> list[ScoreNote]:
    """Return one bar of a groove from a position in quarter notes."""
    notes = _row(groove.kick, KICK, start) + _row(groove.snare, groove.snare_sound, start)
    for note in _row(groove.hat, groove.hat_sound, start):
        opened = note.velocity == _VELOCITIES["O"] and groove.hat_sound == CLOSED_HAT
        sound = OPEN_HAT if opened else groove.hat_sound
        notes.append(ScoreNote(note.start, note.length, sound, note.velocity))
    if rng.random() < 0.3 * groove.busy:
        step = int(rng.integers(1, len(groove.kick)))
        notes.append(ScoreNote(start + step * STEP_QUARTERS, STEP_QUARTERS, SNARE, 38))
    return notes


def fill(start: float, quarters: float, rng: np.random.Generator) -> list[ScoreNote]:
    """Return a fill over snare and toms that grows towards the next bar."""
    division = float(rng.choice([0.25, 0.25, 1 / 3, 0.5, 1 / 6]))
    drums = [SNARE, *TOMS]
    notes, place = [], 0.0
    steps = max(1, round(quarters / division))
    for step in range(steps):
        place = min(len(drums) - 1.0, place + float(rng.choice([0.0, 0.0, 0.5, 1.0])))
        if rng.random() < 0.85:
            velocity = int(70 + 50 * step / steps)
            notes.append(ScoreNote(start + step * division, division, drums[int(place)], velocity))
        if rng.random() < 0.25:
            notes.append(ScoreNote(start + step * division, division, KICK, 96))
    return notes


def percussion_row(quarters: int, rng: np.random.Generator) -> tuple[int, str]:
    """Return a sound and its bar for a percussionist, cut or repeated to the bar's length."""
    sound, row = _PERCUSSION[int(rng.integers(len(_PERCUSSION)))]
    return sound, row[: quarters * 4]


def percussion(sound: int, row: str, start: float) -> list[ScoreNote]:
    """Return one bar of a percussion row."""
    return _row(row, sound, start)


def crash(start: float, rng: np.random.Generator) -> list[ScoreNote]:
    """Return the cymbal on the first beat of a section, with the kick under it."""
    sound = int(rng.choice([CRASH, CRASH, 57, CHINA, SPLASH]))
    return [ScoreNote(start, 4.0, sound, 118), ScoreNote(start, 0.25, KICK, 116)]


def _row(row: str, sound: int, start: float) -> list[ScoreNote]:
    return [
        ScoreNote(start + step * STEP_QUARTERS, STEP_QUARTERS, sound, _VELOCITIES[character])
        for step, character in enumerate(row)
        if character != "."
    ]
