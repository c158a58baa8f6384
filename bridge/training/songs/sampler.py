"""Playing soundfonts with libfluidsynth, every part into channels of its own in one pass.

The library rather than the `fluidsynth` program: the program mixes all parts into one file and
would have to be started, and would parse its soundfont, once for every part. Reverb and chorus are
off; `production` adds its own.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import EngineFailedError, ModelUnavailableError
from bridge.training.songs.values import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bridge.engines.audio import Audio
    from bridge.training.songs.values import NoteEvent

BLOCK = 64
"""Samples that libfluidsynth computes at a time: notes start on this grid, 1.5 ms."""

_GENERATOR_FILTER_CUTOFF = 8
_GENERATOR_FINE_TUNE = 52
_DRUM_HOLD_S = 2.5
_GAIN = 0.4
_VOICES = 400


@dataclass(frozen=True)
class Sampled:
    """A part and the programme that plays it.

    Parameters
    ----------
    path
        The soundfont.
    bank, programme
        Which of its presets; bank 128 holds drum kits.
    notes
        What it plays, in order.
    tuning_cents
        Detuning of all notes, -1200..1200.
    darker_cents
        By how much the low-pass of its sounds is lowered, in cents of its cutoff.
    struck
        Whether its sounds ring until they are struck again, as drums do.
    """

    path: Path
    bank: int
    programme: int
    notes: tuple[NoteEvent, ...]
    tuning_cents: float = 0.0
    darker_cents: float = 0.0
    struck: bool = False


@cache
def library() -> ctypes.CDLL | None:
    """Return libfluidsynth, or None where it is not installed."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        return None
    lib = ctypes.CDLL(name)
    pointer, integer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_double, ctypes.c_char_p
    floats = ctypes.POINTER(ctypes.POINTER(ctypes.c_float))
    signatures: dict[str, tuple[type | None, list[type]]] = {
        "new_fluid_settings": (pointer, []),
        "delete_fluid_settings": (None, [pointer]),
        "fluid_settings_setint": (integer, [pointer, text, integer]),
        "fluid_settings_setnum": (integer, [pointer, text, number]),
        "new_fluid_synth": (pointer, [pointer]),
        "delete_fluid_synth": (None, [pointer]),
        "fluid_synth_sfload": (integer, [pointer, text, integer]),
        "fluid_synth_program_select": (integer, [pointer, *[integer] * 4]),
        "fluid_synth_pin_preset": (integer, [pointer, *[integer] * 3]),
        "fluid_synth_set_gen": (integer, [pointer, integer, integer, ctypes.c_float]),
        "fluid_synth_noteon": (integer, [pointer, *[integer] * 3]),
        "fluid_synth_noteoff": (integer, [pointer, *[integer] * 2]),
        "fluid_synth_process": (integer, [pointer, integer, integer, floats, integer, floats]),
        "fluid_set_log_function": (pointer, [integer, pointer, pointer]),
    }
    for function, (result, arguments) in signatures.items():
        getattr(lib, function).restype = result
        getattr(lib, function).argtypes = arguments
    for level in range(5):
        lib.fluid_set_log_function(level, None, None)
    return lib


class _Keeper:
    """Keeps what has been decoded of compressed soundfonts in libfluidsynth's cache of samples.

    An SF3 holds its samples as Ogg Vorbis, and decoding a piano takes longer than playing a song
    on it. Up to 0.6 GB for a process that has used all of MuseScore General.
    """

    def __init__(self, lib: ctypes.CDLL) -> None:
        self._lib = lib
        self._settings = lib.new_fluid_settings()
        lib.fluid_settings_setint(self._settings, b"synth.dynamic-sample-loading", 1)
        self._synth = lib.new_fluid_synth(self._settings)
        self._fonts: dict[Path, int] = {}
        self._kept: set[tuple[Path, int, int]] = set()

    def keep(self, part: Sampled) -> None:
        """Decode a part's programme, unless that has been done or there is nothing to decode."""
        preset = (part.path, part.bank, part.programme)
        if part.path.suffix != ".sf3" or preset in self._kept:
            return
        if part.path not in self._fonts:
            load = self._lib.fluid_synth_sfload
            self._fonts[part.path] = load(self._synth, str(part.path).encode(), 0)
        font = self._fonts[part.path]
        self._lib.fluid_synth_pin_preset(self._synth, font, part.bank, part.programme)
        self._kept.add(preset)


@cache
def _keeper(lib: ctypes.CDLL) -> _Keeper:
    return _Keeper(lib)


