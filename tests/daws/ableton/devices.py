"""Devices, mixers and the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.daws.ableton.handles import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.daws.ableton.document import Set
    from tests.daws.ableton.handles import World
    from tests.daws.ableton.tracks import Track

INSTRUMENT, AUDIO_EFFECT = 1, 2
ITSELF = ""
"""Among what lies below an item, this says that the item can be loaded."""

PLACES = (
    "audio_effects", "drums", "instruments", "max_for_live", "midi_effects", "packs", "plugins",
    "samples", "sounds", "user_library",
)  # fmt: skip


class DeviceParameter(Model):
    """A knob."""

    kind = "DeviceParameter"

    def __init__(self, parent: Model, name: str, value: float, low: float, high: float) -> None:
        super().__init__(parent.world)
        self.canonical_parent = parent
        self.name, self.min, self.max = name, low, high
        self._value = value

    @property
    def value(self) -> float:
        return self._value

    @value.setter
    def value(self, value: float) -> None:
        if not self.min <= value <= self.max:
            raise RuntimeError("Invalid value. Check the parameters range with min/max")
        self._value = value


class MixerDevice(Model):
    """Volume and pan of a track."""

    kind = "MixerDevice"

    def __init__(self, track: Track) -> None:
        super().__init__(track.world)
        self.canonical_parent = track
        self.volume = DeviceParameter(self, "Track Volume", 0.85, 0.0, 1.0)
        self.panning = DeviceParameter(self, "Track Panning", 0.0, -1.0, 1.0)

    def end(self) -> None:
        self.volume.end()
        self.panning.end()
        super().end()


class Device(Model):
    """An instrument or an effect."""

    kind = "Device"

    def __init__(self, track: Track, name: str, *, is_instrument: bool) -> None:
        super().__init__(track.world)
        self.canonical_parent = track
        self.name = self.class_name = name
        self.is_instrument, self.is_active = is_instrument, True

    @property
    def type(self) -> int:
        return INSTRUMENT if self.is_instrument else AUDIO_EFFECT


class BrowserItem(Model):
    """A folder, or something that can be loaded, which may have presets below it all the same."""

    kind = "BrowserItem"

    def __init__(self, world: World, name: str, children: Mapping[str, object] | None) -> None:
        super().__init__(world)
        below = dict(children or {})
        self.name = name
        self.is_device = ITSELF in below
        self.is_loadable = children is None or self.is_device
        self.is_folder = not self.is_loadable
        self.is_selected = False
        self.source = "Live"
        self.uri = f"query:{name}"
        self.children = branch(world, {key: each for key, each in below.items() if key != ITSELF})


def branch(world: World, tree: Mapping[str, object]) -> list[BrowserItem]:
    """Return items; a name without anything below can be loaded."""
    made = []
    for name, below in tree.items():
        assert below is None or isinstance(below, dict)
        made.append(BrowserItem(world, name, below))
    return made


class Browser(Model):
    """What can be loaded, by places."""

    kind = "Browser"

    def __init__(self, world: World, tree: Mapping[str, Mapping[str, object]]) -> None:
        super().__init__(world)
        self.set: Set | None = None
        for place in PLACES:
            setattr(self, place, BrowserItem(world, place, dict(tree.get(place, {}))))

    def load_item(self, item: BrowserItem) -> None:
        """Load onto the selected track; an instrument on an audio track brings its own track."""
        if not item.is_loadable:
            raise RuntimeError("The item cannot be loaded")
        assert self.set is not None
        track = self.set.view.selected_track
        if track is None or track.is_audio:
            track = self.set.create_midi_track(-1)
        track.devices = [device for device in track.devices if not device.is_instrument]
        track.devices.append(Device(track, item.name, is_instrument=True))
        track.changed("devices")


class ApplicationView(Model):
    """The window."""

    kind = "Application.View"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.focused_document_view = "Session"
        self.browse_mode = False

    def is_view_visible(self, name: str, *_: bool) -> bool:
        return name == self.focused_document_view

    def focus_view(self, name: str) -> None:
        self._show(name)

    def show_view(self, name: str) -> None:
        self._show(name)

    def _show(self, name: str) -> None:
        if name in {"Session", "Arranger"}:
            self.focused_document_view = name
            self.changed("focused_document_view")


class Application(Model):
    """Live itself."""

    kind = "Application"

    def __init__(self, world: World, numbers: tuple[int, ...], browser: Browser) -> None:
        super().__init__(world)
        self.numbers = numbers
        self.browser = browser
        self.view = ApplicationView(world)
        self.control_surfaces: list[object] = []

    def get_major_version(self) -> int:
        return self.numbers[0]

    def get_minor_version(self) -> int:
        return self.numbers[1]

    def get_bugfix_version(self) -> int:
        return self.numbers[2]

    def get_version_string(self) -> str:
        return ".".join(map(str, self.numbers))

    def get_document(self) -> Set | None:
        return self.browser.set
