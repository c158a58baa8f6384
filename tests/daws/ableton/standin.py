"""A stand-in for Ableton Live that runs the remote script: one version, strict, its own clock.

What Live refuses raises in the script as it would there. What Live would let pass, but no script
may do (wait for a socket, start threads, keep listeners after its end), is a violation, which fails
the test. Live calls the script ten times a second; here `run` does, and measures each call.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.daws.ableton.devices import ITSELF, Application, Browser
from tests.daws.ableton.document import Set
from tests.daws.ableton.handles import World
from tests.daws.ableton.modules import LimitationError, Modules, listed_marker, note_of
from tests.daws.ableton.sockets import watched
from tests.daws.ableton.surface import ControlSurface, Instance
from tests.daws.ableton.tracks import NO_SLOT, Track
from tests.daws.ableton.versions import number

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

TICK_S = 0.1
_clock, _cpu_clock = time.perf_counter, time.thread_time
PACKAGE = "DawBridge"
NATIVE_DEVICES = {"Drift": True, "Operator": True, "Drum Rack": True, "Reverb": False}
"""What `insert_device` finds, and whether it is an instrument."""

BROWSER: dict[str, dict[str, Any]] = {
    "instruments": {
        "Drift": {ITSELF: None, "Keys": {"Warm.adv": None}},
        "Operator": {ITSELF: None, "Bass": {"Sub.adv": None}},
        "Drum Rack": {ITSELF: None},
    },
    "drums": {"Kit-Core 909.adg": None},
    "sounds": {"Bass": {"Sub.adg": None}},
    "user_library": {"Presets": {"My Piano.adg": None}},
}


@dataclass(frozen=True)
class Tick:
    """How long the script took for one call: its own time on the processor, and the clock's."""

    cpu_s: float
    wall_s: float


