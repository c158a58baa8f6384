"""A track of buttons: the menu that Live allows without Max.

A MIDI track that is named “dawbridge” and is empty is filled with a clip for each recipe, and for
what else the script can do. Launching one, with the mouse, a key or any mapped pad, does it; the
clip itself never plays.
"""

from __future__ import annotations

from typing import Any

TRACK_NAME = "dawbridge"
LOOK_EVERY = 10
"""In ticks: how often the track is looked for."""

_CLIP_BEATS = 1.0


class Pads:
    """Watches the track of buttons."""

    def __init__(self) -> None:
        self._ticks = 0
        self._track: Any = None
        self._was_playing = False
        self._is_held = False
        self.wants_names = False
        self._names: list[str] = []
        self._heard: dict[str, None] = {}

    def tick(self, song: Any) -> str | None:
        """Return the name of the button that was launched since the last tick."""
        self._ticks += 1
        if self._ticks % LOOK_EVERY == 1 or not self._is_there():
            self._track = next((track for track in song.tracks if _is_ours(track)), None)
            if self._track is not None:
                self._fill(song)
        launched = self._launched() if self._track is not None else None
        if self._is_held:
            self._track.stop_all_clips()
        if launched is not None and not self._was_playing:
            song.stop_playing()
        self._was_playing = song.is_playing
        return launched

    def recipe(self, name: str) -> None:
        """Note a recipe of the daemon's list."""
        self._heard[name] = None

    def list_ended(self, actions: list[str]) -> None:
        """Take the recipes that were listed, with the script's own actions, as buttons."""
        self._names, self._heard = list(self._heard) + actions, {}

    def _is_there(self) -> bool:
        return self._track is not None and _is_ours(self._track)

    def _launched(self) -> str | None:
        index = self._track.fired_slot_index
        if index < 0:
            index = self._track.playing_slot_index
        if index < 0:
            self._is_held = False
            return None
        if self._is_held:
            return None
        self._is_held = True
        slot = self._track.clip_slots[index]
        return str(slot.clip.name) if slot.has_clip else None

    def _fill(self, song: Any) -> None:
        """Make the buttons of an empty track, as soon as the recipes are known."""
        is_empty = not any(slot.has_clip for slot in self._track.clip_slots)
        self.wants_names = is_empty and not self._names
        if not is_empty or not self._names:
            return
        while len(song.scenes) < len(self._names):
            song.create_scene(-1)
        for slot, name in zip(self._track.clip_slots, self._names):
            slot.create_clip(_CLIP_BEATS)
            slot.clip.name = name


def _is_ours(track: Any) -> bool:
    try:
        return bool(track.has_midi_input and track.name == TRACK_NAME)
    except (RuntimeError, AttributeError):
        return False  # it was deleted
