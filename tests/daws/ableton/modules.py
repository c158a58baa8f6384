"""The modules that a script imports inside Live: `Live` and `_Framework`, as far as used."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.daws.ableton.handles import ArgumentError
from tests.daws.ableton.sounds import Note
from tests.daws.ableton.versions import is_in

if TYPE_CHECKING:
    from tests.daws.ableton.devices import Application
    from tests.daws.ableton.handles import World
    from tests.daws.ableton.surface import Instance

FORWARD_NOTE, FORWARD_CC = "note", "cc"
WARP_MARKERS_ARE_MADE = ["11.0.5"]


@dataclass(frozen=True)
class Forwarded:
    """A MIDI message that Live hands to the script, and not to the tracks."""

    how: str
    channel: int
    number: int


class MidiNoteSpecification:
    """What `add_new_notes` takes; nothing of it can be read back."""

    def __init__(  # noqa: PLR0917 - the arguments are Live's
        self,
        pitch: int,
        start_time: float,
        duration: float,
        velocity: float = 100.0,
        mute: bool = False,
        probability: float = 1.0,
        velocity_deviation: float = 0.0,
        release_velocity: float = 64.0,
    ) -> None:
        numbers = (start_time, duration, velocity, probability, velocity_deviation)
        if not isinstance(pitch, int) or not all(isinstance(n, int | float) for n in numbers):
            raise ArgumentError("Python argument types did not match C++ signature")
        if not 0 <= pitch <= 127 or not 0.0 <= velocity <= 127.0 or duration <= 0.0:
            raise RuntimeError("Invalid note: pitch, velocity or duration is out of range")
        if not 0.0 <= probability <= 1.0 or not 0.0 <= release_velocity <= 127.0:
            raise RuntimeError("Invalid note: probability or release velocity is out of range")
        self._note = Note(
            pitch,
            float(start_time),
            float(duration),
            float(velocity),
            bool(mute),
            float(probability),
            float(velocity_deviation),
            float(release_velocity),
        )


def note_of(specification: object) -> Note:
    """Return the note that a script asks for.

    Raises
    ------
    TypeError
        It is no `MidiNoteSpecification`.
    """
    if not isinstance(specification, MidiNoteSpecification):
        raise TypeError("No registered converter was able to produce a C++ rvalue of a note")
    return specification._note


class WarpMarker:
    """A marker: seconds in the file, although Live calls them sample time, and beats."""

    _can_be_made = True

    def __init__(self, sample_time: float, beat_time: float, /) -> None:
        if not self._can_be_made:
            raise RuntimeError("This class cannot be instantiated from Python")
        if not isinstance(sample_time, int | float) or not isinstance(beat_time, int | float):
            raise ArgumentError("Python argument types did not match C++ signature")
        self._time_s, self._beats = float(sample_time), float(beat_time)

    @property
    def sample_time(self) -> float:
        return self._time_s

    @property
    def beat_time(self) -> float:
        return self._beats


def listed_marker(time_s: float, beats: float) -> WarpMarker:
    """Return a marker as `Clip.warp_markers` lists it."""
    marker = object.__new__(WarpMarker)
    marker._time_s, marker._beats = time_s, beats
    return marker


class LimitationError(RuntimeError):
    """This edition of Live has no more tracks."""


class Modules:
    """What stands in `sys.modules` while a script runs in one Live."""

    def __init__(self, world: World, application: Application, framework: type) -> None:
        self.forwarded: list[Forwarded] = []
        self.by_name: dict[str, ModuleType] = {}
        self._world = world
        live = self._module("Live")
        for owner, cls in world.classes.items():
            if "." not in owner:
                setattr(self._module(f"Live.{owner}"), owner, cls)
        self._module("Live.Application").get_application = lambda: world.handle(application)  # type: ignore[attr-defined]
        clip: Any = self._module("Live.Clip")
        clip.MidiNoteSpecification = MidiNoteSpecification
        can_be_made = is_in(world.version, WARP_MARKERS_ARE_MADE)
        clip.WarpMarker = WarpMarker
        if not can_be_made:
            clip.WarpMarker = type("WarpMarker", (WarpMarker,), {"_can_be_made": False})
        base: Any = self._module("Live.Base")
        base.LimitationError, base.Timer = LimitationError, Timer
        midi_map: Any = self._module("Live.MidiMap")
        midi_map.forward_midi_note = self._forward(FORWARD_NOTE)
        midi_map.forward_midi_cc = self._forward(FORWARD_CC)
        framework_module: Any = self._module("_Framework.ControlSurface")
        framework_module.ControlSurface = framework
        assert live is self.by_name["Live"]

    def _module(self, name: str) -> ModuleType:
        """Return a module, made with those above it."""
        if name not in self.by_name:
            made = ModuleType(name)
            made.__path__ = []
            self.by_name[name] = made
            above, _, last = name.rpartition(".")
            if above:
                setattr(self._module(above), last, made)
        return self.by_name[name]

    def _forward(self, how: str) -> Any:
        def forward(script: Instance, handle: int, channel: int, number: int) -> bool:
            if not all(type(each) is int for each in (channel, number)):
                raise ArgumentError("Python argument types did not match C++ signature")
            if not 0 <= channel <= 15 or not 0 <= number <= 127:
                raise RuntimeError("Invalid channel or number")
            self.forwarded.append(Forwarded(how, channel, number))
            return True

        return forward


class Timer:
    """`Live.Base.Timer`: the stand-in has no time of its own between ticks."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("The stand-in does not do Live.Base.Timer")
