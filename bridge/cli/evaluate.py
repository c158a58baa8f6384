"""Scores of separation models on songs whose stems are known."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.connection import faults_end_the_command, settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.config import Settings
    from bridge.engines.evaluation import Score
    from bridge.engines.separation.window_model import Bag

    SongScores = dict[str, dict[str, Score]]  # by song, then by stem

FLOOR = "(the mix)"
"""The row of the mixture as every stem's estimate."""
BASELINE = "dsp"


def evaluate(
    folder: Path, models: list[str], device: str, config: Path | None, *, as_json: bool
) -> None:
    """Score models on the songs of a folder, beside the mixture itself and `dsp`."""
    chosen = settings(config)
    with faults_end_the_command():
        names = _names(models, chosen)
        found = _score(folder, names, device, chosen)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2))
        return
    Console().print(_table(found))


def _names(asked: list[str], chosen: Settings) -> tuple[str, ...]:
    """Return the models to score: those asked for or, without any, all that are here."""
    from bridge.engines.separation.catalogue import catalogue, find

    for name in asked:
        find(name, chosen.models, allow_pickle=chosen.allow_pickle)
    listed = catalogue(chosen.models, allow_pickle=chosen.allow_pickle)
    names = asked or [model.name for model in listed if model.weights_here]
    return (*(name for name in dict.fromkeys(names) if name != BASELINE), BASELINE)


def _score(
    folder: Path, names: Iterable[str], device: str, chosen: Settings
) -> dict[str, SongScores]:
    from bridge.engines import evaluation
    from bridge.engines.separation.catalogue import FOUR_STEMS

    found: dict[str, SongScores] = {name: {} for name in (FLOOR, *names)}
    with (
        tempfile.TemporaryDirectory() as scratch_name,
        Console(stderr=True).status("reading …") as shown,
    ):
        scratch = Path(scratch_name)
        folders = evaluation.song_folders(folder, FOUR_STEMS)
        for one in folders:
            song = evaluation.read_song(one, FOUR_STEMS, scratch)
            found[FLOOR][song.name] = evaluation.scores(song, evaluation.mixture_as_estimate(song))
            for name in names:
                shown.update(f"{name}: {song.name}")
                bag = _bag(name, song.sample_rate, len(song.mix), device, chosen)
                estimates = evaluation.estimate(song, bag, scratch)
                found[name][song.name] = evaluation.scores(song, estimates)
    return found


def _bag(name: str, sample_rate: int, channels: int, device: str, chosen: Settings) -> Bag:
    from bridge.engines.separation import catalogue, loading
    from bridge.engines.separation.demucs_model import usable_device
    from bridge.errors import ModelUnavailableError

    path = loading.model_path(name, chosen.models, allow_pickle=chosen.allow_pickle)
    if path is not None:
        return loading.load(path, usable_device(device)[0], allow_pickle=chosen.allow_pickle)
    row = catalogue.built_in_of(name)
    if row is None:
        raise ModelUnavailableError(
            f"The weights of {name} are not here; `dawbridge models --fetch {name}` fetches them."
        )
    return loading.built_in(row, sample_rate, channels, device)


def _plain(found: dict[str, SongScores]) -> dict[str, object]:
    """Return the scores as JSON has them, in which no number is NaN or infinite."""

    def number(value: float) -> float | None:
        return round(value, 3) if math.isfinite(value) else None

    return {
        model: {
            song: {
                stem: {name: number(value) for name, value in asdict(score).items()}
                for stem, score in stems.items()
            }
            for song, stems in songs.items()
        }
        for model, songs in found.items()
    }


def _table(found: dict[str, SongScores]) -> Table:
    songs = len(found[FLOOR])
    stems = tuple(next(iter(found[FLOOR].values())))
    table = Table(
        "model",
        *stems,
        "mean",
        title=f"SDR in dB, higher is better: whole songs (mean of {songs}) / median of seconds",
    )
    for model, by_song in found.items():
        cells, means = [], []
        for stem in stems:
            whole = _mean(scores[stem].global_sdr_db for scores in by_song.values())
            median = _median(scores[stem].median_sdr_db for scores in by_song.values())
            cells.append(_pair(whole, median))
            means.append((whole, median))
        table.add_row(model, *cells, _pair(*(_mean(column) for column in zip(*means, strict=True))))
    return table


def _pair(whole: float, median: float) -> str:
    return "/".join(f"{value:.2f}" if math.isfinite(value) else "none" for value in (whole, median))


def _mean(values: Iterable[float]) -> float:
    counted = [value for value in values if math.isfinite(value)]
    return sum(counted) / len(counted) if counted else math.nan


def _median(values: Iterable[float]) -> float:
    from statistics import median

    counted = [value for value in values if math.isfinite(value)]
    return median(counted) if counted else math.nan
