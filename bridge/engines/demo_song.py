"""The project's own song, rendered: twelve seconds of drums, bass, chords and a sung-like lead.

`engines.demo_score` holds its notes. One seed makes every rendering the same, so that `dawbridge
demo` and the tests have a song whose stems and notes are known exactly.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines import demo_synth as synth
from bridge.engines import demo_voice
from bridge.engines.demo_score import DURATION_S, KICK, OPEN_HAT, SNARE, STEMS, demo_notes
from bridge.units import db_to_amplitude

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.demo_score import DemoNote

MIX_PEAK_DBFS = -1.0

_SEED = 1770
_FADE_S = 0.08
_STEM_LEVELS_DB = {"drums": -0.5, "bass": -2.0, "other": -5.0, "vocals": 0.0}
_WET_DB = {"drums": -19.0, "bass": -60.0, "other": -13.0, "vocals": -13.0}


def render_demo_song(sample_rate: int = 44_100) -> dict[str, Audio]:
    """Render the song.

    Parameters
    ----------
    sample_rate
        In Hz.

    Returns
    -------
    dict of str to np.ndarray [shape=(2, 12 * sample_rate), dtype=float32]
        The stems, by the names in `STEMS`. Their sum is the mix, which peaks at
        `MIX_PEAK_DBFS`. The same on every call.
    """
    rng = np.random.default_rng(_SEED)
    response = synth.room(sample_rate, rng)
    dry = {
        "drums": _drums(sample_rate, rng),
        "bass": _bass(sample_rate),
        "other": _other(sample_rate),
        "vocals": _vocals(sample_rate, rng),
    }
    stems = {name: _in_room(dry[name], response, _WET_DB[name]) for name in STEMS}
    fade = np.ones(round(DURATION_S * sample_rate))
    edge = round(_FADE_S * sample_rate)
    fade[-edge:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, edge + 1) / edge)
    for name, audio in stems.items():
        level = np.sqrt(np.mean(audio**2))
        stems[name] = audio * fade * (db_to_amplitude(_STEM_LEVELS_DB[name]) / level)
    peak = np.abs(np.sum([stems[name] for name in STEMS], axis=0)).max()
    gain = db_to_amplitude(MIX_PEAK_DBFS) / peak
    return {name: np.ascontiguousarray(stems[name] * gain, dtype=np.float32) for name in STEMS}


def write_demo_song(folder: Path, sample_rate: int = 44_100) -> Path:
    """Write the mix as ``demo song.wav`` (24 bits) into a folder and return its path.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The folder cannot be written.
    """
    from bridge.engines.disk import disk_faults
    from bridge.engines.naming import finished
    from bridge.engines.wav import WavWriter

    mix = np.sum(list(render_demo_song(sample_rate).values()), axis=0)
    path = folder / "demo song.wav"
    with disk_faults(path):
        folder.mkdir(parents=True, exist_ok=True)
    with finished(path) as temporary, WavWriter(temporary, "pcm24", 2, sample_rate) as wav:
        wav.write(mix)
    return path


def _canvas(sample_rate: int) -> NDArray[np.float64]:
    return np.zeros((2, round(DURATION_S * sample_rate)))


def _put(
    canvas: NDArray[np.float64], sound: synth.Mono, onset_s: float, pan: float, sample_rate: int
) -> None:
    """Add a sound at a time, from pan -1 (left) to 1 (right), at equal power."""
    start = round(onset_s * sample_rate)
    sound = sound[: max(0, canvas.shape[1] - start)]
    angle = (pan + 1.0) * np.pi / 4.0
    sides = np.array([[np.cos(angle)], [np.sin(angle)]])
    canvas[:, start : start + sound.size] += sides * sound


def _part(stem: str) -> list[DemoNote]:
    return [note for note in demo_notes() if note.stem == stem]


def _drums(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    canvas = _canvas(sample_rate)
    for note in _part("drums"):
        if note.pitch == KICK:
            gain, pan, sound = 1.0, 0.0, synth.kick(sample_rate)
        elif note.pitch == SNARE:
            gain, pan, sound = 0.6, 0.08, synth.snare(sample_rate, rng)
        else:
            decay_s = 0.16 if note.pitch == OPEN_HAT else 0.03
            gain, pan, sound = 0.3, 0.35, synth.hat(sample_rate, rng, decay_s)
        level = gain * (note.velocity / 112.0) ** 1.5
        _put(canvas, level * sound, note.onset_s, pan, sample_rate)
    return canvas


def _bass(sample_rate: int) -> NDArray[np.float64]:
    canvas = _canvas(sample_rate)
    for note in _part("bass"):
        sound = synth.bass(note.pitch, note.offset_s - note.onset_s, sample_rate)
        _put(canvas, sound, note.onset_s, 0.0, sample_rate)
    return canvas


def _other(sample_rate: int) -> NDArray[np.float64]:
    canvas = _canvas(sample_rate)
    for note in _part("other"):
        for pan, cents in ((-0.75, -4.0), (0.75, 4.0)):
            sound = synth.keys(note.pitch, cents, note.offset_s - note.onset_s, sample_rate)
            _put(canvas, sound, note.onset_s, pan, sample_rate)
    return canvas


def _vocals(sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    canvas = _canvas(sample_rate)
    for _, phrase in itertools.groupby(_part("vocals"), key=lambda note: note.phrase):
        notes = list(phrase)
        sound = demo_voice.sung_phrase(notes, sample_rate, rng)
        _put(canvas, sound, notes[0].onset_s - demo_voice.LEAD_S, -0.05, sample_rate)
    return canvas


def _in_room(
    dry: NDArray[np.float64], response: NDArray[np.float64], wet_db: float
) -> NDArray[np.float64]:
    """Return audio with the room added, cut to its own length."""
    n = dry.shape[1] + response.shape[1]
    n = 1 << (n - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, n) * np.fft.rfft(response, n), n)[:, : dry.shape[1]]
    return dry + db_to_amplitude(wet_db) * wet
