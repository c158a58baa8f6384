"""One address as OSCQuery describes it. See the proposal, "Required" and "Optional Attributes"."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ATTRIBUTES = (
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "OVERLOADS"
)  # fmt: skip
"""What can be asked of a node."""

IMPULSE = "I"
"""TYPE of an address that needs no argument: a button."""


class Access(IntEnum):
    """Whether an address has a value, and which way it goes."""

    NONE = 0
    READ = 1
    WRITE = 2
    BOTH = 3


@dataclass(frozen=True)
class Span:
    """What one argument can be.

    Parameters
    ----------
    low, high
        The least and the most of a number; None where there is no limit.
    choices
        The only values; none where there are others.
    """

    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        """MIN, MAX and VALS, those that are known."""
        known = {"MIN": self.low, "MAX": self.high, "VALS": list(self.choices) or None}
        return {key: value for key, value in known.items() if value is not None}


ANYTHING = Span()


@dataclass(frozen=True)
class Form:
    """Arguments that an address takes or tells: their OSC type tags, and a span for each."""

    tags: str
    spans: tuple[Span, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        """TYPE and RANGE; no RANGE if nothing is known, since hosts would show an empty menu."""
        spans = [span.json for span in self.spans]
        return {"TYPE": self.tags, **({"RANGE": spans} if any(spans) else {})}


@dataclass(frozen=True)
class Node:
    """One address.

    Parameters
    ----------
    path
        The OSC address.
    text
        What it is for.
    access
        Whether it is read or written.
    form
        Its arguments; None for what only contains others.
    others
        Further forms that it takes.
    value
        The present arguments; None if there are none yet.
    """

    path: str
    text: str = ""
    access: Access = Access.NONE
    form: Form | None = None
    others: tuple[Form, ...] = ()
    value: tuple[Any, ...] | None = field(default=None)

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The address that contains it."""
        return self.path.rpartition("/")[0] or "/"

    @property
    def is_readable(self) -> bool:
        """Tell whether VALUE may be asked for."""
        return self.access in {Access.READ, Access.BOTH}

    @property
    def structure(self) -> Node:
        """The node without what moves while it stays the same: its value, and types after it."""
        follows_value = self.access is Access.READ or (self.form and self.form.tags in {"T", "F"})
        return replace(self, value=None, form=None if follows_value else self.form)

    @property
    def json(self) -> dict[str, Any]:
        """Every attribute that it has, but for CONTENTS.

        A description begins with the name: Chataigne takes siblings of one description for one.
        """
        told: dict[str, Any] = {"FULL_PATH": self.path, "ACCESS": int(self.access)}
        words = [word for word in (self.name, self.text) if word]
        told["DESCRIPTION"] = ": ".join(words) or "dawbridge"
        if self.form is not None:
            told |= self.form.json
        if self.is_readable and self.value is not None:
            told["VALUE"] = [_json_value(value) for value in self.value]
        if self.others:
            told["OVERLOADS"] = [form.json for form in self.others]
        return told


def with_containers(nodes: Sequence[Node]) -> dict[str, Node]:
    """Return nodes by address, with a node for each address above them that has none."""
    known = {node.path: node for node in nodes}
    for node in nodes:
        path = node.parent
        while path not in known:
            known[path] = Node(path)
            path = known[path].parent
    return known


def tree(nodes: Mapping[str, Node], path: str = "/") -> dict[str, Any]:
    """Return a node with all that it contains."""
    return _nested(nodes, _children(nodes), path)


def _nested(
    nodes: Mapping[str, Node], children: Mapping[str, list[Node]], path: str
) -> dict[str, Any]:
    told = nodes[path].json
    inner = children.get(path, ())
    if inner:
        told["CONTENTS"] = {child.name: _nested(nodes, children, child.path) for child in inner}
    return told


def _children(nodes: Mapping[str, Node]) -> dict[str, list[Node]]:
    children: dict[str, list[Node]] = {}
    for node in nodes.values():
        if node.path != "/":
            children.setdefault(node.parent, []).append(node)
    return children


def ancestors(path: str) -> Iterator[str]:
    """Yield every address above one, the nearest first."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def _json_value(value: Any) -> Any:
    """Return an OSC value for JSON, which has neither infinities nor blobs."""
    if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
