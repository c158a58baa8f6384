"""Notes and pitch bends as MIDI messages of one channel, or spread over an MPE zone.

Conventions
-----------
The wheel bends a whole channel, so on one channel only a note that sounds alone may move it. In an
MPE zone (MIDI Polyphonic Expression, MIDI Association RP-053, 2018) each sounding note has a member
channel to itself, and chords keep their bends. Either way the wheel is at rest before the next note
of its channel begins, and at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.placement import ClipFrame, PlacedNote

BEND_RANGE_SEMITONES = 2
"""What the pitch wheel spans each way on a plain channel."""

MPE_BEND_RANGE_SEMITONES = 48
"""What it spans on a member channel: the MPE specification's default, which synths expect."""

MASTER_CHANNEL = 0
MEMBER_CHANNELS = range(1, 16)
"""The lower zone with all its members; channels count from 0."""

_PLAYED_CHANNELS = tuple(channel for channel in MEMBER_CHANNELS if channel != 9)
"""Channel 10 stays silent: programs that know no MPE would play drums on it."""

_PITCH_BEND_SENSITIVITY = 0
_MPE_CONFIGURATION = 6
"""Registered parameter numbers."""

_WHEEL_CENTRE = 8192
_WHEEL_STEP_CENTS = 4.0
"""Smaller movements are not sent: nobody hears them, and clips stay editable."""

_RELEASE_S = 0.2
"""How long the wheel waits after a note before it returns: the sound may still ring."""

_NOTE_OFF, _WHEEL, _NOTE_ON = range(3)
"""Order of events on one tick: a note ends before the wheel moves and the next begins."""


@dataclass(frozen=True)
class Event:
    """A message at a tick; `order` puts those on one tick into their order."""

    tick: int
    order: int
    message: Any


def plain(notes: Sequence[PlacedNote], frame: ClipFrame, channel: int) -> list[Event]:
    """Return the events of a clip on one channel, in playing order.

    Parameters
    ----------
    notes
        From `placement.place`.
    frame
        That they were placed in.
    channel
        0…15.
    """
    return _sorted(_channel_events(notes, frame, channel, BEND_RANGE_SEMITONES))


def mpe(notes: Sequence[PlacedNote], frame: ClipFrame) -> list[Event]:
    """Return the events of a clip in an MPE zone, in playing order."""
    events: list[Event] = []
    channels = member_channels(notes)
    for channel in _PLAYED_CHANNELS:
        own = [note for note, its in zip(notes, channels, strict=True) if its == channel]
        events += _channel_events(own, frame, channel, MPE_BEND_RANGE_SEMITONES)
    return _sorted(events)


def member_channels(notes: Sequence[PlacedNote]) -> list[int]:
    """Return each note's member channel: the one that has been silent longest.

    Of more than fourteen notes at once some share the one that falls silent next;
    those keep their pitches without bends.
    """
    silent_from = dict.fromkeys(_PLAYED_CHANNELS, -1)
    channels = []
    for note in notes:
        channel = min(silent_from, key=lambda each: silent_from[each])
        silent_from[channel] = max(silent_from[channel], note.end)
        channels.append(channel)
    return channels


def bend_range(channel: int, semitones: int = BEND_RANGE_SEMITONES) -> list[Any]:
    """Return the controllers that set a channel's bend range."""
    return _registered(channel, _PITCH_BEND_SENSITIVITY, semitones)


def mpe_zone() -> list[Any]:
    """Return the controllers that set up the zone and its members' bend range."""
    messages = _registered(MASTER_CHANNEL, _MPE_CONFIGURATION, len(MEMBER_CHANNELS))
    for channel in MEMBER_CHANNELS:
        messages += bend_range(channel, MPE_BEND_RANGE_SEMITONES)
    return messages


def _registered(channel: int, number: int, value: int) -> list[Any]:
    """Return the controllers that set a registered parameter and then deselect it (null)."""
    import mido

    settings = [(101, 0), (100, number), (6, value)]
    if number == _PITCH_BEND_SENSITIVITY:
        settings.append((38, 0))
    settings += [(101, 127), (100, 127)]
    return [
        mido.Message("control_change", channel=channel, control=control, value=value)
        for control, value in settings
    ]


def _sorted(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.tick, event.order))


def _channel_events(
    notes: Sequence[PlacedNote], frame: ClipFrame, channel: int, range_semitones: int
) -> list[Event]:
    import mido

    events: list[Event] = []
    silent_from = [0, *accumulate((note.end for note in notes), max)]
    for index, note in enumerate(notes):
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)
        events += [Event(note.start, _NOTE_ON, on), Event(note.end, _NOTE_OFF, off)]
        following = notes[index + 1].start if index + 1 < len(notes) else frame.end_tick
        if note.wheel and silent_from[index] <= note.start and note.end <= following:
            for tick, cents in [*_thinned(note.wheel), (_rest(note, following, frame), 0.0)]:
                value = _wheel_value(cents, range_semitones)
                turned = mido.Message("pitchwheel", channel=channel, pitch=value)
                events.append(Event(tick, _WHEEL, turned))
    return events


def _rest(note: PlacedNote, following: int, frame: ClipFrame) -> int:
    """Return when the wheel returns after a note."""
    released_s = frame.tempo_map.seconds(note.end) + _RELEASE_S
    return min(max(note.end + 1, frame.tick(released_s)), following)


def _thinned(wheel: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return the movements that are far enough from the one before, the last on a tick."""
    by_tick = dict(wheel)
    kept: list[tuple[int, float]] = []
    for tick, cents in by_tick.items():
        if not kept or abs(cents - kept[-1][1]) >= _WHEEL_STEP_CENTS:
            kept.append((tick, cents))
    return kept


def _wheel_value(cents: float, range_semitones: int) -> int:
    value = round(cents / (100 * range_semitones) * _WHEEL_CENTRE)
    return min(max(value, -_WHEEL_CENTRE), _WHEEL_CENTRE - 1)
