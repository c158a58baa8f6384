"""TOML that somebody else wrote: parsed only if that takes no longer than reading it.

Python's parser takes time that grows with the square of a dotted key's length, so that a file of a
quarter of a megabyte that is one key would keep the daemon busy for hours; and values nested some
hundred deep are parsed, but then cannot be copied. No preset comes near either.
"""

from __future__ import annotations

import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_FULL_STOPS = 32
"""Of a dotted key; a text has fewer between two commas, and fewer behind quotes in a line."""

MOST_DEPTH = 32
"""Tables and arrays within each other."""

_BARE_KEY_ENDS = re.compile(r"[,=\[\]{}\n]")
_AFTER_QUOTES = re.compile(r"[\"'][ \t]*\.")


def parse(text: str) -> dict[str, Any]:
    """Return the table of a TOML text.

    Raises
    ------
    ValueError
        It is no TOML, or nests deeper than any preset does.
    """
    bare = max(piece.count(".") for piece in _BARE_KEY_ENDS.split(text))
    quoted = max(len(_AFTER_QUOTES.findall(line)) for line in text.split("\n"))
    if max(bare, quoted) > MOST_FULL_STOPS:
        raise ValueError(f"there are more than {MOST_FULL_STOPS} full stops in a row")
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except RecursionError as exc:
        raise ValueError("its values are nested too deep") from exc
    _check_depth(table)
    return table


def _check_depth(table: dict[str, Any]) -> None:
    level: list[Any] = [table]
    for _ in range(MOST_DEPTH):
        containers = [value for value in level if isinstance(value, (dict, list))]
        if not containers:
            return
        level = [
            item
            for value in containers
            for item in (value.values() if isinstance(value, dict) else value)
        ]
    raise ValueError("its values are nested too deep")