class Live:
    """Live with one control surface.

    Parameters
    ----------
    version
        One of `versions.VERSIONS`.
    scripts
        The folder that holds the package `DawBridge`.
    browser
        What the browser shows, by places.
    """

    def __init__(
        self, version: str, scripts: Path, browser: Mapping[str, Mapping[str, object]] = BROWSER
    ) -> None:
        self.version = version
        self.scripts = scripts
        self.world = World(version)
        self.application = Application(self.world, number(version), Browser(self.world, browser))
        self.modules = Modules(self.world, self.application, ControlSurface)
        self.script: Any = None
        self.instance: Instance | None = None
        self.messages: list[str] = []
        self.log: list[str] = []
        self.tracebacks: list[str] = []
        self.ticks: list[Tick] = []
        self.wants_midi_map = False
        self.sockets: list[socket.socket] = []
        self.skipped_s = 0.0
        self._imported: dict[str, Any] = {}
        self.set = self.new_set()

    # The script's life

    def new_set(self, *, file_path: str = "") -> Set:
        """Return an empty Set with one audio and one MIDI track, which no script sees yet."""
        made = Set(self.world, self)
        made.native_devices = NATIVE_DEVICES
        made.file_path = file_path
        for is_audio in (True, False):
            name = "Audio" if is_audio else "MIDI"
            made.tracks.append(Track(made, is_audio=is_audio, name=name))
        made.view.selected_track, made.view.selected_scene = made.tracks[0], made.scenes[0]
        return made

    def connect(self) -> None:
        """Choose the script in Live's settings."""
        assert self.script is None
        self.application.browser.set = self.set
        self.instance = Instance(self)
        with self._inside():
            package = importlib.import_module(PACKAGE)
            self.script = package.create_instance(self.instance)
        self._after_a_call()
        self._build_midi_map()

    def disconnect(self) -> None:
        """Choose another script, or close Live; what is left behind then is a violation."""
        assert self.instance is not None
        with self._inside():
            self.script.disconnect()
        self.instance.end()
        self.script = self.instance = None
        self._after_a_call()
        for what in self.left_behind():
            self.world.violate(f"left behind after disconnect: {what}")

    def load(self, document: Set) -> None:
        """Open another Set: the script ends, all objects die, and a new script begins."""
        old = self.set
        self.disconnect()
        self.set = document
        if old is not document:
            old.end()
        self.connect()

    def left_behind(self) -> list[str]:
        """Return listeners and open sockets of a script that is no more."""
        sockets = [f"a socket on {s.getsockname()}" for s in self.sockets if s.fileno() != -1]
        heard = [
            f"{count} listeners of {model.kind}.{name}"
            for model in self.models()
            for name, callbacks in model.listeners.items()
            if (count := len(callbacks))
        ]
        return sockets + heard

    def models(self) -> Iterator[Any]:
        """Yield everything that can be listened to."""
        document = self.set
        yield from (self.application, self.application.view, document, document.view)
        yield from document.scenes
        for track in [*document.tracks, document.master_track]:
            mixer = track.mixer_device
            yield from (track, track.view, mixer, mixer.volume, mixer.panning, *track.devices)
            for slot in track.clip_slots:
                yield slot
                if slot.clip is not None:
                    yield slot.clip
            yield from track.arrangement_clips

    # Time

    def tick(self) -> None:
        """Do what Live does every 100 ms."""
        self._advance()
        if self.script is not None:
            self._call(self._measured)
        if self.wants_midi_map:
            self._build_midi_map()

    def now_s(self) -> float:
        """Return what a script's clock shows: the real time, and what `run` has skipped."""
        return _clock() + self.skipped_s

    def run(self, seconds: float) -> None:
        """Let time pass, as fast as the script is; for it, it passes as told."""
        for _ in range(round(seconds / TICK_S)):
            self.skipped_s += TICK_S
            self.tick()

    def run_until(self, is_reached: Callable[[], bool], timeout_s: float = 240.0) -> None:
        """Tick in real time, with pauses for the daemon, until something is so."""
        deadline_s = time.monotonic() + timeout_s
        while not is_reached():
            assert time.monotonic() < deadline_s, f"never: {self.messages[-5:]} {self.log[-5:]}"
            self.tick()
            time.sleep(0.01)

    def skip_until(self, is_reached: Callable[[], bool], seconds: float = 300.0) -> None:
        """Let the script's time pass until something is so; nobody else needs time for it."""
        for _ in range(round(seconds / TICK_S)):
            if is_reached():
                return
            self.run(TICK_S)
            time.sleep(0.001)
        raise AssertionError(f"never: {self.messages[-5:]} {self.log[-5:]}")

    @property
    def longest_tick(self) -> Tick:
        """The longest by its own time on the processor."""
        return max(self.ticks, key=lambda tick: tick.cpu_s)

    # What the user does

    def select(self, clip: Any) -> None:
        """Click a clip."""
        self.set.view.detail_clip = clip
        self.set.view.changed("detail_clip")
        if clip is not None:
            self.set.view.selected_track = clip.track
            self.set.view.changed("selected_track")

    def delete_track(self, track: Track) -> None:
        self.set.delete_track(self.set.tracks.index(track))

    def group(self, *tracks: Track, name: str = "Group") -> Track:
        """Group tracks that lie side by side, as the user can and a script cannot."""
        made = Track(self.set, is_audio=True, name=name, is_group=True)
        self.set.tracks.insert(self.set.tracks.index(tracks[0]), made)
        for track in tracks:
            track.group_track = made
        self.set.changed("tracks", "visible_tracks")
        return made

    def midi(self, *message: int) -> None:
        """Play on a controller: what the script has not asked for goes to the tracks."""
        status, data, _ = message
        how = {0x80: "note", 0x90: "note", 0xB0: "cc"}.get(status & 0xF0)
        asked = [(one.how, one.channel, one.number) for one in self.modules.forwarded]
        if (how, status & 0x0F, data) in asked:
            self._call(self.script.receive_midi, message)

    # What the Set asks for

    def limitation(self, sentence: str) -> Exception:
        return LimitationError(sentence)

    warp_marker = staticmethod(listed_marker)
    note = staticmethod(note_of)

    # Inside

    def _measured(self) -> None:
        began_cpu_s, began_s = _cpu_clock(), _clock()
        try:
            self.script.update_display()
        finally:
            self.ticks.append(Tick(_cpu_clock() - began_cpu_s, _clock() - began_s))

    def _advance(self) -> None:
        """Start what was launched."""
        for track in self.set.tracks:
            fired = track.fired_slot_index
            if fired != NO_SLOT:
                track.fired_slot_index = NO_SLOT
                track.playing_slot_index = fired
                self.set.is_playing = True
                track.changed("fired_slot_index", "playing_slot_index")

    def _build_midi_map(self) -> None:
        self.wants_midi_map = False
        self.modules.forwarded.clear()
        self._call(self.script.build_midi_map, 1)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with self._inside():
            try:
                function(*arguments)
            except Exception:  # noqa: BLE001 - Live writes it into its log and goes on
                self.tracebacks.append(traceback.format_exc())
        self._after_a_call()

    def _after_a_call(self) -> None:
        if self.world.is_dirty:
            self.world.is_dirty = False
            self.set.undo_steps += 1
        self.set.settle()

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Give the script this Live's modules, and nothing that would stop Live.

        Rubbish is not collected meanwhile: there is more of it here than in Live.
        """
        names = {name for name in sys.modules if name.partition(".")[0] == PACKAGE}
        others = {name: sys.modules.pop(name) for name in names | set(self.modules.by_name)
                  if name in sys.modules}  # fmt: skip
        sys.modules.update(self.modules.by_name)
        sys.modules.update(self._imported)
        sys.path.insert(0, str(self.scripts))
        collects = gc.isenabled()
        gc.disable()
        try:
            with watched(self.world.violate, self.sockets, self.now_s):
                yield
        finally:
            if collects:
                gc.enable()
            sys.path.remove(str(self.scripts))
            mine = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
            self._imported = {name: sys.modules.pop(name) for name in mine}
            for name in self.modules.by_name:
                sys.modules.pop(name, None)
            sys.modules.update(others)
