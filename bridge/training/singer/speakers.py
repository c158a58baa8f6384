"""Who speaks the phrases: espeak-ng's many voices, and the people behind flite's and festival's.

The people's voices are statistical models, diphones or units of recordings that their speakers made
for this use, under the licences told here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.training.singer import syllables, vocabulary

if TYPE_CHECKING:
    from bridge.training.singer.syllables import PhoneSet


@dataclass(frozen=True)
class Language:
    """What a voice can read, and how it names the sounds.

    Parameters
    ----------
    words
        To be strung together.
    phones
        The names of the sounds.
    encoding
        Of the text that the voice reads.
    spelt
        Whether it can read letters that form no words.
    """

    words: tuple[str, ...]
    phones: PhoneSet
    encoding: str = "ascii"
    spelt: bool = True


ENGLISH = Language(vocabulary.ENGLISH, syllables.ENGLISH)
ITALIAN = Language(vocabulary.ITALIAN, syllables.ITALIAN, "latin-1")
CATALAN = Language(vocabulary.CATALAN, syllables.CATALAN, "iso8859-15")
CZECH = Language(vocabulary.CZECH, syllables.CZECH, "iso8859-2")
FINNISH = Language(vocabulary.FINNISH, syllables.FINNISH, "latin-1")
RUSSIAN = Language(vocabulary.RUSSIAN, syllables.RUSSIAN, "utf-8", spelt=False)
HINDI = Language(vocabulary.HINDI, syllables.HINDI, "utf-8", spelt=False)


@dataclass(frozen=True)
class Speaker:
    """One who speaks phrases, and how much of the spectrum is theirs.

    Parameters
    ----------
    name
        A voice of the program; `espeak-ng` has another voice in every phrase.
    program
        The command that speaks: `espeak-ng`, `flite` or `festival`.
    package
        Debian's, in which the voice is.
    licence
        Of the voice, as the package tells it.
    phrases
        How many phrases there are.
    band_end_hz
        Where the spectrum of consonants ends; it goes on from here.
    hinge_hz
        The band whose level vowels fall from; its upper end is where their own spectrum ends.
    vowel_fall_db
        Slope of vowels above it, per octave.
    tract_scale
        The speaker's formants relative to an adult man's.
    language
        What is spoken; espeak-ng chooses one itself.
    turns
        How often this speaker sings, relative to a person.
    """

    name: str
    program: str
    package: str
    licence: str
    phrases: int
    band_end_hz: float
    hinge_hz: tuple[float, float]
    vowel_fall_db: float
    tract_scale: float = 1.0
    language: Language = ENGLISH
    turns: float = 1.0

    @property
    def recorded(self) -> bool:
        """Whether recordings of a person are behind the voice."""
        return self.program != "espeak-ng"


# espeak-ng's vowels have gaps above 4.5 kHz that no mouth has. Its voices are many, though none is
# a person's.
ESPEAK = Speaker(
    "espeak-ng", "espeak-ng", "espeak-ng", "GPL-3+", 2000, 8200.0, (2500.0, 4500.0), -13.0,
    turns=2.0,
)  # fmt: skip


def _flite(
    name: str,
    *,
    band_end_hz: float,
    hinge_hz: tuple[float, float],
    fall_db: float,
    scale: float = 1.0,
) -> Speaker:
    return Speaker(
        name, "flite", "flite", "BSD-like (CMU)", 300, band_end_hz, hinge_hz, fall_db, scale
    )


def _festival(
    name: str,
    package: str,
    licence: str,
    language: Language,
    *,
    band_end_hz: float,
    hinge_hz: tuple[float, float],
    fall_db: float,
    scale: float = 1.0,
) -> Speaker:
    return Speaker(
        name, "festival", package, licence, 120, band_end_hz, hinge_hz, fall_db, scale, language
    )


_UP_TO_7_KHZ = (5000.0, 6900.0)
_UP_TO_10_KHZ = (8000.0, 10000.0)

PEOPLE: tuple[Speaker, ...] = (
    _flite("kal16", band_end_hz=7200.0, hinge_hz=_UP_TO_7_KHZ, fall_db=-9.0),
    # The recordings of awb hold little but an even floor above 4 kHz in vowels.
    _flite("awb", band_end_hz=7400.0, hinge_hz=(2500.0, 3800.0), fall_db=-13.0),
    _flite("rms", band_end_hz=7000.0, hinge_hz=_UP_TO_7_KHZ, fall_db=-9.0),
    _flite("slt", band_end_hz=7000.0, hinge_hz=(4500.0, 6100.0), fall_db=-9.0, scale=1.15),
    _festival(
        "lp_diphone", "festvox-italp16k", "GPL-2+", ITALIAN,
        band_end_hz=7400.0, hinge_hz=(4500.0, 5800.0), fall_db=-9.0, scale=1.2,
    ),
    _festival(
        "pc_diphone", "festvox-itapc16k", "GPL-2+", ITALIAN,
        band_end_hz=7400.0, hinge_hz=(2500.0, 3800.0), fall_db=-13.0,
    ),
    _festival(
        "upc_ca_ona_hts", "festvox-ca-ona-hts", "LGPL-2.1+", CATALAN,
        band_end_hz=6400.0, hinge_hz=(4500.0, 6300.0), fall_db=-9.0, scale=1.18,
    ),
    _festival(
        "czech_dita", "festvox-czech-dita", "GPL-3+", CZECH,
        band_end_hz=10300.0, hinge_hz=_UP_TO_10_KHZ, fall_db=-9.0, scale=1.15,
    ),
    _festival(  # a boy
        "czech_krb", "festvox-czech-krb", "GPL-3+", CZECH,
        band_end_hz=10300.0, hinge_hz=_UP_TO_10_KHZ, fall_db=-9.0, scale=1.35,
    ),
    _festival(
        "czech_machac", "festvox-czech-machac", "GPL-3+", CZECH,
        band_end_hz=10300.0, hinge_hz=_UP_TO_10_KHZ, fall_db=-9.0,
    ),
    _festival(
        "czech_ph", "festvox-czech-ph", "GPL-2+", CZECH,
        band_end_hz=10300.0, hinge_hz=_UP_TO_10_KHZ, fall_db=-9.0,
    ),
    _festival(
        "msu_ru_nsh_clunits", "festvox-ru", "BSD-like (Shmyrev)", RUSSIAN,
        band_end_hz=6000.0, hinge_hz=(4500.0, 5900.0), fall_db=-9.0, scale=1.05,
    ),
    _festival(
        "suo_fi_lj_diphone", "festvox-suopuhe-lj", "LGPL-2+", FINNISH,
        band_end_hz=10300.0, hinge_hz=_UP_TO_10_KHZ, fall_db=-9.0, scale=1.1,
    ),
    # These two were recorded with a band of about 5 kHz.
    _festival(
        "hy_fi_mv_diphone", "festvox-suopuhe-mv", "LGPL-2+", FINNISH,
        band_end_hz=4800.0, hinge_hz=(3000.0, 4500.0), fall_db=-13.0, scale=1.05,
    ),
    _festival(
        "hindi_NSK_diphone", "festvox-hi-nsk", "GPL-2+", HINDI,
        band_end_hz=5000.0, hinge_hz=(3000.0, 4700.0), fall_db=-13.0,
    ),
)  # fmt: skip
"""Recorded speakers, each once: festvox-kallpc16k is kal16, festvox-us-slt-hts is slt, and the
Telugu and Marathi voices are of the Hindi one's recordings."""
