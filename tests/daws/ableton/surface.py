"""What Live gives a control surface, and the class that scripts derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.standin import Live


class Instance:
    """`c_instance`: Live's side of a control surface."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._is_over = False

    def end(self) -> None:
        """Forget the script; what it calls from now on is a violation."""
        self._is_over = True

    def song(self) -> Any:
        self._check("song")
        return self._live.world.handle(self._live.set)

    def show_message(self, message: str) -> None:
        self._check("show_message")
        if not isinstance(message, str):
            raise TypeError("show_message takes a string")
        self._live.messages.append(message)

    def log_message(self, message: str) -> None:
        self._live.log.append(str(message))

    def handle(self) -> int:
        return id(self)

    def instance_identifier(self) -> int:
        return 0

    def request_rebuild_midi_map(self) -> None:
        self._check("request_rebuild_midi_map")
        self._live.wants_midi_map = True

    def send_midi(self, message: tuple[int, ...]) -> bool:
        self._check("send_midi")
        return True

    def _check(self, what: str) -> None:
        if self._is_over:
            self._live.world.violate(f"{what} was called after disconnect")


class ControlSurface:
    """`_Framework.ControlSurface.ControlSurface`, which listens to the Set by itself."""

    def __init__(self, c_instance: Instance, *_: Any, **__: Any) -> None:
        self._c_instance = c_instance
        self._scheduled: list[tuple[int, Callable[..., object], tuple[Any, ...]]] = []
        song = c_instance.song()
        self._watched = [
            (song, "visible_tracks"),
            (song, "scenes"),
            (song.view, "selected_track"),
            (song.view, "selected_scene"),
        ]
        for thing, name in self._watched:
            getattr(thing, f"add_{name}_listener")(self._nothing)

    def _nothing(self) -> None:
        """Stand for what components do when the Set changes."""

    def application(self) -> Any:
        return self._c_instance._live.world.handle(self._c_instance._live.application)

    def song(self) -> Any:
        return self._c_instance.song()

    def show_message(self, message: str) -> None:
        self._c_instance.show_message(message)

    def log_message(self, *words: object) -> None:
        self._c_instance.log_message(f"({type(self).__name__}) {' '.join(map(str, words))}")

    def schedule_message(
        self, delay_in_ticks: int, callback: Callable[..., object], parameter: Any = None
    ) -> None:
        if delay_in_ticks <= 0:
            raise AssertionError("a message is scheduled for a later tick")
        arguments = () if parameter is None else (parameter,)
        self._scheduled.append((delay_in_ticks, callback, arguments))

    def update_display(self) -> None:
        waiting, self._scheduled = self._scheduled, []
        for ticks, callback, arguments in waiting:
            if ticks > 1:
                self._scheduled.append((ticks - 1, callback, arguments))
            else:
                callback(*arguments)

    def disconnect(self) -> None:
        for thing, name in self._watched:
            if thing != None:  # noqa: E711 - Live's objects equal None once they are gone
                getattr(thing, f"remove_{name}_listener")(self._nothing)
        self._watched = []
        self._scheduled = []

    def build_midi_map(self, midi_map_handle: int) -> None:
        """Map nothing."""

    def receive_midi(self, midi_bytes: tuple[int, ...]) -> None:
        """Take a message that was forwarded."""

    def request_rebuild_midi_map(self) -> None:
        self._c_instance.request_rebuild_midi_map()

    def instance_identifier(self) -> int:
        return self._c_instance.instance_identifier()

    def suggest_input_port(self) -> str:
        return ""

    def suggest_output_port(self) -> str:
        return ""

    def can_lock_to_devices(self) -> bool:
        return False

    def connect_script_instances(self, scripts: list[object]) -> None:
        """Know the other scripts."""

    def port_settings_changed(self) -> None:
        self.refresh_state()

    def refresh_state(self) -> None:
        """Send the controller what it shows."""

    def update(self) -> None:
        """Update components."""
