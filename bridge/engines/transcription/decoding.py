"""From likelihoods to notes of many voices.

Conventions
-----------
Rows are pitches here, ``(88, frames)``, because every step walks along one pitch. Ends are
exclusive.

The method is that of Bittner et al. (ICASSP 2022): each onset peak opens a note, which
lasts until the likelihood of its pitch stays low; what is left and loud then becomes notes without
an onset, the loudest first, as Salamon and Gómez do with melodic contours ("Melody Extraction from
Polyphonic Music Signals Using Pitch Contour Characteristics", IEEE TASLP 20(6), 2012). Five things
differ from basic-pitch's own decoder:

- A rise of the likelihood counts as an onset by a fixed measure. Measured against the loudest rise
  of the region, the same bar would come out differently in a longer selection.
- The region's first frame can open a note: a selection begins on a downbeat.
- The leftovers are sorted once, where basic-pitch searches the whole region anew for each note.
- A note ends with hysteresis. It stays open through dips below one threshold, which bridges tremolo
  and the beating of strings, and ends where it was last as strong as a share of itself: what comes
  after is reverberation and the spread of the network's own windows.
- An onset lies between frames, at the peak of the parabola through the likelihoods around it (J. O.
  Smith and X. Serra, "PARSHL", ICMC 1987, equation 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.engines.transcription.posteriors import LOWEST_PITCH, PITCHES, Posteriors

if TYPE_CHECKING:
    from collections.abc import Callable

GAP_FRAMES = 11
"""How long the likelihood may dip within a note: 0.13 s, as in basic-pitch."""

_RISE_WEIGHT = 5.0
"""Onset likelihood per rise of note likelihood over two frames. On eight recordings the steepest
rise was 3 to 7 times smaller than the surest onset."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class FrameNote:
    """A note on the frame grid.

    Attributes
    ----------
    start, end
        Frames; the end is exclusive.
    pitch
        MIDI note number.
    strength
        Mean note likelihood, 0…1.
    shift
        How much later than its first frame it begins, -0.5…0.5 frames.
    """

    start: int
    end: int
    pitch: int
    strength: float
    shift: float = 0.0


@dataclass(frozen=True)
class Thresholds:
    """What counts as a note.

    Attributes
    ----------
    onset
        Onset likelihood that opens a note, 0…1.
    frame
        Note likelihood that keeps it open, 0…1.
    min_frames
        Shorter notes are dropped.
    lowest, highest
        MIDI note numbers, both included.
    leftover
        Note likelihood that a note without an onset must reach, 0…1; 1 finds none.
    release
        Share of a note's mean likelihood at which it ends, 0…1; 0 lets it last as long as it is
        open.
    """

    onset: float
    frame: float
    min_frames: int
    lowest: int = LOWEST_PITCH
    highest: int = LOWEST_PITCH + PITCHES - 1
    leftover: float = 1.0
    release: float = 0.0


def find_notes(posteriors: Posteriors, thresholds: Thresholds) -> list[FrameNote]:
    """Decode a region into notes of any number of voices.

    Parameters
    ----------
    posteriors
        The network's answer.
    thresholds
        What counts as a note.

    Returns
    -------
    list of FrameNote
        By start, then pitch. Notes of one pitch do not overlap.
    """
    energy = in_range(posteriors.notes, thresholds)
    onsets = in_range(posteriors.onsets, thresholds)
    sounding = energy.copy()
    shifts = _between_frames(onsets)
    found = _from_onsets(energy, onset_strength(onsets, sounding), thresholds)
    found += _from_leftovers(energy, thresholds)
    notes = []
    for row, start, open_end in found:
        end = start + _until_release(sounding[row, start:open_end], thresholds)
        strength = float(sounding[row, start:end].mean())
        notes.append(FrameNote(start, end, row + LOWEST_PITCH, strength, shifts(row, start)))
    return sorted(notes, key=lambda note: (note.start, note.pitch))


def in_range(likelihoods: NDArray[np.float16], thresholds: Thresholds) -> Rows:
    """Return likelihoods as ``(88, frames)`` float32 rows, zero outside the pitch range."""
    rows = np.ascontiguousarray(likelihoods.T, dtype=np.float32)
    rows[: max(0, thresholds.lowest - LOWEST_PITCH)] = 0.0
    rows[max(0, thresholds.highest - LOWEST_PITCH + 1) :] = 0.0
    return rows


