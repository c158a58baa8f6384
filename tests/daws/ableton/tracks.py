"""Tracks and their slots, and what is laid into the Arrangement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.daws.ableton.clips import Clip
from tests.daws.ableton.devices import Device, MixerDevice
from tests.daws.ableton.handles import Model
from tests.daws.ableton.sounds import nearest_color, read_sound
from tests.daws.ableton.warping import SAME

if TYPE_CHECKING:
    from tests.daws.ableton.document import Set

LAST_BEAT = 1576800.0
NO_SLOT, STOP_BUTTON = -1, -2
KEPT = (str, int, float, bool, type(None))


class ClipSlot(Model):
    """A place for a clip in the Session."""

    kind = "ClipSlot"

    def __init__(self, track: Track) -> None:
        super().__init__(track.world)
        self.canonical_parent = track
        self.clip: Clip | None = None
        self.has_stop_button = True

    @property
    def has_clip(self) -> bool:
        return self.clip is not None

    @property
    def is_group_slot(self) -> bool:
        return self.canonical_parent.is_foldable

    @property
    def index(self) -> int:
        return self.canonical_parent.clip_slots.index(self)

    @property
    def is_playing(self) -> bool:
        return self.canonical_parent.playing_slot_index == self.index

    @property
    def is_triggered(self) -> bool:
        return self.canonical_parent.fired_slot_index == self.index

    def create_clip(self, length: float) -> Clip:
        track = self.canonical_parent
        self._refuse(track.has_midi_input, "Clips can only be created in slots of MIDI tracks")
        if length <= 0.0:
            raise RuntimeError("The length of a clip must be greater than 0")
        clip = Clip(track, None, length)
        clip.looping = True
        return self.put(clip)

    def create_audio_clip(self, path: str) -> Clip:
        track = self.canonical_parent
        self._refuse(track.has_audio_input, "Audio clips can only be created on audio tracks")
        return self.put(track.set.clip_of(track, read_sound(path)))

    def delete_clip(self) -> None:
        if self.clip is None:
            raise RuntimeError("The slot is empty")
        self.canonical_parent.refuse_frozen()
        self.clip.end()
        self.clip = None
        self.canonical_parent.set.forget_dead()
        self.changed("has_clip")

    def duplicate_clip_to(self, target: ClipSlot) -> None:
        if self.clip is None:
            raise RuntimeError("The slot is empty")
        if target.canonical_parent.is_audio != self.canonical_parent.is_audio:
            raise RuntimeError("The tracks are of different types")
        if target.clip is not None:
            target.delete_clip()
        target.put(self.clip.copied_to(target.canonical_parent))

    def put(self, clip: Clip) -> Clip:
        clip.slot, self.clip = self, clip
        self.changed("has_clip")
        return clip

    def fire(self) -> None:
        """Press the slot's button; it plays from the next bar on."""
        track = self.canonical_parent
        track.fired_slot_index = STOP_BUTTON if self.clip is None else self.index
        track.changed("fired_slot_index")

    def stop(self) -> None:
        if self.is_playing:
            self.canonical_parent.stop_all_clips()

    def _refuse(self, fits: bool, sentence: str) -> None:
        self.canonical_parent.refuse_frozen()
        if not fits or self.is_group_slot:
            raise RuntimeError(sentence)
        if self.clip is not None:
            raise RuntimeError("The slot already has a clip")


class TrackView(Model):
    """What the user sees of a track."""

    kind = "Track.View"

    def __init__(self, track: Track) -> None:
        super().__init__(track.world)
        self.canonical_parent = track
        self.is_collapsed = False

    @property
    def selected_device(self) -> Device | None:
        devices = self.canonical_parent.devices
        return devices[-1] if devices else None


