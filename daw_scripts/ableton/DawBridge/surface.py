"""The edge to Live: the one module that imports Live's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import Live
from _Framework.ControlSurface import ControlSurface

from . import live
from .session import Session
from .settings import CONTROL, NOTE, Control

_NOTE_ON, _CONTROL_CHANGE = 0x90, 0xB0
_PRESSED = 64
"""From this value on a controller's knob or switch counts as pressed."""


class DawBridge(ControlSurface):
    """The control surface, as Live's settings list it.

    Parameters
    ----------
    c_instance
        Live's side of it.
    """

    def __init__(self, c_instance: Any) -> None:
        super().__init__(c_instance)
        self._script = c_instance
        self._is_down: set[Control] = set()
        self.session = Session(
            live.Live(
                song=c_instance.song(),
                browser=Live.Application.get_application().browser,
                warp_marker=_warp_marker,
                note=_note,
            ),
            Path(__file__).resolve().parent,
            c_instance.show_message,
            c_instance.log_message,
        )

    def disconnect(self) -> None:
        """Let go of everything; Live closes the set, or the script was switched off."""
        self.session.close()
        super().disconnect()

    def update_display(self) -> None:
        """Do what is due; Live calls this about ten times a second."""
        super().update_display()
        self.session.tick()

    def build_midi_map(self, midi_map_handle: Any) -> None:
        """Have the mapped notes and controllers sent here, and not to the tracks."""
        super().build_midi_map(midi_map_handle)
        script = self._script.handle()
        for control in self.session.settings.controls:
            forward = (
                Live.MidiMap.forward_midi_note
                if control.kind == NOTE
                else Live.MidiMap.forward_midi_cc
            )
            forward(script, midi_map_handle, control.channel, control.number)

    def receive_midi(self, midi_bytes: Sequence[int]) -> None:
        """Take a message; what is not mapped goes where it would go without us."""
        if not self._is_mapped(midi_bytes):
            super().receive_midi(midi_bytes)

    def receive_midi_chunk(self, midi_chunk: Sequence[Sequence[int]]) -> None:
        """Take several messages at once, as newer Lives hand them over."""
        rest = [each for each in midi_chunk if not self._is_mapped(each)]
        if rest:
            super().receive_midi_chunk(tuple(rest))

    def _is_mapped(self, midi_bytes: Sequence[int]) -> bool:
        if len(midi_bytes) != 3:
            return False
        status, number, value = midi_bytes
        kind = {0x90: NOTE, 0x80: NOTE, _CONTROL_CHANGE: CONTROL}.get(status & 0xF0)
        if kind is None:
            return False
        control = Control(kind, status & 0x0F, number)
        action = self.session.settings.controls.get(control)
        if action is None:
            return False
        is_down = value >= _PRESSED if kind == CONTROL else status & 0xF0 == _NOTE_ON and value > 0
        if is_down and control not in self._is_down:
            self._is_down.add(control)
            self.session.press(action)
        elif not is_down:
            self._is_down.discard(control)
        return True


def _warp_marker(time_s: float, beats: float) -> Any:
    return Live.Clip.WarpMarker(time_s, beats)


def _note(pitch: int, start_beats: float, length_beats: float, velocity: int) -> Any:
    return Live.Clip.MidiNoteSpecification(
        pitch=pitch, start_time=start_beats, duration=length_beats, velocity=float(velocity)
    )
