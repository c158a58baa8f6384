"""What a song is made of: notes, parts, the song itself."""

from __future__ import annotations

from dataclasses import dataclass

STEMS = ("drums", "bass", "other", "vocals")
SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class NoteEvent:
    """One note as it is played.

    Parameters
    ----------
    start_s, length_s
        When it is struck and how long it is held, in seconds.
    pitch
        MIDI note, 0..127; a sound of the kit for drums, as General MIDI numbers them.
    velocity
        1..127.
    """

    start_s: float
    length_s: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class ScoreNote:
    """One note as it is written; start and length in quarter notes, before swing and human hands.

    Parameters
    ----------
    start, length
        In quarter notes from the beginning of the song.
    pitch, velocity
        As in `NoteEvent`.
    """

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """What one player plays.

    Parameters
    ----------
    stem
        ``drums``, ``bass`` or ``other``; the voices are apart.
    instrument
        A row of `instruments.INSTRUMENTS`, or a piece of the kit.
    notes
        In order of their start.
    """

    stem: str
    instrument: str
    notes: tuple[NoteEvent, ...]


@dataclass(frozen=True)
class Song:
    """A song, ready to be played.

    Parameters
    ----------
    style
        A row of `styles.STYLES`.
    tempo
        Quarter notes a minute.
    quarters_per_bar
        4 for four-four time, 3 for three-four and six-eight.
    parts
        Drums, bass and other.
    melody
        What the lead voice sings; empty in an instrumental.
    harmonies
        What further voices sing, a line each.
    """

    style: str
    tempo: float
    quarters_per_bar: int
    parts: tuple[Part, ...]
    melody: tuple[NoteEvent, ...]
    harmonies: tuple[tuple[NoteEvent, ...], ...]
