"""How bars are counted: the weights of `engines.timing.bars`, from songs whose meter is known.

``python -m bridge.training.bars FOLDER …`` reads folders of rendered songs (`training.songs`),
composes each again from its seed to know its tempo, meter and downbeats, and writes
``bridge/engines/weights/bars.json``. The model is a conditional logit: the probability that a song
is counted in one way is proportional to exp(w x), where x is `bars.describe` of that way; w has the
largest likelihood of the true ways less a penalty on its square. Every third song is left out of
the fit and scored.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.engines.audio import DiskBuffer
from bridge.engines.timing import bars
from bridge.engines.timing.accents import SLOTS, Accents
from bridge.engines.timing.beats import follow_pulse
from bridge.engines.timing.features import extract
from bridge.training.songs.cache import read_stem
from bridge.training.songs.score import compose
from bridge.training.songs.values import SAMPLE_RATE, STEMS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.engines.timing.features import Features
    from bridge.training.songs.values import Song

PENALTY = 1.5
_TEMPO_WITHIN = 0.03
_ON_DOWNBEAT_QUARTERS = 0.25
_MOST_DOWNBEATS = 0.6

_METRONOME_S = 20.0
_METRONOMES = range(65, 196, 5)

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A song's ways to be counted.

    Attributes
    ----------
    terms : np.ndarray [shape=(ways, terms)]
        `bars.describe` of each.
    is_true : np.ndarray [shape=(ways,), dtype=bool]
        Which of them are right: tempo within 3 %, meter, and downbeat.
    """

    terms: Matrix
    is_true: NDArray[np.bool_]


def read(folder: Path, scratch: Path) -> Example | None:
    """Return a rendered song as an example; None if its seed gives another song by now."""
    said = tomllib.loads((folder / "song.toml").read_text(encoding="utf-8"))
    song = compose(said["seed"], said["seconds"])
    if abs(song.tempo - said["tempo"]) > 0.01 or song.style != said["style"]:
        return None
    stems = [audio for stem in STEMS if (audio := read_stem(folder, stem)) is not None]
    mix = np.sum(stems, axis=0).mean(axis=0, keepdims=True)
    features = extract(DiskBuffer.of(scratch, mix, SAMPLE_RATE))
    name, quarters = meter(song), song.quarters_per_bar

    def is_true(way: bars.Bars, tempo: float, downbeats_s: NDArray[np.float64]) -> bool:
        if way.meter.name != name or abs(tempo / song.tempo - 1.0) > _TEMPO_WITHIN:
            return False
        places = downbeats_s * song.tempo / 60.0 / quarters
        off = np.abs(places - np.round(places)) * quarters
        return bool(np.mean(off < _ON_DOWNBEAT_QUARTERS) > _MOST_DOWNBEATS)

    return example(features, is_true) if features else None


def metronome(tempo: float, scratch: Path) -> Example | None:
    """Return bare clicks as an example: what nothing is known of is quarter notes in 4/4."""
    rng = np.random.default_rng(round(tempo))
    audio = rng.normal(0.0, 1e-3, (1, round(_METRONOME_S * SAMPLE_RATE)))
    click = rng.normal(0.0, 0.3, 2_000) * np.exp(-np.arange(2_000) / 600.0)
    for start_s in np.arange(0.3, _METRONOME_S - 0.1, 60.0 / tempo):
        start = round(start_s * SAMPLE_RATE)
        audio[0, start : start + len(click)] += click
    features = extract(DiskBuffer.of(scratch, audio.astype(np.float32), SAMPLE_RATE))

    def is_true(way: bars.Bars, its_tempo: float, _: NDArray[np.float64]) -> bool:
        return way.meter.name == "4/4" and abs(its_tempo / tempo - 1.0) < _TEMPO_WITHIN

    return example(features, is_true) if features else None


