"""One singer, doubles, harmonies and choirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.training.singer import performer, phrasing, solo, wording
from bridge.training.singer.synthesis import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.audio import Audio
    from bridge.training.singer.synthesis import Curve
    from bridge.training.songs.values import NoteEvent

SOUNDING_DB = -20.0
"""RMS level of what sounds, relative to full scale."""

ARRANGEMENTS = {"solo": 0.62, "doubled": 0.18, "harmony": 0.08, "choir": 0.12}
"""How often each comes."""

_HARMONIES = (-5, -4, -3, 3, 4, 7, -12, 12)


def sing(melody: Sequence[NoteEvent], duration_s: float, rng: np.random.Generator) -> Audio:
    """Sing a melody with words that mean nothing.

    Style, voice, arrangement and words are drawn. Notes that overlap are sung legato; notes that
    begin together are sung by several.

    Parameters
    ----------
    melody
        The notes, in any order.
    duration_s
        Length of the result.
    rng
        What everything is drawn from: the same generator state sings the same.

    Returns
    -------
    np.ndarray [shape=(1, samples), dtype=float32]
        At 44.1 kHz, its sounding parts at -20 dBFS RMS; silence for no notes.
    """
    samples = round(duration_s * SAMPLE_RATE)
    lines = phrasing.parts(melody)
    if not lines or samples == 0:
        return np.zeros((1, samples), dtype=np.float32)
    style = performer.draw_style(rng)
    arrangement = str(rng.choice(list(ARRANGEMENTS), p=list(ARRANGEMENTS.values())))
    if style in performer.SPOKEN and arrangement in ("harmony", "choir"):
        arrangement = "doubled"
    sound = np.zeros(samples, dtype=np.float32)
    words = wording.draw(rng, wordless=arrangement == "choir" or len(lines) > 1)
    for notes in lines[:4]:
        voice = solo.draw(style, notes, words, rng)
        sound += _arranged(arrangement, voice, notes, duration_s, rng)
    return levelled(sound)[None]


def _arranged(
    arrangement: str,
    voice: solo.Voice,
    notes: Sequence[NoteEvent],
    duration_s: float,
    rng: np.random.Generator,
) -> Curve:
    lead = voice.sing(notes, duration_s, rng)
    if arrangement == "doubled":
        for _ in range(int(rng.integers(1, 3))):
            lead = lead + rng.uniform(0.4, 1.0) * double(lead, rng)
    elif arrangement == "harmony":
        interval = int(_HARMONIES[rng.integers(len(_HARMONIES))])
        backing = voice.like(rng).sing(notes, duration_s, rng, transpose=interval)
        lead = lead + rng.uniform(0.3, 0.9) * backing
    elif arrangement == "choir":
        for _ in range(int(rng.integers(1, 3))):
            other = voice.like(rng).sing(notes, duration_s, rng)
            lead = lead + other + double(other, rng) + double(lead, rng)
    return np.asarray(lead, dtype=np.float32)


def double(voice: Curve, rng: np.random.Generator) -> Curve:
    """Return the voice as if sung again: late or early, and out of tune, by a little that moves."""
    samples = len(voice)
    knots_s = np.arange(0.0, samples / SAMPLE_RATE + 1.0, 0.25)
    # 0.25 s between knots and 3 ms of movement: up to about 20 cents.
    delays_s = 0.02 * rng.random() + 0.008 + 0.0015 * rng.standard_normal(len(knots_s))
    at = np.arange(samples, dtype=np.float64)
    at -= SAMPLE_RATE * np.interp(at / SAMPLE_RATE, knots_s, delays_s)
    moved = np.interp(at, np.arange(samples), voice, left=0.0, right=0.0)
    return np.asarray(moved, dtype=np.float32)


def levelled(sound: Curve) -> Curve:
    """Return the sound with its sounding parts at `SOUNDING_DB`; silence stays silence."""
    power = np.square(sound, dtype=np.float64)
    sounding = power > 1e-4 * power.max(initial=0.0)
    if not sounding.any():
        return sound
    rms = float(np.sqrt(power[sounding].mean()))
    return np.asarray(sound * (10.0 ** (SOUNDING_DB / 20.0) / rms), dtype=np.float32)
