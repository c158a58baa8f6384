"""Notes exactly as basic-pitch 0.4.0 finds them, as a reference.

Everything that our own decoder does otherwise is here as it was: windows that are not a whole
number of hops apart and joined without a fade, onsets measured against the steepest rise of the
region, notes without an onset found from the loudest frame left ("melodia"), the last 0.67 % of the
region cut off, frame times with steps, velocity from likelihood, and bends a third of a semitone
sharp. Described in R. M. Bittner et al., "A Lightweight Instrument-Agnostic Model for Polyphonic
Note Transcription and Multipitch Estimation", ICASSP 2022; the numbers are those of the package.

The search for what is left is the one thing done differently, with the same result: what is left
never grows, so the frames are sorted once by their loudness, where the package searches the whole
region anew for each note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.transcription import network
from bridge.engines.transcription.decoding import sustained
from bridge.engines.transcription.network import CUT_FRAMES, HOP_SAMPLES, SAMPLE_RATE
from bridge.engines.transcription.notes import Bend, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.settings import NetworkSettings

    Rows = NDArray[np.float64]

_WINDOW_SECONDS = 2
_WHOLE_FRAMES_PER_SECOND = SAMPLE_RATE // HOP_SAMPLES
_ADVANCE_SAMPLES = network.WINDOW_SAMPLES - 2 * CUT_FRAMES * HOP_SAMPLES
_CORRECTION_S = 0.0018
_GAP_FRAMES = 11
_RISE_FRAMES = 2
_LOWEST_PITCH = 21
_BINS_PER_SEMITONE = 3
_BEND_REACH_BINS = 25
_BEND_SPREAD_BINS = 5.0


@dataclass(frozen=True)
class UpstreamNote:
    """A note as ``basic_pitch.inference.predict`` lists it.

    Attributes
    ----------
    onset_s, offset_s
        In seconds, by its own clock.
    pitch
        MIDI note number.
    amplitude
        Mean likelihood, 0…1.
    bends
        Deviation in thirds of a semitone, one for each frame.
    """

    onset_s: float
    offset_s: float
    pitch: int
    amplitude: float
    bends: tuple[int, ...]


@dataclass(frozen=True)
class UpstreamFrames:
    """The network's answers joined as upstream joins them.

    Attributes
    ----------
    notes, onsets : np.ndarray [shape=(frames, 88), dtype=float32]
    contours : np.ndarray [shape=(frames, 264), dtype=float32]
        Likelihoods.
    """

    notes: NDArray[np.float32]
    onsets: NDArray[np.float32]
    contours: NDArray[np.float32]


def hear_as_upstream(
    buffer: DiskBuffer, settings: NetworkSettings, progress: Callable[[float], None]
) -> list[Note]:
    """Transcribe a stem as the package would write it to its MIDI file.

    Parameters
    ----------
    buffer
        At any rate; its channels are averaged.
    settings
        Of its preset, thresholds, shortest note and whether pitches bend count.
    progress
        Told the fraction done, 0…1, before each window.

    Returns
    -------
    list of Note
        By onset. Of notes that overlap none bends, since they share a channel.
    """
    found = find_upstream_notes(
        infer_as_upstream(buffer, progress),
        onset_threshold=settings.onset_threshold,
        frame_threshold=settings.frame_threshold,
        min_frames=round(settings.min_note_s * SAMPLE_RATE / HOP_SAMPLES),
    )
    found.sort(key=lambda note: (note.onset_s, note.offset_s, note.pitch))
    alone = _alone(found)
    return [
        Note(
            onset_s=note.onset_s,
            offset_s=note.offset_s,
            pitch=note.pitch,
            velocity=max(1, round(127 * note.amplitude)),
            bend=_bend(note) if settings.bends and is_alone else None,
        )
        for note, is_alone in zip(found, alone, strict=True)
    ]


def infer_as_upstream(buffer: DiskBuffer, progress: Callable[[float], None]) -> UpstreamFrames:
    """Run the package's own network over windows that lie where the package puts them.

    Raises
    ------
    ModelUnavailableError
        basic-pitch is not installed.
    """
    audio = _resampled(buffer)
    padded = np.concatenate([np.zeros(CUT_FRAMES * HOP_SAMPLES, np.float32), audio])
    blocks: dict[str, list[NDArray[np.float32]]] = {"notes": [], "onsets": [], "contours": []}
    for start in range(0, len(padded), _ADVANCE_SAMPLES):
        progress(start / len(padded))
        window = np.zeros((1, network.WINDOW_SAMPLES), np.float32)
        part = padded[start : start + network.WINDOW_SAMPLES]
        window[0, : len(part)] = part
        for name, block in network.hear_window(window, rearranged=False).items():
            blocks[name].append(block[CUT_FRAMES:-CUT_FRAMES])
    progress(1.0)
    frames = int(len(audio) * (_WHOLE_FRAMES_PER_SECOND / SAMPLE_RATE))
    joined = {name: np.concatenate(parts)[:frames] for name, parts in blocks.items()}
    return UpstreamFrames(joined["notes"], joined["onsets"], joined["contours"])


def find_upstream_notes(
    heard: UpstreamFrames,
    *,
    onset_threshold: float = 0.5,
    frame_threshold: float = 0.3,
    min_frames: int = 11,
) -> list[UpstreamNote]:
    """Decode what the network heard; the defaults are the package's.

    Returns
    -------
    list of UpstreamNote
        In the order in which upstream finds them.
    """
    if not heard.notes.size:
        return []
    # Double precision, as upstream compares: a threshold may lie between two single ones.
    energy = heard.notes.T.astype(np.float64)
    onsets = _with_rises(heard.onsets.T.astype(np.float64), energy)
    found = _from_onsets(energy, onsets, onset_threshold, frame_threshold, min_frames)
    found += _from_loudest(energy, frame_threshold, min_frames)
    times_s = frame_times_s(len(heard.notes))
    return [
        UpstreamNote(
            float(times_s[start]),
            float(times_s[end]),
            row + _LOWEST_PITCH,
            float(np.mean(heard.notes[start:end, row])),
            _bends(heard.contours[start:end], row),
        )
        for row, start, end in found
    ]


def frame_times_s(frames: int) -> NDArray[np.float64]:
    """Return upstream's times of frames, in seconds."""
    index = np.arange(frames)
    step_s = (HOP_SAMPLES / SAMPLE_RATE) * (
        network.WINDOW_FRAMES - network.WINDOW_SAMPLES / HOP_SAMPLES
    ) + _CORRECTION_S
    return np.asarray(
        index * HOP_SAMPLES / float(SAMPLE_RATE) - step_s * (index // network.WINDOW_FRAMES)
    )


def _resampled(buffer: DiskBuffer) -> NDArray[np.float32]:
    """Return mono audio at 22,050 Hz, as librosa reads a file."""
    audio = np.asarray(buffer.read().mean(axis=0), dtype=np.float32)
    if buffer.sample_rate == SAMPLE_RATE:
        return audio
    import soxr

    resampled = soxr.resample(audio, buffer.sample_rate, SAMPLE_RATE, quality="HQ")
    frames = -(-buffer.frames * SAMPLE_RATE // buffer.sample_rate)
    exact = np.zeros(frames, np.float32)
    exact[: min(frames, len(resampled))] = resampled[:frames]
    return exact


def _with_rises(onsets: Rows, energy: Rows) -> Rows:
    """Return the likelihood of onsets, or of rises scaled so that the steepest is the surest."""
    before = np.pad(energy, ((0, 0), (_RISE_FRAMES, 0)))
    rise = np.minimum(energy - before[:, 1:-1], energy - before[:, :-2])
    rise = np.maximum(rise, 0.0)
    rise[:, :_RISE_FRAMES] = 0.0
    steepest = rise.max()
    return np.maximum(onsets, onsets.max() * rise / steepest) if steepest > 0.0 else onsets


def _from_onsets(
    energy: Rows, onsets: Rows, onset_threshold: float, frame_threshold: float, min_frames: int
) -> list[tuple[int, int, int]]:
    """Return ``(row, start, end)`` of notes with an onset, the last first; take their energy."""
    inner = onsets[:, 1:-1]
    peak = (inner > onsets[:, :-2]) & (inner > onsets[:, 2:]) & (inner >= onset_threshold)
    places = np.argwhere(peak.T)[::-1] + np.array([1, 0])
    last = energy.shape[1] - 1
    found = []
    for start, row in places.tolist():
        end = start + 1 + sustained(energy[row, start + 1 : last], frame_threshold)
        if start < last and end - start > min_frames:
            energy[max(0, row - 1) : row + 2, start:end] = 0.0
            found.append((row, start, end))
    return found


def _from_loudest(
    energy: Rows, frame_threshold: float, min_frames: int
) -> list[tuple[int, int, int]]:
    """Return ``(row, start, end)`` of notes grown from the loudest frames that are left."""
    frames, rows = np.nonzero((energy > frame_threshold).T)
    order = np.argsort(-energy[rows, frames], kind="stable")
    last = energy.shape[1] - 1
    found = []
    for seed, row in zip(frames[order].tolist(), rows[order].tolist(), strict=True):
        if energy[row, seed] == 0.0:
            continue
        ahead = energy[row, seed + 1 : last]
        after = sustained(ahead, frame_threshold)
        behind = energy[row, 1:seed][::-1]
        before = sustained(behind, frame_threshold)
        # What was looked at is taken, as far as the gap that ended the note.
        first = seed - min(before + _GAP_FRAMES, len(behind))
        end = seed + 1 + min(after + _GAP_FRAMES, len(ahead))
        energy[row, seed] = 0.0
        energy[max(0, row - 1) : row + 2, first:seed] = 0.0
        energy[max(0, row - 1) : row + 2, seed + 1 : end] = 0.0
        if after + before > min_frames:
            found.append((row, seed - before, seed + after))
    return found


def _bends(contours: NDArray[np.float32], row: int) -> tuple[int, ...]:
    """Return the likeliest bin of each frame, counted from the lowest bin of the semitone."""
    middle = _BINS_PER_SEMITONE * row
    low = max(0, middle - _BEND_REACH_BINS)
    high = min(contours.shape[1], middle + _BEND_REACH_BINS + 1)
    distance = np.arange(low, high) - middle
    weights = np.exp(-0.5 * (distance / _BEND_SPREAD_BINS) ** 2)
    places = np.argmax(contours[:, low:high] * weights, axis=1) + low - middle
    return tuple(places.tolist())


def _bend(note: UpstreamNote) -> Bend:
    times_s = np.linspace(note.onset_s, note.offset_s, len(note.bends))
    cents = np.array(note.bends) * (100.0 / _BINS_PER_SEMITONE)
    return Bend(tuple(times_s.tolist()), tuple(cents.tolist()))


def _alone(notes: list[UpstreamNote]) -> list[bool]:
    """Tell which of the notes, by onset, overlap no other."""
    alone = [True] * len(notes)
    latest, until_s = -1, -np.inf
    for index, note in enumerate(notes):
        if note.onset_s < until_s:
            alone[index] = alone[latest] = False
        if note.offset_s > until_s:
            latest, until_s = index, note.offset_s
    return alone
