"""What REAPER's functions for tracks, items, takes and sources do to the stand-in's projects."""

# ruff: noqa: N802, PLR0917 - the names and arguments are REAPER's

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.daws.reaper.project import Item, Project, Source, Take, Track

if TYPE_CHECKING:
    from tests.daws.reaper.standin import Standin


class Accessor:
    """A take that is read; it has changed if the take did since it was validated."""

    def __init__(self, take: Take) -> None:
        self.take, self.changes = take, -1


class MediaApi:
    """REAPER's functions by their own names."""

    standin: Standin
    accessors: list[Accessor]

    def _project(self, given: Any) -> Project:
        return self.standin.project if given in {None, 0} else given

    def _guard(self, project: Project, name: str) -> None:
        """Note a change, and whether no undo block holds it."""
        project.changes += 1
        if not project.open_blocks:
            project.unguarded.append(name)

    # Tracks

    def CountTracks(self, project: Any) -> int:
        return len(self._project(project).tracks)

    def GetTrack(self, project: Any, index: int) -> Track | None:
        tracks = self._project(project).tracks
        return tracks[index] if 0 <= index < len(tracks) else None

    def GetTrackGUID(self, track: Track) -> str:
        return track.guid

    def InsertTrackAtIndex(self, index: int, defaults: bool) -> None:
        project = self.standin.project
        self._guard(project, "InsertTrackAtIndex")
        project.tracks.insert(index, Track(project))
        if defaults:
            project.tracks[index].effects.append("what the user has on every new track")

    def GetSetMediaTrackInfo_String(
        self, track: Track, name: str, value: str, is_set: bool
    ) -> tuple[bool, str]:
        assert name == "P_NAME"
        if is_set:
            self._guard(track.project, name)
            track.name = value
        return True, track.name

    def GetMediaTrackInfo_Value(self, track: Track, name: str) -> float:
        return track.value(name)

    def SetMediaTrackInfo_Value(self, track: Track, name: str, value: float) -> bool:
        assert name in Track.DEFAULTS
        self._guard(track.project, name)
        track.values[name] = value
        return True

    def ColorToNative(self, red: int, green: int, blue: int) -> int:
        return red | green << 8 | blue << 16

    def SetTrackColor(self, track: Track, color: int) -> None:
        self._guard(track.project, "SetTrackColor")
        assert color & 0x1000000, "without this bit the colour is not used"
        track.color = color & 0xFFFFFF

    def TrackFX_AddByName(self, track: Track, name: str, is_input: bool, mode: int) -> int:
        assert (is_input, mode) == (False, -1)
        self._guard(track.project, "TrackFX_AddByName")
        if name not in self.standin.effects:
            return -1
        track.effects.append(name)
        return len(track.effects) - 1

    # Items

    def CountSelectedMediaItems(self, project: Any) -> int:
        return sum(item.is_selected for item in self._project(project).items())

    def GetSelectedMediaItem(self, project: Any, index: int) -> Item | None:
        chosen = [item for item in self._project(project).items() if item.is_selected]
        return chosen[index] if index < len(chosen) else None

    def CountMediaItems(self, project: Any) -> int:
        return len(self._project(project).items())

    def GetMediaItem(self, project: Any, index: int) -> Item | None:
        items = self._project(project).items()
        return items[index] if 0 <= index < len(items) else None

    def CountTrackMediaItems(self, track: Track) -> int:
        return len(track.items)

    def GetTrackMediaItem(self, track: Track, index: int) -> Item | None:
        return track.items[index] if index < len(track.items) else None

    def GetMediaItemTrack(self, item: Item) -> Track:
        return item.track

    def GetSetMediaItemInfo_String(
        self, item: Item, name: str, _: str, is_set: bool
    ) -> tuple[bool, str]:
        assert (name, is_set) == ("GUID", False)
        return True, item.guid

    def GetMediaItemInfo_Value(self, item: Item, name: str) -> float:
        return item.value(name)

    def SetMediaItemInfo_Value(self, item: Item, name: str, value: float) -> bool:
        assert name in Item.DEFAULTS
        self._guard(item.track.project, name)
        item.values[name] = float(value)
        return True

    def AddMediaItemToTrack(self, track: Track) -> Item:
        self._guard(track.project, "AddMediaItemToTrack")
        item = Item(track)
        track.items.append(item)
        return item

    def SplitMediaItem(self, item: Item, at_s: float) -> Item | None:
        start_s, length_s = item.value("D_POSITION"), item.value("D_LENGTH")
        if not start_s < at_s < start_s + length_s:
            return None
        self._guard(item.track.project, "SplitMediaItem")
        right = Item(item.track, values={**item.values})
        right.values |= {"D_POSITION": at_s, "D_LENGTH": start_s + length_s - at_s}
        for take in item.takes:
            values = {**take.values, "D_STARTOFFS": take.value("D_STARTOFFS") + at_s - start_s}
            right.takes.append(Take(right, take.source, take.name, values=values))
        item.values["D_LENGTH"] = at_s - start_s
        item.track.items.append(right)
        return right

    # Takes

    def CountTakes(self, item: Item) -> int:
        return len(item.takes)

    def GetTake(self, item: Item, index: int) -> Take | None:
        return item.takes[index] if index < len(item.takes) else None

    def GetActiveTake(self, item: Item) -> Take | None:
        return item.take if item.takes else None

    def SetActiveTake(self, take: Take) -> None:
        take.item.active = take.item.takes.index(take)

    def AddTakeToMediaItem(self, item: Item) -> Take:
        self._guard(item.track.project, "AddTakeToMediaItem")
        item.takes.append(Take(item))
        return item.takes[-1]

    def TakeIsMIDI(self, take: Take) -> bool:
        return take.is_midi

    def GetTakeName(self, take: Take) -> str:
        return take.name

    def GetSetMediaItemTakeInfo_String(
        self, take: Take, name: str, value: str, is_set: bool
    ) -> tuple[bool, str]:
        if name == "GUID":
            assert not is_set
            return True, take.guid
        assert (name, is_set) == ("P_NAME", True)
        self._guard(take.item.track.project, name)
        take.name = value
        return True, value

    def GetMediaItemTakeInfo_Value(self, take: Take, name: str) -> float:
        return take.value(name)

    def SetMediaItemTakeInfo_Value(self, take: Take, name: str, value: float) -> bool:
        assert name in Take.DEFAULTS
        self._guard(take.item.track.project, name)
        take.values[name] = float(value)
        return True

    def GetTakeNumStretchMarkers(self, take: Take) -> int:
        return take.stretch_markers

    def TakeFX_GetCount(self, take: Take) -> int:
        return take.effects

    def GetTakeEnvelopeByName(self, take: Take, name: str) -> Any:
        return object() if name in take.envelopes else None

    def GetMediaItemTake_Source(self, take: Take) -> Source | None:
        return take.source

    def SetMediaItemTake_Source(self, take: Take, source: Source) -> bool:
        self._guard(take.item.track.project, "SetMediaItemTake_Source")
        take.source = source
        return True

    # Sources

    def PCM_Source_CreateFromFile(self, path: str) -> Source | None:
        return Source.of_file(path) if Path(path).is_file() else None

    def GetMediaSourceFileName(self, source: Source) -> str:
        return source.path

    def GetMediaSourceType(self, source: Source) -> str:
        return source.kind

    def GetMediaSourceLength(self, source: Source) -> tuple[float, bool]:
        return source.length_s, False

    def GetMediaSourceNumChannels(self, source: Source) -> int:
        return source.channels

    def GetMediaSourceSampleRate(self, source: Source) -> int:
        return source.sample_rate

    def GetMediaSourceParent(self, source: Source) -> Source | None:
        return source.parent

    def PCM_Source_GetSectionInfo(self, source: Source) -> tuple[bool, float, float, bool]:
        is_section = source.parent is not None
        return is_section, source.offset_s, source.length_s, source.is_reversed

    def CreateTakeAudioAccessor(self, take: Take) -> Accessor:
        self.accessors.append(Accessor(take))
        return self.accessors[-1]

    def DestroyAudioAccessor(self, accessor: Accessor) -> None:
        self.accessors.remove(accessor)

    def AudioAccessorStateChanged(self, accessor: Accessor) -> bool:
        return accessor.changes != accessor.take.changes

    def AudioAccessorValidateState(self, accessor: Accessor) -> bool:
        has_changed = self.AudioAccessorStateChanged(accessor)
        accessor.changes = accessor.take.changes
        return has_changed

    def GetAudioAccessorSamples(
        self, accessor: Accessor, rate: int, channels: int, from_s: float, frames: int, _: Any
    ) -> tuple[int, list[float]]:
        audio = accessor.take.audio(rate, channels, from_s, frames)
        return int(bool(audio.any())), audio.ravel().tolist()

    # MIDI

    def CreateNewMIDIItemInProj(
        self, track: Track, from_s: float, to_s: float, is_quarters: bool = False
    ) -> Item:
        assert not is_quarters
        item = self.AddMediaItemToTrack(track)
        # REAPER's MIDI items begin and end on ticks.
        start = round(track.project.quarters(from_s) * 960) / 960
        item.values["D_POSITION"] = track.project.seconds(start)
        item.values["D_LENGTH"] = to_s - from_s
        item.takes.append(Take(item, Source("MIDI"), is_midi=True))
        return item

    def MIDI_GetPPQPosFromProjTime(self, take: Take, time_s: float) -> float:
        return take.item.track.project.ticks(take, time_s)

    def MIDI_InsertNote(
        self, take: Take, _selected: bool, _muted: bool, start: float, end: float, channel: int,
        pitch: int, velocity: int, _no_sort: bool = False,
    ) -> bool:  # fmt: skip
        assert end > start >= 0
        assert 0 <= channel < 16
        assert 0 <= pitch < 128
        assert 0 < velocity < 128
        self._guard(take.item.track.project, "MIDI_InsertNote")
        take.notes.append((start, end, channel, pitch, velocity))
        return True

    def MIDI_InsertCC(
        self, take: Take, _selected: bool, _muted: bool, at: float, kind: int, channel: int,
        first: int, second: int,
    ) -> bool:  # fmt: skip
        assert kind in {0xA0, 0xB0, 0xC0, 0xD0, 0xE0}
        assert not take.is_sorted, "sorted after each of thousands, REAPER would stand still"
        take.controls.append((at, kind, channel, first, second))
        return True

    def MIDI_DisableSort(self, take: Take) -> None:
        take.is_sorted = False

    def MIDI_Sort(self, take: Take) -> None:
        take.notes.sort()
        take.is_sorted = True
