"""Where in a chain file something stands: in words for the musician, and as a line of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bridge.engines.effects.knobs import CHAIN
from bridge.errors import PresetError

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([A-Za-z0-9_.\s-]+?)\s*\]{1,2}\s*(?:#.*)?$")


@dataclass(frozen=True)
class Place:
    """A chain, or an effect or a path in it.

    Parameters
    ----------
    chain
        Its name.
    origin
        Path and text of its file; None for a table of no file.
    steps
        Numbers from the outside inwards: effect, path, effect, …; none for the chain itself.
    effect
        Type of the effect, once it is known.
    """

    chain: str
    origin: tuple[Path, str] | None = None
    steps: tuple[int, ...] = ()
    effect: str = ""

    def inner(self, number: int) -> Place:
        """Return the place of an effect or a path in this one."""
        return replace(self, steps=(*self.steps, number), effect="")

    def header(self, kind: str) -> str:
        """Return how a table in this place begins."""
        names = [("effect", "path")[depth % 2] for depth in range(len(self.steps))]
        return f"[[{'.'.join((*names, kind))}]]"

    def __str__(self) -> str:
        words = [
            f"{('effect', 'path')[depth % 2]} {number + 1} of "
            for depth, number in enumerate(self.steps)
        ]
        effect = f", {self.effect}" if self.effect else ""
        return f"{''.join(reversed(words))}the chain '{self.chain}'{effect}"

    @property
    def title(self) -> str:
        """The place in words, at the beginning of a sentence."""
        words = str(self)
        return words[0].upper() + words[1:]

    def fault(self, sentence: str, key: str | None = None) -> PresetError:
        """Return the error, with the file and the line where `key` or this place stands."""
        if self.origin is None:
            return PresetError(sentence)
        path, text = self.origin
        line = line_of(text, ".".join(map(str, self.steps)) or CHAIN, key)
        return PresetError(f"{path}{f', line {line}' if line else ''}: {sentence}")


def line_of(text: str, place: str, key: str | None = None) -> int | None:
    """Return the line of a key in a chain file, counted from 1.

    Parameters
    ----------
    text
        The file's.
    place
        ``chain``, or the numbers of effect, path, effect, … from 0 with dots between them.
    key
        What stands before the equals sign; None for the table's header.

    Returns
    -------
    int or None
        The header's line if the key is not there; None if there is no such table, or it is
        written inline.
    """
    wanted = () if place == CHAIN else tuple(int(number) for number in place.split("."))
    assigned = None if key is None else re.compile(rf"""^\s*(["']?){re.escape(key)}\1\s*=""")
    here: tuple[int, ...] = ()
    found: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            here = _after(here, header[2].split("."), is_array=header[1] == "[[")
            if here == wanted and found is None:
                found = number
        elif here == wanted and assigned is not None and assigned.match(line):
            return number
    return found


def _after(here: tuple[int, ...], names: list[str], *, is_array: bool) -> tuple[int, ...]:
    """Return the place that a header leads to, from the place before it."""
    depth = len(names)
    if not is_array:  # such as [effect.parameters], which belongs to the effect
        return here[: depth - 1]
    if len(here) >= depth:
        return (*here[: depth - 1], here[depth - 1] + 1)
    return (*here, 0)
