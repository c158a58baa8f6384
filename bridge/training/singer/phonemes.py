"""Sounds of speech as rows of a table: where the formants go, what sounds, for how long.

Formants are those of an adult man's tract; a voice scales them by the length of its own. Vowels
after the averages of G. E. Peterson and H. L. Barney, "Control Methods Used in a Study of the
Vowels", JASA 24 (1952); loci and noise bands of consonants are rounded from K. N. Stevens,
"Acoustic Phonetics" (MIT Press 1998).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Phone:
    """A stretch of sound whose targets stand still.

    Parameters
    ----------
    formants_hz
        The first three resonances.
    voicing
        Amplitude of the glottal pulses relative to a vowel, 0 to 1.
    breath
        Amplitude of the noise from the glottis, which the tract filters, relative to a vowel.
    hiss, hiss_hz, hiss_octaves
        Amplitude, centre and width of the noise made in the mouth, relative to a vowel.
    nasal
        How far the nose is open, 0 to 1.
    length_s
        How long it lasts in unhurried speech; a vowel lasts as long as its note.
    """

    formants_hz: tuple[float, float, float]
    voicing: float = 1.0
    breath: float = 0.0
    hiss: float = 0.0
    hiss_hz: float = 5000.0
    hiss_octaves: float = 0.6
    nasal: float = 0.0
    length_s: float = 0.1


@dataclass(frozen=True)
class Syllable:
    """What is sung on one note: phones before the vowel, the vowel's targets, phones after it."""

    onset: tuple[Phone, ...]
    nucleus: tuple[Phone, ...]
    coda: tuple[Phone, ...]


VOWELS: dict[str, Phone] = {
    "i": Phone((270, 2290, 3010)),
    "I": Phone((390, 1990, 2550)),
    "e": Phone((450, 2150, 2650)),
    "E": Phone((530, 1840, 2480)),
    "ae": Phone((660, 1720, 2410)),
    "a": Phone((730, 1090, 2440)),
    "o": Phone((570, 840, 2410)),
    "O": Phone((450, 800, 2600)),
    "U": Phone((440, 1020, 2240)),
    "u": Phone((300, 870, 2240)),
    "V": Phone((640, 1190, 2390)),
    "r": Phone((490, 1350, 1690)),
    "@": Phone((500, 1450, 2450)),
    "y": Phone((280, 1850, 2300)),
    "oe": Phone((400, 1550, 2300)),
}

DIPHTHONGS: tuple[tuple[str, str], ...] = (
    ("a", "I"), ("a", "U"), ("e", "I"), ("O", "U"), ("o", "I"), ("i", "@"),
)  # fmt: skip

_LABIAL, _DENTAL, _VELAR = (300, 900, 2200), (320, 1750, 2650), (300, 2000, 2300)
_PALATAL = (300, 2000, 2700)


def _closure(locus: tuple[float, float, float], *, voicing: float = 0.0) -> Phone:
    return Phone(locus, voicing=voicing, length_s=0.05)


def _burst(
    locus: tuple[float, float, float], hiss: float, hiss_hz: float, hiss_octaves: float
) -> Phone:
    return Phone(locus, 0.0, 0.05, hiss, hiss_hz, hiss_octaves, length_s=0.013)


def _fricative(
    locus: tuple[float, float, float],
    hiss: float,
    hiss_hz: float,
    hiss_octaves: float,
    *,
    voicing: float = 0.0,
) -> Phone:
    length_s = 0.07 if voicing else 0.11
    return Phone(locus, voicing, 0.02, hiss, hiss_hz, hiss_octaves, length_s=length_s)


def _aspirated(locus: tuple[float, float, float]) -> Phone:
    return Phone(locus, 0.0, 0.2, 0.05, 4000.0, 1.5, length_s=0.035)


