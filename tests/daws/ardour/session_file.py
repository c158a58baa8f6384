"""What a saved session of Ardour holds: tracks, regions, where they lie, and their audio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree import ElementTree as ET

SUPERCLOCK_HZ = 282_240_000


@dataclass(frozen=True)
class PlacedRegion:
    """A region on a track's playlist, in samples of the session; a MIDI region's start in ticks."""

    name: str
    position: int
    start: int
    length: int
    is_muted: bool
    has_fades: bool
    sources: tuple[str, ...]


def samples(time: str, rate: int) -> int:
    """Return a time of the file as samples; `a` begins one in ticks of Ardour's superclock."""
    assert time.startswith("a"), f"{time} is not in audio time"
    ticks, rest = divmod(int(time[1:]) * rate, SUPERCLOCK_HZ)
    assert rest == 0, f"{time} lies between two samples"
    return ticks


def playlists(root: ET.Element, rate: int) -> dict[str, list[PlacedRegion]]:
    """Return each track's regions, by the track's name, in the order of the editor's tracks."""
    names = {one.get("id"): one.get("name", "") for one in root.iter("Source")}
    found: dict[str, list[PlacedRegion]] = {}
    lists = {one.get("id"): one for one in root.iter("Playlist")}
    for route in sorted(root.iter("Route"), key=_order):
        key = route.get("audio-playlist") or route.get("midi-playlist")
        if key in lists:
            rows = [_region(region, names, rate) for region in lists[key].iter("Region")]
            found[route.get("name", "")] = sorted(rows, key=lambda one: one.position)
    return found


def plugins(root: ET.Element) -> dict[str, list[str]]:
    """Return the names of each route's plugins, by the route's name."""
    return {
        route.get("name", ""): [
            one.get("name", "") for one in route.iter("Processor") if _is_plugin(one)
        ]
        for route in root.iter("Route")
    }


def _is_plugin(processor: ET.Element) -> bool:
    return processor.get("type") == "lv2"


def _order(route: ET.Element) -> int:
    shown = route.find("PresentationInfo")
    return int(shown.get("order", "0")) if shown is not None else 0


def _region(region: ET.Element, names: dict[str | None, str], rate: int) -> PlacedRegion:
    length, _, position = region.get("length", "").partition("@")
    count = int(region.get("channels", "1"))
    sources = tuple(names[region.get(f"source-{index}")] for index in range(count))
    start = region.get("start", "a0")
    return PlacedRegion(
        name=region.get("name", ""),
        position=samples(position, rate),
        start=samples(start, rate) if start.startswith("a") else int(start[1:]),
        length=samples(length, rate),
        is_muted=region.get("muted") == "1",
        has_fades=region.get("fade-in-active") == "1",
        sources=sources,
    )


def audio(session: Path, region: PlacedRegion) -> np.ndarray:
    """Return a region's samples, without its fades.

    Returns
    -------
    np.ndarray [shape=(channels, length)]
    """
    folder = session / "interchange" / session.name / "audiofiles"
    channels = []
    for source in region.sources:
        data, _ = soundfile.read(folder / source, dtype="float32")
        channels.append(data[region.start : region.start + region.length])
    return np.stack(channels)
