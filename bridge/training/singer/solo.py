"""One voice on one line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.singer import performer, phonemes, phrases, phrasing, synthesis, wording
from bridge.training.singer.phonemes import Phone, Syllable
from bridge.training.singer.speech import SpeechTimbre
from bridge.training.singer.tract import Spoken, TractTimbre

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.training.singer.performer import Performer
    from bridge.training.singer.phrasing import Sung
    from bridge.training.singer.speakers import Speaker
    from bridge.training.songs.values import NoteEvent

_BREATH = Phone((550, 1500, 2600), 0.0, 1.0, 0.3, 4000.0, 1.0)
_BREATH_SHAPE = (0.1, 0.3, 0.6, 0.85, 1.0, 0.9, 0.7, 0.25)
_TRACT_TURNS = 3.0  # how often the tract of our own sings, relative to a person
_ONSET_S = 0.2  # room for a syllable's consonants before the beat


@dataclass(frozen=True)
class Voice:
    """A performer with something to say.

    Parameters
    ----------
    singer
        Who sings.
    style
        What the singer was drawn as.
    words
        The stock of syllables.
    colours
        Factors on every vowel's formants: the singer's accent.
    text_seed
        Which order the words come in; who sings the same text agrees on it.
    speaker
        Whose phrases are sung in place of the words, if any.
    phrases
        Their numbers.
    """

    singer: Performer
    style: str
    words: wording.Words
    colours: dict[Phone, Phone]
    text_seed: int = 0
    speaker: Speaker | None = None
    phrases: tuple[int, ...] = ()

    def like(self, rng: np.random.Generator) -> Voice:
        """Return another singer of the same words: a neighbour in the choir."""
        singer = self.singer
        other = replace(
            singer,
            tract_scale=singer.tract_scale * float(rng.uniform(0.88, 1.14)),
            tilt_hz=singer.tilt_hz * float(rng.uniform(0.7, 1.4)),
            vibrato_hz=singer.vibrato_hz * float(rng.uniform(0.9, 1.1)),
        )
        return replace(self, singer=other, colours=_accent(rng))

    def sing(
        self,
        notes: Sequence[NoteEvent],
        duration_s: float,
        rng: np.random.Generator,
        *,
        transpose: int = 0,
    ) -> synthesis.Curve:
        """Sing a line.

        Parameters
        ----------
        notes
            The line; what overlaps is cut where the next note begins.
        duration_s
            Length of the result.
        rng
            What the performance is drawn from.
        transpose
            In semitones.

        Returns
        -------
        np.ndarray [shape=(samples,), dtype=float32]
            At 44.1 kHz; a vowel of velocity 96 has about unit power.
        """
        samples = round(duration_s * synthesis.SAMPLE_RATE)
        frames = synthesis.frames_for(samples)
        text_rng = np.random.default_rng(self.text_seed)
        line = phrasing.line(notes, duration_s, self.singer, text_rng)
        if not line:
            return np.zeros(samples, dtype=np.float32)
        line = [replace(note, pitch=note.pitch + transpose) for note in line]
        pitch_hz = phrasing.pitch_curve(line, self.singer, frames, rng)
        level_db = phrasing.loudness_db(line, self.singer, frames, rng)
        timbre: synthesis.Timbre
        if self.speaker:
            timbre = SpeechTimbre.of(
                line,
                self.singer,
                pitch_hz,
                level_db,
                speaker=self.speaker,
                numbers=self.phrases,
            )
        else:
            said = self._said(line, wording.text(self.words, len(line), text_rng))
            timbre = TractTimbre.of(said, self.singer, pitch_hz, level_db)
        sound = synthesis.render(timbre, pitch_hz, _glottis(self.singer), samples, rng)
        breaths = _breaths(line, self.singer.inhale, rng)
        if breaths:
            timbre = TractTimbre.of(breaths, self.singer, pitch_hz, np.zeros(frames))
            sound += synthesis.render(timbre, pitch_hz, _glottis(self.singer), samples, rng)
        return _driven(sound, self.singer.drive_db)

    def _said(self, line: Sequence[Sung], syllables: list[Syllable]) -> list[Spoken]:
        """Return the phones of syllables on a line."""
        for index, note in enumerate(line):
            if note.tied and index:
                before = syllables[index - 1]
                # The consonants after the vowel wait for the end of the last tied note.
                syllables[index] = Syllable((), before.nucleus[-1:], before.coda)
                syllables[index - 1] = replace(before, coda=())
        pace = self.singer.consonants
        onsets_s = [pace * sum(one.length_s for one in each.onset) for each in syllables]
        codas_s = [pace * sum(one.length_s for one in each.coda) for each in syllables]
        placed = phrasing.place(line, onsets_s, codas_s)
        said: list[Spoken] = []
        for place, syllable in zip(placed, syllables, strict=True):
            vowels = tuple(self.colours.get(one, one) for one in syllable.nucleus)
            said += _in_turn(syllable.onset, place.onset_s, place.vowel_s)
            said += _vowels(vowels, place.vowel_s, place.coda_s)
            said += _in_turn(syllable.coda, place.coda_s, place.end_s)
        return said


def draw(
    style: str, notes: Sequence[NoteEvent], words: wording.Words, rng: np.random.Generator
) -> Voice:
    """Return a voice that suits the notes: a vocal tract of our own, or one of those installed.

    Parameters
    ----------
    style
        A key of `performer.STYLES`.
    notes
        What is to be sung; at least one.
    words
        What is sung.
    rng
        What singer and accent are drawn from.
    """
    middle = float(np.median([note.pitch for note in notes]))
    singer = performer.draw(style, middle, rng)
    seed = int(rng.integers(1 << 31))
    speaker = _drawn_speaker(phrases.installed(), rng)
    numbers: tuple[int, ...] = ()
    if speaker:
        count = int(rng.integers(1, 6))
        numbers = tuple(int(number) for number in rng.integers(speaker.phrases, size=count))
    return Voice(singer, style, words, _accent(rng), seed, speaker, numbers)


def _drawn_speaker(choice: Sequence[Speaker], rng: np.random.Generator) -> Speaker | None:
    """Return a speaker, or None for the tract of our own."""
    turns = np.array([_TRACT_TURNS, *(one.turns for one in choice)])
    return (None, *choice)[int(rng.choice(len(turns), p=turns / turns.sum()))]


def _breaths(line: Sequence[Sung], level: float, rng: np.random.Generator) -> list[Spoken]:
    """Return the breaths drawn before phrases, where there is time for one."""
    breaths: list[Spoken] = []
    last_s = 0.0
    for note in line:
        end_s = note.start_s - _ONSET_S
        length_s = min(0.6 * (end_s - last_s), float(rng.uniform(0.15, 0.5)))
        if note.opens and length_s > 0.12 and level > 0.01:
            loud = level * float(rng.uniform(0.4, 1.2))
            for piece, share in enumerate(_BREATH_SHAPE):
                phone = replace(_BREATH, breath=share * loud, hiss=0.4 * share * loud)
                start_s = end_s - length_s * (1.0 - piece / len(_BREATH_SHAPE))
                breaths.append(Spoken(start_s, start_s + length_s / len(_BREATH_SHAPE), phone))
        last_s = note.end_s
    return breaths


def _accent(rng: np.random.Generator) -> dict[Phone, Phone]:
    return {
        vowel: phonemes.colour(vowel, tuple(np.exp(rng.normal(0.0, 0.07, 3)).tolist()))
        for vowel in phonemes.VOWELS.values()
    }


def _in_turn(phones: Sequence[Phone], start_s: float, end_s: float) -> list[Spoken]:
    """Lay phones end to end, each as long as its share of what they would last."""
    total_s = sum(phone.length_s for phone in phones)
    spoken, at_s = [], start_s
    for phone in phones:
        length_s = (end_s - start_s) * phone.length_s / total_s
        spoken.append(Spoken(at_s, at_s + length_s, phone))
        at_s += length_s
    return spoken


def _vowels(vowels: Sequence[Phone], start_s: float, end_s: float) -> list[Spoken]:
    """Lay a vowel, or a diphthong that stays on its first part while there is time."""
    if len(vowels) == 1:
        return [Spoken(start_s, end_s, vowels[0])]
    turn_s = max(start_s + 0.5 * (end_s - start_s), end_s - 0.18)
    return [Spoken(start_s, turn_s, vowels[0]), Spoken(turn_s, end_s, vowels[1])]


def _glottis(singer: Performer) -> synthesis.Glottis:
    return synthesis.Glottis(singer.jitter, singer.shimmer, singer.subharmonic, singer.growl)


def _driven(sound: synthesis.Curve, drive_db: float) -> synthesis.Curve:
    """Return the sound through a soft limiter; below -6 dB of drive nothing happens."""
    if drive_db < -6.0:
        return sound
    gain = np.float32(0.15 * 10.0 ** (drive_db / 20.0))
    return np.asarray(np.tanh(gain * sound) / gain, dtype=np.float32)
