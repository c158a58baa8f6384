"""A REAPER project as far as the scripts touch it: tracks, items, takes, sources, tempo, undo."""

from __future__ import annotations

import copy
import uuid
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soundfile
from numpy.typing import NDArray

TICKS_PER_QUARTER = 960


def new_guid() -> str:
    return "{" + str(uuid.uuid4()).upper() + "}"


def samples_of(path: str | Path) -> NDArray[np.float32]:
    """Return a file's samples, of shape ``(frames, channels)``."""
    audio: NDArray[np.float32] = soundfile.read(str(path), dtype="float32", always_2d=True)[0]
    return audio


@dataclass(eq=False)
class Source:
    """A file, or a section of another source."""

    kind: str
    path: str = ""
    sample_rate: int = 0
    channels: int = 0
    length_s: float = 0.0
    parent: Source | None = None
    offset_s: float = 0.0
    is_reversed: bool = False

    @classmethod
    def of_file(cls, path: str | Path) -> Source:
        info = soundfile.info(str(path))
        kind = {"WAV": "WAVE", "WAVEX": "WAVE", "AIFF": "AIFF", "FLAC": "FLAC"}[info.format]
        return cls(kind, str(path), info.samplerate, info.channels, info.frames / info.samplerate)

    def section(self, offset_s: float, length_s: float, *, is_reversed: bool = False) -> Source:
        return Source(
            "SECTION", "", self.sample_rate, self.channels, length_s, self, offset_s, is_reversed
        )

    def root(self) -> Source:
        return self.parent.root() if self.parent else self

    def at(self, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the samples at times in the source, the nearest ones; outside is silence."""
        if self.parent is not None:
            inner = self.length_s - times_s if self.is_reversed else times_s
            audio = self.parent.at(inner + self.offset_s)
            inside = (times_s >= -1e-9) & (times_s < self.length_s - 1e-9)
            within: NDArray[np.float32] = audio * inside[:, None]
            return within
        audio = samples_of(self.path)
        places = np.round(times_s * self.sample_rate).astype(np.int64)
        inside = (places >= 0) & (places < len(audio))
        picked = audio[np.clip(places, 0, len(audio) - 1)]
        heard: NDArray[np.float32] = picked * inside[:, None]
        return heard


@dataclass(eq=False)
class Take:
    item: Item
    source: Source | None = None
    name: str = ""
    guid: str = field(default_factory=new_guid)
    values: dict[str, float] = field(default_factory=dict)
    stretch_markers: int = 0
    effects: int = 0
    envelopes: set[str] = field(default_factory=set)
    is_midi: bool = False
    notes: list[tuple[float, float, int, int, int]] = field(default_factory=list)
    controls: list[tuple[float, int, int, int, int]] = field(default_factory=list)
    changes: int = 0
    is_sorted: bool = True

    DEFAULTS: ClassVar[dict[str, float]] = {
        "D_STARTOFFS": 0.0,
        "D_VOL": 1.0,
        "D_PAN": 0.0,
        "D_PLAYRATE": 1.0,
        "D_PITCH": 0.0,
        "I_CHANMODE": 0.0,
        "B_PPITCH": 1.0,
        "D_PANLAW": -1.0,
    }

    def value(self, name: str) -> float:
        return self.values.get(name, self.DEFAULTS[name])

    def audio(self, rate: int, channels: int, from_s: float, frames: int) -> NDArray[np.float32]:
        """Return what an accessor gives: before effects, without volume; time is the item's."""
        assert self.source is not None
        times = (from_s + np.arange(frames) / rate) * self.value("D_PLAYRATE")
        times += self.value("D_STARTOFFS")
        if self.item.value("B_LOOPSRC"):
            times = np.mod(times + 1e-9, self.source.length_s)
        audio = self.source.at(times)
        mode = int(self.value("I_CHANMODE"))
        if mode == 1:
            audio = audio[:, ::-1]
        elif mode == 2:
            audio = audio.mean(axis=1, keepdims=True)
        elif 3 <= mode <= 66:
            audio = audio[:, mode - 3 : mode - 2]
        elif mode >= 67:
            audio = audio[:, mode - 67 : mode - 65]
        result = np.zeros((frames, channels), np.float32)
        shared = min(channels, audio.shape[1])
        result[:, :shared] = audio[:, :shared]
        return result


@dataclass(eq=False)
class Item:
    track: Track
    takes: list[Take] = field(default_factory=list)
    guid: str = field(default_factory=new_guid)
    values: dict[str, float] = field(default_factory=dict)
    active: int = 0
    is_selected: bool = False

    DEFAULTS: ClassVar[dict[str, float]] = {
        "D_POSITION": 0.0,
        "D_LENGTH": 0.0,
        "B_LOOPSRC": 1.0,
        "B_MUTE": 0.0,
        "D_VOL": 1.0,
        "C_BEATATTACHMODE": -1.0,
        "C_AUTOSTRETCH": 0.0,
        "B_ALLTAKESPLAY": 0.0,
        "D_FADEINLEN": 0.0,
        "D_FADEOUTLEN": 0.0,
        "D_FADEINLEN_AUTO": -1.0,
        "D_FADEOUTLEN_AUTO": -1.0,
        "C_FADEINSHAPE": 0.0,
        "C_FADEOUTSHAPE": 0.0,
        "D_FADEINDIR": 0.0,
        "D_FADEOUTDIR": 0.0,
    }

    def value(self, name: str) -> float:
        return self.values.get(name, self.DEFAULTS[name])

    @property
    def take(self) -> Take:
        return self.takes[self.active]

    @property
    def source(self) -> Source:
        """What its active take plays."""
        assert self.take.source is not None
        return self.take.source


@dataclass(eq=False)
class Track:
    project: Project
    name: str = ""
    items: list[Item] = field(default_factory=list)
    guid: str = field(default_factory=new_guid)
    values: dict[str, float] = field(default_factory=dict)
    color: int = 0
    effects: list[str] = field(default_factory=list)

    DEFAULTS: ClassVar[dict[str, float]] = {
        "I_FOLDERDEPTH": 0.0,
        "B_MUTE": 0.0,
        "D_VOL": 1.0,
        "D_PAN": 0.0,
        "D_WIDTH": 1.0,
        "D_DUALPANL": -1.0,
        "D_DUALPANR": 1.0,
        "I_PANMODE": 3.0,
        "D_PANLAW": -1.0,
        "B_PHASE": 0.0,
    }

    def value(self, name: str) -> float:
        if name == "IP_TRACKNUMBER":
            return float(self.project.tracks.index(self) + 1)
        return self.values.get(name, self.DEFAULTS[name])

    def add_item(self, source: Source, position_s: float, length_s: float, **values: float) -> Item:
        """Add an item as a user would drop it; names in capitals go to the take or the item."""
        item = Item(self, values={"D_POSITION": position_s, "D_LENGTH": length_s, "B_LOOPSRC": 0.0})
        take = Take(item, source, Path(source.root().path).name)
        item.takes.append(take)
        for name, value in values.items():
            (take if name in Take.DEFAULTS and name != "D_VOL" else item).values[name] = value
        self.items.append(item)
        return item


@dataclass
class TempoMark:
    time_s: float
    tempo: float
    numerator: int = 4
    denominator: int = 4


@dataclass(eq=False)
class Project:
    """A tab."""

    path: str
    media: str
    tempi: list[TempoMark] = field(default_factory=lambda: [TempoMark(0.0, 120.0)])
    tracks: list[Track] = field(default_factory=list)
    selection_s: tuple[float, float] = (0.0, 0.0)
    regions: list[tuple[float, float, str]] = field(default_factory=list)
    undo: list[tuple[str, Any]] = field(default_factory=list)
    open_blocks: list[Any] = field(default_factory=list)
    unguarded: list[str] = field(default_factory=list)
    changes: int = 0

    def add_track(self, name: str) -> Track:
        track = Track(self, name)
        self.tracks.append(track)
        return track

    def items(self) -> list[Item]:
        return [item for track in self.tracks for item in track.items]

    def select(self, *items: Item) -> None:
        for item in self.items():
            item.is_selected = item in items

    def quarters(self, time_s: float) -> float:
        """Return the quarter notes up to a time."""
        quarters = 0.0
        for mark, following in zip(self.tempi, [*self.tempi[1:], None], strict=True):
            end_s = time_s if following is None else min(time_s, following.time_s)
            quarters += max(0.0, end_s - mark.time_s) * mark.tempo / 60.0
        return quarters

    def seconds(self, quarters: float) -> float:
        """Return when a number of quarter notes has gone by."""
        starts = [self.quarters(mark.time_s) for mark in self.tempi]
        index = max(0, bisect_right(starts, quarters) - 1)
        mark = self.tempi[index]
        return mark.time_s + (quarters - starts[index]) * 60.0 / mark.tempo

    def mark_at(self, time_s: float) -> TempoMark:
        index = bisect_right([mark.time_s for mark in self.tempi], time_s) - 1
        return self.tempi[max(0, index)]

    def beats_of_items(self) -> list[tuple[Item, float, float]]:
        """Return the items that follow tempo changes, the default, with their ends in quarters."""
        return [
            (item, self.quarters(start_s), self.quarters(start_s + item.value("D_LENGTH")))
            for item in self.items()
            if item.value("C_BEATATTACHMODE") != 0
            for start_s in [item.value("D_POSITION")]
        ]

    def follow_beats(self, beats: list[tuple[Item, float, float]]) -> None:
        """Move and stretch items to where their beats are now."""
        for item, start, end in beats:
            start_s, length_s = self.seconds(start), self.seconds(end) - self.seconds(start)
            stretch = item.value("D_LENGTH") / length_s
            item.values.update(D_POSITION=start_s, D_LENGTH=length_s)
            for take in item.takes:
                take.values["D_PLAYRATE"] = take.value("D_PLAYRATE") * stretch

    def ticks(self, take: Take, time_s: float) -> float:
        """Return a MIDI take's own time: ticks from its item's start."""
        origin = self.quarters(take.item.value("D_POSITION"))
        return (self.quarters(time_s) - origin) * TICKS_PER_QUARTER

    def note_times_s(self, take: Take) -> list[float]:
        """Return when a MIDI take's notes begin on the timeline."""
        origin = self.quarters(take.item.value("D_POSITION"))
        return [self.seconds(origin + note[0] / TICKS_PER_QUARTER) for note in take.notes]

    def content(self) -> Any:
        """Return all that undo brings back, as copies."""
        kept = (self.tracks, self.tempi, self.regions)
        return copy.deepcopy(kept, {id(self): self})

    def restore(self, content: Any) -> None:
        self.tracks, self.tempi, self.regions = content

    def tree(self) -> list[tuple[int, str]]:
        """Return every track's depth and name."""
        depth, found = 0, []
        for track in self.tracks:
            found.append((depth, track.name))
            depth += int(track.value("I_FOLDERDEPTH"))
        assert depth == 0, "a folder is not closed"
        return found
