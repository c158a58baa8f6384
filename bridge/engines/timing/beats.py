"""Beats: how fast a recording goes, moment by moment, and where its beats lie.

First the *pulse* is followed: the onset strength is correlated with itself in windows of eight
seconds, a tempo scores the mean correlation at one to four beats, weighed by how usual it is, and
the path of tempi through the windows is found by dynamic programming. Then the beats are placed,
again by dynamic programming, on strong onsets a pulse's period apart: Ellis, "Beat Tracking by
Dynamic Programming", Journal of New Music Research 36(1), 2007, equations 2 to 4, with the period
of each moment in place of a constant one.

The pulse need not be the quarter note: `bars` decides which note the musicians count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.timing.features import FRAMES_PER_SECOND, Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST, HIGHEST = 50.0, 210.0
USUAL = 120.0
_SPREAD_OCTAVES = 0.9
_STEP = 1.01
_BEATS = 4

_WINDOW_S = 8.0
_HOP_S = 2.0
_MOVE_COST = 0.04
"""Of one step of 1 % between windows, in units of correlation."""
_MOST_STEPS = 6

_TIGHTNESS = 100.0
_MIN_RISE_DB = 0.25
"""How steep the steepest onsets, one frame in 200, must be for anything to be heard."""


@dataclass(frozen=True)
class Pulse:
    """A regular pulse, followed.

    Attributes
    ----------
    times_s : np.ndarray [shape=(beats,)]
        Seconds from the region's start, rising; at least two.
    clarity
        Mean correlation of the onset strength with itself one to four beats later, 0…1.
    """

    times_s: Curve
    clarity: float


def follow_pulse(onsets: Curve) -> Pulse | None:
    """Follow the clearest pulse of an onset strength; None where nothing repeats.

    Parameters
    ----------
    onsets : np.ndarray [shape=(frames,)]
        `features.Features.onsets`.
    """
    if len(onsets) < 2 or float(np.percentile(onsets, 99.5)) < _MIN_RISE_DB:
        return None
    steps = int(np.log(HIGHEST / LOWEST) / np.log(_STEP)) + 1
    tempos = np.asarray(LOWEST * _STEP ** np.arange(steps), dtype=np.float64)
    scores = _scores(onsets, tempos)
    usual = np.exp(-0.5 * (np.log2(tempos / USUAL) / _SPREAD_OCTAVES) ** 2)
    path = _best_path(scores * usual)
    clarity = float(np.mean(scores[np.arange(len(path)), path]))
    centres = (np.arange(len(path)) * _HOP_S + 0.5 * _WINDOW_S) * FRAMES_PER_SECOND
    frames = np.arange(len(onsets))
    periods = np.interp(frames, centres, 60.0 * FRAMES_PER_SECOND / tempos[path])
    beats = _place(onsets, periods)
    return Pulse(_refined(onsets, beats) / FRAMES_PER_SECOND, clarity) if len(beats) > 1 else None


def _scores(onsets: Curve, tempos: Curve) -> NDArray[np.float64]:
    """Return the mean correlation at one to four beats, for each window and tempo."""
    size = round(_WINDOW_S * FRAMES_PER_SECOND)
    hop = round(_HOP_S * FRAMES_PER_SECOND)
    count = max(1, -(-(len(onsets) - size) // hop) + 1)
    padded = np.zeros((count - 1) * hop + size)
    padded[: min(len(onsets), len(padded))] = onsets[: len(padded)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectra = np.abs(np.fft.rfft(windows, 2 * size, axis=1)) ** 2
    raw = np.fft.irfft(spectra, axis=1)[:, :size]
    filled = min(size, len(onsets))
    overlap = np.maximum(filled - np.arange(size), filled // 8)
    correlation = raw / np.maximum(raw[:, :1], 1e-9) * (filled / overlap)
    lags = np.arange(1, _BEATS + 1)[:, None] * (60.0 * FRAMES_PER_SECOND / tempos)
    low = np.minimum(lags.astype(int), size - 2)
    part = np.clip(lags - low, 0.0, 1.0)
    inside = lags < filled * 0.9
    values = correlation[:, low] * (1.0 - part) + correlation[:, low + 1] * part
    return np.asarray((values * inside).mean(axis=1))


def _best_path(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each window the tempo of the best path, where moving costs (Viterbi)."""
    count, states = scores.shape
    total = scores[0].copy()
    came_from = np.zeros((count, states), dtype=np.int64)
    moves = range(-_MOST_STEPS, _MOST_STEPS + 1)
    for window in range(1, count):
        options = np.full((len(moves), states), -np.inf)
        for row, move in enumerate(moves):
            lower, upper = max(0, move), states + min(0, move)
            options[row, lower:upper] = total[lower - move : upper - move] - _MOVE_COST * abs(move)
        best = options.argmax(axis=0)
        came_from[window] = np.arange(states) - (best - _MOST_STEPS)
        total = options[best, np.arange(states)] + scores[window]
    path = [int(total.argmax())]
    for window in range(count - 1, 0, -1):
        path.append(int(came_from[window, path[-1]]))
    return np.array(path[::-1])


def _place(onsets: Curve, periods: Curve) -> NDArray[np.int64]:
    """Return the frames of the best sequence of beats (Ellis 2007, equations 2 to 4)."""
    smoothed = np.convolve(onsets, np.hanning(7) / np.hanning(7).sum(), mode="same")
    strength = smoothed / (onsets.std() + 1e-9)
    total = strength.copy()
    came_from = np.full(len(onsets), -1)
    for frame in range(len(onsets)):
        period = periods[frame]
        first, last = frame - int(2.0 * period), frame - int(0.5 * period)
        if last <= 0:
            continue
        first = max(first, 0)
        gaps = frame - np.arange(first, last)
        options = total[first:last] - _TIGHTNESS * np.log(gaps / period) ** 2
        best = int(options.argmax())
        if options[best] > 0.0:
            total[frame] += options[best]
            came_from[frame] = first + best
    tail = max(0, len(onsets) - int(1.5 * periods[-1]))
    beats = [tail + int(total[tail:].argmax())]
    while came_from[beats[-1]] >= 0:
        beats.append(int(came_from[beats[-1]]))
    return np.array(beats[::-1])


def _refined(onsets: Curve, beats: NDArray[np.int64]) -> Curve:
    """Return the beats between frames, at the vertex of a parabola through each strongest frame."""
    padded = np.pad(onsets, 3, mode="edge")
    near = np.array([padded[beats + shift] for shift in range(1, 6)])
    peak = beats + near.argmax(axis=0) - 2
    before, here, after = padded[peak + 2], padded[peak + 3], padded[peak + 4]
    bend = before - 2.0 * here + after
    shift = np.where(bend < -1e-9, 0.5 * (before - after) / np.minimum(bend, -1e-9), 0.0)
    return np.asarray(np.maximum.accumulate(peak + np.clip(shift, -0.5, 0.5)))
