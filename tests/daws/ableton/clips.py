"""Clips as Live keeps them: audio with its warp markers, MIDI with its notes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.daws.ableton.handles import Model
from tests.daws.ableton.sounds import cut, nearest_color
from tests.daws.ableton.warping import SAME, Marker, Warp

if TYPE_CHECKING:
    from tests.daws.ableton.document import Set
    from tests.daws.ableton.sounds import Note, Sound
    from tests.daws.ableton.tracks import ClipSlot, Track

GUESSED_BPM = 97.0
"""What Live takes the tempo of every new file for: never what it is."""

WARP_MODES = [0, 1, 2, 3, 4, 6]


@dataclass
class Range:
    """From where to where, in a clip's units."""

    start: float
    end: float


class Clip(Model):
    """A clip in a slot or in the Arrangement.

    Its units are beats if it is MIDI or warped, else seconds in its file.
    """

    kind = "Clip"

    def __init__(self, track: Track, sound: Sound | None, length: float) -> None:
        super().__init__(track.world)
        self.track = track
        self.slot: ClipSlot | None = None
        self.sound = sound
        self.name = Path(sound.path).stem if sound else ""
        self._color = track.color
        self.muted = self.is_playing = self.is_triggered = self.is_recording = False
        self.signature_numerator = self.signature_denominator = 4
        self.gain, self.pitch_coarse, self.pitch_fine, self.warp_mode = 0.4, 0, 0.0, 0
        self.warp = Warp([Marker(0.0, 0.0)], GUESSED_BPM)
        self._warping = self._looping = False
        self.markers, self.loop = Range(0.0, length), Range(0.0, length)
        self.notes: list[Note] = []
        self.start_time = 0.0
        self.span = 0.0

    @property
    def set(self) -> Set:
        return self.track.set

    # What it is

    @property
    def is_audio_clip(self) -> bool:
        return self.sound is not None

    @property
    def is_midi_clip(self) -> bool:
        return self.sound is None

    @property
    def is_session_clip(self) -> bool:
        return self.slot is not None

    @property
    def is_arrangement_clip(self) -> bool:
        return self.slot is None

    @property
    def is_take_lane_clip(self) -> bool:
        return False

    @property
    def canonical_parent(self) -> Model:
        return self.slot or self.track

    @property
    def is_in_beats(self) -> bool:
        return self.is_midi_clip or self._warping

    @property
    def color(self) -> int:
        return self._color

    @color.setter
    def color(self, rgb: int) -> None:
        self._color = nearest_color(rgb)

    def _audio(self) -> Sound:
        if self.sound is None:
            raise RuntimeError("This is only available for audio clips")
        return self.sound

    # Its file

    @property
    def file_path(self) -> str:
        return self._audio().path

    @property
    def sample_length(self) -> int:
        return self._audio().length

    @property
    def sample_rate(self) -> float:
        return self._audio().rate

    @property
    def gain_display_string(self) -> str:
        self._audio()
        return f"{40.0 * self.gain - 16.0:.1f} dB"

    @property
    def available_warp_modes(self) -> list[int]:
        self._audio()
        return WARP_MODES

    # Warping

    @property
    def warping(self) -> bool:
        self._audio()
        return self._warping

    @warping.setter
    def warping(self, is_on: bool) -> None:
        self._audio()
        # Live does this after the script has returned.
        self.set.later(lambda: self._set_warping(is_on))

    def _set_warping(self, is_on: bool) -> None:
        if not self.is_alive or is_on == self._warping:
            return
        convert = self.warp.beats if is_on else self.warp.seconds
        for each in (self.markers, self.loop):
            each.start, each.end = convert(each.start), convert(each.end)
        if self.slot is None:
            self.span = self.markers.end - self.markers.start
        self._warping = is_on
        if not is_on:
            self._looping = False
            self.loop = replace(self.markers)

    @property
    def warp_markers(self) -> list[Any]:
        self._audio()
        make = self.set.warp_marker
        return [make(each.time_s, each.beats) for each in self.warp.markers]

    def _warped(self) -> Sound:
        sound = self._audio()
        if not self._warping:
            raise RuntimeError("The clip is not warped")
        return sound

    def add_warp_marker(self, marker: Any) -> None:
        self.warp.add(Marker(marker.sample_time, marker.beat_time), self._warped().length_s)

    def move_warp_marker(self, beats: float, distance: float) -> None:
        self._warped()
        self.warp.move(beats, distance)

    def remove_warp_marker(self, beats: float) -> None:
        self._warped()
        self.warp.remove(beats)

    def beat_to_sample_time(self, beats: float) -> float:
        rate = self._warped().rate
        return self.warp.seconds(beats) * rate

    def sample_to_beat_time(self, sample: float) -> float:
        return self.warp.beats(sample / self._warped().rate)

    def seconds_to_sample_time(self, seconds: float) -> float:
        if self._warping:
            raise RuntimeError("The clip is warped")
        return seconds * self._audio().rate

    # Loop and markers

    @property
    def looping(self) -> bool:
        return self._looping

    @looping.setter
    def looping(self, is_on: bool) -> None:
        if is_on and not self.is_in_beats:
            raise RuntimeError("Unwarped audio clips can't be looped")
        if self._looping and not is_on and self.slot is None:
            self.span = min(self.span, self.markers.end - self.markers.start)
            self.markers.end = self.markers.start + self.span
        self._looping = is_on

    @property
    def _bounds(self) -> Range:
        """What loop_start and loop_end speak of: while a clip does not loop, its markers."""
        return self.loop if self._looping else self.markers

    @property
    def loop_start(self) -> float:
        return self._bounds.start

    @loop_start.setter
    def loop_start(self, value: float) -> None:
        if value >= self._bounds.end - SAME:
            raise RuntimeError("Cannot set LoopStart behind LoopEnd.")
        self._bounds.start = value
        self._follow()

    @property
    def loop_end(self) -> float:
        return self._bounds.end

    @loop_end.setter
    def loop_end(self, value: float) -> None:
        if value <= self._bounds.start + SAME:
            raise RuntimeError("Cannot set LoopEnd before LoopStart.")
        self._bounds.end = value
        self._follow()

    def _follow(self) -> None:
        """A clip in the Arrangement that does not loop is as long as its markers say."""
        if self.slot is None and not self._looping:
            self.span = self.markers.end - self.markers.start

    @property
    def start_marker(self) -> float:
        return self.markers.start

    @start_marker.setter
    def start_marker(self, value: float) -> None:
        if not self._looping:
            return  # as Live does: without a word
        if value >= self.markers.end - SAME:
            raise RuntimeError("Cannot set StartMarker behind EndMarker.")
        self.markers.start = value

    @property
    def end_marker(self) -> float:
        return self.markers.end

    @end_marker.setter
    def end_marker(self, value: float) -> None:
        if value <= self.markers.start + SAME:
            raise RuntimeError("Cannot set EndMarker before StartMarker.")
        if self._looping:
            self.markers.end = value

    @property
    def position(self) -> float:
        return self.loop_start

    @position.setter
    def position(self, value: float) -> None:
        self._bounds.start, self._bounds.end = value, value + self.length

    @property
    def length(self) -> float:
        return self._bounds.end - self._bounds.start

    @property
    def iteration(self) -> float:
        """How much a copy in the Arrangement plays, in the clip's units."""
        if not self._looping:
            return self.length
        return max(self.loop.end - self.markers.start, self.length)

    @property
    def end_time(self) -> float:
        if self.slot is not None:
            return self.iteration
        return self.start_time + self.span_beats

    @property
    def span_beats(self) -> float:
        """How long it lies in the Arrangement; seconds become beats at the tempo of the moment."""
        return self.span if self.is_in_beats else self.span * self.set.tempo / 60.0

    def crop(self) -> None:
        self.notes = [n for n in self.notes if self.loop_start <= n.start_time < self.loop_end]

    # Notes

    def add_new_notes(self, specifications: tuple[Any, ...]) -> list[int]:
        if self.sound is not None:
            raise RuntimeError("This is only available for MIDI clips")
        notes = [self.set.note(each) for each in specifications]
        by_pitch: dict[int, list[Note]] = {}
        for old in self.notes:
            by_pitch.setdefault(old.pitch, []).append(old)
        for note in notes:
            alike = by_pitch.get(note.pitch, [])
            by_pitch[note.pitch] = [*(each for old in alike for each in cut(old, note)), note]
        together = [note for alike in by_pitch.values() for note in alike]
        self.notes = sorted(together, key=lambda each: (each.start_time, each.pitch))
        return list(range(len(notes)))

    def get_all_notes_extended(self) -> list[Note]:
        if self.sound is not None:
            raise RuntimeError("This is only available for MIDI clips")
        return self.notes

    def get_notes_extended(
        self, from_pitch: int, pitches: int, start: float, span: float
    ) -> list[Note]:
        return [
            note
            for note in self.get_all_notes_extended()
            if from_pitch <= note.pitch < from_pitch + pitches
            and start <= note.start_time < start + span
        ]

    def remove_notes_extended(
        self, from_pitch: int, pitches: int, start: float, span: float
    ) -> None:
        gone = self.get_notes_extended(from_pitch, pitches, start, span)
        self.notes = [note for note in self.notes if note not in gone]

    # Playing

    def fire(self) -> None:
        if self.slot is not None:
            self.slot.fire()

    def stop(self) -> None:
        if self.slot is not None:
            self.slot.stop()

    def copied_to(self, track: Track) -> Clip:
        """Return a copy that lies nowhere yet."""
        made = Clip(track, self.sound, 0.0)
        for name in (
            "name", "_color", "muted", "signature_numerator", "signature_denominator", "gain",
            "pitch_coarse", "pitch_fine", "warp_mode", "_warping", "_looping", "span",
        ):  # fmt: skip
            setattr(made, name, getattr(self, name))
        made.warp, made.notes = self.warp.copy(), list(self.notes)
        made.markers, made.loop = replace(self.markers), replace(self.loop)
        return made
