"""Who plays a part: a soundfont's programme, a sampled drum kit, or a synthesis of our own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs import drum_machine, kit_player, sampler, synths
from bridge.training.songs.drumkits import InstalledKit
from bridge.training.songs.instruments import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.audio import Audio
    from bridge.training.songs.soundfonts import InstalledFont
    from bridge.training.songs.values import NoteEvent, Part

_OWN_SYNTHESIS = 0.3
"""How often a part that our own synthesis can play as well is played by it."""
_OWN_DRUMS = 0.6
"""How often an electronic kit that is not a sampled one is our own drum machine."""
_SAMPLED_KITS = {"acoustic": 0.5, "electronic": 1 / 3}
"""How often a drum part is played by a sampled kit, where one is here that can."""


def play(
    parts: Sequence[Part],
    samples: int,
    fonts: Sequence[InstalledFont],
    kits: Sequence[InstalledKit],
    rng: np.random.Generator,
) -> list[tuple[Part, list[Audio]]]:
    """Return every part with what its players, one or two, have played."""
    kit = _Kit(fonts, kits, rng)
    sampled: list[sampler.Sampled] = []
    owners: list[int] = []
    takes: list[list[Audio]] = [[] for _ in parts]
    for index, part in enumerate(parts):
        count = 1
        if part.stem == "other" and rng.random() < INSTRUMENTS[part.instrument].doubled:
            count = 2
        source = kit.source(part) if part.stem == "drums" else _source(part, fonts, rng)
        for take in range(count):
            if isinstance(source, sampler.Sampled):
                notes = source.notes if take == 0 else doubled(source.notes, rng)
                cents = source.tuning_cents + float(rng.normal(0.0, 4.0))
                sampled.append(replace(source, notes=notes, tuning_cents=cents))
                owners.append(index)
                continue
            notes = part.notes if take == 0 else doubled(part.notes, rng)
            if isinstance(source, InstalledKit):
                takes[index].append(kit_player.play(source, notes, samples, rng))
            elif part.stem == "drums":
                takes[index].append(drum_machine.play(notes, samples, rng))
            else:
                takes[index].append(synths.play(source, notes, samples, rng))
    for index, audio in zip(owners, sampler.play(sampled, samples), strict=True):
        takes[index].append(audio)
    return list(zip(parts, takes, strict=True))


class _Kit:
    """Which drum kit plays which piece: mostly one kit, sometimes pieces of several."""

    def __init__(
        self,
        fonts: Sequence[InstalledFont],
        kits: Sequence[InstalledKit],
        rng: np.random.Generator,
    ) -> None:
        self._fonts = fonts
        self._kits = kits
        self._rng = rng
        self._mixed = rng.random() < 0.3
        self._own = rng.random() < _OWN_DRUMS
        self._tuning_cents = float(rng.normal(0.0, 120.0))
        self._chosen: dict[str, tuple[InstalledFont, tuple[int, int]] | None] = {}
        self._sampled: dict[str, InstalledKit | None] = {}

    def source(self, part: Part) -> sampler.Sampled | InstalledKit | str:
        kind, piece = part.instrument.split()
        acoustic = kind == "acoustic"
        key = piece if self._mixed or piece == "percussion" else "kit"
        kit = self._sampled_kit(key, part)
        if kit is not None:
            return kit
        if not acoustic and self._own:
            return "drum machine"
        if key not in self._chosen:
            self._chosen[key] = self._draw(acoustic=acoustic, percussion=piece == "percussion")
        chosen = self._chosen[key]
        if chosen is None:
            return "drum machine"
        font, (bank, programme) = chosen
        sounds = dict(font.font.sounds)
        notes = tuple(
            replace(note, pitch=sounds.get(note.pitch, note.pitch)) for note in part.notes
        )
        cents = self._tuning_cents + float(self._rng.normal(0.0, 60.0))
        return sampler.Sampled(font.path, bank, programme, notes, cents, struck=True)

    def _sampled_kit(self, key: str, part: Part) -> InstalledKit | None:
        """Return the kit that plays a part, or None where the part is not for a sampled kit."""
        kind, piece = part.instrument.split()
        kinds = {kind, "percussion"} if piece == "percussion" else {kind}
        kits = [kit for kit in self._kits if kit.kit.kind in kinds]
        sounds = {note.pitch for note in part.notes}
        able = [kit for kit in kits if kit_player.plays(kit, sounds)]
        if key not in self._sampled and able:
            wanted = self._rng.random() < _SAMPLED_KITS[kind]
            self._sampled[key] = self._of(able) if wanted else None
        kit = self._sampled.get(key)
        if kit is None or kit in able:
            return kit
        # A kit without toms, say, borrows them.
        return self._of(able) if able else None

    def _of(self, kits: Sequence[InstalledKit]) -> InstalledKit:
        weights = np.array([kit.kit.weight for kit in kits])
        return kits[int(self._rng.choice(len(kits), p=weights / weights.sum()))]

    def _draw(
        self, *, acoustic: bool, percussion: bool
    ) -> tuple[InstalledFont, tuple[int, int]] | None:
        rows = [
            (font, kit)
            for font in self._fonts
            if not percussion or font.font.programmes
            for kit in (font.font.acoustic_kits if acoustic else font.font.electronic_kits)
        ]
        if not rows:
            return None
        weights = np.array(
            [
                font.font.weight
                / len(font.font.acoustic_kits if acoustic else font.font.electronic_kits)
                for font, _ in rows
            ]
        )
        return rows[int(self._rng.choice(len(rows), p=weights / weights.sum()))]


def _source(
    part: Part, fonts: Sequence[InstalledFont], rng: np.random.Generator
) -> sampler.Sampled | str:
    """Return the programme of a soundfont, or the kind of patch, that plays a part."""
    instrument = INSTRUMENTS[part.instrument]
    melodic = [font for font in fonts if font.font.programmes]
    own = instrument.patches and (not instrument.programmes or rng.random() < _OWN_SYNTHESIS)
    if own or not melodic:
        return str(rng.choice(instrument.patches or ("soft pad", "saw lead", "pluck")))
    weights = np.array([font.font.weight for font in melodic])
    font = melodic[int(rng.choice(len(melodic), p=weights / weights.sum()))]
    programme = int(rng.choice(instrument.programmes or (38,)))
    darker_cents = float(rng.choice([0.0, 0.0, 600.0, 1_200.0]))
    return sampler.Sampled(
        font.path, 0, programme, part.notes, float(rng.normal(0.0, 8.0)), darker_cents
    )


def doubled(notes: Sequence[NoteEvent], rng: np.random.Generator) -> tuple[NoteEvent, ...]:
    """Return the same notes played a second time, as a double is recorded."""
    return tuple(
        sorted(
            (
                replace(
                    note,
                    start_s=max(0.0, note.start_s + float(rng.normal(0.0, 0.008))),
                    velocity=int(np.clip(note.velocity + rng.normal(0.0, 7.0), 1, 127)),
                )
                for note in notes
            ),
            key=lambda note: note.start_s,
        )
    )
