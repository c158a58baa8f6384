"""Spoken syllables on the notes: vowels stretched, consonants nearly as they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.singer import phrases, phrasing
from bridge.training.singer.synthesis import BINS_HZ, FRAME_RATE
from bridge.training.singer.tract import glottis, ring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.training.singer.performer import Performer
    from bridge.training.singer.phrases import Phrase
    from bridge.training.singer.phrasing import Placed, Sung
    from bridge.training.singer.speakers import Speaker
    from bridge.training.singer.synthesis import Curve

_NOISE_FALL_DB = -8.0  # per octave, above the end of the speaker's band
_RIPPLE_DB = 4.0
_BLEND_HZ = 500.0
# Breath relative to the vowel: D4C finds about 0.05, 0.2 and 0.4 of real singers' power at 3, 5 and
# 8 kHz to be noise.
_RUSH = np.minimum(1.0, BINS_HZ / 1200.0) * (1.0 + (np.minimum(BINS_HZ, 9000.0) / 1800.0) ** 1.5)


@dataclass(frozen=True)
class SpeechTimbre:
    """Phrases along a path through their frames, as a `synthesis.Timbre`.

    Parameters
    ----------
    singer
        Who sings them.
    speaker
        Who said them.
    log_power, noise_share : np.ndarray [shape=(phrase frames, POINTS)]
        All phrases, one after another.
    path : np.ndarray [shape=(frames,)]
        The frame of the phrases that sounds, with its fraction; negative is silence.
    pitch_hz, gain : np.ndarray [shape=(frames,)]
        Fundamental and level.
    """

    singer: Performer
    speaker: Speaker
    log_power: NDArray[np.float16]
    noise_share: NDArray[np.float16]
    path: NDArray[np.float64]
    pitch_hz: Curve
    gain: Curve

    @classmethod
    def of(
        cls,
        line: Sequence[Sung],
        singer: Performer,
        pitch_hz: NDArray[np.float64],
        level_db: NDArray[np.float64],
        *,
        speaker: Speaker,
        numbers: Sequence[int],
    ) -> SpeechTimbre:
        """Return phrases laid on a line.

        Parameters
        ----------
        line
            At least one note.
        singer
            Who sings.
        pitch_hz, level_db : np.ndarray [shape=(frames,)]
            Fundamental, and level in decibels relative to an ordinary vowel.
        speaker
            Whose phrases.
        numbers
            Which of them may be sung; they come in their order, and again.

        Raises
        ------
        EngineFailedError
            The speaker's program cannot speak.
        """
        spoken = [phrases.phrase(speaker, number) for number in numbers]
        notes = _untied(line)
        syllables = _dealt(spoken, notes)
        onsets, codas = syllables[:, 1] - syllables[:, 0], syllables[:, 3] - syllables[:, 2]
        pace = singer.consonants / FRAME_RATE
        placed = phrasing.place(notes, (onsets * pace).tolist(), (codas * pace).tolist())
        return cls(
            singer,
            speaker,
            np.concatenate([one.log_power for one in spoken]),
            np.concatenate([one.noise_share for one in spoken]),
            _path(placed, syllables, len(level_db)),
            pitch_hz.astype(np.float32),
            (10.0 ** (level_db / 20.0)).astype(np.float32),
        )

    @property
    def sounds(self) -> NDArray[np.bool_]:
        """Which frames are not silent."""
        return np.asarray(self.path >= 0.0)

    @property
    def _scale(self) -> float:
        """The singer's formants relative to the speaker's."""
        return self.singer.tract_scale / self.speaker.tract_scale

    def envelopes(self, frames: NDArray[np.intp]) -> tuple[Curve, Curve]:
        """Return the spectra of pulses and noise; see `synthesis.Timbre`."""
        log_power = self._along(self.log_power, frames)
        share = np.clip(self._along(self.noise_share, frames), 0.0, 1.0)
        index, fraction, beyond = _warp(self._scale, self.speaker.band_end_hz)
        envelope = np.exp(0.5 * _at(log_power, index, fraction))
        noise_share = _at(share, index, fraction)
        voice = self.singer
        voiced = _with_highs(envelope, log_power, self.speaker, self._scale)
        voiced *= self._manner(frames)
        breath = np.float32(voice.breath * (2.0 - voice.voicing)) * voiced * _RUSH
        # Fricatives stand out by their share of noise; the singer may hiss less or more.
        hissing = np.square(share.mean(axis=1, keepdims=True))
        noise = envelope * np.sqrt(noise_share) * 10.0 ** (_NOISE_FALL_DB / 20.0 * beyond)
        noise *= 1.0 + hissing * (voice.sibilance - 1.0)
        noise = np.sqrt(np.square(noise) + np.square(breath * (1.0 - hissing)))
        voiced *= np.sqrt(1.0 - np.where(self.speaker.hinge_hz[1] > BINS_HZ, noise_share, hissing))
        gain = self.gain[frames, None]
        return (
            np.asarray(voiced * gain * voice.voicing, dtype=np.float32),
            np.asarray(noise * gain, dtype=np.float32),
        )

    def _manner(self, frames: NDArray[np.intp]) -> Curve:
        """Return what makes the singer's vowels differ from plain speech."""
        pitch_hz = self.pitch_hz[frames, None]
        plain = replace(
            self.singer, glottal_ratio=1.3, tilt_hz=5000.0, effort_db=0.0, presence_db=0.0
        )
        # Below the fundamental there is nothing to change, and the ratio grows without bound.
        change = glottis(self.singer, pitch_hz) / (glottis(plain, pitch_hz) + np.float32(1e-6))
        return np.asarray(np.where(pitch_hz * 0.7 < BINS_HZ, change, 1.0) * ring(self.singer))

    def _along(self, table: NDArray[np.float16], frames: NDArray[np.intp]) -> Curve:
        path = np.minimum(self.path[frames], len(table) - 1.001)
        before = path.astype(np.intp)
        share = (path - before).astype(np.float32)[:, None]
        return np.asarray(table[before] * (1.0 - share) + table[before + 1] * share)


