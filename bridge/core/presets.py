"""Recipes, chains, transcription presets and instruments: TOML files, the musician's own first.

A file in the musician's folder replaces the shipped one of the same name. Files are read again when
they change, so that a recipe edited in a text editor is there at the next press of the button. A
file with a fault spoils only itself: listings leave it out and tell the log, and whoever asks for
it by name gets the fault with file and line.
"""

from __future__ import annotations

import copy
import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from bridge.errors import (
    BadArgumentsError,
    BridgeError,
    PresetError,
    UnknownChainError,
    UnknownRecipeError,
    nearest,
)
from bridge.models import Recipe, StageSpec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")
log = logging.getLogger(__name__)

MAX_FILE_BYTES = 1 << 18
"""A preset is a page of text; what is larger was not written by hand."""


@dataclass
class Presets:
    """Every preset below some folders.

    Parameters
    ----------
    folders
        Searched in order; each may hold ``recipes/``, ``chains/``, ``transcription/`` and
        ``instruments.toml``.
    """

    folders: tuple[Path, ...]
    _knobs: dict[tuple[str, int, str], float] = field(default_factory=dict)
    _read: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = field(default_factory=dict)

    def recipe(self, name: str) -> Recipe:
        """Return a recipe; `UnknownRecipeError` if there is none, `PresetError` if it is wrong."""
        path = self._find("recipes", name, "recipe", UnknownRecipeError)
        return _recipe(name, self._table(path), path)

    def recipes(self) -> tuple[Recipe, ...]:
        """Return every recipe that is right, by name."""
        return tuple(self._all_right("recipes", self.recipe).values())

    def chain(self, name: str) -> Mapping[str, Any]:
        """Return an effect chain's table; `UnknownChainError` if there is none."""
        path = self._find("chains", name, "effect chain", UnknownChainError)
        table = copy.deepcopy(self._table(path))
        for (chain, index, parameter), value in self._knobs.items():
            effects = table.get("effect", [])
            if chain == name and index < len(effects):  # the file may have grown shorter since
                effects[index][parameter] = value
        return table

    def turn(self, chain: str, index: int, parameter: str, value: float) -> float | None:
        """Override one parameter of a chain until the daemon ends; return the last override.

        Raises
        ------
        UnknownChainError
            There is no such chain.
        BadArgumentsError
            The chain has no effect with this index.
        """
        effects = self.chain(chain).get("effect", [])
        if not 0 <= index < len(effects):
            raise BadArgumentsError(
                f"The chain '{chain}' has {len(effects)} effects, numbered from 0; there is no "
                f"number {index}."
            )
        before = self._knobs.get((chain, index, parameter))
        self._knobs[chain, index, parameter] = value
        return before

    def turn_back(self, chain: str, index: int, parameter: str, before: float | None) -> None:
        """Undo `turn`, given what it returned."""
        if before is None:
            self._knobs.pop((chain, index, parameter), None)
        else:
            self._knobs[chain, index, parameter] = before

    def chains(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every chain that can be read, by name."""
        return self._all_right("chains", self.chain)

    def transcription(self, name: str) -> Mapping[str, Any]:
        """Return a transcription preset's table; `BadArgumentsError` if there is none."""
        path = self._find("transcription", name, "transcription preset", BadArgumentsError)
        return self._table(path)

    def instrument(self, role: str) -> Mapping[str, Any]:
        """Return a role's instrument; the musician's entries replace shipped ones one by one."""
        merged: dict[str, Any] = {}
        for folder in reversed(self.folders):
            path = folder / "instruments.toml"
            if path.is_file():
                merged.update(self._table(path))
        entry = merged.get(role, merged.get("default"))
        if not isinstance(entry, dict):
            raise PresetError(f"instruments.toml has no table [{role}] and no [default].")
        return entry

    def _all_right(self, kind: str, get: Callable[[str], T]) -> dict[str, T]:
        found = {}
        for name in self._names(kind):
            try:
                found[name] = get(name)
            except BridgeError as exc:
                log.warning("left out of the list: %s", exc)
        return found

    def _find(self, kind: str, name: str, what: str, unknown: type[BridgeError]) -> Path:
        names = self._names(kind)
        if name in names:  # which also refuses names that are paths
            for folder in self.folders:
                path = folder / kind / f"{name}.toml"
                if path.is_file():
                    return path
        raise unknown(
            f"There is no {what} '{name}'.{nearest(name, names)} Known are {', '.join(names)}."
        )

    def _names(self, kind: str) -> list[str]:
        return sorted(
            {path.stem for folder in self.folders for path in (folder / kind).glob("*.toml")}
        )

    def _table(self, path: Path) -> dict[str, Any]:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path)
            if known and known[0] == stamp:
                return known[1]
            if status.st_size > MAX_FILE_BYTES:
                raise PresetError(f"{path} is larger than a preset can be.")
            table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as exc:
            raise PresetError(f"{path} cannot be read: {exc.strerror}.") from exc
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise PresetError(f"{path} is not valid TOML: {exc}.") from exc
        self._read[path] = (stamp, table)
        return table


def _recipe(name: str, table: Mapping[str, Any], path: Path) -> Recipe:
    known = {"description", "stage"}
    for key in table:
        if key not in known:
            raise PresetError(f"{path}: '{key}' is not part of a recipe.{nearest(key, known)}")
    lines = table.get("stage", [])
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise PresetError(f"{path}: stages are written as [[stage]] tables.")
    try:
        return Recipe(
            name=name,
            description=table.get("description", ""),
            stages=tuple(
                StageSpec(
                    kind=line.get("kind", ""),
                    options={key: value for key, value in line.items() if key != "kind"},
                )
                for line in lines
            ),
        )
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PresetError(f"{path}: {where}: {first['msg']}.") from exc
