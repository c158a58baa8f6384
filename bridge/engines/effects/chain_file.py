"""A chain file's table, checked against the table of effects and turned into values.

Every fault is one sentence that names the file, the line, and the nearest right name.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bridge.engines.effects.chain_fields import checked
from bridge.engines.effects.chain_place import Place
from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, PathSpec, PluginSpec
from bridge.engines.effects.table import (
    BY_NAME,
    CHAIN_PARAMETERS,
    MIX,
    PATH_PARAMETERS,
    PLUGIN,
    SLOT_PARAMETERS,
)
from bridge.errors import PresetError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bridge.engines.effects.table import Parameter

MOST_EFFECTS = 256
"""In one chain, includes counted in: includes that include twice would grow without end."""

MOST_DEPTH = 8
"""Of a Mix in a Mix."""

_PLUGIN_KEYS = ("plugin", "plugin_name", "preset", "state", "parameters")


class ChainLibrary(Protocol):
    """Where included chains are found."""

    def chain(self, name: str) -> Mapping[str, Any]:
        """Return a chain file's table; `UnknownChainError` if there is none."""

    def chain_place(self, name: str) -> tuple[Path, str]:
        """Return a chain file's path and text, for the line of a fault."""


def parse_chain(
    name: str,
    table: Mapping[str, Any],
    library: ChainLibrary | None = None,
    find_plugin: Callable[[str], str] | None = None,
) -> ChainSpec:
    """Check a chain file's table.

    Parameters
    ----------
    name
        The chain's.
    table
        What the file holds; a parameter that is left out has its default.
    library
        For includes, relative paths, and file and line of a fault; None for a table of no file.
    find_plugin
        Given a plugin's name or path, returns its absolute path or raises `PresetError` with a
        sentence. None takes paths only.

    Raises
    ------
    PresetError
        Naming file and line, the effect by its place counted from 1, and the parameter.
    UnknownChainError
        An included chain does not exist.
    """
    return _Parser(library, find_plugin, (name,)).chain(name, table)


