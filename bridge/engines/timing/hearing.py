"""Tempo, beats, bars and key of a recording whose DAW did not say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.timing import bars, beats, features
from bridge.engines.timing.accents import SLOTS
from bridge.engines.timing.key import Key, find_key
from bridge.engines.timing.tempo import Change, constant, drifts
from bridge.engines.timing.tempo import changes as tempo_changes

if TYPE_CHECKING:
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.timing.features import Curve, Features

MIN_CLARITY = 0.1
"""Below this a pulse is chance: noise has 0.05, music with a beat more than 0.2."""

_AT_THE_START_S = 0.03
"""A downbeat just before the region is its start: regions are cut at bars."""

MIN_METER_CONFIDENCE = 0.6
"""A meter must be so likely to be said."""


@dataclass(frozen=True)
class HeardTempo:
    """A tempo and what goes with it.

    Attributes
    ----------
    tempo
        Quarter notes a minute; the mean where it drifts.
    confidence
        Probability that the musicians count this tempo, not a multiple or a fraction of it.
    meter
        Such as ``"3/4"``; None where nothing speaks clearly for one.
    meter_confidence
        Probability of the likeliest meter.
    downbeat_s
        Where a bar begins: the first time in the region.
    changes
        The tempo map of a recording that drifts; empty for a steady one.
    quarters_s : np.ndarray [shape=(quarters,)]
        Where the quarter notes lie.
    """

    tempo: float
    confidence: float
    meter: str | None
    meter_confidence: float
    downbeat_s: float
    changes: tuple[Change, ...]
    quarters_s: Curve


@dataclass(frozen=True)
class Heard:
    """What was heard; None for what could not be."""

    tempo: HeardTempo | None
    key: Key | None


def hear(buffer: DiskBuffer, *, tempo: float | None = None, meter: str | None = None) -> Heard:
    """Hear tempo, meter and key of a region.

    Parameters
    ----------
    buffer
        Any number of channels, any rate, any length.
    tempo, meter
        What is known already, as `hear_tempo` takes it.

    Raises
    ------
    EngineFailedError
        The audio could not be analysed.
    """
    found = features.extract(buffer)
    if found is None:
        return Heard(None, None)
    return Heard(hear_tempo(found, tempo=tempo, meter=meter), find_key(found.chroma))


def hear_tempo(
    found: Features, *, tempo: float | None = None, meter: str | None = None
) -> HeardTempo | None:
    """Return the tempo of a region; None for noise, free speech, less than two bars.

    Parameters
    ----------
    found
        Of the region.
    tempo, meter
        What the DAW says: only counts that agree with it are considered, for the meter and the
        downbeat at that tempo. A meter that is never heard, such as 7/8, says nothing.
    """
    onsets = found.onsets
    pulse = beats.follow_pulse(onsets)
    if pulse is None or pulse.clarity < MIN_CLARITY:
        return None
    count = bars.count_pulse(found, pulse.times_s, tempo=tempo, meter=meter)
    if count is None:
        return None
    downbeat, quarters_s = _quarters(pulse.times_s, count.bars)
    if len(quarters_s) < 2:
        return None
    length = count.bars.meter.quarters
    steady, beat_s = constant(quarters_s)
    changes: tuple[Change, ...] = ()
    if drifts(quarters_s, onsets, pulse.clarity):
        changes = tempo_changes(quarters_s, downbeat, length)
        steady = 60.0 * (len(quarters_s) - 1) / float(quarters_s[-1] - quarters_s[0])
        downbeat_s = float(quarters_s[downbeat])
    else:
        period_s = 60.0 / steady
        near = round((float(quarters_s[downbeat]) - beat_s) / period_s)
        downbeat_s = beat_s + near % length * period_s
        if downbeat_s - length * period_s > -_AT_THE_START_S:
            downbeat_s = 0.0
        quarters_s = np.arange(beat_s, found.duration_s, period_s)
    is_clear = count.meter_confidence >= MIN_METER_CONFIDENCE
    return HeardTempo(
        steady,
        count.tempo_confidence,
        count.bars.meter.name if is_clear else None,
        count.meter_confidence,
        downbeat_s,
        changes,
        quarters_s,
    )


def _quarters(pulse_s: Curve, counted: bars.Bars) -> tuple[int, Curve]:
    """Return the index of a downbeat among the quarter notes, and their times."""
    slots = (len(pulse_s) - 1) * SLOTS
    first = counted.downbeat % counted.quarter
    places = np.arange(first, slots + 1, counted.quarter) / SLOTS
    downbeat = (counted.downbeat - first) // counted.quarter
    return downbeat, np.interp(places, np.arange(len(pulse_s)), pulse_s)
