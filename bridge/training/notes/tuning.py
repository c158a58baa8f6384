"""The search for a preset's thresholds on recordings whose notes are known.

One setting is searched at a time, twice around. Of its values the one is taken whose neighbours are
good as well: the mean over a value and those beside it decides, because a plateau holds on other
recordings and a peak does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.note_scores import NoteTable, OnsetScores, score_notes
from bridge.engines.transcription.network import SAMPLE_RATE
from bridge.engines.transcription.pitched import find_frame_notes, strokes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.engines.transcription.settings import NetworkSettings
    from bridge.training.notes.library import HeardRecording

PRESETS = {
    "keys": ("piano", "keys"),
    "guitar": ("guitar",),
    "bass": ("bass",),
    "voice": ("voice",),
    "other": ("other", "piano", "guitar", "keys"),
}
"""What each preset is tuned on."""

GRID: dict[str, tuple[float, ...]] = {
    "onset_threshold": (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75),
    "frame_threshold": (0.25, 0.3, 0.35, 0.4, 0.45, 0.5),
    "leftover_threshold": (0.5, 0.6, 0.7, 0.8, 1.0),
    "min_note_s": (0.05, 0.07, 0.09, 0.11),
    "release_share": (0.0, 0.6, 0.75, 0.85, 0.92),
    "offset_delay_ms": (0.0, 15.0, 30.0, 45.0, 60.0),
}
"""The values that are tried, in this order."""

_ROUNDS = 2
_OFFSETS_WEIGHT = 0.3

Told = "Callable[[str, float, float], None]"


def notes_of(recording: HeardRecording, settings: NetworkSettings) -> NoteTable:
    """Return the notes that a preset finds in a recording."""
    found = find_frame_notes(recording.posteriors, settings)
    return NoteTable.of(strokes_of(found, settings, recording.audio.shape[1] / SAMPLE_RATE))


def scores(
    recordings: Sequence[HeardRecording], settings: NetworkSettings
) -> list[tuple[OnsetScores, OnsetScores]]:
    """Return each recording's scores without and with offsets."""
    found = []
    for recording in recordings:
        heard = notes_of(recording, settings)
        found.append(
            (
                score_notes(recording.played, heard),
                score_notes(recording.played, heard, with_offsets=True),
            )
        )
    return found


def tuned(
    recordings: Sequence[HeardRecording],
    settings: NetworkSettings,
    told: Callable[[str, float, float], None],
) -> NetworkSettings:
    """Return a preset with its thresholds searched and its onset's delay measured.

    Parameters
    ----------
    recordings
        What it is tuned on.
    settings
        Where the search begins; what is not in `GRID` stays.
    told
        Told setting, value and score of everything that is tried.
    """
    for _ in range(_ROUNDS):
        for name, values in GRID.items():
            tried = []
            for value in values:
                tried.append(_merit(recordings, _with(settings, name, value)))
                told(name, value, tried[-1])
            settings = _with(settings, name, values[_middle_of_plateau(tried)])
        settings = _with(settings, "onset_delay_ms", _delay_ms(recordings, settings))
    return settings


def _merit(recordings: Sequence[HeardRecording], settings: NetworkSettings) -> float:
    """Return the mean F without offsets, with a smaller share of that with them."""
    both = [(plain.f_measure, ends.f_measure) for plain, ends in scores(recordings, settings)]
    plain, ends = np.mean(both, axis=0)
    return float(plain + _OFFSETS_WEIGHT * ends)


def _middle_of_plateau(tried: Sequence[float]) -> int:
    padded = np.pad(np.asarray(tried), 1, mode="edge")
    return int(np.argmax(padded[:-2] + 2.0 * padded[1:-1] + padded[2:]))


def _delay_ms(recordings: Sequence[HeardRecording], settings: NetworkSettings) -> float:
    """Return the onset's delay that leaves no bias, on the median recording."""
    biases = [plain.onset_bias_ms for plain, _ in scores(recordings, settings)]
    return round(settings.onset_delay_ms + float(np.nanmedian(biases)), 1)


def _with(settings: NetworkSettings, name: str, value: Any) -> NetworkSettings:
    return type(settings).model_validate({**settings.model_dump(), name: value})
