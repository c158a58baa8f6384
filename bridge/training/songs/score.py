"""Composing: a style, a form, and what everyone plays in each of its sections.

`compose` draws everything from one seed: key, tempo, swing, chords, form, players. Each section
says who plays; there are breaks, drums alone, the voice alone and solos, because a separator has
to learn silence as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs import bass_lines, comping, grooves, melodies
from bridge.training.songs.harmony import SCALES, Chord, chord
from bridge.training.songs.instruments import (
    BASSES,
    ELECTRONIC_BASSES,
    INSTRUMENTS,
    PLAIN_BASSES,
)
from bridge.training.songs.performance import Feel, played, sung
from bridge.training.songs.styles import STYLES, Style
from bridge.training.songs.values import Part, ScoreNote, Song

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECTIONS = {
    "full": (1.0, 1.0, 1.0, 0.9, 0.3),
    "verse": (0.97, 0.95, 0.6, 0.95, 0.0),
    "chorus": (1.0, 1.0, 0.95, 0.95, 0.6),
    "instrumental": (1.0, 0.97, 0.9, 0.0, 0.0),
    "break": (0.35, 0.5, 0.5, 0.6, 0.1),
    "drums alone": (1.0, 0.0, 0.0, 0.0, 0.0),
    "rhythm": (1.0, 1.0, 0.1, 0.3, 0.0),
    "voice alone": (0.0, 0.0, 0.0, 1.0, 0.5),
    "voice and chords": (0.0, 0.1, 0.6, 1.0, 0.2),
    "without drums": (0.0, 0.9, 0.8, 0.8, 0.2),
    "without bass": (1.0, 0.0, 0.8, 0.8, 0.2),
    "chords alone": (0.0, 0.0, 0.9, 0.0, 0.0),
}
"""How likely drums, bass, each further player, the lead voice and further voices are heard."""

_SECTION_WEIGHTS = (6, 6, 7, 4, 2, 1, 1.3, 0.7, 1.3, 1.2, 0.8, 0.7)

_PERCUSSION_CHANCE = 0.4
_DISTANT_HARMONIES = (2, -2, 2, 4, -3, -5, 7, -7)


@dataclass(frozen=True)
class _Player:
    """Who plays what way, and the pattern kept in mind."""

    manner: str
    instrument: str
    centre: int
    seed: int


@dataclass(frozen=True)
class _Frame:
    """What holds for the whole song."""

    style: Style
    feel: Feel
    quarters: int
    bars: int
    scale: tuple[int, ...]
    chords: tuple[Chord, ...]
    bass: str

    def chord_at(self, quarter: float) -> Chord:
        return self.chords[min(int(quarter / self.quarters), len(self.chords) - 1)]


@dataclass
class _Sheet:
    """What has been written so far."""

    drums: list[ScoreNote] = field(default_factory=list)
    bass: list[ScoreNote] = field(default_factory=list)
    players: list[list[ScoreNote]] = field(default_factory=list)
    melody: list[ScoreNote] = field(default_factory=list)
    harmonies: list[list[ScoreNote]] = field(default_factory=list)


def compose(seed: int, duration_s: float, style: str | None = None) -> Song:
    """Return a song.

    Parameters
    ----------
    seed
        What everything is drawn from.
    duration_s
        How long it shall be; nothing starts later.
    style
        A row of `styles.STYLES`; None draws one.
    """
    rng = np.random.default_rng([seed, 1])
    names = list(STYLES)
    weights = np.array([STYLES[name].weight for name in names])
    drawn = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    name = style or drawn
    frame, groove = _frame(STYLES[name], duration_s, rng)
    players = _players(frame, rng)
    sheet = _write(frame, groove, players, rng)
    parts = _drum_parts(frame, sheet, duration_s, rng)
    if sheet.bass:
        instrument = _bass_instrument(frame, sheet, rng)
        parts.append(Part("bass", instrument, played(sheet.bass, frame.feel, duration_s, rng)))
    for player, notes in zip(players, sheet.players, strict=True):
        if notes:
            events = played(notes, frame.feel, duration_s, rng)
            parts.append(Part("other", player.instrument, events))
    return Song(
        name,
        frame.feel.tempo,
        frame.quarters,
        tuple(part for part in parts if part.notes),
        sung(sheet.melody, frame.feel, duration_s, rng),
        tuple(sung(line, frame.feel, duration_s, rng) for line in sheet.harmonies if line),
    )


def _frame(
    style: Style, duration_s: float, rng: np.random.Generator
) -> tuple[_Frame, grooves.Groove]:
    groove = grooves.varied(grooves.GROOVES[str(rng.choice(style.grooves))], rng)
    tempo = float(rng.uniform(*style.tempo))
    quarters = groove.quarters
    bars = max(2, math.ceil(duration_s * tempo / 60.0 / quarters))
    key = int(rng.integers(12))
    chords = _chords(style, key, bars, rng)
    minor_first = sum(3 in chord.intervals for chord in chords[:1]) > 0
    modes = [mode for mode in style.modes if (SCALES[mode][2] == 3) == minor_first] or style.modes
    scale = tuple((key + step) % 12 for step in SCALES[str(rng.choice(modes))])
    swing = float(rng.uniform(*style.swing))
    machine = str(rng.choice(style.kits)) == "electronic"
    feel = Feel(tempo, swing, style.swing_unit, float(rng.uniform(0.002, 0.016)), machine)
    bass = str(rng.choice(style.bass))
    frame = _Frame(style, feel, quarters, bars, scale, chords, bass)
    return frame, groove


def _chords(style: Style, key: int, bars: int, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return one chord for each bar: a progression for the verses, perhaps another now and then."""
    loops = [str(rng.choice(style.progressions)).split() for _ in range(2)]
    hold = int(rng.choice([1, 1, 1, 2]))
    chords: list[Chord] = []
    while len(chords) < bars:
        loop = loops[0] if rng.random() < 0.7 else loops[1]
        chords += [chord(numeral, key) for numeral in loop for _ in range(hold)]
    return tuple(chords[:bars])


