"""Scores of a transcription preset on a recording whose notes are annotated."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.connection import faults_end_the_command, settings
from bridge.errors import BadArgumentsError
from bridge.resources import shipped

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.engines.note_scores import OnsetScores
    from bridge.engines.transcription.settings import NetworkSettings

UPSTREAM = "upstream"
"""The preset of basic-pitch's own program; always scored beside the others."""


@dataclass(frozen=True)
class NoteScores:
    """Scores of one preset."""

    notes: int
    onset_and_pitch: OnsetScores
    with_offsets: OnsetScores


def evaluate_notes(
    audio: Path, annotations: Path, presets: list[str], config: Path | None, *, as_json: bool
) -> None:
    """Transcribe a recording with each preset and score what it hears."""
    chosen = settings(config)
    with faults_end_the_command():
        found = _score(audio, annotations, presets or ["other"], chosen)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2))
        return
    Console().print(_table(found, audio.name))


def _score(
    audio: Path, annotations: Path, names: list[str], chosen: Settings
) -> dict[str, NoteScores]:
    from bridge.engines.evaluation_notes import heard_notes, read_notes
    from bridge.engines.note_scores import score_notes

    played = read_notes(annotations)
    presets = {name: _preset(name, chosen) for name in dict.fromkeys((*names, UPSTREAM))}
    found = {}
    with Console(stderr=True).status("reading …") as shown:
        for name, preset in presets.items():
            shown.update(f"{name} …")
            with tempfile.TemporaryDirectory() as scratch:
                heard = heard_notes(audio, preset, Path(scratch), lambda _: None)
            found[name] = NoteScores(
                int(heard.pitches.size),
                score_notes(played, heard),
                score_notes(played, heard, with_offsets=True),
            )
    return found


def _preset(name: str, chosen: Settings) -> NetworkSettings:
    from bridge.core.presets import Presets
    from bridge.engines.transcription.settings import NetworkSettings, settle

    found = settle(name, Presets((chosen.presets, shipped("presets")))).otherwise.settings
    if not isinstance(found, NetworkSettings):
        raise BadArgumentsError(
            f"The preset '{name}' is for drums; score it with `dawbridge evaluate-drums`."
        )
    return found


def _plain(found: dict[str, NoteScores]) -> dict[str, object]:
    """Return the scores as JSON has them, in which no number is NaN."""

    def numbers(score: OnsetScores) -> dict[str, float | None]:
        return {
            name: round(value, 4) if math.isfinite(value) else None
            for name, value in asdict(score).items()
        }

    return {
        name: {
            "notes": scores.notes,
            "onset_and_pitch": numbers(scores.onset_and_pitch),
            "with_offsets": numbers(scores.with_offsets),
        }
        for name, scores in found.items()
    }


def _table(found: dict[str, NoteScores], title: str) -> Table:
    table = Table(
        "preset", "notes", "precision", "recall", "F", "F with offsets", "bias ms", "spread ms",
        title=f"{title}: notes by onset (50 ms) and pitch (50 cents)",
    )  # fmt: skip
    for name, scores in found.items():
        plain = scores.onset_and_pitch
        shares = (plain.precision, plain.recall, plain.f_measure, scores.with_offsets.f_measure)
        times = (plain.onset_bias_ms, plain.onset_spread_ms)
        table.add_row(
            name,
            str(scores.notes),
            *(f"{value:.3f}" for value in shares),
            f"{times[0]:+.1f}" if math.isfinite(times[0]) else "none",
            f"{times[1]:.1f}" if math.isfinite(times[1]) else "none",
        )
    return table
