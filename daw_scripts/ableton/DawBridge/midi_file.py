"""Reads the notes of a standard MIDI file, a few hundred events at a time.

After the Standard MIDI Files 1.0 specification: format 0 or 1, ticks a quarter note, running
status. Bends and controllers are passed over: Live's notes hold none.
"""

from __future__ import annotations

import struct
from typing import Iterator, NamedTuple

from .errors import BridgeError

EVENTS_AT_A_TIME = 200

_META, _SYSEX, _SYSEX_REST = 0xFF, 0xF0, 0xF7
_NOTE_OFF, _NOTE_ON = 0x8, 0x9
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


class Note(NamedTuple):
    """A note, in quarter notes from the file's beginning."""

    start: float
    end: float
    pitch: int
    velocity: int


def read(data: bytes, notes: list[Note]) -> Iterator[None]:
    """Add a file's notes to a list, in order of their ends, some at each step.

    Raises
    ------
    BridgeError
        The bytes are no MIDI file that can be read.
    """
    try:
        size, _, track_count, division = struct.unpack_from(">4xIHHH", data)
        if data[:4] != b"MThd" or division & 0x8000 or not division:
            raise BridgeError(_WRONG)
        index = 8 + size
        for _ in range(track_count):
            (length,) = struct.unpack_from(">4xI", data, index)
            begin, index = index + 8, index + 8 + length
            if index > len(data):
                raise BridgeError(_WRONG)
            yield from _track(data, begin, index, float(division), notes)
    except (struct.error, IndexError, KeyError) as fault:
        raise BridgeError(_WRONG) from fault


_WRONG = "A MIDI file that came back cannot be read. Press again."


def _track(data: bytes, index: int, end: int, ticks: float, notes: list[Note]) -> Iterator[None]:
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    now = status = count = 0
    while index < end:
        delta, index = _quantity(data, index)
        now += delta
        if data[index] & 0x80:
            status = data[index]
            index += 1
        if status in (_META, _SYSEX, _SYSEX_REST):
            index += status == _META
            length, index = _quantity(data, index)
            index += length
        else:
            kind, channel = status >> 4, status & 0xF
            first, second = data[index], data[index + 1] if _DATA_BYTES[kind] == 2 else 0
            index += _DATA_BYTES[kind]
            if kind == _NOTE_ON and second:
                sounding.setdefault((channel, first), []).append((now, second))
            elif kind in (_NOTE_ON, _NOTE_OFF) and sounding.get((channel, first)):
                begun, velocity = sounding[channel, first].pop(0)
                notes.append(Note(begun / ticks, now / ticks, first, velocity))
        count += 1
        if count % EVENTS_AT_A_TIME == 0:
            yield


def _quantity(data: bytes, index: int) -> tuple[int, int]:
    """Return a number of variable length, seven bits to a byte, and where it ends."""
    value = 0
    while True:
        byte = data[index]
        value, index = value << 7 | byte & 0x7F, index + 1
        if not byte & 0x80:
            return value, index