def _untied(line: Sequence[Sung]) -> list[Sung]:
    """Return the line with tied notes as one: one syllable is sung on all of them."""
    notes: list[Sung] = []
    for note in line:
        if note.tied and notes:
            notes[-1] = replace(notes[-1], end_s=note.end_s)
        else:
            notes.append(note)
    return notes


def _dealt(spoken: Sequence[Phrase], notes: Sequence[Sung]) -> NDArray[np.int32]:
    """Return a syllable for each note, (notes, 4); where a phrase opens, so do the words."""
    offsets = np.cumsum([0, *(len(one.log_power) for one in spoken)])
    rows = []
    number, at = 0, 0
    for note in notes:
        if at == len(spoken[number].syllables) or (note.opens and at > 0):
            number, at = (number + 1) % len(spoken), 0
        rows.append(spoken[number].syllables[at] + offsets[number])
        at += 1
    return np.array(rows, dtype=np.int32)


def _path(
    placed: Sequence[Placed], syllables: NDArray[np.int32], frames: int
) -> NDArray[np.float64]:
    path = np.full(frames, -1.0)
    at_s = np.arange(frames) / FRAME_RATE
    for place, marks in zip(placed, syllables, strict=True):
        first = max(0, int(np.ceil(place.onset_s * FRAME_RATE)))
        last = min(frames, int(np.ceil(place.end_s * FRAME_RATE)))
        times_s = (place.onset_s, place.vowel_s, place.coda_s, place.end_s)
        path[first:last] = np.interp(at_s[first:last], times_s, marks - (0, 0, 1, 1))
    return path


def _warp(scale: float, band_end_hz: float) -> tuple[NDArray[np.intp], Curve, Curve]:
    """Return where each bin finds its value in `POINTS_HZ`, and how far it lies beyond the band.

    The distance is in octaves, 0 within the band.
    """
    source_hz = BINS_HZ / scale
    places = np.interp(
        np.minimum(source_hz, band_end_hz), phrases.POINTS_HZ, np.arange(phrases.POINTS)
    )
    index = np.minimum(places.astype(np.intp), phrases.POINTS - 2)
    beyond = np.log2(np.maximum(source_hz, band_end_hz) / band_end_hz)
    return index, (places - index).astype(np.float32), beyond.astype(np.float32)


def _with_highs(envelope: Curve, log_power: Curve, speaker: Speaker, scale: float) -> Curve:
    """Return envelopes of vowels that fall evenly above the hinge, with a tract's ripple."""
    low_hz, high_hz = speaker.hinge_hz
    first, last = np.searchsorted(phrases.POINTS_HZ, speaker.hinge_hz)
    level = np.exp(0.5 * log_power[:, first:last].mean(axis=1, keepdims=True))
    source_hz = np.maximum(BINS_HZ, low_hz) / scale
    octaves = np.log2(source_hz / np.sqrt(low_hz * high_hz))
    ripple_db = _RIPPLE_DB * np.cos(2 * np.pi * (source_hz - 3500.0) / 1000.0)
    highs = level * 10.0 ** ((speaker.vowel_fall_db * octaves + ripple_db) / 20.0)
    share = np.clip((BINS_HZ / scale - high_hz + _BLEND_HZ) / _BLEND_HZ, 0.0, 1.0)
    return np.asarray(envelope * (1.0 - share) + highs * share, dtype=np.float32)


def _at(table: Curve, index: NDArray[np.intp], fraction: Curve) -> Curve:
    return np.asarray(
        table[:, index] * (1.0 - fraction) + table[:, index + 1] * fraction, dtype=np.float32
    )