def example(
    features: Features, is_true: Callable[[bars.Bars, float, NDArray[np.float64]], bool]
) -> Example | None:
    """Return a recording as an example; None if it has no pulse.

    Parameters
    ----------
    features
        Of the recording.
    is_true
        Tells of a way to count, its tempo and its downbeats in seconds whether they are right.
    """
    pulse = follow_pulse(features.onsets)
    if pulse is None:
        return None
    accents = Accents.at(pulse.times_s, features)
    places = np.arange(accents.slots) / SLOTS
    times_s = np.interp(places, np.arange(len(pulse.times_s)), pulse.times_s)
    slot_s = float(pulse.times_s[-1] - pulse.times_s[0]) / accents.slots
    terms, right = [], []
    for way in bars.hypotheses(accents.slots):
        tempo = 60.0 / (slot_s * way.quarter)
        terms.append(bars.describe(way, accents, tempo))
        downbeats_s = times_s[way.downbeat :: way.meter.quarters * way.quarter]
        right.append(is_true(way, tempo, downbeats_s))
    return Example(np.array(terms), np.array(right))


def meter(song: Song) -> str:
    """Return a song's meter; one of three quarters is 6/8 where the snare says the half bar."""
    if song.quarters_per_bar == 4:
        return "4/4"
    starts_s = np.array(
        [
            note.start_s
            for part in song.parts
            if part.instrument.endswith("snare")
            for note in part.notes
        ]
    )
    place = starts_s * song.tempo / 60.0 % 3.0
    half = np.sum(np.abs(place - 1.5) < 0.2)
    beats = np.sum((np.abs(place - 1.0) < 0.2) | (np.abs(place - 2.0) < 0.2))
    return "6/8" if half > beats else "3/4"


def fit(examples: Sequence[Example], penalty: float = PENALTY) -> NDArray[np.float64]:
    """Return the weights of the largest penalised likelihood."""
    from scipy.optimize import minimize

    def cost(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = penalty * float(weights @ weights)
        slope = 2.0 * penalty * weights
        for example in examples:
            scores = example.terms @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            true = likely * example.is_true
            total -= float(np.log(true.sum() + 1e-30))
            slope += example.terms.T @ (likely - true / (true.sum() + 1e-30))
        return total, slope

    start = np.zeros(examples[0].terms.shape[1])
    return np.asarray(minimize(cost, start, jac=True, method="L-BFGS-B").x)


def share_right(examples: Sequence[Example], weights: NDArray[np.float64]) -> float:
    """Return how many songs have their likeliest way right: tempo, meter and downbeat."""
    hits = [bool(each.is_true[int((each.terms @ weights).argmax())]) for each in examples]
    return float(np.mean(hits))


def main(folders: Sequence[Path], destination: Path) -> None:
    """Read songs, fit, write the weights and log the scores."""
    scratch = destination.with_suffix(".f32")
    paths = [path.parent for folder in folders for path in sorted(folder.glob("*/song.toml"))]
    try:
        found = [song for path in paths if (song := read(path, scratch)) is not None]
        bare = [each for bpm in _METRONOMES if (each := metronome(bpm, scratch)) is not None]
    finally:
        scratch.unlink(missing_ok=True)
    usable = [song for song in found if song.is_true.any()]
    held_out = usable[::3]
    fitted = fit(
        [song for number, song in enumerate(usable) if number % 3]
        + [each for each in bare if each.is_true.any()]
    )
    scores = {
        "made_by": "python -m bridge.training.bars",
        "songs": len(found),
        "usable": len(usable),
        "penalty": PENALTY,
    }
    scores["held_out_share_right"] = round(share_right(held_out, fitted), 3)
    destination.write_text(
        json.dumps({**scores, "weights": _by_meter(fitted)}, indent=1) + "\n", encoding="utf-8"
    )
    log.info("%s", scores)


def _by_meter(weights: NDArray[np.float64]) -> dict[str, list[float]]:
    table, start = {}, 0
    for each in bars.METERS:
        end = start + bars.terms(each)
        table[each.name] = [round(float(weight), 4) for weight in weights[start:end]]
        start = end
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Fit the weights that bars are counted by.")
    parser.add_argument("folders", nargs="+", type=Path, help="of rendered songs")
    parser.add_argument("--out", type=Path, default=bars.WEIGHTS)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(given.folders, given.out)
