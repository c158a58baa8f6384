"""Recordings on disk with what the network heard in them, so that each is heard only once.

``FOLDER/<split>/<kind>-<number>.npz`` holds the posteriors, the audio at 22,050 Hz and the notes.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.audio import DiskBuffer
from bridge.engines.note_scores import NoteTable
from bridge.engines.resampling import resample
from bridge.engines.transcription.network import SAMPLE_RATE
from bridge.engines.transcription.posteriors import Posteriors, infer
from bridge.training.notes.rendering import render
from bridge.training.songs.values import SAMPLE_RATE as RENDERED_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import Audio
    from bridge.training.songs.soundfonts import Split


@dataclass(frozen=True)
class HeardRecording:
    """A recording and what the network heard in it.

    Parameters
    ----------
    name
        What was played by what.
    audio : np.ndarray [shape=(1, samples), dtype=float32]
        At 22,050 Hz.
    posteriors
        The network's answer.
    played
        The notes.
    """

    name: str
    audio: Audio
    posteriors: Posteriors
    played: NoteTable


def recordings(
    folder: Path,
    kind: str,
    count: int,
    split: Split,
    told: Callable[[str], None] = lambda _: None,
) -> list[HeardRecording]:
    """Return the first recordings of a kind; those that are missing are made.

    Parameters
    ----------
    folder
        Where they are kept.
    kind
        One of `pieces.KINDS`.
    count
        How many.
    split
        ``train`` or ``valid``.
    told
        Told the name of each that has been made.
    """
    found = []
    for number in range(count):
        path = folder / split / f"{kind}-{number:03d}.npz"
        if not path.is_file():
            _keep(path, kind, number, split)
            told(path.stem)
        found.append(_kept(path))
    return found


def _keep(path: Path, kind: str, number: int, split: Split) -> None:
    recording = render(kind, number, split)
    with tempfile.TemporaryDirectory() as scratch:
        rendered = DiskBuffer.of(Path(scratch) / "r.f32", recording.audio, RENDERED_RATE)
        buffer = resample(rendered, SAMPLE_RATE, Path(scratch) / "heard.f32")
        audio = buffer.read().mean(axis=0, keepdims=True)
        posteriors = infer(buffer, lambda _: None)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            name=np.array(recording.name),
            audio=audio,
            notes=posteriors.notes,
            onsets=posteriors.onsets,
            contours=posteriors.contours,
            intervals_s=recording.notes.intervals_s,
            pitches=recording.notes.pitches,
        )
    partial.replace(path)


def _kept(path: Path) -> HeardRecording:
    with np.load(path) as held:
        return HeardRecording(
            str(held["name"]),
            held["audio"],
            Posteriors(held["notes"], held["onsets"], held["contours"]),
            NoteTable(held["intervals_s"], held["pitches"]),
        )
