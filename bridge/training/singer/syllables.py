"""Phones at their places become syllables, by the phone set of the voice that said them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEADY = (0.25, 0.7)
"""Which part of a vowel can be held; the rest moves to and from its consonants."""
_STEADY_DIPHTHONG = (0.2, 0.5)


@dataclass(frozen=True)
class PhoneSet:
    """The names of the phones that carry syllables; all others are consonants.

    Parameters
    ----------
    vowels
        All vowels, diphthongs among them.
    diphthongs
        Vowels that move in their second half.
    silences
        What stands for a pause.
    """

    vowels: frozenset[str]
    diphthongs: frozenset[str]
    silences: frozenset[str]


def _phone_set(vowels: str, diphthongs: str = "", silences: str = "#") -> PhoneSet:
    moving = frozenset(diphthongs.split())
    return PhoneSet(moving.union(vowels.split()), moving, frozenset(silences.split()))


ENGLISH = _phone_set("aa ae ah ao ax axr eh er ih ix iy uh uw", "aw ay ey ow oy", "pau h# brth")
ITALIAN = _phone_set("i e E a o O u i1 e1 E1 a1 o1 O1 u1")
CATALAN = _phone_set("ax a a1 e e1 E E1 i i1 o o1 O O1 u u1", silences="pau _ #")
CZECH = _phone_set("a a: e e: i i: o o: u u:", silences="# _")
FINNISH = _phone_set("a e i o u y @ 7 & a: e: i: o: u: y: @: 7:")
RUSSIAN = _phone_set("ii yy uu ee oo aa a e i y u ae ay ur", silences="pau")
HINDI = _phone_set("a aa ih iy uh uw eh ee oh oo", "ay aw", "pau x")


@dataclass(frozen=True)
class Segment:
    """A phone at its place.

    Parameters
    ----------
    name
        As the voice's phone set calls it: `aa`, `s`, `pau`.
    start_s, end_s
        Where it sounds.
    """

    name: str
    start_s: float
    end_s: float


def phone_table(printed: str) -> tuple[Segment, ...]:
    """Return the segments that were printed as `name:end` in seconds.

    Raises
    ------
    ValueError
        Something else was printed.
    """
    segments: list[Segment] = []
    for word in printed.split():
        name, _, end_s = word.rpartition(":")
        segments.append(Segment(name, segments[-1].end_s if segments else 0.0, float(end_s)))
    return tuple(segments)


def syllable_marks(segments: Sequence[Segment], phones: PhoneSet) -> NDArray[np.float64]:
    """Return where syllables lie, in seconds.

    A consonant between two vowels opens the second one's syllable; of several, the first closes the
    first one's. Only the steady part of a vowel counts as the vowel.

    Parameters
    ----------
    segments
        Phones in their order.
    phones
        Which of them are vowels and silences.

    Returns
    -------
    np.ndarray [shape=(syllables, 4)]
        Where each begins, where its vowel begins and ends, and where it ends.
    """
    nuclei = [index for index, one in enumerate(segments) if one.name in phones.vowels]
    if not nuclei:
        return np.zeros((0, 4))
    silent = [one.name in phones.silences for one in segments]
    borders = [_after_silence(silent, 0, nuclei[0])]
    ends: list[int] = []
    for left, right in itertools.pairwise(nuclei):
        if any(silent[left + 1 : right]):
            ends.append(_before_silence(silent, left + 1, right))
            borders.append(_after_silence(silent, left + 1, right))
        else:
            ends.append(left + 2 if right - left > 2 else left + 1)
            borders.append(ends[-1])
    ends.append(_before_silence(silent, nuclei[-1] + 1, len(segments)))
    rows = []
    for nucleus, first, end in zip(nuclei, borders, ends, strict=True):
        vowel = segments[nucleus]
        length_s = vowel.end_s - vowel.start_s
        shares = _STEADY_DIPHTHONG if vowel.name in phones.diphthongs else _STEADY
        rows.append((
            segments[first].start_s,
            vowel.start_s + shares[0] * length_s,
            vowel.start_s + shares[1] * length_s,
            segments[end - 1].end_s,
        ))  # fmt: skip
    return np.array(rows)


def _after_silence(silent: Sequence[bool], first: int, nucleus: int) -> int:
    """Return the segment after the last silence before a vowel."""
    pauses = [at for at in range(first, nucleus) if silent[at]]
    return pauses[-1] + 1 if pauses else first


def _before_silence(silent: Sequence[bool], first: int, last: int) -> int:
    """Return the first silent segment, or `last`."""
    return next((at for at in range(first, last) if silent[at]), last)
