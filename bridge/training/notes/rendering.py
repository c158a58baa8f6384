"""From a piece to sound, as a stem of a recording sounds: amplified, in a room, with some noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.note_scores import NoteTable
from bridge.errors import ModelUnavailableError
from bridge.training.notes.pieces import piece
from bridge.training.singer import performer, solo, wording
from bridge.training.songs import production, sampler, soundfonts
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from bridge.engines.audio import Audio
    from bridge.training.notes.pieces import Piece
    from bridge.training.songs.soundfonts import InstalledFont, Split

PROGRAMMES = {
    "piano": (0, 1, 2, 3),
    "keys": (4, 5, 6, 7, 8, 11, 16, 18, 19, 20),
    "guitar": (24, 24, 25, 25, 26, 27, 27, 28),
    "bass": (32, 33, 33, 34, 34, 35, 36, 38, 39),
    "voice": (40, 53, 54, 56, 64, 65, 66, 68, 71, 73, 85),
    "other": (0, 4, 16, 24, 25, 27, 48, 49, 61, 62, 81, 88, 89, 90),
}
"""General MIDI programmes, from 0, that play each kind. The percussive organ, 17, is left out: in
some soundfonts it sounds an octave above what is written."""

_SUNG_SHARE = 0.5
_SUNG_STYLES = tuple(style for style in performer.STYLES if style not in performer.SPOKEN)
_AMPLIFIED_SHARE = 0.4
_ROOM_SHARE = 0.5
_NOISE_DBFS = (-90.0, -55.0)
_LEVEL_DBFS = (-30.0, -14.0)
_SEEDS_PER_SPLIT = 1_000_000


@dataclass(frozen=True)
class Recording:
    """A rendered piece.

    Parameters
    ----------
    name
        Kind, number and what played it.
    audio : np.ndarray [shape=(2, samples), dtype=float32]
        At 44.1 kHz.
    notes
        What was played.
    """

    name: str
    audio: Audio
    notes: NoteTable


def render(kind: str, number: int, split: Split, duration_s: float = 30.0) -> Recording:
    """Return one recording.

    Parameters
    ----------
    kind
        One of `pieces.KINDS`.
    number
        Which; the splits share neither pieces nor soundfonts.
    split
        ``train`` to tune on, ``valid`` to report.
    duration_s
        Its length.

    Raises
    ------
    ModelUnavailableError
        No soundfont of this split is installed.
    """
    seed = number + _SEEDS_PER_SPLIT * (split == "valid")
    rng = np.random.default_rng([seed, 7])
    fonts = [font for font in soundfonts.installed(split) if _is_natural(font)]
    if not fonts:
        raise ModelUnavailableError(
            "No soundfont is here; on Debian: apt install fluid-soundfont-gm timgm6mb-soundfont"
        )
    played = piece(kind, seed, duration_s - 1.0)
    samples = round(duration_s * SAMPLE_RATE)
    if kind == "voice" and rng.random() < _SUNG_SHARE:
        voice, audio = _sung(played, duration_s, rng)
    else:
        voice, audio = _sampled(played, fonts, samples, rng)
    return Recording(f"{kind} {number} {voice}", _recorded(audio, kind, rng), _truth(played))


def _is_natural(font: InstalledFont) -> bool:
    """Tell whether a font has samples of instruments; FM tones carry no truth about a piano."""
    return bool(font.font.programmes) and not font.font.file.startswith("OPL")


def _sampled(
    played: Piece, fonts: list[InstalledFont], samples: int, rng: np.random.Generator
) -> tuple[str, Audio]:
    font = fonts[int(rng.integers(len(fonts)))]
    programme = int(rng.choice(PROGRAMMES[played.kind]))
    source = sampler.Sampled(
        font.path, 0, programme, played.notes, tuning_cents=float(rng.normal(0.0, 6.0))
    )
    return f"{font.font.file}:{programme}", sampler.play([source], samples)[0]


def _sung(played: Piece, duration_s: float, rng: np.random.Generator) -> tuple[str, Audio]:
    style = str(rng.choice(_SUNG_STYLES))
    words = wording.draw(rng, wordless=False)
    voice = solo.draw(style, played.notes, words, rng)
    mono = voice.sing(played.notes, duration_s, rng)[np.newaxis]
    return f"sung:{style}", np.repeat(mono, 2, axis=0)


def _recorded(audio: Audio, kind: str, rng: np.random.Generator) -> Audio:
    """Return a player as recorded."""
    if kind in {"guitar", "bass"} and rng.random() < _AMPLIFIED_SHARE:
        amplifier = "bass" if kind == "bass" else str(rng.choice(["clean", "clean", "crunch"]))
        audio = production.amplified(audio, amplifier, float(rng.uniform(0.0, 0.7)), rng)
    if rng.random() < _ROOM_SHARE:
        audio = production.roomy(audio, rng)
    audio = production.equalised(audio, rng)
    if rng.random() < 0.3:
        audio = production.compressed(audio, rng)
    audio = production.levelled(audio, float(rng.uniform(*_LEVEL_DBFS)))
    noise = 10.0 ** (float(rng.uniform(*_NOISE_DBFS)) / 20.0)
    return np.asarray(audio + noise * rng.standard_normal(audio.shape), dtype=np.float32)


def _truth(played: Piece) -> NoteTable:
    """Return the notes at the times at which the sampler begins them."""
    grid = sampler.BLOCK / SAMPLE_RATE
    return NoteTable.of(
        [
            (
                round(note.start_s / grid) * grid,
                round((note.start_s + note.length_s) / grid) * grid,
                float(note.pitch),
            )
            for note in played.notes
        ]
    )
