"""The sampled drum kits that songs are played with: which, under what licence, on which side.

Recordings of real kits, struck at several strengths, in the format of the drum machine Hydrogen;
`hydrogen` reads them and `kit_player` plays them. Debian's package `hydrogen-drumkits` holds all
of them. No kit plays on both sides of the split. The Black Pearl is the kit of the soundfont of
that name, recorded once: both train. What trains allows version 3 of the GPL: where Debian writes
GPL-2, the kit itself says "GPL" or comes with a copy of it, which leaves the version open (GPL-2,
section 9). Forzee's says version 2 and no other, so it only validates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bridge.training.songs import grooves

if TYPE_CHECKING:
    from bridge.training.songs.soundfonts import Split

Kind = Literal["acoustic", "electronic", "percussion"]

PACKAGE = "hydrogen-drumkits"
FOLDERS = (Path("/usr/share/hydrogen/data/drumkits"),)
"""Where Debian and its descendants install Hydrogen's kits."""


@dataclass(frozen=True)
class Drumkit:
    """One kit.

    Parameters
    ----------
    folder
        Its name in a folder of kits.
    author, licence
        As the package's copyright file states them.
    split
        Which side of the split it plays on.
    kind
        What it is: a drum set that is struck, one that is synthesised, or hand percussion.
    weight
        How often it plays in relation to the others of its kind.
    sounds
        Where the name of an instrument misleads: which of General MIDI's sounds it is, in fact;
        empty for none.
    """

    folder: str
    author: str
    licence: str
    split: Split
    kind: Kind
    weight: float = 1.0
    sounds: tuple[tuple[str, tuple[int, ...]], ...] = ()


_HIGH_TOMS, _MID_TOMS = grooves.TOMS[:2], grooves.TOMS[2:4]
_HAND_DRUMS = tuple(
    (f"Djembe{number} {stroke}", sounds)
    for number in range(1, 6)
    for stroke, sounds in (
        ("Slap", (grooves.MUTE_CONGA,)),
        ("Tone", (grooves.HIGH_CONGA,)),
        ("Bass", (grooves.LOW_CONGA,)),
    )
)
_STICK_DRUMS = (
    ("Kenkeni1 Head Hit", (grooves.TIMBALE,)),
    ("Sangban1 Head Hit", (grooves.TIMBALE,)),
    ("Kenkeni1 Bell Hit", (grooves.AGOGO, grooves.COWBELL)),
    ("Sangban1 Bell Hit", (grooves.AGOGO, grooves.COWBELL)),
    ("Dununba1 Bell", (grooves.COWBELL,)),
)

DRUMKITS = (
    Drumkit(
        "ForzeeStereo", "Vladimir Sadovnikov, Alexander Belokurov", "GPL-2", "valid", "acoustic",
        weight=3.0, sounds=(("Stick", ()), ('Ride (Custom, Zagrebin 22")', (57,))),
    ),
    Drumkit(
        "BJA_Pacific", "Luc Tunguay", "CC-BY-SA-3.0-us", "train", "acoustic",
        weight=3.0, sounds=(("Tom", _HIGH_TOMS + _MID_TOMS),),
    ),
    Drumkit(
        "Millo_MultiLayered2", "Emiliano Grilli", "GPL-2", "train", "acoustic", weight=2.0
    ),
    Drumkit(
        "Millo_MultiLayered3", "Emiliano Grilli", "GPL-2", "train", "acoustic", weight=2.0
    ),
    Drumkit("Millo-Drums_v.1", "Emiliano Grilli", "GPL-2", "train", "acoustic"),
    Drumkit(
        "The Black Pearl 1.0", "Glen MacArthur", "GPL-2", "train", "acoustic",
        sounds=(("Pearl Tom 1", _HIGH_TOMS), ("Pearl Tom 2", _MID_TOMS)),
    ),
    Drumkit(
        "ColomboAcousticDrumkit", "Marcos Guglielmetti", "GPL-2+ with composition exception",
        "valid", "acoustic",
        sounds=(
            ("redo super opaco", (grooves.SNARE, 40)),
            ("Pedal HH", (grooves.OPEN_HAT,)),
            ("Tom Hi", (48,)), ("tomhi2", (48,)), ("tomhi3", (50,)), ("tomhi4", ()),
            ("ride-crash20inch", (grooves.RIDE, 59)),
        ),
    ),
    Drumkit(
        "Audiophob", "soundcloud.com/audiophobdubstep", "CC0", "train", "electronic"
    ),
    Drumkit(
        "ElectricEmpireKit", "Artemiy Pavlov", "GPL-2+", "train", "electronic", weight=2.0
    ),
    Drumkit("HardElectro1", "Artemiy Pavlov", "GPL-2+", "train", "electronic", weight=2.0),
    Drumkit("VariBreaks", "Artemiy Pavlov", "GPL-2+", "train", "electronic", weight=2.0),
    Drumkit(
        "rumpf_kit_z01_h2", "Emanuel Rumpf", "CC-BY-3.0", "train", "electronic",
        sounds=(
            ("a#3 - hi-hat open", (grooves.CLOSED_HAT,)),
            ("d#4 - cymbal 1", (grooves.RIDE, 59)), ("e4 - cymbal 2", (grooves.CHINA,)),
        ),
    ),
    Drumkit("Gimme A Hand 1.0", "Glen MacArthur", "GPL-2", "train", "percussion", weight=2.0),
    Drumkit(
        "circAfrique v4", "Jim Harney", "CC-BY-SA-3.0", "train", "percussion",
        sounds=_HAND_DRUMS + _STICK_DRUMS,
    ),
)  # fmt: skip
"""Every sampled kit that is used; nothing else is."""


@dataclass(frozen=True)
class InstalledKit:
    """A kit and the folder that it lies in."""

    kit: Drumkit
    path: Path


def installed(split: Split, folders: tuple[Path, ...] = FOLDERS) -> tuple[InstalledKit, ...]:
    """Return the kits of a side of the split that are installed, in the table's order."""
    found = []
    for kit in DRUMKITS:
        if kit.split == split:
            paths = [folder / kit.folder for folder in folders]
            here = [path for path in paths if (path / "drumkit.xml").is_file()]
            found += [InstalledKit(kit, path) for path in here[:1]]
    return tuple(found)