@dataclass
class _Parser:
    library: ChainLibrary | None
    find_plugin: Callable[[str], str] | None
    ring: tuple[str, ...]
    """The chains that are being read, each included by the one before."""
    count: list[int] = field(default_factory=lambda: [0])

    def chain(self, name: str, table: Mapping[str, Any]) -> ChainSpec:
        place = self._place(name)
        own = [parameter.name for parameter in CHAIN_PARAMETERS]
        _refuse_others(table, ("description", "effect", *own), place)
        description = table.get("description", "")
        if not isinstance(description, str):
            raise place.fault(f"The description of {place} must be text.", "description")
        settings = checked(CHAIN_PARAMETERS, table, place)
        effects = self.effects(table.get("effect", []), place)
        if not effects and not table.keys() & set(own):
            raise place.fault(f"{place.title} has no effects. It needs [[effect]] tables.")
        return ChainSpec(name=name, description=description, effects=effects, **settings)

    def effects(self, rows: object, place: Place) -> tuple[EffectSpec, ...]:
        found: list[EffectSpec] = []
        for where, row in _tables(rows, "effect", place):
            self.count[0] += 1
            if self.count[0] > MOST_EFFECTS:
                raise where.fault(f"{place.title} has more than {MOST_EFFECTS} effects.")
            found.extend(
                self._included(row, where) if "include" in row else [self._one(row, where)]
            )
        return tuple(found)

    def _one(self, row: Mapping[str, Any], place: Place) -> EffectSpec:
        kind = row.get("type")
        if not isinstance(kind, str):
            raise place.fault(f'{place.title} needs a type, for example type = "Reverb".', "type")
        if kind == MIX.name:
            _refuse_others(row, ("type", "path", *_names(SLOT_PARAMETERS)), place)
            return EffectSpec(type=kind, paths=self._paths(row, place), **_slot(row, place))
        if kind == PLUGIN.name:
            _refuse_others(row, ("type", *_PLUGIN_KEYS, *_names(SLOT_PARAMETERS)), place)
            return EffectSpec(type=kind, plugin=self._plugin(row, place), **_slot(row, place))
        effect = BY_NAME.get(kind)
        if effect is None:
            known = (*BY_NAME, MIX.name, PLUGIN.name)
            raise place.fault(
                f"{place.title} has the unknown type '{kind}'.{nearest(kind, known)}", "type"
            )
        place = replace(place, effect=kind)
        own = _names(effect.parameters)
        for key in row:
            if key not in ("type", *own, *_names(SLOT_PARAMETERS)):
                raise place.fault(
                    f"{place.title}, has no parameter '{key}'."
                    f"{nearest(key, (*own, *_names(SLOT_PARAMETERS)))}",
                    key,
                )
        parameters = checked(effect.parameters, row, place)
        for parameter in effect.parameters:
            if parameter.unit == "file":
                parameters[parameter.name] = self._file(
                    parameters[parameter.name], parameter.name, place
                )
        return EffectSpec(type=kind, parameters=parameters, **_slot(row, place))

    def _paths(self, row: Mapping[str, Any], place: Place) -> tuple[PathSpec, ...]:
        if len(place.steps) > 2 * MOST_DEPTH:
            raise place.fault(f"{place.title} lies too deep: more than {MOST_DEPTH} Mixes.")
        paths = []
        for where, path in _tables(row.get("path", []), "path", place):
            _refuse_others(path, (*_names(PATH_PARAMETERS), "effect"), where)
            effects = self.effects(path.get("effect", []), where)
            paths.append(PathSpec(effects=effects, **checked(PATH_PARAMETERS, path, where)))
        if not paths:
            raise place.fault(f"{place.title}, Mix, has no paths. It needs [[effect.path]] tables.")
        return tuple(paths)

    def _included(self, row: Mapping[str, Any], place: Place) -> Iterable[EffectSpec]:
        _refuse_others(row, ("include", *_names(SLOT_PARAMETERS)), place)
        name = row["include"]
        if not isinstance(name, str) or self.library is None:
            raise place.fault(
                f'{place.title} needs the name of a chain, as in include = "clean".', "include"
            )
        if name in self.ring:
            ring = " → ".join((*self.ring[self.ring.index(name) :], name))
            raise place.fault(f"The chains include each other in a ring: {ring}.", "include")
        inner = _Parser(self.library, self.find_plugin, (*self.ring, name), self.count)
        effects = inner.chain(name, self.library.chain(name)).effects
        slot = _slot(row, place)
        if slot["bypass"]:
            return ()
        if slot["wet"] == 1.0:
            return effects
        return (EffectSpec(type=MIX.name, paths=(PathSpec(effects=effects),), wet=slot["wet"]),)

    def _plugin(self, row: Mapping[str, Any], place: Place) -> PluginSpec:
        texts = {}
        for key in ("plugin", "plugin_name", "preset", "state"):
            texts[key] = row.get(key)
            if texts[key] is not None and not (isinstance(texts[key], str) and texts[key]):
                raise place.fault(f"{place.title}, Plugin: {key} must be text.", key)
        if texts["plugin"] is None:
            raise place.fault(
                f'{place.title}, Plugin, needs a name or a file, as in plugin = "My Reverb".'
            )
        parameters = row.get("parameters", {})
        if not isinstance(parameters, dict) or not all(
            isinstance(value, (bool, int, float, str)) for value in parameters.values()
        ):
            raise place.fault(
                f"{place.title}, Plugin: [effect.parameters] takes numbers, text, true and false.",
                "parameters",
            )
        try:
            base64.b64decode(texts["state"] or "", validate=True)
        except (binascii.Error, ValueError) as exc:
            raise place.fault(f"{place.title}, Plugin: state is not base64.", "state") from exc
        return PluginSpec(
            path=self._plugin_path(str(texts["plugin"]), place),
            name=texts["plugin_name"],
            parameters={
                key: value if isinstance(value, (bool, str)) else float(value)
                for key, value in parameters.items()
            },
            preset=self._file(texts["preset"], "preset", place) if texts["preset"] else None,
            state=texts["state"],
        )

    def _plugin_path(self, text: str, place: Place) -> str:
        beside = self._beside(text)
        if beside.exists():
            return str(beside)
        if self.find_plugin is None:
            raise place.fault(f"{place.title}, Plugin: there is no file '{text}'.", "plugin")
        try:
            return self.find_plugin(text)
        except PresetError as exc:
            raise place.fault(f"{place.title}, Plugin: {exc}", "plugin") from exc

    def _file(self, text: str, key: str, place: Place) -> str:
        if not text:
            raise place.fault(f"{place.title}, needs a file: {key}.")
        path = self._beside(text)
        if not path.is_file():
            raise place.fault(f"{place.title}: {key}: there is no file '{path}'.", key)
        return str(path)

    def _beside(self, text: str) -> Path:
        """Return a path that is relative to the chain's file, made absolute."""
        path = Path(text).expanduser()
        if self.library is None or path.is_absolute():
            return path.absolute()
        return self.library.chain_place(self.ring[-1])[0].parent / path

    def _place(self, name: str) -> Place:
        origin = self.library.chain_place(name) if self.library is not None else None
        return Place(name, origin)


def _tables(rows: object, kind: str, place: Place) -> Sequence[tuple[Place, Mapping[str, Any]]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise place.fault(
            f"{place.title} has no {kind}s: they are written as {place.header(kind)} tables.", kind
        )
    return [(place.inner(number), row) for number, row in enumerate(rows)]


def _refuse_others(row: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
    for key in row:
        if key not in known:
            raise place.fault(
                f"{place.title} has an unknown entry '{key}'.{nearest(key, known)}", key
            )


def _slot(row: Mapping[str, Any], place: Place) -> dict[str, Any]:
    return checked(SLOT_PARAMETERS, row, place)


def _names(parameters: Iterable[Parameter]) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in parameters)
