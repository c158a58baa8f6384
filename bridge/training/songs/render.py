"""From a seed to stems: compose, play every part, produce it, mix, master."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.training import singer
from bridge.training.songs import drumkits, players, production, soundfonts
from bridge.training.songs.instruments import INSTRUMENTS
from bridge.training.songs.score import compose
from bridge.training.songs.styles import STYLES
from bridge.training.songs.values import SAMPLE_RATE, STEMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.audio import Audio
    from bridge.training.songs.drumkits import InstalledKit
    from bridge.training.songs.soundfonts import InstalledFont, Split
    from bridge.training.songs.values import Part, Song

_STEM_LEVELS_DBFS = {"drums": -18.5, "bass": -20.0, "other": -18.0, "vocals": -17.5}
_STEM_SPREAD_DB, _STEM_RANGE_DB = 3.0, 7.0
_PIECE_LEVELS_DBFS = {
    "kick": -20.0,
    "snare": -20.0,
    "cymbals": -26.0,
    "toms": -22.0,
    "percussion": -27.0,
}


def render_song(
    seed: int,
    duration_s: float,
    split: Split,
    fonts: Sequence[InstalledFont] | None = None,
    *,
    kits: Sequence[InstalledKit] | None = None,
    style: str | None = None,
) -> dict[str, Audio]:
    """Return a song's stems.

    Parameters
    ----------
    seed
        What everything is drawn from.
    duration_s
        How long, in seconds.
    split
        Whose soundfonts and kits play: those of ``valid`` never play for ``train``.
    fonts, kits
        Soundfonts and sampled drum kits to use instead of the installed ones; none of either
        leaves our own synthesis.
    style
        A row of `styles.STYLES`; None draws one.

    Returns
    -------
    dict of np.ndarray [shape=(2, samples), dtype=float32]
        ``drums``, ``bass``, ``other``, ``vocals`` at 44.1 kHz; silent where nobody plays. Neither
        they nor their sum, the mix, exceed full scale.

    Raises
    ------
    ModelUnavailableError
        Soundfonts are here but libfluidsynth is not.
    EngineFailedError
        A soundfont or a kit cannot be read.
    """
    song = compose(seed, duration_s, style)
    playing = soundfonts.installed(split) if fonts is None else fonts
    struck = drumkits.installed(split) if kits is None else kits
    return mix_song(song, seed, duration_s, playing, struck)


def mix_song(
    song: Song,
    seed: int,
    duration_s: float,
    fonts: Sequence[InstalledFont],
    kits: Sequence[InstalledKit],
) -> dict[str, Audio]:
    """Return the stems of a composed song; see `render_song`."""
    rng = np.random.default_rng([seed, 2])
    samples = round(duration_s * SAMPLE_RATE)
    stems = {stem: np.zeros((2, samples), dtype=np.float32) for stem in STEMS}
    drive = STYLES[song.style].drive
    for part, takes in players.play(song.parts, samples, fonts, kits, rng):
        stems[part.stem] += _produced(part, takes, song, drive, rng)
    stems["vocals"] += _voices(song, duration_s, samples, rng)
    for stem, audio in stems.items():
        if np.any(audio):
            level_db = float(
                np.clip(rng.normal(0.0, _STEM_SPREAD_DB), -_STEM_RANGE_DB, _STEM_RANGE_DB)
            )
            bus = _bus(stem, audio, rng)
            stems[stem] = production.levelled(bus, _STEM_LEVELS_DBFS[stem] + level_db)
    if rng.random() < 0.05:
        stems = {stem: production.panned(audio, 0.0, 0.0) for stem, audio in stems.items()}
    return production.mastered(stems, rng)


def _produced(
    part: Part, takes: Sequence[Audio], song: Song, drive: float, rng: np.random.Generator
) -> Audio:
    """Return a part as it sits in its stem."""
    if part.stem == "drums":
        return _drum_track(part.instrument.split()[1], takes[0], rng)
    instrument = INSTRUMENTS[part.instrument]
    bass = part.stem == "bass"
    position = 0.0 if bass else float(np.clip(rng.normal(0.0, 0.5), -0.95, 0.95))
    width = float(rng.choice([0.0, 0.5, 1.0], p=[0.9, 0.08, 0.02] if bass else [0.2, 0.25, 0.55]))
    sides = (
        [position]
        if len(takes) == 1
        else [-float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.5, 1.0))]
    )
    out = np.zeros_like(takes[0])
    for take, side in zip(takes, sides, strict=True):
        audio = take
        direct = bass and rng.random() < 0.3
        if instrument.amplifier and not direct and np.any(audio):
            audio = production.amplified(audio, instrument.amplifier, drive, rng)
        out += production.panned(audio, side, width)
    if not np.any(out):
        return out
    return production.levelled(
        _treated(out, song, rng, bass=bass), -20.0 + float(rng.normal(0.0, 4.0))
    )


def _treated(audio: Audio, song: Song, rng: np.random.Generator, *, bass: bool) -> Audio:
    audio = production.brightened(production.levelled(audio, -20.0), rng)
    audio = production.equalised(audio, rng)
    if rng.random() < (0.6 if bass else 0.35):
        audio = production.compressed(audio, rng)
    if rng.random() < (0.45 if bass else 0.15):
        audio = production.saturated(audio, rng)
    if rng.random() < (0.06 if bass else 0.2):
        audio = production.modulated(audio, rng)
    if not bass and rng.random() < 0.2:
        audio = production.delayed(audio, 60.0 / song.tempo, rng)
    if rng.random() < (0.06 if bass else 0.5):
        audio = production.reverberated(audio, rng)
    if not bass and rng.random() < 0.3:
        audio = production.roomy(audio, rng)
    return audio


def _drum_track(piece: str, audio: Audio, rng: np.random.Generator) -> Audio:
    if not np.any(audio):
        return audio
    width = {"kick": 0.1, "snare": 0.3}.get(piece, float(rng.uniform(0.3, 1.3)))
    position = float(rng.normal(0.0, 0.25 if piece in {"cymbals", "percussion"} else 0.06))
    audio = production.panned(audio, float(np.clip(position, -0.9, 0.9)), width)
    audio = production.equalised(production.levelled(audio, -20.0), rng, 6.0)
    if piece in {"kick", "snare", "toms"} and rng.random() < 0.5:
        audio = production.compressed(audio, rng)
    if rng.random() < 0.12:
        audio = production.saturated(audio, rng)
    if piece in {"snare", "percussion", "toms"} and rng.random() < 0.35:
        audio = production.reverberated(audio, rng)
    level_dbfs = _PIECE_LEVELS_DBFS[piece] + float(rng.normal(0.0, 3.0))
    return production.levelled(audio, level_dbfs)


def _bus(stem: str, audio: Audio, rng: np.random.Generator) -> Audio:
    """Return a stem after what is done to all of it."""
    audio = production.levelled(audio, -18.0)
    if stem == "drums" and rng.random() < 0.65:
        audio = production.roomy(audio, rng)
    if rng.random() < (0.5 if stem == "drums" else 0.25):
        audio = production.compressed(audio, rng)
    if rng.random() < (0.45 if stem == "drums" else 0.15):
        audio = production.saturated(audio, rng)
    if rng.random() < 0.5:
        audio = production.equalised(audio, rng, 4.0)
    if rng.random() < 0.06:
        audio = production.aged(audio, rng)
    return audio


def _voices(song: Song, duration_s: float, samples: int, rng: np.random.Generator) -> Audio:
    """Return the lead voice with its doubles, and the harmonies behind it."""
    out = np.zeros((2, samples), dtype=np.float32)
    lines = [(song.melody, 0.0, float(rng.normal(0.0, 0.05)))] if song.melody else []
    if song.melody and rng.random() < 0.2:
        lines.append(
            (
                players.doubled(song.melody, rng),
                -float(rng.uniform(3, 9)),
                float(rng.normal(0, 0.3)),
            )
        )
    for number, line in enumerate(song.harmonies):
        side = (-1) ** number * float(rng.uniform(0.1, 0.9))
        lines.append((line, -float(rng.uniform(4, 12)), side))
    beat_s = 60.0 / song.tempo
    for line, level_db, side in lines:
        voice = singer.sing(line, duration_s, rng)
        if not np.any(voice):
            continue
        stereo = np.repeat(voice[:, :samples], 2, axis=0)
        audio = _voice_track(stereo, beat_s, rng)
        audio = production.panned(audio, float(np.clip(side, -1, 1)), 1.0)
        out[:, : audio.shape[1]] += production.levelled(audio, -20.0 + level_db)
    return out


def _voice_track(audio: Audio, beat_s: float, rng: np.random.Generator) -> Audio:
    audio = production.equalised(production.levelled(audio, -20.0), rng)
    if rng.random() < 0.75:
        audio = production.compressed(audio, rng)
    if rng.random() < 0.12:
        audio = production.saturated(audio, rng)
    if rng.random() < 0.3:
        audio = production.delayed(audio, beat_s, rng)
    if rng.random() < 0.1:
        audio = production.modulated(audio, rng)
    if rng.random() < 0.7:
        audio = production.reverberated(audio, rng)
    if rng.random() < 0.3:
        audio = production.roomy(audio, rng)
    return audio
