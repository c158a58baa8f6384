"""The demo song's score: A minor, 4/4, 100 quarter notes a minute, twelve seconds.

Four bars (Am F C G) and one to end on (Am). It was composed for this project. Times are written
in quarter notes.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.units import quarters_to_seconds

TEMPO = 100.0
"""Quarter notes a minute."""

METER = "4/4"
KEY = "A minor"
DURATION_S = 12.0
STEMS = ("drums", "bass", "other", "vocals")
KICK, SNARE, CLOSED_HAT, OPEN_HAT = 36, 38, 42, 46
"""General MIDI percussion keys of the drum notes."""

_BASS_RHYTHM = ((0.0, 0.7), (0.75, 0.2), (1.5, 0.45), (2.0, 0.9), (3.0, 0.45), (3.5, 0.45))
_BASS_PITCHES = (
    (33, 33, 33, 40, 33, 31),
    (29, 29, 29, 36, 29, 33),
    (36, 36, 36, 43, 36, 33),
    (31, 31, 31, 38, 43, 31),
)
_LAST_BASS = (16.0, 3.2, 33)

_CHORD_RHYTHM = ((0.0, 1.4), (1.5, 0.9), (2.5, 1.4))
_CHORDS = ((52, 57, 60, 64), (53, 57, 60, 65), (52, 55, 60, 67), (50, 55, 59, 62))
_LAST_CHORD = (16.0, 3.4)

_PHRASES = (
    # where it begins; then length, pitch and syllable of notes that follow each other in one breath
    (0.5, ((0.5, 52, "so"), (1.0, 57, "la"), (0.5, 59, "te"), (1.2, 60, "ma"))),
    (4.0, ((0.5, 60, "di"), (0.5, 57, "se"), (1.0, 53, "mo"), (0.5, 55, "ta"), (1.0, 57, "la"))),
    (8.0, ((0.5, 55, "fo"), (0.5, 60, "ta"), (1.0, 64, "sa"), (0.5, 62, "le"), (1.0, 60, "do"))),
    (12.0, ((0.75, 59, "sa"), (0.75, 62, "te"), (0.5, 59, "mi"), (1.1, 55, "lo"))),
    (15.5, ((0.5, 59, "se"), (2.8, 57, "ta"))),
)

_KICKS = (0.0, 1.5, 2.0, 4.0, 5.5, 6.0, 8.0, 9.5, 10.0, 12.0, 13.5, 14.0, 15.5, 16.0)
_SNARES = (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0)
_GHOST_SNARES = (15.25, 15.75)
_OPEN_HATS = (7.5, 11.5)


@dataclass(frozen=True)
class DemoNote:
    """A note of the song.

    Parameters
    ----------
    stem
        One of `STEMS`.
    onset_s, offset_s
        In seconds from the song's beginning.
    pitch
        MIDI pitch; of drums the General MIDI percussion key.
    velocity
        1…127.
    consonant, vowel
        What the voice sings; the consonant comes before the onset. Empty for the other stems.
    phrase
        Counts the breaths of the voice; 0 for the other stems.
    """

    stem: str
    onset_s: float
    offset_s: float
    pitch: int
    velocity: int
    consonant: str = ""
    vowel: str = ""
    phrase: int = 0


def demo_notes() -> tuple[DemoNote, ...]:
    """Return every note of the song, by onset."""
    notes = [*_drums(), *_bass(), *_chords(), *_lead()]
    return tuple(sorted(notes, key=lambda note: (note.onset_s, note.stem, note.pitch)))


def _note(
    stem: str,
    at: float,
    length: float,
    pitch: int,
    velocity: int,
    *,
    syllable: str = "",
    phrase: int = 0,
) -> DemoNote:
    onset_s, offset_s = (quarters_to_seconds(quarters, TEMPO) for quarters in (at, at + length))
    consonant, vowel = syllable[:-1], syllable[-1:]
    return DemoNote(stem, onset_s, offset_s, pitch, velocity, consonant, vowel, phrase)


def _drums() -> list[DemoNote]:
    notes = [_note("drums", at, 0.25, KICK, 112 if at % 4 == 0 else 100) for at in _KICKS]
    notes += [_note("drums", at, 0.25, SNARE, 108) for at in _SNARES]
    notes += [_note("drums", at, 0.25, SNARE, 72) for at in _GHOST_SNARES]
    for at in (eighth / 2 for eighth in range(32)):
        key = OPEN_HAT if at in _OPEN_HATS else CLOSED_HAT
        notes.append(_note("drums", at, 0.25, key, 88 if at % 1 == 0 else 64))
    return notes


def _bass() -> list[DemoNote]:
    notes = [
        _note("bass", 4 * bar + at, length, pitch, 100)
        for bar, pitches in enumerate(_BASS_PITCHES)
        for (at, length), pitch in zip(_BASS_RHYTHM, pitches, strict=True)
    ]
    at, length, pitch = _LAST_BASS
    return [*notes, _note("bass", at, length, pitch, 100)]


def _chords() -> list[DemoNote]:
    notes = [
        _note("other", 4 * bar + at, length, pitch, 80)
        for bar, chord in enumerate(_CHORDS)
        for at, length in _CHORD_RHYTHM
        for pitch in chord
    ]
    at, length = _LAST_CHORD
    return notes + [_note("other", at, length, pitch, 80) for pitch in _CHORDS[0]]


def _lead() -> list[DemoNote]:
    notes = []
    for number, (begin, sung) in enumerate(_PHRASES, start=1):
        at = begin
        for length, pitch, syllable in sung:
            notes.append(_note("vocals", at, length, pitch, 96, syllable=syllable, phrase=number))
            at += length
    return notes
