"""One exact tempo for a steady recording, a tempo map for one that drifts.

A tempo fits beats at t_k as well as their phases agree: R = |sum exp(2 pi i f t_k)| / n, the mean
resultant length of circular statistics (Mardia & Jupp, "Directional Statistics", 2000, section
2.3.1). R does not mind beats that are missing or too many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.engines.timing.features import FRAMES_PER_SECOND, Curve

_NEAR = 0.02
"""How far from the median tempo the exact one is looked for."""
_AS_GOOD = 0.999
"""A rounder tempo is taken if R stays this near to the best: projects are made on a grid."""

_LEAST_GAIN = 1.3
_LEAST_STRAY = 0.2
_MOST_AGREEMENT = 0.75
"""A map must lie on so much stronger onsets than a constant tempo, stray so many beats from it, and
R of the constant one must be below this. All three hold for 2 in 100 steady songs, and for 9 in 10
whose tempo was made to move by 6 %."""

_LEAST_CLARITY = 0.2
_STIFFNESS = 1e4
_TOLERANCE_S = 0.015
_REACH_S = 0.03


@dataclass(frozen=True)
class Change:
    """A tempo from a moment on.

    Attributes
    ----------
    time_s, quarters
        Seconds and quarter notes from the region's start.
    tempo
        Quarter notes a minute.
    """

    time_s: float
    quarters: float
    tempo: float


def constant(beats_s: Curve) -> tuple[float, float]:
    """Return the tempo that fits the beats best, and the time of a beat on it.

    Parameters
    ----------
    beats_s : np.ndarray [shape=(beats,)]
        At least two.

    Returns
    -------
    tempo
        Beats a minute, as round as the beats allow.
    beat_s
        The first beat of the grid that is not before the region's start.
    """
    coarse = 60.0 / float(np.median(np.diff(beats_s)))
    span_s = float(beats_s[-1] - beats_s[0])
    step = min(0.1, 0.2 * 60.0 / span_s)
    tempos = np.arange(coarse * (1.0 - _NEAR), coarse * (1.0 + _NEAR), step)
    best = float(tempos[int(np.argmax([_agreement(beats_s, tempo) for tempo in tempos]))])
    fine = np.linspace(best - step, best + step, 101)
    scores = [_agreement(beats_s, tempo) for tempo in fine]
    best, most = float(fine[int(np.argmax(scores))]), max(scores)
    tempo = next(
        (
            rounded
            for rounded in (round(best, digits) for digits in range(5))
            if _agreement(beats_s, rounded) >= _AS_GOOD * most
        ),
        best,
    )
    turns = np.exp(2j * np.pi * beats_s * tempo / 60.0).sum()
    phase = float(np.angle(turns)) / (2.0 * np.pi) % 1.0
    return tempo, phase * 60.0 / tempo


def _agreement(beats_s: Curve, tempo: float) -> float:
    return float(abs(np.exp(2j * np.pi * beats_s * (tempo / 60.0)).mean()))


def drifts(beats_s: Curve, onsets: Curve, clarity: float) -> bool:
    """Tell whether the beats say with confidence that no constant tempo explains them.

    Parameters
    ----------
    beats_s
        As `constant` takes them.
    onsets
        Onset strength, `features.Features.onsets`.
    clarity
        Of the pulse.
    """
    if len(beats_s) < 8 or clarity < _LEAST_CLARITY:
        return False
    tempo, first_s = constant(beats_s)
    period_s = 60.0 / tempo
    grid = np.arange(first_s, beats_s[-1], period_s)
    smooth = _smoothed(beats_s)
    straight = np.polyval(np.polyfit(np.arange(len(smooth)), smooth, 1), np.arange(len(smooth)))
    stray = float(np.abs(smooth - straight).max()) / period_s
    return (
        stray > _LEAST_STRAY
        and _agreement(beats_s, tempo) < _MOST_AGREEMENT
        and _met(onsets, smooth) > _LEAST_GAIN * _met(onsets, grid)
    )


def _met(onsets: Curve, times_s: Curve) -> float:
    """Return how strong the onsets near some times are, relative to all."""
    reach = round(_REACH_S * FRAMES_PER_SECOND)
    positive = np.maximum(onsets, 0.0)
    frames = np.round(times_s * FRAMES_PER_SECOND).astype(int)
    frames = frames[(frames >= reach) & (frames < len(onsets) - reach)]
    if not len(frames):
        return 0.0
    near = np.array([positive[frames + shift] for shift in range(-reach, reach + 1)])
    return float(near.max(axis=0).mean() / max(1e-9, positive.mean()))


def _smoothed(beats_s: Curve) -> Curve:
    """Return beats without their jitter (Whittaker's smoother, third differences penalised)."""
    from scipy.sparse import diags_array, eye_array
    from scipy.sparse.linalg import spsolve

    count = len(beats_s)
    third = diags_array([-1.0, 3.0, -3.0, 1.0], offsets=[0, 1, 2, 3], shape=(count - 3, count))
    system = eye_array(count) + _STIFFNESS * third.T @ third
    return np.asarray(spsolve(system.tocsc(), beats_s))


def changes(beats_s: Curve, first_downbeat: int, quarters: int) -> tuple[Change, ...]:
    """Return the tempi of beats that drift; each but the first begins on a downbeat.

    Bars of nearly one tempo share it: the map stays within 15 ms of the smoothed beats (Ramer,
    Douglas & Peucker's line simplification).

    Parameters
    ----------
    beats_s
        Times of all quarter notes.
    first_downbeat
        Index of a downbeat among them, the first of which is in the first bar.
    quarters
        Beats in a bar.
    """
    smooth = _smoothed(beats_s)
    bars = np.arange(first_downbeat % quarters, len(smooth), quarters)
    knots = np.unique(np.concatenate([[0], bars, [len(smooth) - 1]]))
    kept = knots[_simplified(knots, smooth[knots])]
    tempos = 60.0 * np.diff(kept) / np.diff(smooth[kept])
    pickup = round(smooth[0] * tempos[0] / 60.0, 3)
    found = [
        Change(float(smooth[place]), float(pickup + place), float(tempo))
        for place, tempo in zip(kept[:-1], tempos, strict=True)
    ]
    return (Change(0.0, 0.0, found[0].tempo), *found[1:])


def _simplified(places: Curve, times_s: Curve) -> list[int]:
    """Return the indices of the points that a polygon within the tolerance needs."""
    kept = {0, len(places) - 1}
    open_spans = [(0, len(places) - 1)]
    while open_spans:
        left, right = open_spans.pop()
        if right - left < 2:
            continue
        line = np.interp(places[left : right + 1], places[[left, right]], times_s[[left, right]])
        errors = np.abs(times_s[left : right + 1] - line)
        worst = int(errors.argmax())
        if errors[worst] > _TOLERANCE_S:
            kept.add(left + worst)
            open_spans += [(left, left + worst), (left + worst, right)]
    return sorted(kept)
