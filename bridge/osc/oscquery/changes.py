"""What a host is told when recipes or chains come, go or change while it listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.osc.oscquery.nodes import ancestors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bridge.osc.oscquery.nodes import Node


def changes(old: Mapping[str, Node], new: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """Yield commands with the address that each is about, for the uppermost addresses only.

    What contains an address that came or went has changed too, and is told last, as some hosts
    know nothing but PATH_CHANGED.
    """
    removed, added = _uppermost(old.keys() - new.keys()), _uppermost(new.keys() - old.keys())
    same = old.keys() & new.keys()
    changed = {path for path in same if old[path].structure != new[path].structure}
    changed |= {old[path].parent for path in removed} | {new[path].parent for path in added}
    for command, paths in (
        ("PATH_REMOVED", removed),
        ("PATH_ADDED", added),
        ("PATH_CHANGED", _uppermost(changed)),
    ):
        yield from ((command, path) for path in sorted(paths))


def moved(old: Mapping[str, Node], new: Mapping[str, Node]) -> Iterator[Node]:
    """Yield the nodes whose present value is another, as after a chain's file was edited."""
    for path in old.keys() & new.keys():
        if new[path].value is not None and old[path].value != new[path].value:
            yield new[path]


def _uppermost(paths: Iterable[str]) -> set[str]:
    known = set(paths)
    return {path for path in known if known.isdisjoint(ancestors(path))}
