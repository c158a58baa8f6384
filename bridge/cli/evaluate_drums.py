"""Scores of the drum transcribers on a recording whose strokes are annotated."""

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
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.resources import shipped

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.note_scores import OnsetScores

    Scores = dict[str, dict[str, OnsetScores]]  # by engine, then by class

ENGINES = {"network": "drums", "nmf": "drums-nmf"}
"""The transcription preset of each engine."""

TOGETHER = "all"


def evaluate_drums(
    audio: Path, annotations: Path, engines: list[str], config: Path | None, *, as_json: bool
) -> None:
    """Transcribe a recording with each engine and score what it hears."""
    chosen = settings(config)
    with faults_end_the_command():
        for engine in engines:
            if engine not in ENGINES:
                raise BadArgumentsError(
                    f"There is no drum engine '{engine}', only {' and '.join(ENGINES)}."
                    f"{nearest(engine, ENGINES)}"
                )
        found = _score(audio, annotations, engines or list(ENGINES), chosen)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2))
        return
    Console().print(_table(found, audio.name))


def _score(audio: Path, annotations: Path, engines: list[str], chosen: Settings) -> Scores:
    from bridge.core.presets import Presets
    from bridge.engines import drum_scores
    from bridge.engines.transcription.drums import hear_drums
    from bridge.engines.transcription.settings import DrumSettings, settle

    played = drum_scores.read_strokes(annotations)
    presets = Presets((chosen.presets, shipped("presets")))
    found: Scores = {}
    with (
        tempfile.TemporaryDirectory() as scratch,
        Console(stderr=True).status("reading …") as shown,
    ):
        buffer = _read(audio, Path(scratch))
        for engine in engines:
            preset = settle(ENGINES[engine], presets).otherwise.settings
            if not isinstance(preset, DrumSettings):
                raise PresetError(
                    f"The transcription preset '{ENGINES[engine]}' does not transcribe drums. "
                    f"Remove your own preset of that name, or give it the engine 'drum-{engine}'."
                )
            shown.update(f"{engine} …")
            heard = drum_scores.heard_strokes(hear_drums(buffer, preset, lambda _: None))
            found[engine] = drum_scores.score_drums(played, heard)
            annotated = [name for name, onsets in played.items() if onsets.size]
            found[engine][TOGETHER] = drum_scores.all_strokes(played, heard, annotated)
    return found


def _read(audio: Path, scratch: Path) -> DiskBuffer:
    from bridge.engines.audio_files import read_region
    from bridge.engines.transcription.drums import SAMPLE_RATE
    from bridge.models import Region

    region = Region(path=str(audio))
    return read_region(region, scratch, max_region_s=math.inf, sample_rate=SAMPLE_RATE).audio


def _plain(found: Scores) -> dict[str, object]:
    """Return the scores as JSON has them, in which no number is NaN."""

    def number(value: float) -> float | None:
        return round(value, 4) if math.isfinite(value) else None

    return {
        engine: {
            name: {measure: number(value) for measure, value in asdict(score).items()}
            for name, score in by_class.items()
        }
        for engine, by_class in found.items()
    }


def _table(found: Scores, title: str) -> Table:
    table = Table(
        "engine", "class", "precision", "recall", "F", "bias ms", "spread ms",
        title=f"{title}: strokes within 50 ms",
    )  # fmt: skip
    for engine, by_class in found.items():
        for name, score in by_class.items():
            shares = (score.precision, score.recall, score.f_measure)
            times = (score.onset_bias_ms, score.onset_spread_ms)
            table.add_row(
                engine,
                name,
                *(f"{value:.3f}" for value in shares),
                *(f"{value:+.1f}" if math.isfinite(value) else "none" for value in times),
            )
    return table
