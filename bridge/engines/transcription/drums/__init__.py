"""Drum recordings become strokes: two engines behind one function.

The *network* (`activations`) knows nine drums and was trained on rendered kits; the factorisation
(`nmf`) knows kick, snare and hi-hat and explains the recording as a sum of their templates. Both
answer with one activation per drum; what is a stroke, when and how loud, is settled alike for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.spectra import SAMPLE_RATE
from bridge.engines.transcription.drums.strokes import Stroke, notes_of, without_rivals

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.notes import Note
    from bridge.engines.transcription.settings import (
        DrumFactorSettings,
        DrumNetworkSettings,
        DrumSettings,
    )

    Progress = Callable[[float], None]

__all__ = ["SAMPLE_RATE", "hear_drums"]

_HEARING_SHARE = 0.9
_SHORTEST_S = 0.01
"""What begins later than this before the end is cut off too early to be told from a click."""


def hear_drums(buffer: DiskBuffer, settings: DrumSettings, progress: Progress) -> list[Note]:
    """Transcribe a drum recording.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    settings
        The preset, which says which engine hears.
    progress
        Told the fraction done, 0…1, at least once per 20 s of audio; what it raises is let through.

    Returns
    -------
    list of Note
        By onset, then pitch. Velocities compare strokes of the same drum.

    Raises
    ------
    ModelUnavailableError
        The weights or the templates are missing or damaged.
    EngineFailedError, OutOfMemoryError
        The network failed.
    """

    def hearing(fraction: float) -> None:
        progress(_HEARING_SHARE * fraction)

    def weighing(fraction: float) -> None:
        progress(_HEARING_SHARE + (1.0 - _HEARING_SHARE) * fraction)

    if settings.engine == "drum-network":
        strokes = _network_strokes(buffer, settings, hearing)
    else:
        strokes = _factor_strokes(buffer, settings, hearing)
    heard = [stroke for stroke in strokes if stroke.onset_s < buffer.duration_s - _SHORTEST_S]
    return notes_of(buffer, heard, weighing)


def _network_strokes(
    buffer: DiskBuffer, settings: DrumNetworkSettings, progress: Progress
) -> list[Stroke]:
    from bridge.engines.transcription.drums import activations, peaks, spectra

    trained = activations.load()
    answers = activations.infer(buffer, trained.model, progress)
    strokes = []
    for index, drum in enumerate(DRUMS):
        threshold = min(settings.strictness * trained.thresholds[drum.name], 0.95)
        curve = answers[:, index].copy()
        frames = peaks.find_peaks(curve, activations.rule_of(index, threshold))
        for frame, place in zip(frames, peaks.refine(curve, frames), strict=True):
            onset_s = max(0.0, float(place) / spectra.FRAMES_PER_SECOND)
            strokes.append(Stroke(onset_s, index, float(curve[frame]) / threshold))
    return without_rivals(strokes)


def _factor_strokes(
    buffer: DiskBuffer, settings: DrumFactorSettings, progress: Progress
) -> list[Stroke]:
    from bridge.engines.transcription.drums import attacks, nmf

    names, templates = nmf.load_templates()
    answers = nmf.infer(buffer, templates, settings.free_templates, progress)
    rises = attacks.strength(buffer)
    return without_rivals(
        Stroke(onset_s, NAMES.index(name), sureness)
        for name, curve in zip(names, answers.T.copy(), strict=True)
        for onset_s, sureness in nmf.find_onsets(curve, settings.threshold, rises)
    )