def onset_strength(onsets: Rows, notes: Rows) -> Rows:
    """Return the likelihood of onsets, from the network or from a steep rise of a pitch, in place.

    Parameters
    ----------
    onsets, notes : np.ndarray [shape=(88, frames)]
        `onsets` is overwritten with the result.
    """
    for row, note in zip(onsets, notes, strict=True):
        before = np.concatenate(([0.0, 0.0], note)).astype(np.float32)
        rise = np.minimum(note - before[1:-1], note - before[:-2])
        np.maximum(row, np.minimum(1.0, _RISE_WEIGHT * rise), out=row)
    return onsets


def peaks(row: NDArray[np.float32], threshold: float) -> NDArray[np.intp]:
    """Return where a row has a local maximum of at least a threshold; a plateau counts once.

    The frames before the first and after the last count as zero.
    """
    padded = np.concatenate(([0.0], row, [0.0]))
    inner = padded[1:-1]
    rising = inner > padded[:-2]
    return np.flatnonzero(rising & (inner >= padded[2:]) & (inner >= threshold))


def sustained(ahead: NDArray[np.floating[Any]], threshold: float) -> int:
    """Return how many of the frames ahead belong to a note that sounds before the first of them.

    The note ends where the likelihood is below the threshold for `GAP_FRAMES`.
    """
    size = 64
    while True:
        sounding = np.flatnonzero(ahead[:size] >= threshold)
        places = np.concatenate(([-1], sounding))
        gaps = np.flatnonzero(np.diff(places) > GAP_FRAMES)
        if gaps.size:
            return int(places[gaps[0]]) + 1
        last = int(places[-1]) + 1
        if size >= len(ahead) or size - last >= GAP_FRAMES:
            return last
        size *= 2


def _between_frames(onsets: Rows) -> Callable[[int, int], float]:
    """Return what tells how far beside a frame the onset's peak lies, in frames.

    Where the network heard no peak, the frame itself is as good as any place.
    """
    heard = onsets.copy()  # before the rises are put in, whose place is a whole frame

    def shift(row: int, frame: int) -> float:
        if not 0 < frame < heard.shape[1] - 1:
            return 0.0
        before, at, after = heard[row, frame - 1 : frame + 2].tolist()
        if at < max(before, after) or 2.0 * at <= before + after:
            return 0.0
        return float(0.5 * (after - before) / (2.0 * at - before - after))

    return shift


def _until_release(likelihood: NDArray[np.float32], thresholds: Thresholds) -> int:
    """Return after how many frames a note was last as strong as its release asks for."""
    strong = np.flatnonzero(likelihood >= thresholds.release * likelihood.mean())
    return max(int(strong[-1]) + 1, min(thresholds.min_frames, len(likelihood)))


def _from_onsets(
    energy: Rows, strength: Rows, thresholds: Thresholds
) -> list[tuple[int, int, int]]:
    """Open a note at each onset peak, the latest and surest first, and take its energy away.

    Going backwards, an onset's note ends where the next one of its pitch has already taken the
    energy.
    """
    places = [
        (frame, float(strength[row, frame]), row)
        for row in range(PITCHES)
        for frame in peaks(strength[row], thresholds.onset).tolist()
    ]
    found = []
    for start, _, row in sorted(places, reverse=True):
        end = start + 1 + sustained(energy[row, start + 1 :], thresholds.frame)
        if end - start >= thresholds.min_frames:
            _take(energy, row, start, end)
            found.append((row, start, end))
    return found


def _from_leftovers(energy: Rows, thresholds: Thresholds) -> list[tuple[int, int, int]]:
    """Grow a note in both directions from each loud frame that no note has taken."""
    rows, frames = np.nonzero(energy > thresholds.leftover)
    order = np.argsort(-energy[rows, frames], kind="stable")
    found = []
    for row, seed in zip(rows[order].tolist(), frames[order].tolist(), strict=True):
        if energy[row, seed] == 0.0:
            continue
        end = seed + 1 + sustained(energy[row, seed + 1 :], thresholds.frame)
        start = seed - sustained(energy[row, :seed][::-1], thresholds.frame)
        _take(energy, row, start, end)
        if end - start >= thresholds.min_frames:
            found.append((row, start, end))
    return found


def _take(energy: Rows, row: int, start: int, end: int) -> None:
    """Take a note's energy, and what it spills onto the semitones beside it."""
    energy[max(0, row - 1) : row + 2, start:end] = 0.0
