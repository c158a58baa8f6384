"""Drum kits of the drum machine Hydrogen: the file that describes one, and what its names mean.

``drumkit.xml`` lists instruments, each with samples for ranges of velocity. Its dialects: the
oldest kits name one sample in the instrument; later ones have ``<layer>`` elements in it; in the
newest these stand in an ``<instrumentComponent>``; and the elements may be in a namespace. A kit
says in words only what its instruments are, so that `sounds_named` reads the words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from bridge.errors import EngineFailedError
from bridge.training.songs import grooves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SNARES = (grooves.SNARE, 40)
_HIGH_TOMS, _MID_TOMS, _LOW_TOMS = grooves.TOMS[:2], grooves.TOMS[2:4], grooves.TOMS[4:]

_NAMES: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"choke|roll|bell mute", ()),
    (r"kick|bass ?drum", (grooves.KICK, 35)),
    (r"rim ?shot", (40,)),
    (r"stick|rim\b|rim ?click", (grooves.RIM,)),
    (r"snare", _SNARES),
    (r"clap", (grooves.CLAP,)),
    (r"(hat|hh).*(pedal|\bpd\b|foot)|(pedal|foot).*(hat|hh)", (grooves.PEDAL_HAT,)),
    (r"(hat|hh).*(open|\bop\b|swish|free)|(open|side o).*(hat|hh)", (grooves.OPEN_HAT,)),
    (r"hat\b|hh\b", (grooves.CLOSED_HAT,)),
    (r"china", (grooves.CHINA,)),
    (r"splash", (grooves.SPLASH,)),
    (r"cowbell", (grooves.COWBELL,)),
    (r"bell\b|cup\b", (grooves.RIDE_BELL,)),
    (r"crash/ride bow|(?<!crash/)ride", (grooves.RIDE, 59)),
    (r"crash", (grooves.CRASH, 57)),
    (r"tom.*(low|\blo\b|floor)|(low|floor).*tom", _LOW_TOMS),
    (r"tom.*mid|mid.*tom", _MID_TOMS),
    (r"tom.*hi|hi.*tom", _HIGH_TOMS),
    (r"tambourine", (grooves.TAMBOURINE,)),
    (r"cabasa|shaker", (grooves.CABASA,)),
    (r"maraca", (grooves.MARACAS,)),
    (r"clave", (grooves.CLAVES,)),
    (r"wood ?block", (grooves.WOODBLOCK,)),
    (r"bongo hi", (grooves.HIGH_BONGO,)),
    (r"bongo lo", (grooves.LOW_BONGO,)),
    (r"conga 1", (grooves.HIGH_CONGA, grooves.MUTE_CONGA)),
    (r"conga 2", (grooves.LOW_CONGA,)),
    (r"timbale", (grooves.TIMBALE,)),
    (r"agogo hi", (grooves.AGOGO,)),
    (r"triangle", (grooves.TRIANGLE,)),
)
"""What words in a name mean, the first that fits; what none fits is left out."""


@dataclass(frozen=True)
class Layer:
    """One sample of an instrument.

    Parameters
    ----------
    path
        Its file.
    hardest
        Up to which velocity it sounds, 0..1.
    gain
        Linear.
    semitones
        By how much it is transposed.
    """

    path: Path
    hardest: float
    gain: float = 1.0
    semitones: float = 0.0


@dataclass(frozen=True)
class Instrument:
    """One instrument of a kit.

    Parameters
    ----------
    name
        As the kit calls it.
    sounds
        General MIDI's sounds that it is; empty where that is not known.
    gain_left, gain_right
        Linear; level and position in one.
    layers
        From the softest to the hardest, one at least.
    """

    name: str
    sounds: tuple[int, ...]
    gain_left: float
    gain_right: float
    layers: tuple[Layer, ...]


def sounds_named(name: str) -> tuple[int, ...]:
    """Return the sounds of General MIDI's kit that an instrument's name stands for.

    Parameters
    ----------
    name
        In English, in any case, with maker and size around it.

    Returns
    -------
    tuple of int
        One or, where the kit has one tom for two, several; empty where the words say nothing.
    """
    words = name.lower()
    for pattern, sounds in _NAMES:
        if re.search(pattern, words):
            return sounds
    return ()


def read_kit(
    folder: Path, corrections: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[Instrument, ...]:
    """Return the instruments of a kit, without those that have no sample.

    Parameters
    ----------
    folder
        The kit, with ``drumkit.xml`` in it.
    corrections
        The sounds of instruments whose names mislead.

    Raises
    ------
    EngineFailedError
        The file is missing or is not what Hydrogen writes.
    """
    try:
        # Only kits of the table are read, which come with the system's packages.
        root = ElementTree.parse(folder / "drumkit.xml").getroot()  # noqa: S314
        found = [_instrument(element, folder) for element in _elements(root, "instrument")]
    except (OSError, ElementTree.ParseError, ValueError) as exc:
        raise EngineFailedError(f"The drum kit {folder.name} cannot be read: {exc}.") from exc
    named = corrections or {}
    return tuple(
        Instrument(name, named.get(name, sounds_named(name)), left, right, layers)
        for name, left, right, layers in found
        if layers
    )


def _instrument(
    element: ElementTree.Element, folder: Path
) -> tuple[str, float, float, tuple[Layer, ...]]:
    gain = _number(element, "gain", 1.0) * _number(element, "volume", 1.0)
    position = _number(element, "pan", 0.0)
    left = gain * min(1.0, 1.0 - position) * _number(element, "pan_L", 1.0)
    right = gain * min(1.0, 1.0 + position) * _number(element, "pan_R", 1.0)
    layers = list(_layers(element, folder, 1.0))
    for component in _elements(element, "instrumentComponent"):
        layers += _layers(component, folder, _number(component, "gain", 1.0))
    sample = _text(element, "filename")
    if sample and not layers:
        layers = [Layer(folder / sample, 1.0)]
    there = [layer for layer in layers if layer.path.is_file()]
    return (
        _text(element, "name"), left, right, tuple(sorted(there, key=lambda row: row.hardest))
    )  # fmt: skip


def _layers(parent: ElementTree.Element, folder: Path, gain: float) -> Iterator[Layer]:
    for element in _elements(parent, "layer", deep=False):
        sample = _text(element, "filename")
        if sample:
            yield Layer(
                folder / sample,
                _number(element, "max", 1.0),
                gain * _number(element, "gain", 1.0),
                _number(element, "pitch", 0.0),
            )


def _elements(
    parent: ElementTree.Element, name: str, *, deep: bool = True
) -> Iterator[ElementTree.Element]:
    for element in parent.iter() if deep else parent:
        if element.tag.rpartition("}")[2] == name:
            yield element


def _text(parent: ElementTree.Element, name: str) -> str:
    for element in _elements(parent, name, deep=False):
        return (element.text or "").strip()
    return ""


def _number(parent: ElementTree.Element, name: str, default: float) -> float:
    text = _text(parent, name)
    return float(text) if text else default
