"""Opening third-party plugins, in the effects worker and nowhere else.

`LOADERS` says how a file of each format is opened. A plugin may hang or crash whenever it is
called, which only the host can see; so that it can say whose fault it was, each call is announced.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from bridge.engines.effects.plugins_library import PluginInfo
from bridge.engines.effects.plugins_parameters import described
from bridge.errors import PluginFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.engines.audio import Audio

Doing = Literal["load", "process"]

Announce: TypeAlias = "Callable[[str | None, Doing], None]"
"""Told the plugin that is called now, and for what; with None it has returned."""

_WARM_UP_S = 0.0
"""pedalboard plays notes on an instrument until it sounds; a chain has no use for instruments."""


class Opened(Protocol):
    """A plugin as pedalboard presents it."""

    name: str
    parameters: Mapping[str, Any]
    raw_state: bytes
    is_instrument: bool

    def process(self, block: Audio, sample_rate: float, *, reset: bool = True) -> Audio:
        """Return what comes out; fewer samples while it holds some back."""

    def load_preset(self, path: str) -> None:
        """Take a ``.vstpreset`` file."""


@dataclass(frozen=True)
class Loader:
    """How plugins of one format are opened.

    Parameters
    ----------
    names
        Gives the names of the plugins in a file.
    open
        Opens one of them, given the file and its name; the name may be None if there is only one.
    """

    names: Callable[[str], list[str]]
    open: Callable[[str, str | None], Opened]


def _vst3_names(path: str) -> list[str]:
    import pedalboard

    return list(pedalboard.VST3Plugin.get_plugin_names_for_file(_binary(path)))


def _open_vst3(path: str, name: str | None) -> Opened:
    import pedalboard

    opened = pedalboard.VST3Plugin(
        _binary(path), plugin_name=name, initialization_timeout=_WARM_UP_S
    )
    return cast("Opened", opened)


def _binary(path: str) -> str:
    """Return what pedalboard opens: on Windows not the bundle, but the file inside."""
    inner = Path(path, "Contents", "x86_64-win", Path(path).name)
    return str(inner) if sys.platform == "win32" and inner.is_file() else path


def _unit_names(path: str) -> list[str]:
    import pedalboard

    return list(pedalboard.AudioUnitPlugin.get_plugin_names_for_file(path))


def _open_unit(path: str, name: str | None) -> Opened:
    import pedalboard

    opened = pedalboard.AudioUnitPlugin(path, plugin_name=name, initialization_timeout=_WARM_UP_S)
    return cast("Opened", opened)


LOADERS: dict[str, Loader] = {".vst3": Loader(_vst3_names, _open_vst3)}
"""By the file's ending."""

if sys.platform == "darwin":
    LOADERS[".component"] = Loader(_unit_names, _open_unit)


def loader_of(path: str) -> Loader:
    """Return how a file is opened.

    Raises
    ------
    PluginFailedError
        This machine loads no such files.
    """
    loader = LOADERS.get(Path(path).suffix.lower())
    if loader is None:
        raise PluginFailedError(
            f"'{path}' is not a plugin that can be loaded here; their names end in "
            f"{' or '.join(sorted(LOADERS))}."
        )
    return loader


def inspect(path: str, announce: Announce) -> tuple[PluginInfo, ...]:
    """Load every plugin of a file and describe it.

    Raises
    ------
    PluginFailedError
        The file holds none, or one of them cannot be loaded.
    """
    loader = loader_of(path)
    announce(Path(path).stem, "load")
    try:
        names = loader.names(path)
    except Exception as exc:
        raise PluginFailedError(f"'{path}' cannot be read as a plugin: {reason(exc)}") from exc
    if not names:
        raise PluginFailedError(f"'{path}' holds no plugin.")
    return tuple(_described(loader, path, name, announce) for name in names)


def _described(loader: Loader, path: str, name: str, announce: Announce) -> PluginInfo:
    announce(name, "load")
    try:
        opened = loader.open(path, name)
        return PluginInfo(
            name=name,
            path=path,
            vendor=str(getattr(opened, "manufacturer_name", "") or ""),
            version=str(getattr(opened, "version", "") or ""),
            category=str(getattr(opened, "category", "") or ""),
            is_instrument=bool(opened.is_instrument),
            parameters=tuple(described(key, knob) for key, knob in opened.parameters.items()),
        )
    except Exception as exc:
        raise PluginFailedError(f"The plugin '{name}' cannot be loaded: {reason(exc)}") from exc
    finally:
        announce(None, "load")


def reason(exc: Exception) -> str:
    """Return what a library said, as the end of a sentence."""
    text = " ".join(str(exc).split()) or type(exc).__name__
    return text if text.endswith((".", ")")) else f"{text}."
