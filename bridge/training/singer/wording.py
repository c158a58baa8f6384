"""Texts that mean nothing: a small stock of syllables that comes again, as in songs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.training.singer.phonemes import (
    CONSONANTS,
    VOWELS,
    Syllable,
    open_syllable,
    random_syllable,
)

if TYPE_CHECKING:
    import numpy as np

Words = tuple[Syllable, ...]

_WORDLESS_ONSETS = ("", "", "", "l", "d", "n", "h", "b", "j", "w")
_NEW_SYLLABLE = 0.15  # how often a line leaves the stock's order


def draw(rng: np.random.Generator, *, wordless: bool = False) -> Words:
    """Return a stock of syllables.

    Parameters
    ----------
    rng
        What it is drawn from.
    wordless
        Whether "ooh", "aah" and "la" are likely.
    """
    if rng.random() < (0.6 if wordless else 0.08):
        onset = _WORDLESS_ONSETS[rng.integers(len(_WORDLESS_ONSETS))]
        vowel = str(rng.choice(["u", "a", "o", "O", "V", "e", "i", "@"]))
        return (open_syllable(onset, vowel),)
    onset_share, coda_share = rng.uniform(0.7, 0.97), rng.uniform(0.1, 0.7)
    return tuple(
        random_syllable(rng, onset_share=onset_share, coda_share=coda_share)
        for _ in range(int(rng.integers(6, 60)))
    )


def text(words: Words, count: int, rng: np.random.Generator) -> list[Syllable]:
    """Return as many syllables as asked for, mostly in the stock's order."""
    at = int(rng.integers(len(words)))
    syllables = []
    for _ in range(count):
        leaves = len(words) > 1 and rng.random() < _NEW_SYLLABLE
        at = int(rng.integers(len(words))) if leaves else (at + 1) % len(words)
        syllables.append(words[at])
    return syllables


def spelling(rng: np.random.Generator, syllables: int) -> str:
    """Return letters that any language reads as about so many syllables."""
    consonants = [name for name in CONSONANTS if len(name) == 1 and name.islower() and name != "x"]
    vowels = [name for name in VOWELS if len(name) == 1 and name.islower() and name != "r"]
    word = ""
    for _ in range(syllables):
        onset = consonants[rng.integers(len(consonants))] if rng.random() < 0.85 else ""
        coda = "nstlrm"[rng.integers(6)] if rng.random() < 0.3 else ""
        word += onset + vowels[rng.integers(len(vowels))] + coda
        word += " " if rng.random() < 0.4 else ""
    return word.strip()
