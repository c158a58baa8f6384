"""Recipes, chains, transcription presets and instruments: TOML files, the musician's own first.

A file in the musician's folder replaces the shipped one of the same name. Files are read again when
they change, so that a recipe edited in a text editor is there at the next press of the button. A
file with a fault spoils only itself: listings leave it out and tell the log, and whoever asks for
it by name gets the fault with file and line.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from bridge.core.knobs import row_at
from bridge.core.toml_text import parse
from bridge.errors import (
    BadArgumentsError,
    BridgeError,
    PresetError,
    UnknownChainError,
    UnknownRecipeError,
    nearest,
)
from bridge.models import Recipe, StageSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bridge.core.knobs import KnobValue

T = TypeVar("T")
log = logging.getLogger(__name__)

MAX_FILE_BYTES = 1 << 18
"""A preset is a page of text; what is larger was not written by hand."""

MOST_STAGES = 32
"""Of a recipe."""


@dataclass(frozen=True)
class Turn:
    """A knob that was turned, and the type of the effect that it belongs to.

    The file may be edited afterwards: a turn never reaches an effect of another type that has come
    to stand in its place.
    """

    value: KnobValue
    kind: str | None

    def fits(self, row: Any) -> bool:
        """Tell whether a place still holds what was turned."""
        return row is not None and _kind(row) == self.kind


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
    _turned: dict[str, dict[tuple[str, str], Turn]] = field(default_factory=dict)
    _known: dict[str, frozenset[str]] = field(default_factory=dict)
    _read: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = field(default_factory=dict)

    def recipe(self, name: str) -> Recipe:
        """Return a recipe; `UnknownRecipeError` if there is none, `PresetError` if it is wrong."""
        path = self._find("recipes", name, "recipe", UnknownRecipeError)
        return _recipe(name, self._table(path), path)

    def recipes(self) -> tuple[Recipe, ...]:
        """Return every recipe that is right, by name."""
        return tuple(self._all_right("recipes", self.recipe).values())

    def chain(self, name: str) -> Mapping[str, Any]:
        """Return an effect chain's table, with its knobs as they were turned.

        Raises
        ------
        UnknownChainError
            There is no such chain.
        PresetError
            The file cannot be read.
        """
        table: dict[str, Any] = copy.deepcopy(dict(self.chain_file(name)))
        for (place, parameter), value in self.turned(name).items():
            row_at(table, place)[parameter] = value
        return table

    def chain_file(self, name: str) -> Mapping[str, Any]:
        """Return an effect chain's table as the file has it; see `chain`."""
        return self._table(self._chain_path(name))

    def has_chain(self, name: str) -> bool:
        """Tell whether a chain has this name."""
        return name in self._names("chains")

    def chain_place(self, name: str) -> tuple[Path, str]:
        """Return where an effect chain's file lies and its text; see `chain`."""
        path = self._chain_path(name)
        try:
            return path, path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise PresetError(f"{path} cannot be read: {exc}.") from exc

    def turn(self, chain: str, place: str, parameter: str, value: KnobValue) -> None:
        """Override a parameter of a chain until the daemon ends; `core.knobs` has checked it."""
        row = row_at(self.chain_file(chain), place)
        turned = self._turned.setdefault(chain, {})
        turned[place, parameter] = Turn(value, _kind(row))

    def turned(self, chain: str) -> Mapping[tuple[str, str], KnobValue]:
        """Return what was turned of a chain, by place and parameter; see `chain`."""
        turns = self._turned.get(chain)
        if not turns:
            return {}
        table = self.chain_file(chain)
        return {
            (place, parameter): turn.value
            for (place, parameter), turn in turns.items()
            if turn.fits(row_at(table, place))
        }

    def turn_back(self, chain: str) -> None:
        """Take back everything that was turned of a chain."""
        self._turned.pop(chain, None)

    def chains(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every chain that can be read, by name."""
        return self._all_right("chains", self.chain)

    def transcription(self, name: str) -> Mapping[str, Any]:
        """Return a transcription preset's table; `BadArgumentsError` if there is none."""
        path = self._find("transcription", name, "transcription preset", BadArgumentsError)
        return self._table(path)

    def instruments(self) -> Mapping[str, Any]:
        """Return every role's instrument; the musician's replace shipped ones one by one."""
        merged: dict[str, Any] = {}
        for folder in reversed(self.folders):
            path = folder / "instruments.toml"
            if path.is_file():
                merged.update(self._table(path))
        return merged

    def instrument(self, role: str) -> Mapping[str, Any]:
        """Return a role's instrument, or the default one; see `instruments`."""
        known = self.instruments()
        entry = known.get(role, known.get("default"))
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

    def _chain_path(self, name: str) -> Path:
        return self._find("chains", name, "effect chain", UnknownChainError)

    def _find(self, kind: str, name: str, what: str, unknown: type[BridgeError]) -> Path:
        names = self._known.get(kind, frozenset())
        if name not in names:  # a fader asks a hundred times a second for the same file
            names = self._known[kind] = frozenset(self._names(kind))
        if name in names:  # which also refuses names that are paths
            for folder in self.folders:
                path = folder / kind / f"{name}.toml"
                if path.is_file():
                    return path
        known = self._names(kind)
        raise unknown(
            f"There is no {what} '{name}'.{nearest(name, known)} Known are {', '.join(known)}."
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
            table = parse(path.read_text(encoding="utf-8"))
        except OSError as exc:
            raise PresetError(f"{path} cannot be read: {exc.strerror}.") from exc
        except ValueError as exc:  # what no TOML and no UTF-8 is, too
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
    if len(lines) > MOST_STAGES:
        raise PresetError(f"{path}: a recipe has at most {MOST_STAGES} stages.")
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


def _kind(row: Mapping[str, Any]) -> str | None:
    kind = row.get("type")
    return kind if isinstance(kind, str) else None
