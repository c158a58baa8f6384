"""What drummers play: grooves with fills, and free patterns that no style would predict.

Grooves alone would teach a grammar: a snare on two and four, a crash on a section's first beat.
Half of the loops are free, with drums and densities drawn at random, so that the network has to
listen. Flams, drags, rolls and half-open hats come on top of both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs import grooves
from bridge.training.songs.performance import Feel, played
from bridge.training.songs.values import NoteEvent, ScoreNote

if TYPE_CHECKING:
    from collections.abc import Sequence

_FREE = 0.45
"""How often a loop follows no style."""

_LEAST_VELOCITY, _MOST_VELOCITY = 14, 127
_FREE_SOUNDS = (
    (grooves.KICK,), (grooves.SNARE,), (grooves.RIM,), (grooves.CLAP,), (grooves.CLOSED_HAT,),
    (grooves.OPEN_HAT, grooves.CLOSED_HAT), grooves.TOMS[:2], grooves.TOMS[2:4],
    grooves.TOMS[4:], grooves.TOMS, (grooves.CRASH, 57), (grooves.RIDE,), (40,),
    (grooves.RIDE, grooves.RIDE_BELL), (grooves.PEDAL_HAT,), (grooves.CHINA, grooves.SPLASH),
)  # fmt: skip
_FREE_WEIGHTS = (4, 4, 2, 1.5, 3, 3, 1, 1, 1, 2, 1.5, 2.5, 0.5, 0.7, 1, 0.5)

Events = tuple[NoteEvent, ...]


def loop(duration_s: float, rng: np.random.Generator) -> Events:
    """Return the strokes of a loop in order of time; pitches are General MIDI's drum sounds."""
    tempo = float(np.exp(rng.uniform(np.log(62.0), np.log(210.0))))
    swing = float(rng.choice([0.5, 0.5, 0.5, rng.uniform(0.5, 0.68)]))
    looseness_s = float(rng.uniform(0.001, 0.014))
    feel = Feel(tempo, swing, 0.5, looseness_s, machine=bool(rng.random() < 0.25))
    free = rng.random() < _FREE
    notes = (_free if free else _styled)(duration_s * tempo / 60.0, rng)
    events = played(notes, feel, duration_s, rng, drums=True)
    return _dynamics(_ornaments(events, duration_s, rng), rng)


def _styled(quarters: float, rng: np.random.Generator) -> list[ScoreNote]:
    """Return bars of one groove with crashes, fills and percussion."""
    names = list(grooves.GROOVES)
    groove = grooves.varied(grooves.GROOVES[names[int(rng.integers(len(names)))]], rng)
    rows = [grooves.percussion_row(groove.quarters, rng)] if rng.random() < 0.2 else []
    section = int(rng.choice([1, 2, 4]))
    fills = float(rng.uniform(0.2, 0.9))
    notes: list[ScoreNote] = []
    for bar in range(int(quarters / groove.quarters) + 1):
        start = float(bar * groove.quarters)
        if bar % section == 0 and rng.random() < 0.6:
            notes += grooves.crash(start, rng)
        strokes = grooves.bar(groove, start, rng)
        if bar % section == section - 1 and rng.random() < fills:
            length = float(rng.choice([1.0, 2.0, groove.quarters]))
            end = start + groove.quarters
            strokes = [note for note in strokes if note.start < end - length]
            strokes += grooves.fill(end - length, length, rng)
        if bar % section == 0 and rng.random() < 0.3:
            groove = grooves.varied(groove, rng)
        notes += strokes
        for sound, row in rows:
            notes += grooves.percussion(sound, row, start)
    return notes


def _free(quarters: float, rng: np.random.Generator) -> list[ScoreNote]:
    """Return two to six drums, each with a density and accents of its own."""
    weights = np.array(_FREE_WEIGHTS) / sum(_FREE_WEIGHTS)
    count = int(rng.integers(1, 7))
    chosen = rng.choice(len(_FREE_SOUNDS), size=count, replace=False, p=weights)
    step = float(rng.choice([0.25, 0.25, 0.5, 1 / 3]))
    notes = []
    for index in chosen:
        sounds, density = _FREE_SOUNDS[int(index)], float(rng.uniform(0.08, 0.55))
        for place in np.arange(0.0, quarters, step):
            if rng.random() < density:
                sound = int(rng.choice(sounds))
                velocity = int(np.clip(rng.normal(90.0, 24.0), 24, 127))
                notes.append(ScoreNote(float(place), step, sound, velocity))
    return notes


def _ornaments(events: Events, duration_s: float, rng: np.random.Generator) -> Events:
    """Return strokes with flams, drags and rolls before or in place of some."""
    likely = float(rng.choice([0.0, 0.03, 0.12]))
    ornate = list(events)
    for event in events:
        drum = event.pitch in {grooves.SNARE, 40, *grooves.TOMS}
        if not drum or rng.random() >= likely:
            continue
        kind = int(rng.integers(3))
        if kind < 2:  # a flam has one grace note, a drag two
            gap_s = float(rng.uniform(0.022, 0.045))
            soft = int(event.velocity * rng.uniform(0.3, 0.65))
            times_s = [event.start_s - gap_s * (number + 1) for number in range(kind + 1)]
            ornate += [replace(event, start_s=t, velocity=soft) for t in times_s if t > 0.0]
        else:
            gap_s = float(rng.uniform(0.04, 0.08))
            for number in range(1, int(rng.integers(3, 9))):
                velocity = int(event.velocity * rng.uniform(0.45, 0.9))
                start_s = event.start_s + number * gap_s
                if start_s < duration_s - 0.05:
                    ornate.append(replace(event, start_s=start_s, velocity=velocity))
    return tuple(sorted(ornate, key=lambda event: event.start_s))


def _dynamics(events: Sequence[NoteEvent], rng: np.random.Generator) -> Events:
    """Return strokes with more or less contrast, and louder or softer passages."""
    contrast = float(rng.uniform(0.5, 1.6))
    swell = float(rng.choice([0.0, 0.0, rng.uniform(0.0, 25.0)]))
    period_s = float(rng.uniform(4.0, 12.0))
    shaped = []
    for event in events:
        wave = swell * np.sin(2.0 * np.pi * event.start_s / period_s)
        velocity = 92.0 + contrast * (event.velocity - 92.0) + wave + rng.normal(0.0, 4.0)
        clipped = int(np.clip(velocity, _LEAST_VELOCITY, _MOST_VELOCITY))
        shaped.append(replace(event, velocity=clipped))
    return tuple(shaped)
