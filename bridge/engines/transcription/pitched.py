"""Pitched stems: what the network hears, decoded as a preset says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engines.transcription import posteriors as network
from bridge.engines.transcription.bends import follow
from bridge.engines.transcription.decoding import FrameNote, Thresholds, find_notes
from bridge.engines.transcription.monophony import one_voice
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.velocity import note_level_dbfs, relative_levels, velocity

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.posteriors import Posteriors
    from bridge.engines.transcription.settings import NetworkSettings

_INFERENCE_SHARE = 0.85
_NOTES_AT_ONCE = 64


def hear_notes(
    buffer: DiskBuffer, settings: NetworkSettings, progress: Callable[[float], None]
) -> list[Note]:
    """Transcribe a pitched stem.

    Parameters
    ----------
    buffer
        At 22,050 Hz; its channels are averaged.
    settings
        The preset.
    progress
        Told the fraction done, 0…1, at least once per 1.5 s of audio while the network runs; what
        it raises is let through.

    Returns
    -------
    list of Note
        By onset, then pitch.

    Raises
    ------
    ModelUnavailableError, EngineFailedError
        From the network.
    """
    heard = network.infer(buffer, lambda fraction: progress(_INFERENCE_SHARE * fraction))
    found = decode(heard, settings)
    levels, bends = [], []
    for index, note in enumerate(found):
        if index % _NOTES_AT_ONCE == 0:
            progress(_INFERENCE_SHARE + (1.0 - _INFERENCE_SHARE) * index / len(found))
        levels.append(note_level_dbfs(buffer, _time_s(note.start), _time_s(note.end), note.pitch))
        bends.append(follow(heard, note) if settings.bends else None)
    progress(1.0)
    relative = relative_levels(levels)
    return [
        Note(
            onset_s=_time_s(note.start),
            offset_s=min(_time_s(note.end), buffer.duration_s),
            pitch=note.pitch,
            velocity=velocity(level),
            bend=bend,
        )
        for note, level, bend in zip(found, relative.tolist(), bends, strict=True)
        if level >= settings.quietest_db
    ]


def decode(heard: Posteriors, settings: NetworkSettings) -> list[FrameNote]:
    """Return the notes that a preset finds in the network's answer."""
    thresholds = Thresholds(
        onset=settings.onset_threshold,
        frame=settings.frame_threshold,
        leftover=settings.leftover_threshold,
        min_frames=max(1, round(settings.min_note_s * network.FRAMES_PER_SECOND)),
        lowest=settings.lowest_pitch,
        highest=settings.highest_pitch,
    )
    notes = find_notes(heard, thresholds)
    return one_voice(notes) if settings.monophonic else notes


def _time_s(frame: int) -> float:
    return frame / network.FRAMES_PER_SECOND
