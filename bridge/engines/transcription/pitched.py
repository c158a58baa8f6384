"""Pitched stems: what the network hears, decoded as a preset says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.engines.transcription import posteriors as hearing
from bridge.engines.transcription.bends import follow
from bridge.engines.transcription.decoding import FrameNote, Thresholds, find_notes
from bridge.engines.transcription.monophony import one_voice
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.posterior_store import key_of
from bridge.engines.transcription.velocity import note_levels_dbfs, relative_levels, velocity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.posterior_store import PosteriorStore
    from bridge.engines.transcription.posteriors import Posteriors
    from bridge.engines.transcription.settings import NetworkSettings

    Progress = Callable[[float], None]

_INFERENCE_SHARE = 0.95
_NOTES_AT_ONCE = 64
_SHORTEST_S = 0.02

_MIDDLE_PITCH = 60
_LATER_PER_SEMITONE_S = 0.0002
"""How much later the network hears each semitone further down: the filters of its constant-Q
transform are longer there. Measured on rendered pianos and guitars from E1 to E6."""


def hear_notes(
    buffer: DiskBuffer,
    settings: NetworkSettings,
    progress: Progress,
    store: PosteriorStore | None = None,
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
    store
        Where posteriors are kept and earlier ones found; None always infers.

    Returns
    -------
    list of Note
        By onset, then pitch. Notes of one pitch do not overlap.

    Raises
    ------
    ModelUnavailableError, EngineFailedError
        From the network.
    DiskFullError, ForbiddenPathError
        The posteriors cannot be kept.
    """
    heard = infer(buffer, lambda fraction: progress(_INFERENCE_SHARE * fraction), store)
    notes = decode(
        heard,
        buffer,
        settings,
        lambda fraction: progress(_INFERENCE_SHARE + (1.0 - _INFERENCE_SHARE) * fraction),
    )
    progress(1.0)
    return notes


def infer(buffer: DiskBuffer, progress: Progress, store: PosteriorStore | None) -> Posteriors:
    """Return what the network hears in a buffer, from the store if it heard it before."""
    if store is None:
        return hearing.infer(buffer, progress)
    key = key_of(buffer)
    heard = store.recall(key)
    if heard is None:
        heard = hearing.infer(buffer, progress)
        store.keep(key, heard)
    return heard


def decode(
    heard: Posteriors, buffer: DiskBuffer, settings: NetworkSettings, progress: Progress
) -> list[Note]:
    """Return the notes that a preset finds in what was heard, as `hear_notes` does.

    Takes time in proportion to the region's length and to how many notes there are.
    """
    found = find_frame_notes(heard, settings)
    strokes = strokes_of(found, settings, buffer.duration_s)
    levels, bends = [], []
    for index, (note, level) in enumerate(
        zip(found, note_levels_dbfs(buffer, strokes), strict=True)
    ):
        if index % _NOTES_AT_ONCE == 0:
            progress(index / len(found))
        levels.append(level)
        bends.append(follow(heard, note) if settings.bends else None)
    notes = [
        Note(onset, offset, pitch, velocity(level), bend.between(onset, offset) if bend else None)
        for (onset, offset, pitch), level, bend in zip(
            strokes, relative_levels(levels).tolist(), bends, strict=True
        )
        if level >= settings.quietest_db
    ]
    return sorted(notes, key=lambda note: (note.onset_s, note.pitch))


def find_frame_notes(heard: Posteriors, settings: NetworkSettings) -> list[FrameNote]:
    """Return the notes that a preset finds, on the frame grid."""
    thresholds = Thresholds(
        onset=settings.onset_threshold,
        frame=settings.frame_threshold,
        leftover=settings.leftover_threshold,
        release=settings.release_share,
        min_frames=max(1, round(settings.min_note_s * hearing.FRAMES_PER_SECOND)),
        lowest=settings.lowest_pitch,
        highest=settings.highest_pitch,
    )
    notes = find_notes(heard, thresholds)
    return one_voice(notes) if settings.monophonic else notes


def strokes_of(
    notes: Sequence[FrameNote], settings: NetworkSettings, duration_s: float
) -> list[tuple[float, float, int]]:
    """Return when notes begin and end in seconds, and their pitches, in the same order.

    They end before the region does and before the next note of their pitch begins; where there is
    one voice, before the next note of any pitch.
    """
    following: dict[int, float] = {}
    strokes = []
    for note in reversed(notes):
        onset_s = _onset_s(note, settings)
        voice = 0 if settings.monophonic else note.pitch
        wanted_s = note.end / hearing.FRAMES_PER_SECOND - 1e-3 * settings.offset_delay_ms
        offset_s = max(onset_s + _SHORTEST_S, wanted_s)
        limit_s = min(duration_s, following.get(voice, duration_s))
        strokes.append((onset_s, min(offset_s, limit_s), note.pitch))
        following[voice] = onset_s
    return strokes[::-1]


def _onset_s(note: FrameNote, settings: NetworkSettings) -> float:
    """Return when a note is played, which is before the network hears it."""
    heard_s = (note.start + note.shift) / hearing.FRAMES_PER_SECOND
    lower = _MIDDLE_PITCH - note.pitch
    return max(0.0, heard_s - 1e-3 * settings.onset_delay_ms - _LATER_PER_SEMITONE_S * lower)
