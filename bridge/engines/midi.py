"""Standard MIDI files of type 1: the first track holds tempo and meter, the second the notes."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from pydantic import Field

from bridge.models import ClipNote, Value
from bridge.units import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bridge.engines.placement import ClipFrame, PlacedNote

BEND_RANGE_SEMITONES = 2
"""What the pitch wheel spans each way; set by RPN 0 in every clip that bends."""

_WHEEL_CENTRE = 8192
_WHEEL_STEP_CENTS = 4.0
"""Smaller movements are not sent: nobody hears them, and clips stay editable."""

_RELEASE_S = 0.2
"""How long the wheel waits after a note before it returns: the sound may still ring."""

_NOTE_OFF, _WHEEL, _NOTE_ON = range(3)
"""Order of events on one tick: a note ends before the wheel moves and the next begins."""


class Instrument(Value):
    """What a clip should be played with.

    Attributes
    ----------
    role
        What DAW scripts choose a track's device by.
    name
        For people.
    program
        General MIDI programme as manuals count, 1…128.
    channel
        MIDI channel as people count, 1…16; 10 is percussion.
    color
        ``#rrggbb`` for the track in the DAW.
    """

    role: str = Field(min_length=1)
    name: str = Field(min_length=1)
    program: int = Field(ge=1, le=128)
    channel: int = Field(ge=1, le=16)
    color: str = Field(pattern=r"^#[0-9a-f]{6}$")


def clip_notes(notes: Iterable[PlacedNote], instrument: Instrument) -> tuple[ClipNote, ...]:
    """Return notes as clips list them, in quarter notes."""
    return tuple(
        ClipNote(
            start_quarters=note.start / TICKS_PER_QUARTER,
            length_quarters=(note.end - note.start) / TICKS_PER_QUARTER,
            pitch=note.pitch,
            velocity=note.velocity,
            channel=instrument.channel - 1,
        )
        for note in notes
    )


def write_clip(
    path: Path,
    notes: Sequence[PlacedNote],
    frame: ClipFrame,
    instrument: Instrument,
    track_name: str,
) -> None:
    """Write a MIDI file.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    notes
        From `placement.place`.
    frame
        The same that they were placed in.
    instrument
        Programme and channel.
    track_name
        Name of the track that holds the notes.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import mido

    numerator, denominator = (int(number) for number in frame.meter.split("/"))
    conductor = [
        mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(frame.tempo)),
        mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator),
        mido.MetaMessage("end_of_track", time=frame.end_tick),
    ]
    channel = instrument.channel - 1
    track = [
        mido.MetaMessage("track_name", name=track_name),
        mido.Message("program_change", channel=channel, program=instrument.program - 1),
    ]
    events = _events(notes, frame, channel)
    if any(message.type == "pitchwheel" for _, _, message in events):
        track += _bend_range(channel)
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, frame.end_tick - now)))
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks += [mido.MidiTrack(conductor), mido.MidiTrack(track)]
    file.save(path)


def _events(
    notes: Sequence[PlacedNote], frame: ClipFrame, channel: int
) -> list[tuple[int, int, Any]]:
    """Return ``(tick, order, message)`` of every note and wheel movement, in playing order."""
    import mido

    events: list[tuple[int, int, Any]] = []
    release = max(1, frame.tick(_RELEASE_S))
    silent_from = [0, *accumulate((note.end for note in notes), max)]
    for index, note in enumerate(notes):
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)
        events += [(note.start, _NOTE_ON, on), (note.end, _NOTE_OFF, off)]
        following = notes[index + 1].start if index + 1 < len(notes) else frame.end_tick
        # The wheel bends the whole channel: only a note that sounds alone may move it.
        if note.wheel and silent_from[index] <= note.start and note.end <= following:
            back = min(note.end + release, following)
            for tick, cents in [*_thinned(note.wheel), (back, 0.0)]:
                turned = mido.Message("pitchwheel", channel=channel, pitch=_wheel_value(cents))
                events.append((tick, _WHEEL, turned))
    return sorted(events, key=lambda event: event[:2])


def _thinned(wheel: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return the movements that are far enough from the one before, the last on a tick."""
    by_tick = dict(wheel)
    kept: list[tuple[int, float]] = []
    for tick, cents in by_tick.items():
        if not kept or abs(cents - kept[-1][1]) >= _WHEEL_STEP_CENTS:
            kept.append((tick, cents))
    return kept


def _wheel_value(cents: float) -> int:
    value = round(cents / (100 * BEND_RANGE_SEMITONES) * _WHEEL_CENTRE)
    return min(max(value, -_WHEEL_CENTRE), _WHEEL_CENTRE - 1)


def _bend_range(channel: int) -> list[Any]:
    """Return the controllers that set the wheel's range (RPN 0) and then deselect it (RPN null)."""
    import mido

    settings = ((101, 0), (100, 0), (6, BEND_RANGE_SEMITONES), (38, 0), (101, 127), (100, 127))
    return [
        mido.Message("control_change", channel=channel, control=control, value=value)
        for control, value in settings
    ]