class Track(Model):
    """A track; a group is one too."""

    kind = "Track"

    def __init__(self, document: Set, *, is_audio: bool, name: str, is_group: bool = False) -> None:
        super().__init__(document.world)
        self.set = document
        self.is_audio, self.is_foldable = is_audio, is_group
        self.name = name
        self._color = nearest_color(0x3DC300)
        self.group_track: Track | None = None
        self.is_frozen = self.mute = self.solo = self.arm = self.fold_state = False
        self.clip_slots = [ClipSlot(self) for _ in document.scenes]
        self.arrangement_clips: list[Clip] = []
        self.devices: list[Device] = []
        self.mixer_device = MixerDevice(self)
        self.view = TrackView(self)
        self.fired_slot_index = self.playing_slot_index = NO_SLOT
        self.data: dict[str, Any] = {}

    @property
    def canonical_parent(self) -> Set:
        return self.set

    @property
    def color(self) -> int:
        return self._color

    @color.setter
    def color(self, rgb: int) -> None:
        self._color = nearest_color(rgb)

    @property
    def has_audio_input(self) -> bool:
        return self.is_audio

    @property
    def has_midi_input(self) -> bool:
        return not self.is_audio

    @property
    def has_audio_output(self) -> bool:
        return self.is_audio or any(device.is_instrument for device in self.devices)

    @property
    def has_midi_output(self) -> bool:
        return not self.has_audio_output

    @property
    def is_grouped(self) -> bool:
        return self.group_track is not None

    @property
    def can_be_armed(self) -> bool:
        return not self.is_foldable

    @property
    def can_be_frozen(self) -> bool:
        return not self.is_foldable

    @property
    def is_visible(self) -> bool:
        return not (self.group_track and self.group_track.fold_state)

    @property
    def is_part_of_selection(self) -> bool:
        return self.set.view.selected_track is self

    @property
    def muted_via_solo(self) -> bool:
        return not self.solo and any(track.solo for track in self.set.tracks)

    def refuse_frozen(self) -> None:
        if self.is_frozen:
            raise RuntimeError("Clips cannot be created on frozen tracks")

    # The Arrangement

    def create_audio_clip(self, path: str, beats: float) -> Clip:
        self._refuse(self.has_audio_input, beats)
        clip = self.set.clip_of(self, read_sound(path))
        clip.span = clip.iteration
        return self.lay(clip, beats)

    def create_midi_clip(self, beats: float, length: float) -> Clip:
        self._refuse(self.has_midi_input, beats)
        clip = Clip(self, None, length)
        clip.span = length
        return self.lay(clip, beats)

    def duplicate_clip_to_arrangement(self, clip: Clip, beats: float) -> Clip:
        self._refuse(clip.is_audio_clip == self.is_audio, beats)
        made = clip.copied_to(self)
        made.span = clip.iteration if clip.slot is not None else clip.span
        return self.lay(made, beats)

    def create_take_lane(self) -> None:
        self.world.violate("create_take_lane: the stand-in does not do it")

    def delete_clip(self, clip: Clip) -> None:
        self.refuse_frozen()
        if clip.track is not self:
            raise RuntimeError("The clip belongs to another track")
        if clip.slot is not None:
            clip.slot.delete_clip()
            return
        self.arrangement_clips.remove(clip)
        clip.end()
        self.set.forget_dead()
        self.changed("arrangement_clips")

    def lay(self, clip: Clip, beats: float) -> Clip:
        """Put a clip into the Arrangement; what it covers is cut."""
        clip.start_time = beats
        for other in list(self.arrangement_clips):
            self._cut(other, beats, clip.end_time)
        self.arrangement_clips.append(clip)
        self.arrangement_clips.sort(key=lambda each: each.start_time)
        self.changed("arrangement_clips")
        return clip

    def _cut(self, clip: Clip, start: float, end: float) -> None:
        old_start, old_end = clip.start_time, clip.end_time
        if old_end <= start + SAME or old_start >= end - SAME:
            return
        unit = clip.span / clip.span_beats
        if old_end > end + SAME:
            rest = clip.copied_to(self)
            rest.markers.start += (end - old_start) * unit
            rest.span, rest.start_time = (old_end - end) * unit, end
            self.arrangement_clips.append(rest)
        if old_start < start - SAME:
            clip.span = (start - old_start) * unit
        else:
            self.arrangement_clips.remove(clip)
            clip.end()

    def _refuse(self, fits: bool, beats: float) -> None:
        self.refuse_frozen()
        if not fits:
            raise RuntimeError("The types of the clip and the track do not fit")
        if not 0.0 <= beats <= LAST_BEAT:
            raise RuntimeError("The time is out of range")

    # Devices, playing, data

    def insert_device(self, name: str, index: int = -1) -> Device:
        if name not in self.set.native_devices:
            raise RuntimeError(f"Couldn't find the device {name}")
        device = Device(self, name, is_instrument=self.set.native_devices[name])
        if device.is_instrument and self.is_audio:
            raise RuntimeError("Instruments can only be inserted on MIDI tracks")
        self.devices.insert(len(self.devices) if index == -1 else index, device)
        self.changed("devices")
        return device

    def delete_device(self, index: int) -> None:
        self.devices.pop(index).end()
        self.changed("devices")

    def stop_all_clips(self, *_: bool) -> None:
        self.fired_slot_index = self.playing_slot_index = NO_SLOT
        self.changed("fired_slot_index", "playing_slot_index")

    def get_data(self, key: str, default: Any) -> Any:
        return self.data.get(key, default)

    def set_data(self, key: str, value: Any) -> None:
        self.data[key] = plain(value)

    def end(self) -> None:
        for slot in self.clip_slots:
            slot.end()
        clips = [slot.clip for slot in self.clip_slots if slot.clip] + self.arrangement_clips
        for thing in [*clips, *self.devices, self.mixer_device, self.view]:
            thing.end()
        super().end()


def plain(value: Any) -> Any:
    """Return a value that is kept with the Set, as it comes back after loading.

    Raises
    ------
    TypeError
        Live cannot keep it.
    """
    if isinstance(value, KEPT):
        return value
    if isinstance(value, list | tuple):
        return type(value)(plain(each) for each in value)
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    raise TypeError(f"{type(value).__name__} cannot be kept in the Set")
