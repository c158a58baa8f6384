"""Where a knob of a chain is: a place and a name, looked up in the chain's table.

A place is ``chain`` for what the chain itself has; a number for an effect, counted from 0; for a
path of a Mix two numbers, ``2.1``; and so on inwards: ``2.1.0`` is the first effect of that path.
Numbers count the tables of the chain's own file, so an include is one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.engines.effects.table import (
    BY_NAME,
    CHAIN_PARAMETERS,
    MIX,
    PATH_PARAMETERS,
    PLUGIN,
    SLOT_PARAMETERS,
    Parameter,
)
from bridge.errors import BadArgumentsError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAIN = "chain"
"""The place of what the chain itself has."""


def parameter_at(table: Mapping[str, Any], place: str, name: str) -> Parameter:
    """Return the row of the table that describes a knob.

    Parameters
    ----------
    table
        A chain file's table.
    place
        ``chain``, or numbers with dots between them.
    name
        The parameter's.

    Raises
    ------
    BadArgumentsError
        There is no such effect, path or parameter, or it is a file or a plugin's own.
    """
    known = parameters_at(table, place)
    for parameter in known:
        if parameter.name == name:
            return parameter
    row = table if place == CHAIN else row_at(table, place)
    kind = row.get("type")
    if kind == PLUGIN.name:
        raise BadArgumentsError(
            f"'{name}' at {place} would be a parameter of the plugin itself; it is set in the "
            "chain's file, under [effect.parameters]. The knobs of a plugin are wet and bypass."
        )
    files = (
        [p.name for p in BY_NAME[kind].parameters if p.unit == "file"] if kind in BY_NAME else []
    )
    if name in files:
        raise BadArgumentsError(f"'{name}' at {place} is a file; it is set in the chain's file.")
    names = [parameter.name for parameter in known]
    raise BadArgumentsError(
        f"There is no knob '{name}' at {place}.{nearest(name, names)} "
        f"There are {', '.join(names) or 'none'}."
    )


def parameters_at(table: Mapping[str, Any], place: str) -> tuple[Parameter, ...]:
    """Return every knob of a place, files and plugins' own parameters left out.

    Raises
    ------
    BadArgumentsError
        There is no such effect or path.
    """
    if place == CHAIN:
        return CHAIN_PARAMETERS
    row = row_at(table, place)
    if len(place.split(".")) % 2 == 0:
        return PATH_PARAMETERS
    effect = BY_NAME.get(str(row.get("type")))
    own = effect.parameters if effect is not None else ()
    return (*(p for p in own if p.unit != "file"), *SLOT_PARAMETERS)


def row_at(table: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Return the table of an effect or of a path of a Mix.

    Raises
    ------
    BadArgumentsError
        There is none at this place.
    """
    row, passed = table, ""
    for depth, number in enumerate(place.split(".")):
        if depth == 0:
            kind, inside = "effect", "the chain"
        elif depth % 2:
            kind, inside = "path", f"the effect {passed}"
            if row.get("type") != MIX.name:
                raise BadArgumentsError(f"The effect {passed} is no Mix and has no paths.")
        else:
            kind, inside = "effect", f"the path {passed}"
        rows = row.get(kind, [])
        rows = rows if isinstance(rows, list) else []
        if not (number.isascii() and number.isdecimal()) or int(number) >= len(rows):
            known = f"they are numbered 0 to {len(rows) - 1}" if rows else "it has none"
            raise BadArgumentsError(f"There is no {kind} '{number}' in {inside}; {known}.")
        row = rows[int(number)]
        if not isinstance(row, dict):
            raise BadArgumentsError(f"What stands at {place} is not a table.")
        passed = number if not passed else f"{passed}.{number}"
    return row


def places(table: Mapping[str, Any]) -> list[str]:
    """Return every place of a chain's table that has knobs, from the outside inwards."""
    found = [CHAIN]

    def walk(row: Mapping[str, Any], kind: str, prefix: str) -> None:
        rows = row.get(kind, [])
        for number, inner in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(inner, dict):
                found.append(f"{prefix}{number}")
                walk(inner, "path" if kind == "effect" else "effect", f"{prefix}{number}.")

    walk(table, "effect", "")
    return found
