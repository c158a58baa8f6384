"""The plugins of a chain before the job runs: found by name, checked against the last scan."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.effects.plugins import loader_of
from bridge.engines.effects.plugins_library import Stamp
from bridge.engines.effects.table import BY_NAME
from bridge.errors import PluginFailedError, PresetError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, PluginSpec
    from bridge.engines.effects.plugins_library import PluginInfo, PluginLibrary


@dataclass
class PluginFinder:
    """Settles which plugins chains mean, and what files their sound depends on.

    Parameters
    ----------
    library
        What the last scan found.
    stamps
        How the files of the chains that were settled looked: a plan that holds them is another one
        once a plugin was updated, so that no earlier result is taken for its own.
    """

    library: PluginLibrary
    stamps: dict[str, Stamp] = field(default_factory=dict)
    _named: dict[str, str] = field(default_factory=dict)

    def path_of(self, text: str) -> str:
        """Return the path of a plugin, given its name.

        Where several files hold a plugin of the name, the first by path is taken.

        Raises
        ------
        PresetError
            The last scan found no such plugin, or it is gone.
        PluginFailedError
            It is in quarantine.
        """
        known = self.library.plugins()
        info = next((info for info in known if info.is_called(text)), None)
        if info is not None:
            if not Path(info.path).exists():
                raise PresetError(
                    f"the plugin '{text}' is no longer at '{info.path}'. Install it again, or run "
                    "`dawbridge plugins scan`."
                )
            self._named[info.path] = info.name
            return info.path
        for path in self.library.contents().quarantine:
            if Path(path).stem.casefold() == text.casefold():
                self._refuse_quarantined(path)
        if Path(text).is_absolute():
            raise PresetError(f"there is no plugin at '{text}'.")
        hint = nearest(text, [info.name for info in known])
        raise PresetError(
            f"there is no plugin '{text}'.{hint} `dawbridge plugins scan` looks for new ones; the "
            "path of a plugin is understood as well."
        )

    def settle(self, chain: ChainSpec) -> ChainSpec:
        """Check every plugin of a chain, and say which one of its file is meant.

        Raises
        ------
        PluginFailedError
            A plugin is in quarantine or of a format that is not loaded here.
        PresetError
            A plugin is an instrument, has no such parameter, or its file holds several.
        """
        return chain.model_copy(update={"effects": self._effects(chain.effects, chain.name)})

    def _effects(self, effects: Iterable[EffectSpec], chain: str) -> tuple[EffectSpec, ...]:
        return tuple(self._effect(effect, chain) for effect in effects)

    def _effect(self, effect: EffectSpec, chain: str) -> EffectSpec:
        if effect.plugin is not None:
            self._look_at(effect.plugin.path, effect.plugin.preset)
            return effect.model_copy(update={"plugin": self._plugin(effect.plugin, chain)})
        if effect.type in BY_NAME:
            files = (p.name for p in BY_NAME[effect.type].parameters if p.unit == "file")
            self._look_at(*(str(effect.parameters[name]) for name in files))
        paths = tuple(
            path.model_copy(update={"effects": self._effects(path.effects, chain)})
            for path in effect.paths
        )
        return effect.model_copy(update={"paths": paths})

    def _look_at(self, *paths: str | None) -> None:
        for path in filter(None, paths):
            with contextlib.suppress(OSError):  # that it is gone is said where it is opened
                self.stamps[path] = Stamp.of(Path(path))

    def _plugin(self, spec: PluginSpec, chain: str) -> PluginSpec:
        loader_of(spec.path)
        self._refuse_quarantined(spec.path)
        infos = [info for info in self.library.plugins() if info.path == spec.path]
        if not infos:
            return spec  # it was never scanned, and is looked at when it is loaded
        if spec.name is None and len(infos) > 1:
            spec = spec.model_copy(update={"name": self._named.get(spec.path)})
        _check_parameters(spec, _meant(spec, infos, chain), chain)
        return spec

    def _refuse_quarantined(self, path: str) -> None:
        row = self.library.quarantined(Path(path))
        if row is not None:
            name = Path(path).stem
            raise PluginFailedError(
                f"The plugin '{name}' is in quarantine since {row.date[:10]}: {row.reason} Update "
                f"it, or run `dawbridge plugins forget {name}` to have it tried again."
            )


def _meant(spec: PluginSpec, infos: list[PluginInfo], chain: str) -> PluginInfo:
    """Return which of a file's plugins a chain means."""
    names = [info.name for info in infos]
    if spec.name is None and len(infos) > 1:
        raise PresetError(
            f"The chain '{chain}': '{spec.path}' holds {', '.join(names)}; say which one with "
            "plugin_name."
        )
    meant = next((info for info in infos if spec.name in {None, info.name}), None)
    if meant is None:
        raise PresetError(
            f"The chain '{chain}': '{spec.path}' holds no plugin '{spec.name}'."
            f"{nearest(str(spec.name), names)}"
        )
    if meant.is_instrument:
        raise PresetError(
            f"The plugin '{meant.name}' of the chain '{chain}' is an instrument: it plays notes, "
            "and a chain has none for it."
        )
    return meant


def _check_parameters(spec: PluginSpec, info: PluginInfo, chain: str) -> None:
    known = [parameter.name for parameter in info.parameters]
    for name in spec.parameters:
        if name not in known:
            raise PresetError(
                f"The plugin '{info.name}' of the chain '{chain}' has no parameter '{name}'."
                f"{nearest(name, known)} `dawbridge plugins params {info.name}` lists them."
            )