def _players(frame: _Frame, rng: np.random.Generator) -> list[_Player]:
    """Return who plays the other stem: one to five."""
    wanted = int(rng.choice([1, 2, 2, 3, 3, 4, 5]))
    rows = frame.style.parts
    order = rng.permutation(len(rows))
    chosen = [rows[index] for index in order[:wanted]]
    if rows[0] not in chosen and rng.random() < 0.6:
        chosen[0] = rows[0]
    players = []
    for manner, instruments in chosen:
        name = str(rng.choice(instruments))
        centre = INSTRUMENTS[name].centre + int(rng.integers(-4, 5))
        players.append(_Player(manner, name, centre, int(rng.integers(1 << 20))))
    return players


def _write(
    frame: _Frame, groove: grooves.Groove, players: Sequence[_Player], rng: np.random.Generator
) -> _Sheet:
    sheet = _Sheet(players=[[] for _ in players], harmonies=[[], [], []])
    voice = melodies.Voice.drawn(frame.style.flow, rng) if rng.random() < frame.style.sung else None
    octave = int(rng.choice([33, 36, 36, 40]))
    percussionists: list[tuple[int, str]] = []
    while rng.random() < _PERCUSSION_CHANCE and len(percussionists) < 3:
        percussionists.append(grooves.percussion_row(frame.quarters, rng))
    bar = 0
    while bar < frame.bars:
        bars = min(int(rng.choice([2, 4, 4, 4, 8])), frame.bars - bar)
        drums, bass, played, lead, backing = _SECTIONS[_section(rng)]
        playing = [rng.random() < played for _ in players]
        local = grooves.varied(groove, rng) if rng.random() < 0.4 else groove
        if rng.random() < drums:
            sheet.drums += _section_drums(frame, local, percussionists, bar, bars, rng=rng)
        with_bass = rng.random() < bass
        for index in range(bar, bar + bars):
            here = _bar(frame, local, index)
            if with_bass:
                sheet.bass += bass_lines.line(frame.bass, here, octave, rng)
            for number, player in enumerate(players):
                if playing[number]:
                    notes = comping.play(player.manner, here, player.centre, player.seed, rng)
                    sheet.players[number] += notes
        if voice is not None and rng.random() < lead:
            together = rng.random() < backing
            _section_voices(frame, sheet, voice, bar, bars, backing=together, rng=rng)
        bar += bars
    return sheet


