"""The soundfonts that songs are played with: which, under what licence, on which side of the split.

The fonts of the `valid` side share no samples with those of the `train` side: FluidR3 Mono and
MuseScore General descend from FluidR3, so all three train. csound's `sf_GMbank` is left out: it
calls itself public domain but does not say where its samples come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "valid"]

FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"))
"""Where Debian and its descendants install soundfonts."""

_GM = tuple(range(128))
_FLUID_KITS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    32,
    33,
    34,
    35,
    40,
    41,
)
_ELECTRONIC_KITS = (24, 25)
_AVL_SOUNDS = ((35, 36), (48, 45), (50, 47), (52, 57))


@dataclass(frozen=True)
class Soundfont:
    """One soundfont.

    Parameters
    ----------
    file
        Its name in a soundfont folder.
    package
        The Debian package that holds it.
    licence
        As the package's copyright file states it.
    split
        Which side of the split it plays on.
    programmes
        Melodic programmes, from 0; empty for a drum kit.
    acoustic_kits, electronic_kits
        Its kits as ``(bank, programme)``.
    sounds
        Where its kit departs from General MIDI: which sound stands for which.
    weight
        How often it plays in relation to the others.
    """

    file: str
    package: str
    licence: str
    split: Split
    programmes: tuple[int, ...] = _GM
    acoustic_kits: tuple[tuple[int, int], ...] = ()
    electronic_kits: tuple[tuple[int, int], ...] = ()
    sounds: tuple[tuple[int, int], ...] = ()
    weight: float = 1.0


def _kits(programmes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((128, programme) for programme in programmes)


SOUNDFONTS = (
    Soundfont(
        "FluidR3_GM.sf2", "fluid-soundfont-gm", "MIT", "train",
        acoustic_kits=_kits(_FLUID_KITS), electronic_kits=_kits(_ELECTRONIC_KITS), weight=3.0,
    ),
    Soundfont(
        "FluidR3Mono_GM.sf3", "fluidr3mono-gm-soundfont", "MIT", "train",
        acoustic_kits=_kits(_FLUID_KITS), electronic_kits=_kits(_ELECTRONIC_KITS), weight=1.0,
    ),
    Soundfont(
        "MuseScore_General_Full.sf3", "musescore-general-soundfont",
        "MIT, parts public domain or CC0", "train",
        acoustic_kits=_kits(_FLUID_KITS), electronic_kits=_kits(_ELECTRONIC_KITS), weight=3.0,
    ),
    Soundfont(
        "OPL-3_FM_128M.sf2", "opl3-soundfont", "CC-BY-SA-4.0, Zandro Reveille", "train",
        electronic_kits=_kits((0,)), weight=0.5,
    ),
    Soundfont(
        "Black_Pearl_4_LV2.sf2", "avldrums.lv2-soundfont", "CC-BY-SA-3.0, Glen MacArthur", "train",
        programmes=(), acoustic_kits=((0, 0),), sounds=_AVL_SOUNDS, weight=7.0,
    ),
    Soundfont(
        "Red_Zeppelin_4_LV2.sf2", "avldrums.lv2-soundfont", "CC-BY-SA-3.0, Glen MacArthur", "train",
        programmes=(), acoustic_kits=((0, 0),), sounds=_AVL_SOUNDS, weight=7.0,
    ),
    Soundfont(
        "TimGM6mb.sf2", "timgm6mb-soundfont", "GPL-2", "valid",
        acoustic_kits=_kits((0, 8, 16, 32, 40)), electronic_kits=_kits(_ELECTRONIC_KITS),
    ),
)  # fmt: skip
"""Every soundfont that is used; nothing else is."""


@dataclass(frozen=True)
class InstalledFont:
    """A soundfont and where it lies."""

    font: Soundfont
    path: Path


def installed(split: Split, folders: tuple[Path, ...] = FOLDERS) -> tuple[InstalledFont, ...]:
    """Return the soundfonts of a side of the split that are installed, in the table's order."""
    found = []
    for font in SOUNDFONTS:
        if font.split == split:
            paths = [folder / font.file for folder in folders if (folder / font.file).is_file()]
            found += [InstalledFont(font, path) for path in paths[:1]]
    return tuple(found)
