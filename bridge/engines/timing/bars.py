"""Bars: which note the musicians count, how many make a bar, and where bars begin.

The pulse is counted in every way that is usual: as a quarter note, as half, two thirds or twice
one, in 4/4, 3/4 or 6/8, from every eighth note. Each way folds the accents of four frequency bands
and the changes of harmony into one bar of sixteenths, and a log-linear model says how likely a
recording with that bar is counted so. Patterns of a bar in place of rules are from Krebs, Böck &
Widmer, "Rhythmic pattern modeling for beat and downbeat tracking in musical audio", ISMIR 2013; the
model's weights come from songs of known meter (`bridge.training.bars`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.timing.accents import ROWS, Accents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.timing.features import Curve, Features

QUARTER_SLOTS = (12, 16, 18, 24, 32, 36, 48)
"""How long a quarter note may be, in slots of the pulse: from half a pulse to two."""

_HIGHEST_ACCENT = 4.0
"""Over the mean, in means."""

_KNOWN_WITHIN = 0.04

_REPEAT_SCALE = 3.0
"""Four terms stand against dozens; the training's penalty shall not make them small."""

_USUAL = 120.0
_SPREAD_OCTAVES = 0.8
"""The songs of the training are as often slow as fast; music is mostly near 120."""

WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "bars.json"


@dataclass(frozen=True)
class Meter:
    """A kind of bar: its name, its length in quarters."""

    name: str
    quarters: int


METERS = (Meter("4/4", 4), Meter("3/4", 3), Meter("6/8", 3))


@dataclass(frozen=True)
class Bars:
    """One way to count a pulse.

    Attributes
    ----------
    meter
        A row of `METERS`.
    quarter
        Length of the quarter note in slots.
    downbeat
        Slot of the first downbeat.
    """

    meter: Meter
    quarter: int
    downbeat: int


def hypotheses(slots: int) -> list[Bars]:
    """Return every way to count a pulse that fits at least twice into the slots."""
    return [
        Bars(meter, quarter, (eighth * quarter) // 2)
        for meter in METERS
        for quarter in QUARTER_SLOTS
        if 2 * meter.quarters * quarter <= slots
        for eighth in range(2 * meter.quarters)
    ]


@dataclass(frozen=True)
class Count:
    """How the pulse is counted.

    Attributes
    ----------
    bars
        The likeliest way at the likeliest tempo.
    tempo_confidence, meter_confidence, downbeat_confidence
        Probability of the tempo among all tempi, of the meter at that tempo, and of the downbeat
        in that meter; 0…1.
    """

    bars: Bars
    tempo_confidence: float
    meter_confidence: float
    downbeat_confidence: float


def count_pulse(
    features: Features, pulse_s: Curve, *, tempo: float | None = None, meter: str | None = None
) -> Count | None:
    """Return how a pulse is most likely counted; None if it is shorter than two bars.

    Parameters
    ----------
    features
        Of the region.
    pulse_s
        `beats.Pulse.times_s`.
    tempo, meter
        What is known: other ways are left out. If nothing is left, a meter is forgotten, and a
        tempo ends in None.
    """
    accents = Accents.at(pulse_s, features)
    ways = hypotheses(accents.slots)
    slot_s = float(pulse_s[-1] - pulse_s[0]) / accents.slots
    if any(way.meter.name == meter for way in ways):
        ways = [way for way in ways if way.meter.name == meter]
    if tempo is not None:
        near = tempo * slot_s / 60.0
        ways = [way for way in ways if abs(near * way.quarter - 1.0) < _KNOWN_WITHIN]
    if not ways:
        return None
    tempos = np.array([60.0 / (slot_s * way.quarter) for way in ways])
    rows = [describe(way, accents, tempo) for way, tempo in zip(ways, tempos, strict=True)]
    usual = -0.5 * (np.log2(tempos / _USUAL) / _SPREAD_OCTAVES) ** 2
    scores = np.array(rows) @ weights() + usual
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    quarters = np.array([way.quarter for way in ways])
    names = np.array([way.meter.name for way in ways])
    quarter = max(QUARTER_SLOTS, key=lambda each: float(likely[quarters == each].sum()))
    at_tempo = np.where(quarters == quarter, likely, 0.0)
    # The best downbeat of each meter, not their sum: a meter that could begin anywhere fits badly.
    by_meter = np.array([at_tempo[names == meter.name].max(initial=0.0) for meter in METERS])
    in_meter = np.where(names == METERS[int(by_meter.argmax())].name, at_tempo, 0.0)
    best = int(in_meter.argmax())
    return Count(
        ways[best],
        float(at_tempo.sum()),
        float(by_meter.max() / by_meter.sum()),
        float(likely[best] / in_meter.sum()),
    )


@lru_cache(maxsize=1)
def weights() -> NDArray[np.float64]:
    """Return the model's weights, in the order of `describe`."""
    table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return np.concatenate([np.asarray(table["weights"][meter.name]) for meter in METERS])


def describe(bars: Bars, accents: Accents, tempo: float) -> NDArray[np.float64]:
    """Return what speaks for a way to count: the terms that the weights weigh.

    For each meter these are a constant, the tempo's octave from 120 and its square, the likeness of
    the onsets and of the changes of harmony to themselves a quarter and a bar later, and the
    accents of each band on each sixteenth of the bar; zero for the meters that it is not.
    """
    length = bars.meter.quarters * bars.quarter
    sixteenths = np.round(np.arange(4 * bars.meter.quarters) * bars.quarter / 4).astype(int)
    pattern = accents.bar(length)[:, (bars.downbeat + sixteenths) % length]
    pattern = np.clip(pattern - 1.0, -_HIGHEST_ACCENT, _HIGHEST_ACCENT)
    repeats = [accents.likeness(lag) for lag in (bars.quarter, length)]
    octave = np.log2(tempo / 120.0)
    place = METERS.index(bars.meter)
    sizes = [terms(meter) for meter in METERS]
    vector = np.zeros(sum(sizes))
    start = sum(sizes[:place])
    vector[start : start + sizes[place]] = np.concatenate(
        [[1.0, octave, octave**2], _REPEAT_SCALE * np.transpose(repeats).ravel(), pattern.ravel()]
    )
    return vector


def terms(meter: Meter) -> int:
    """Return how many terms speak for a meter."""
    return 7 + ROWS * 4 * meter.quarters
