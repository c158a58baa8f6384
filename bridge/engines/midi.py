"""Clips as standard MIDI files of type 1: the first track conducts, the others hold the notes.

A file holds names, programmes, tempi, meter and key. It holds no colours: the format has no event
for them, so they go to the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

from pydantic import Field

from bridge.engines import midi_events
from bridge.models import ClipNote, Value
from bridge.units import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bridge.engines.midi_events import Event
    from bridge.engines.placement import ClipFrame, PlacedNote

PERCUSSION_CHANNEL = 9
"""General MIDI's drums, counted from 0."""

_LONGEST_DELTA_TICKS = 0x0FFF_FFFF
"""What four bytes of a delta time hold; 39 hours at 120 quarter notes a minute."""

_COMPOUND = {6, 9, 12}
_CLOCKS_PER_QUARTER = 24


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

    @property
    def is_percussion(self) -> bool:
        """Whether it plays on General MIDI's drum channel, where pitches are sounds."""
        return self.channel - 1 == PERCUSSION_CHANNEL


@dataclass(frozen=True)
class ClipTrack:
    """A clip as a track of a file.

    Attributes
    ----------
    name
        Of the track.
    notes
        From `placement.place`.
    instrument
        Programme and channel.
    mpe
        Whether its notes are spread over an MPE zone; drums never are.
    """

    name: str
    notes: tuple[PlacedNote, ...]
    instrument: Instrument
    mpe: bool = False

    @property
    def in_zone(self) -> bool:
        """Whether it is written as MPE."""
        return self.mpe and not self.instrument.is_percussion


def clip_notes(track: ClipTrack) -> tuple[ClipNote, ...]:
    """Return notes as clips list them, in quarter notes."""
    channels = [track.instrument.channel - 1] * len(track.notes)
    if track.in_zone:
        channels = midi_events.member_channels(track.notes)
    return tuple(
        ClipNote(
            start_quarters=note.start / TICKS_PER_QUARTER,
            length_quarters=(note.end - note.start) / TICKS_PER_QUARTER,
            pitch=note.pitch,
            velocity=note.velocity,
            channel=channel,
        )
        for note, channel in zip(track.notes, channels, strict=True)
    )


def write_clips(
    path: Path, tracks: Sequence[ClipTrack], frame: ClipFrame, key: str | None = None
) -> None:
    """Write a MIDI file with one clip or several.

    Each track keeps its instrument's channel unless one before has it; drums share theirs. MPE
    tracks have a MIDI port each, since a zone takes all channels of one.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    tracks
        In the file's order; they follow the conductor.
    frame
        That the notes were placed in.
    key
        Such as ``"F# minor"``; None writes no key signature.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_timed(_conductor(frame, key), frame.length_ticks))
    ports = iter(range(1, 128))
    channels = _channels(tracks)
    for track, channel in zip(tracks, channels, strict=True):
        port = next(ports) if track.in_zone and len(tracks) > 1 else None
        events = _track_events(track, frame, channel, port)
        file.tracks.append(_timed(events, frame.length_ticks))
    file.save(path)


def _channels(tracks: Sequence[ClipTrack]) -> list[int]:
    """Return a channel for each track, from 0; past fifteen they are shared."""
    taken: set[int] = set()
    spare = cycle([number for number in range(16) if number != PERCUSSION_CHANNEL])
    channels = []
    for track in tracks:
        channel = track.instrument.channel - 1
        if channel in taken and channel != PERCUSSION_CHANNEL:
            wanted = {other.instrument.channel - 1 for other in tracks} | taken
            free = [number for number in range(16) if number not in {*wanted, PERCUSSION_CHANNEL}]
            channel = free[0] if free else next(spare)
        taken.add(channel)
        channels.append(channel)
    return channels


def _conductor(frame: ClipFrame, key: str | None) -> Iterator[tuple[int, Any]]:
    import mido

    numerator, denominator = (int(number) for number in frame.meter.split("/"))
    click = _CLOCKS_PER_QUARTER * 4 // denominator
    if numerator in _COMPOUND and denominator >= 8:
        click *= 3
    marks = frame.tempo_map.marks
    yield 0, mido.MetaMessage("set_tempo", tempo=marks[0].microseconds)
    yield (
        0,
        mido.MetaMessage(
            "time_signature",
            numerator=numerator,
            denominator=denominator,
            clocks_per_click=max(1, click),
        ),
    )
    if key is not None:
        tonic, _, mode = key.partition(" ")
        yield 0, mido.MetaMessage("key_signature", key=tonic + ("m" if mode == "minor" else ""))
    for mark in marks[1:]:
        if mark.tick < frame.length_ticks:
            yield mark.tick, mido.MetaMessage("set_tempo", tempo=mark.microseconds)


def _track_events(
    track: ClipTrack, frame: ClipFrame, channel: int, port: int | None
) -> Iterator[tuple[int, Any]]:
    import mido

    instrument = track.instrument
    yield 0, mido.MetaMessage("track_name", name=track.name)
    if port is not None:
        yield 0, mido.MetaMessage("midi_port", port=port)
    yield 0, mido.MetaMessage("instrument_name", name=instrument.name)
    first = midi_events.MASTER_CHANNEL if track.in_zone else channel
    yield 0, mido.Message("program_change", channel=first, program=instrument.program - 1)
    events: list[Event]
    setup: list[Any] = []
    if track.in_zone:
        events, setup = midi_events.mpe(track.notes, frame), midi_events.mpe_zone()
    else:
        events = midi_events.plain(track.notes, frame, channel)
        if any(event.message.type == "pitchwheel" for event in events):
            setup = midi_events.bend_range(channel)
    for message in setup:
        yield 0, message
    for event in events:
        yield event.tick, event.message


def _timed(events: Iterator[tuple[int, Any]], length_ticks: int) -> Any:
    """Return a track whose messages carry the ticks since the one before, up to a length."""
    import mido

    track = mido.MidiTrack()
    now = 0
    for tick, message in [*events, (length_ticks, mido.MetaMessage("end_of_track"))]:
        while tick - now > _LONGEST_DELTA_TICKS:
            track.append(mido.MetaMessage("text", text="", time=_LONGEST_DELTA_TICKS))
            now += _LONGEST_DELTA_TICKS
        track.append(message.copy(time=tick - now))
        now = tick
    return track