def _section(rng: np.random.Generator) -> str:
    weights = np.array(_SECTION_WEIGHTS)
    return str(rng.choice(list(_SECTIONS), p=weights / weights.sum()))


def _bar(frame: _Frame, groove: grooves.Groove, index: int) -> bass_lines.Bar:
    following = frame.chords[(index + 1) % len(frame.chords)]
    start = float(index * frame.quarters)
    return bass_lines.Bar(
        start, frame.quarters, frame.chords[index], following, frame.scale, groove
    )


def _section_drums(
    frame: _Frame,
    groove: grooves.Groove,
    percussionists: Sequence[tuple[int, str]],
    first: int,
    bars: int,
    *,
    rng: np.random.Generator,
) -> list[ScoreNote]:
    start = float(first * frame.quarters)
    notes = grooves.crash(start, rng) if rng.random() < 0.6 else []
    fill_quarters = float(rng.choice([1.0, 2.0, 2.0, float(frame.quarters)]))
    filled = rng.random() < 0.7
    for index in range(bars):
        place = start + index * frame.quarters
        bar = grooves.bar(groove, place, rng)
        if filled and index == bars - 1:
            end = place + frame.quarters
            bar = [note for note in bar if note.start < end - fill_quarters]
            bar += grooves.fill(end - fill_quarters, fill_quarters, rng)
        notes += bar
        for sound, row in percussionists:
            notes += grooves.percussion(sound, row, place)
    return notes


def _section_voices(
    frame: _Frame,
    sheet: _Sheet,
    voice: melodies.Voice,
    first: int,
    bars: int,
    *,
    backing: bool,
    rng: np.random.Generator,
) -> None:
    start, end = float(first * frame.quarters), float((first + bars) * frame.quarters)
    tune = melodies.melody(start, end, voice, frame.chord_at, frame.scale, rng=rng)
    sheet.melody += tune
    if not backing:
        return
    if rng.random() < 0.3:
        for part, line in enumerate(sheet.harmonies):
            line.extend(melodies.choir(start, end, frame.quarters, part, frame.chord_at))
        return
    for line in sheet.harmonies[: int(rng.integers(1, 3))]:
        steps = int(rng.choice(_DISTANT_HARMONIES))
        line.extend(melodies.harmony(tune, steps, frame.scale))


def _bass_instrument(frame: _Frame, sheet: _Sheet, rng: np.random.Generator) -> str:
    lowest = min(note.pitch for note in sheet.bass)
    if lowest < bass_lines.LOWEST:
        return "sub bass"
    plain = ELECTRONIC_BASSES if frame.feel.machine else PLAIN_BASSES
    fitting = BASSES.get(frame.bass, plain)
    return str(rng.choice(fitting if rng.random() < 0.7 else plain))


def _drum_parts(
    frame: _Frame, sheet: _Sheet, duration_s: float, rng: np.random.Generator
) -> list[Part]:
    """Return one part for each microphone, so that each can be sounded and mixed by itself."""
    parts = []
    for piece, sounds in grooves.PIECES.items():
        notes = [note for note in sheet.drums if note.pitch in sounds]
        if notes:
            kind = f"{'electronic' if frame.feel.machine else 'acoustic'} {piece}"
            parts.append(
                Part("drums", kind, played(notes, frame.feel, duration_s, rng, drums=True))
            )
    return parts
