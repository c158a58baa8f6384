"""The Set as Live keeps it: its tracks and scenes, what is selected, how it is played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.daws.ableton.clips import Clip
from tests.daws.ableton.handles import Model
from tests.daws.ableton.sounds import float32
from tests.daws.ableton.tracks import ClipSlot, Track, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.handles import World
    from tests.daws.ableton.sounds import Note, Sound


class Scene(Model):
    """A row of slots."""

    kind = "Scene"

    def __init__(self, document: Set) -> None:
        super().__init__(document.world)
        self.canonical_parent = document
        self.name = ""

    @property
    def clip_slots(self) -> list[ClipSlot]:
        index = self.canonical_parent.scenes.index(self)
        return [track.clip_slots[index] for track in self.canonical_parent.tracks]

    @property
    def is_empty(self) -> bool:
        return not any(slot.has_clip for slot in self.clip_slots)

    def fire(self, *_: bool) -> None:
        for slot in self.clip_slots:
            slot.fire()


class SetView(Model):
    """What is selected."""

    kind = "Song.View"

    def __init__(self, document: Set) -> None:
        super().__init__(document.world)
        self.canonical_parent = document
        self.detail_clip: Clip | None = None
        self.selected_track: Track | None = None
        self.selected_scene: Scene | None = None
        self.highlighted_clip_slot: ClipSlot | None = None


class Set(Model):
    """A Live Set."""

    kind = "Song"

    def __init__(self, world: World, modules: Any, *, scenes: int = 8) -> None:
        super().__init__(world)
        self.modules = modules
        self.view = SetView(self)
        self.scenes = [Scene(self) for _ in range(scenes)]
        self.tracks: list[Track] = []
        self.return_tracks: list[Track] = []
        self.master_track = Track(self, is_audio=True, name="Main")
        self.native_devices: dict[str, bool] = {}
        self.track_limit: int | None = None
        self.warps_new_clips = self.loops_new_clips = True
        self._tempo = 120.0
        self.signature_numerator = self.signature_denominator = 4
        self.is_playing = False
        self.current_song_time = self.loop_start = 0.0
        self.loop_length = 16.0
        self.appointed_device = None
        self.file_path = ""
        self.data: dict[str, Any] = {}
        self.deferred: list[Callable[[], None]] = []
        self.undo_depth = 0
        self.undo_steps = 0

    @property
    def name(self) -> str:
        return self.file_path.rpartition("/")[2].removesuffix(".als")

    @property
    def tempo(self) -> float:
        return self._tempo

    @tempo.setter
    def tempo(self, bpm: float) -> None:
        if not 20.0 <= bpm <= 999.0:
            raise RuntimeError("The tempo is out of range")
        self._tempo = float32(bpm)

    @property
    def visible_tracks(self) -> list[Track]:
        return [track for track in self.tracks if track.is_visible]

    @property
    def canonical_parent(self) -> None:
        return None

    # Tracks and scenes

    def create_audio_track(self, index: int = -1) -> Track:
        return self._create(index, is_audio=True)

    def create_midi_track(self, index: int = -1) -> Track:
        return self._create(index, is_audio=False)

    def _create(self, index: int, *, is_audio: bool) -> Track:
        if self.track_limit is not None and len(self.tracks) >= self.track_limit:
            raise self.modules.limitation("The number of tracks is limited")
        if not -1 <= index <= len(self.tracks):
            raise IndexError("Invalid track index")
        place = len(self.tracks) if index == -1 else index
        number = place + 1
        track = Track(self, is_audio=is_audio, name=f"{number}-{'Audio' if is_audio else 'MIDI'}")
        track.group_track = self._group_at(place)
        self.tracks.insert(place, track)
        self.view.selected_track = track
        self.changed("tracks", "visible_tracks")
        self.view.changed("selected_track")
        return track

    def _group_at(self, place: int) -> Track | None:
        """Return the group that a track at a place is in: only between its members there is one."""
        if not 0 < place < len(self.tracks):
            return None
        after = self.tracks[place].group_track
        before = self.tracks[place - 1]
        return after if after is not None and after in (before, before.group_track) else None

    def delete_track(self, index: int) -> None:
        if not 0 <= index < len(self.tracks) or len(self.tracks) == 1:
            raise IndexError("Couldn't delete track")
        self.tracks.pop(index).end()
        self.forget_dead()
        self.changed("tracks", "visible_tracks")

    def create_scene(self, index: int) -> Scene:
        place = len(self.scenes) if index == -1 else index
        scene = Scene(self)
        self.scenes.insert(place, scene)
        for track in self.tracks:
            track.clip_slots.insert(place, ClipSlot(track))
        self.changed("scenes")
        return scene

    def delete_scene(self, index: int) -> None:
        if not 0 <= index < len(self.scenes) or len(self.scenes) == 1:
            raise IndexError("Couldn't delete scene")
        self.scenes.pop(index).end()
        for track in self.tracks:
            slot = track.clip_slots.pop(index)
            if slot.clip is not None:
                slot.clip.end()
            slot.end()
        self.forget_dead()
        self.changed("scenes")

    def clip_of(self, track: Track, sound: Sound) -> Clip:
        """Return a new audio clip as the user's preferences make them."""
        clip = Clip(track, sound, sound.length_s)
        if self.warps_new_clips:
            clip._set_warping(True)
            clip._looping = self.loops_new_clips
        return clip

    def forget_dead(self) -> None:
        """Deselect what is gone."""
        view = self.view
        if view.detail_clip is not None and not view.detail_clip.is_alive:
            view.detail_clip = None
            view.changed("detail_clip")
        if view.selected_track is not None and not view.selected_track.is_alive:
            view.selected_track = self.tracks[0] if self.tracks else None
            view.changed("selected_track")

    # Transport

    def start_playing(self) -> None:
        self.is_playing = True
        self.changed("is_playing")

    def stop_playing(self) -> None:
        self.is_playing = False
        self.changed("is_playing")

    def stop_all_clips(self, *_: bool) -> None:
        for track in self.tracks:
            track.stop_all_clips()

    # Undo and data

    def begin_undo_step(self) -> None:
        self.undo_depth += 1

    def end_undo_step(self) -> None:
        if not self.undo_depth:
            self.world.violate("end_undo_step without a step that was begun")
        self.undo_depth = max(0, self.undo_depth - 1)

    @property
    def can_undo(self) -> bool:
        return self.undo_steps > 0

    @property
    def can_redo(self) -> bool:
        return False

    def undo(self) -> None:
        self.world.violate("undo: no script undoes what the user did")

    def get_data(self, key: str, default: Any) -> Any:
        return self.data.get(key, default)

    def set_data(self, key: str, value: Any) -> None:
        self.data[key] = plain(value)

    # What Live does by itself

    def later(self, change: Callable[[], None]) -> None:
        """Do something after the script has returned."""
        self.deferred.append(change)

    def settle(self) -> None:
        """Do what was put off."""
        changes, self.deferred = self.deferred, []
        for change in changes:
            change()

    def warp_marker(self, time_s: float, beats: float) -> Any:
        """Return a marker as scripts see them."""
        return self.modules.warp_marker(time_s, beats)

    def note(self, specification: Any) -> Note:
        """Return the note that a script asks for."""
        note: Note = self.modules.note(specification)
        return note

    def end(self) -> None:
        for track in [*self.tracks, self.master_track]:
            track.end()
        for scene in self.scenes:
            scene.end()
        self.view.end()
        super().end()
