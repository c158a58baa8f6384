"""Tune a transcription preset: ``python -m bridge.training.notes PRESET --folder F``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from bridge.core.presets import Presets
from bridge.engines.audio import DiskBuffer
from bridge.engines.note_scores import NoteTable, OnsetScores, score_notes
from bridge.engines.transcription.network import SAMPLE_RATE
from bridge.engines.transcription.settings import NetworkSettings, settle
from bridge.engines.transcription.upstream import find_upstream_notes, infer_as_upstream
from bridge.resources import shipped
from bridge.training.notes.library import HeardRecording, recordings
from bridge.training.notes.tuning import GRID, PRESETS, scores, tuned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.training.songs.soundfonts import Split

    Pairs = list[tuple[OnsetScores, OnsetScores]]


def main() -> int:
    """Search, then report on the soundfonts and pieces that were held out."""
    arguments = _parser().parse_args()
    console = Console(width=110)
    preset = settle(arguments.preset, Presets((shipped("presets"),))).otherwise.settings
    if not isinstance(preset, NetworkSettings):
        console.print(f"{arguments.preset} is not heard by the basic-pitch network.")
        return 1

    def told(name: str) -> None:
        console.print(f"rendered and heard {name}")

    def heard(split: Split, count: int) -> list[HeardRecording]:
        kinds = PRESETS[arguments.preset]
        return [
            one
            for kind in kinds
            for one in recordings(arguments.folder, kind, max(1, count // len(kinds)), split, told)
        ]

    if not arguments.report:
        before = preset
        preset = tuned(
            heard("train", arguments.recordings),
            preset,
            lambda name, value, merit: console.print(f"{name:20} {value:6g} {merit:.4f}"),
        )
        for name in (*GRID, "onset_delay_ms"):
            console.print(f"{name} = {getattr(preset, name)}  (was {getattr(before, name)})")
    splits: dict[Split, int] = {"train": arguments.recordings, "valid": arguments.recordings // 2}
    for split, count in splits.items():
        console.print(_table(arguments.preset, split, heard(split, count), preset))
    return 0


def _table(
    name: str, split: str, heard: Sequence[HeardRecording], preset: NetworkSettings
) -> Table:
    table = Table("recordings", "precision", "recall", "F", "F with ends", "bias ms", "spread ms",
                  title=f"{name} on {split}: mean of {len(heard)}")  # fmt: skip
    _add_row(table, "basic-pitch", [_upstream_scores(one) for one in heard])
    found = scores(heard, preset)
    _add_row(table, "dawbridge", found)
    for one, pair in zip(heard, found, strict=True):
        _add_row(table, one.name, [pair])
    return table


def _add_row(table: Table, name: str, pairs: Pairs) -> None:
    plain = [(one.precision, one.recall, one.f_measure, ends.f_measure) for one, ends in pairs]
    times_ms = [(one.onset_bias_ms, one.onset_spread_ms) for one, _ in pairs]
    known = [pair for pair in times_ms if not np.isnan(pair[0])]
    table.add_row(
        name,
        *(f"{value:.3f}" for value in np.mean(plain, axis=0)),
        *(f"{value:+.1f}" for value in (np.mean(known, axis=0) if known else ())),
    )


def _upstream_scores(recording: HeardRecording) -> tuple[OnsetScores, OnsetScores]:
    with tempfile.TemporaryDirectory() as scratch:
        buffer = DiskBuffer.of(Path(scratch) / "heard.f32", recording.audio, SAMPLE_RATE)
        found = find_upstream_notes(infer_as_upstream(buffer, lambda _: None))
    table = NoteTable.of([(note.onset_s, note.offset_s, float(note.pitch)) for note in found])
    played = recording.played
    return score_notes(played, table), score_notes(played, table, with_offsets=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge.training.notes", description=__doc__)
    parser.add_argument("preset", choices=tuple(PRESETS))
    parser.add_argument("--folder", type=Path, required=True, help="where the recordings go")
    parser.add_argument("--recordings", type=int, default=16, help="how many to tune on")
    parser.add_argument("--report", action="store_true", help="score only, tune nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
