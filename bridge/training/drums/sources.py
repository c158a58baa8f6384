"""Which kits strike for the training, and which only for its validation.

Free soundfonts, sampled kits and machines of our own. Programmes of a soundfont that play the same
samples count as one kit. No kit and no soundfont is on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.drums import strokes
from bridge.training.songs import drum_machine, drumkits, grooves, kit_player, sampler, soundfonts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bridge.engines.audio import Audio
    from bridge.training.drums.strokes import Kit, Player
    from bridge.training.songs.drumkits import InstalledKit
    from bridge.training.songs.soundfonts import InstalledFont, Split
    from bridge.training.songs.values import NoteEvent

MACHINE = "machine"
"""What the names of our own machines begin with."""

MACHINES = {"train": 48, "valid": 8}
"""How many machines are drawn for each side."""

_PROGRAMMES = (0, 8, 16, 24, 25, 32, 40)
"""Standard, room, power, electronic, TR-808, jazz and brush kits; the others sound like them."""

_DERIVED_FONTS = ("FluidR3Mono_GM.sf3",)
"""Fonts whose kits are those of another one."""

_MACHINE_SEEDS = {"train": 1_000, "valid": 2_000}
_SAMPLED_WEIGHTS = {"acoustic": 2.0, "electronic": 0.8, "percussion": 0.1}
_LACKING = (grooves.RIDE, 59, grooves.RIDE_BELL)
"""What a machine does not tell from a crash cymbal."""


@dataclass(frozen=True)
class Source:
    """Where a kit comes from.

    Parameters
    ----------
    name
        For files and the card.
    weight
        How often it plays in relation to the others.
    make
        Strikes all its sounds.
    """

    name: str
    weight: float
    make: Callable[[], Kit]


def sources(split: Split) -> Iterator[Source]:
    """Yield every kit of a side of the split that this machine can play."""
    for font in soundfonts.installed(split):
        yield from _font_kits(font)
    for kit in drumkits.installed(split):
        weight = _SAMPLED_WEIGHTS[kit.kit.kind] * kit.kit.weight
        yield Source(f"hydrogen-{kit.path.name}", weight, _striking_kit(kit))
    for number in range(MACHINES[split]):
        seed = _MACHINE_SEEDS[split] + number
        yield Source(f"{MACHINE}-{number:02d}", 0.15, lambda seed=seed: machine(seed))  # type: ignore[misc]


def machine(seed: int) -> Kit:
    """Return a kit of our own drum machine, without the cymbals that it cannot tell apart."""

    def player(notes: Sequence[NoteEvent], samples: int) -> Audio:
        return drum_machine.play(notes, samples, np.random.default_rng(seed))

    kit = strokes.strike_all(player)
    return {pitch: sound for pitch, sound in kit.items() if pitch not in _LACKING}


def _font_kits(font: InstalledFont) -> Iterator[Source]:
    if font.font.file in _DERIVED_FONTS:
        return
    sounds = dict(font.font.sounds)
    kits = [
        kit
        for kit in (*font.font.acoustic_kits, *font.font.electronic_kits)
        if kit[1] in _PROGRAMMES
    ]
    for bank, programme in kits:

        def player(
            notes: Sequence[NoteEvent], samples: int, bank: int = bank, programme: int = programme
        ) -> Audio:
            played = tuple(
                replace(note, pitch=sounds.get(note.pitch, note.pitch)) for note in notes
            )
            part = sampler.Sampled(font.path, bank, programme, played, struck=True)
            return sampler.play([part], samples)[0]

        name = f"{font.path.stem}-{bank}-{programme}"
        yield Source(name, font.font.weight / len(kits), _striking(player))


def _striking_kit(kit: InstalledKit) -> Callable[[], Kit]:
    def player(notes: Sequence[NoteEvent], samples: int) -> Audio:
        return kit_player.play(kit, notes, samples, np.random.default_rng(0))

    def strike() -> Kit:
        own = {sound for sound in strokes.SOUNDS if kit_player.sound_struck(kit, sound) == sound}
        return strokes.strike_all(player, own)

    return strike


def _striking(player: Player) -> Callable[[], Kit]:
    return lambda: strokes.strike_all(player)


def banks(folder: Path, split: Split) -> dict[str, tuple[float, Kit]]:
    """Return every kit of a side with its weight; what was struck before is read from the folder.

    Raises
    ------
    ModelUnavailableError
        Soundfonts are here but libfluidsynth is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for source in sources(split):
        path = folder / f"{split}-{source.name}.npz"
        if not path.exists():
            kit = source.make()
            if not kit:
                continue
            strokes.write(kit, path)
        found[source.name] = (source.weight, strokes.read(path))
    return found
