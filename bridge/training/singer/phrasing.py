"""From a melody to syllables in time, and to the curve of the pitch.

A singer's consonants come before the beat and the vowel on it; a tie goes on with the vowel; the
pitch glides, scoops, wanders and shakes. The model of the shakes follows J. Sundberg, "The
Science of the Singing Voice" (1987): a nearly sinusoidal vibrato of 5 to 7 Hz that begins late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.singer.synthesis import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.training.singer.performer import Performer
    from bridge.training.songs.values import NoteEvent

    Curve = NDArray[np.float64]

PHRASE_GAP_S = 0.35
"""A rest at least this long ends a phrase."""

_CHORD_S = 0.02
_SHORTEST_S = 0.04
_FAINT_DB = -18.0


@dataclass(frozen=True)
class Sung:
    """One note of a single line, after overlaps are gone.

    Parameters
    ----------
    start_s, end_s
        Where it sounds.
    pitch
        As a MIDI note.
    velocity
        1 to 127.
    opens
        Whether a phrase begins here.
    tied
        Whether it goes on with the syllable before it.
    """

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    opens: bool
    tied: bool


@dataclass(frozen=True)
class Placed:
    """Where the parts of a syllable lie, in seconds: onset, vowel, coda, end."""

    onset_s: float
    vowel_s: float
    coda_s: float
    end_s: float


def parts(melody: Sequence[NoteEvent]) -> list[list[NoteEvent]]:
    """Split chords into lines, the highest first; a melody is one line.

    Notes count as a chord if they begin within 20 ms of each other.
    """
    lines: list[list[NoteEvent]] = []
    chord_start, depth = -1.0, 0
    for note in sorted(melody, key=lambda one: (one.start_s, -one.pitch)):
        if chord_start >= 0.0 and note.start_s - chord_start < _CHORD_S:
            depth += 1
        else:
            chord_start, depth = note.start_s, 0
        if depth == len(lines):
            lines.append([])
        lines[depth].append(note)
    return lines


def line(
    notes: Sequence[NoteEvent], duration_s: float, singer: Performer, rng: np.random.Generator
) -> list[Sung]:
    """Return the notes that sound, each ending where the next begins at the latest."""
    ordered = sorted(notes, key=lambda one: one.start_s)
    sung: list[Sung] = []
    for index, note in enumerate(ordered):
        following = ordered[index + 1].start_s if index + 1 < len(ordered) else duration_s
        start_s = max(0.0, note.start_s)
        end_s = min(note.start_s + note.length_s, following, duration_s)
        if end_s - start_s < _SHORTEST_S:
            continue
        legato = following - end_s < 0.03
        if not (legato and singer.held > 0.85):
            end_s = start_s + max(_SHORTEST_S, (end_s - start_s) * singer.held)
        gap_s = start_s - sung[-1].end_s if sung else duration_s
        tied = gap_s < 0.05 and rng.random() < singer.melisma
        sung.append(Sung(start_s, end_s, note.pitch, note.velocity, gap_s >= PHRASE_GAP_S, tied))
    return sung


def place(
    notes: Sequence[Sung], onsets_s: Sequence[float], codas_s: Sequence[float]
) -> list[Placed]:
    """Lay the parts of a syllable around each note.

    Parameters
    ----------
    notes
        The line.
    onsets_s, codas_s
        How long the consonants of each would last if there were room.
    """
    onset_starts, vowel_starts = [], []
    for index, note in enumerate(notes):
        before_s = notes[index - 1].end_s if index else 0.0
        previous_s = notes[index - 1].end_s - notes[index - 1].start_s if index else 0.0
        room_s = note.start_s - before_s + 0.4 * previous_s
        late_s = min(0.2 * onsets_s[index], 0.2 * (note.end_s - note.start_s))
        onset_s = min(onsets_s[index] - late_s, max(0.0, room_s))
        onset_starts.append(note.start_s - onset_s)
        vowel_starts.append(note.start_s + late_s if onsets_s[index] > 0.0 else note.start_s)
    placed = []
    for index, note in enumerate(notes):
        limit_s = onset_starts[index + 1] if index + 1 < len(notes) else np.inf
        length_s = note.end_s - note.start_s
        coda_s = min(codas_s[index], 0.4 * length_s)
        end_s = max(vowel_starts[index], min(note.end_s + 0.4 * coda_s, limit_s))
        coda_start_s = max(vowel_starts[index], end_s - coda_s)
        placed.append(Placed(onset_starts[index], vowel_starts[index], coda_start_s, end_s))
    return placed


def pitch_curve(
    notes: Sequence[Sung], singer: Performer, frames: int, rng: np.random.Generator
) -> Curve:
    """Return the fundamental in Hz for every frame, (frames,); it goes on through the rests."""
    times_s = np.arange(frames) / FRAME_RATE
    semitones = _glides(notes, singer, times_s, rng)
    if singer.pitched < 1.0:
        centre = 60.0 + 12.0 * np.log2(singer.tract_scale / 1.1) * 4.0 - 6.0
        centre += float(rng.uniform(-2.0, 2.0))
        middle = float(np.median([note.pitch for note in notes]))
        around = singer.pitched * (semitones - middle)
        home = centre if singer.pitched < 0.5 else middle
        semitones = home + around + _speech(notes, singer, times_s, rng)
    semitones += _vibrato(notes, singer, times_s, rng) + _drift(singer, frames, rng)
    hertz = 440.0 * 2.0 ** ((semitones - 69.0) / 12.0)
    return np.asarray(np.clip(hertz, 45.0, 1600.0))


def _glides(
    notes: Sequence[Sung], singer: Performer, times_s: Curve, rng: np.random.Generator
) -> Curve:
    from scipy import ndimage

    points: list[tuple[float, float]] = []
    for index, note in enumerate(notes):
        length_s = note.end_s - note.start_s
        half_s = 0.5 * min(singer.glide_s * float(rng.uniform(0.5, 1.5)), 0.5 * length_s)
        detune = float(rng.normal(0.0, 0.06))
        scoops = note.opens or rng.random() < 0.3
        if scoops and singer.scoop_semitones > 0.0:
            depth = singer.scoop_semitones * float(rng.uniform(0.0, 1.0))
            points.append((note.start_s - 0.05, note.pitch - depth))
            half_s = min(0.12, 0.3 * length_s)
        elif index:
            points.append((note.start_s - half_s, points[-1][1]))
        points.append((note.start_s + half_s, note.pitch + detune))
        points.append((note.start_s + 0.75 * length_s, note.pitch + detune))
        closes = index + 1 == len(notes) or notes[index + 1].opens
        if closes and rng.random() < 0.3:
            points.append((note.end_s, note.pitch - float(rng.uniform(0.3, 2.5))))
    points.sort()
    curve = np.interp(times_s, [one[0] for one in points], [one[1] for one in points])
    return np.asarray(ndimage.gaussian_filter1d(curve, 0.012 * FRAME_RATE))


def _speech(
    notes: Sequence[Sung], singer: Performer, times_s: Curve, rng: np.random.Generator
) -> Curve:
    """Return the melody of speech: every syllable moves, every phrase falls."""
    from scipy import ndimage

    points: list[tuple[float, float]] = []
    level = 0.0
    for note in notes:
        level = 0.6 * singer.speech_semitones if note.opens else level * 0.8 - 0.15
        bend = singer.speech_semitones * rng.normal(0.0, 0.5, 3)
        for share, move in zip((0.05, 0.5, 0.95), bend, strict=True):
            at_s = note.start_s + share * (note.end_s - note.start_s)
            points.append((at_s, level + float(move)))
    curve = np.interp(times_s, [one[0] for one in points], [one[1] for one in points])
    return np.asarray(ndimage.gaussian_filter1d(curve, 0.02 * FRAME_RATE))


def _vibrato(
    notes: Sequence[Sung], singer: Performer, times_s: Curve, rng: np.random.Generator
) -> Curve:
    depth = np.zeros(len(times_s))
    for note in notes:
        inside = (times_s >= note.start_s) & (times_s < note.end_s)
        since_s = times_s[inside] - note.start_s - singer.vibrato_delay_s
        rise = np.clip(since_s / 0.25, 0.0, 1.0)
        depth[inside] = rise * singer.vibrato_cents / 100.0 * float(rng.uniform(0.6, 1.2))
    rate_hz = singer.vibrato_hz * np.exp(0.05 * _slow(len(times_s), 1.0, rng))
    return np.asarray(depth * np.sin(2 * np.pi * np.cumsum(rate_hz) / FRAME_RATE))


def _drift(singer: Performer, frames: int, rng: np.random.Generator) -> Curve:
    slow, quick = _slow(frames, 0.25, rng), _slow(frames, 0.02, rng)
    return np.asarray(singer.drift_cents / 100.0 * slow + 0.05 * quick)


def _slow(frames: int, spread_s: float, rng: np.random.Generator) -> Curve:
    """Return noise of unit deviation that changes over `spread_s` seconds."""
    from scipy import ndimage

    sigma = spread_s * FRAME_RATE
    smooth = ndimage.gaussian_filter1d(rng.standard_normal(frames), sigma, mode="wrap")
    # A sum under a Gaussian of unit area has this deviation.
    return np.asarray(smooth * np.sqrt(2.0 * sigma * np.sqrt(np.pi)))


def loudness_db(
    notes: Sequence[Sung], singer: Performer, frames: int, rng: np.random.Generator
) -> Curve:
    """Return how the level moves with velocity and phrase, in decibels, (frames,)."""
    from scipy import ndimage

    curve = np.interp(
        np.arange(frames) / FRAME_RATE,
        [note.start_s for note in notes],
        [0.16 * (note.velocity - 96) for note in notes],
    )
    curve = ndimage.gaussian_filter1d(curve, 0.04 * FRAME_RATE)
    curve += 0.5 * singer.swell_db * _slow(frames, 0.3, rng)
    for index, note in enumerate(notes):
        length_s = note.end_s - note.start_s
        if note.opens:
            attack_s = min(0.5 * length_s, float(rng.uniform(0.01, 0.12)))
            curve += _fade(frames, note.start_s, note.start_s + attack_s)
        if index + 1 == len(notes) or notes[index + 1].opens:
            decay_s = min(0.5 * length_s, float(rng.uniform(0.03, 0.3)))
            curve += _fade(frames, note.end_s, note.end_s - decay_s)
    return np.asarray(curve)


def _fade(frames: int, quiet_s: float, loud_s: float) -> Curve:
    """Return 0 dB, but a rise from `_FAINT_DB` at one time to 0 at another, earlier or later."""
    fade = np.zeros(frames)
    first, last = sorted((quiet_s, loud_s))
    inside = slice(max(0, round(first * FRAME_RATE)), max(0, round(last * FRAME_RATE)))
    at_s = np.arange(frames)[inside] / FRAME_RATE
    fade[inside] = _FAINT_DB * np.clip((at_s - loud_s) / (quiet_s - loud_s + 1e-9), 0.0, 1.0)
    return fade