CONSONANTS: dict[str, tuple[Phone, ...]] = {
    "p": (_closure(_LABIAL), _burst(_LABIAL, 0.3, 900, 1.5), _aspirated(_LABIAL)),
    "t": (_closure(_DENTAL), _burst(_DENTAL, 0.6, 5000, 0.9), _aspirated(_DENTAL)),
    "k": (_closure(_VELAR), _burst(_VELAR, 0.5, 2100, 0.6), _aspirated(_VELAR)),
    "b": (_closure(_LABIAL, voicing=0.15), _burst(_LABIAL, 0.2, 800, 1.5)),
    "d": (_closure(_DENTAL, voicing=0.15), _burst(_DENTAL, 0.35, 4200, 0.9)),
    "g": (_closure(_VELAR, voicing=0.15), _burst(_VELAR, 0.3, 1900, 0.6)),
    "s": (_fricative(_DENTAL, 0.4, 7500, 0.45),),
    "S": (_fricative(_PALATAL, 0.45, 3600, 0.55),),
    "f": (_fricative(_LABIAL, 0.13, 7000, 1.5),),
    "T": (_fricative(_DENTAL, 0.11, 7800, 1.2),),
    "z": (_fricative(_DENTAL, 0.25, 7300, 0.45, voicing=0.35),),
    "Z": (_fricative(_PALATAL, 0.25, 3500, 0.55, voicing=0.35),),
    "v": (_fricative(_LABIAL, 0.07, 6500, 1.5, voicing=0.45),),
    "D": (_fricative(_DENTAL, 0.05, 7000, 1.3, voicing=0.5),),
    "h": (Phone((500, 1500, 2500), 0.0, 0.3, 0.03, 3000.0, 1.5, length_s=0.07),),
    "tS": (_closure(_PALATAL), _fricative(_PALATAL, 0.5, 3900, 0.6)),
    "dZ": (_closure(_PALATAL, voicing=0.15), _fricative(_PALATAL, 0.3, 3700, 0.6, voicing=0.2)),
    "ts": (_closure(_DENTAL), _fricative(_DENTAL, 0.45, 7000, 0.5)),
    "m": (Phone((260, 950, 2200), 0.5, nasal=1.0, length_s=0.08),),
    "n": (Phone((270, 1500, 2500), 0.5, nasal=1.0, length_s=0.075),),
    "N": (Phone((270, 2000, 2500), 0.45, nasal=1.0, length_s=0.08),),
    "l": (Phone((340, 1100, 2700), 0.6, length_s=0.07),),
    "r": (Phone((330, 1150, 1600), 0.6, length_s=0.07),),
    "w": (Phone((290, 650, 2200), 0.6, length_s=0.06),),
    "j": (Phone((270, 2250, 3000), 0.6, length_s=0.06),),
    "x": (Phone(_VELAR, 0.0, 0.1, 0.25, 1800.0, 0.9, length_s=0.09),),
    "R": (Phone((400, 1200, 2400), 0.5, 0.1, 0.1, 1300.0, 0.9, length_s=0.07),),
}

ONSETS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in CONSONANTS if name != "N"),
    ("s", "t"), ("s", "p"), ("s", "k"), ("t", "r"), ("k", "r"), ("p", "l"), ("b", "l"), ("g", "r"),
    ("f", "l"), ("S", "r"), ("s", "w"), ("s", "l"), ("s", "t", "r"), ("k", "w"), ("d", "r"),
)  # fmt: skip
CODAS: tuple[tuple[str, ...], ...] = (
    ("n",), ("t",), ("s",), ("l",), ("m",), ("k",), ("d",), ("z",), ("N",), ("r",), ("v",), ("p",),
    ("f",), ("T",), ("S",), ("n", "d"), ("s", "t"), ("n", "t"), ("t", "s"), ("m", "z"), ("k", "s"),
)  # fmt: skip


def phones(names: tuple[str, ...]) -> tuple[Phone, ...]:
    """Return the phones of consonants that follow each other."""
    return tuple(phone for name in names for phone in CONSONANTS[name])


def random_syllable(
    rng: np.random.Generator, *, onset_share: float = 0.85, coda_share: float = 0.45
) -> Syllable:
    """Return a syllable that a language might have.

    Parameters
    ----------
    rng
        What it is drawn from.
    onset_share, coda_share
        Probability of consonants before and after the vowel.
    """
    onset = ONSETS[rng.integers(len(ONSETS))] if rng.random() < onset_share else ()
    coda = CODAS[rng.integers(len(CODAS))] if rng.random() < coda_share else ()
    names: tuple[str, ...]
    if rng.random() < 0.25:
        names = DIPHTHONGS[rng.integers(len(DIPHTHONGS))]
    else:
        names = (list(VOWELS)[rng.integers(len(VOWELS))],)
    return Syllable(phones(onset), tuple(VOWELS[name] for name in names), phones(coda))


def open_syllable(onset: str, vowel: str) -> Syllable:
    """Return a vowel with at most one consonant before it: "la", "doo", "ooh"."""
    return Syllable(phones((onset,)) if onset else (), (VOWELS[vowel],), ())


def colour(phone: Phone, factors: tuple[float, float, float]) -> Phone:
    """Return the phone with its formants multiplied: how one singer's vowel differs."""
    first, second, third = (
        hz * factor for hz, factor in zip(phone.formants_hz, factors, strict=True)
    )
    return replace(phone, formants_hz=(first, second, third))