def play(parts: Sequence[Sampled], samples: int) -> list[Audio]:
    """Return each part by itself.

    Parameters
    ----------
    parts
        What to play; none gives nothing.
    samples
        Length of the result at 44.1 kHz.

    Returns
    -------
    list of np.ndarray [shape=(2, samples), dtype=float32]

    Raises
    ------
    ModelUnavailableError
        libfluidsynth is not installed.
    EngineFailedError
        A soundfont cannot be read or lacks the programme.
    """
    if not parts:
        return []
    lib = library()
    if lib is None:
        raise ModelUnavailableError(
            "Songs need libfluidsynth, which is not installed; on Debian: apt install fluidsynth"
        )
    settings = lib.new_fluid_settings()
    try:
        _configure(lib, settings, len(parts))
        synth = lib.new_fluid_synth(settings)
        try:
            _choose_programmes(lib, synth, parts)
            return _render(lib, synth, parts, samples)
        finally:
            lib.delete_fluid_synth(synth)
    finally:
        lib.delete_fluid_settings(settings)


def _configure(lib: ctypes.CDLL, settings: int, parts: int) -> None:
    integers = {
        b"synth.midi-channels": -(-parts // 16) * 16,
        b"synth.audio-channels": parts,
        b"synth.audio-groups": parts,
        b"synth.polyphony": _VOICES,
        b"synth.reverb.active": 0,
        b"synth.chorus.active": 0,
        b"synth.dynamic-sample-loading": 1,
    }
    for name, value in integers.items():
        lib.fluid_settings_setint(settings, name, value)
    lib.fluid_settings_setnum(settings, b"synth.sample-rate", float(SAMPLE_RATE))
    lib.fluid_settings_setnum(settings, b"synth.gain", _GAIN)


def _choose_programmes(lib: ctypes.CDLL, synth: int, parts: Sequence[Sampled]) -> None:
    fonts: dict[Path, int] = {}
    for channel, part in enumerate(parts):
        if part.path not in fonts:
            fonts[part.path] = lib.fluid_synth_sfload(synth, str(part.path).encode(), 0)
        _keeper(lib).keep(part)
        font = fonts[part.path]
        if font < 0:
            raise EngineFailedError(f"The soundfont {part.path.name} cannot be read.")
        if lib.fluid_synth_program_select(synth, channel, font, part.bank, part.programme) < 0:
            raise EngineFailedError(
                f"The soundfont {part.path.name} has no programme {part.programme} in bank "
                f"{part.bank}."
            )
        lib.fluid_synth_set_gen(synth, channel, _GENERATOR_FINE_TUNE, part.tuning_cents)
        lib.fluid_synth_set_gen(synth, channel, _GENERATOR_FILTER_CUTOFF, -part.darker_cents)


def _render(lib: ctypes.CDLL, synth: int, parts: Sequence[Sampled], samples: int) -> list[Audio]:
    blocks = -(-samples // BLOCK)
    buffer = np.zeros((2 * len(parts), blocks * BLOCK), dtype=np.float32)
    rows = ctypes.POINTER(ctypes.c_float) * len(buffer)
    addresses = [row.ctypes.data for row in buffer]
    done = 0
    agenda = _agenda(parts)
    for block in [*sorted(block for block in agenda if block < blocks), blocks]:
        if block > done:
            offset = done * BLOCK * buffer.itemsize
            outputs = rows(
                *(
                    ctypes.cast(address + offset, ctypes.POINTER(ctypes.c_float))
                    for address in addresses
                )
            )
            lib.fluid_synth_process(synth, (block - done) * BLOCK, 0, None, len(buffer), outputs)
            done = block
        for channel, pitch, velocity in agenda.get(block, ()):
            if velocity:
                lib.fluid_synth_noteon(synth, channel, pitch, velocity)
            else:
                lib.fluid_synth_noteoff(synth, channel, pitch)
    return [buffer[2 * index : 2 * index + 2, :samples] for index in range(len(parts))]


def _agenda(parts: Sequence[Sampled]) -> dict[int, list[tuple[int, int, int]]]:
    """Return ``(channel, pitch, velocity)`` by block; velocity 0 ends a note, and comes first."""
    ends: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    starts: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for channel, part in enumerate(parts):
        again: dict[int, float] = {}
        for note in reversed(part.notes):
            length_s = _DRUM_HOLD_S if part.struck else note.length_s
            end_s = min(note.start_s + length_s, again.get(note.pitch, np.inf))
            again[note.pitch] = note.start_s
            start = round(note.start_s * SAMPLE_RATE / BLOCK)
            end = max(start + 1, round(end_s * SAMPLE_RATE / BLOCK))
            starts[start].append((channel, note.pitch, note.velocity))
            ends[end].append((channel, note.pitch, 0))
    return {block: ends[block] + starts[block] for block in {*starts, *ends}}
