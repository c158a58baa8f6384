"""Which members Live's classes have in which version, read from `api.toml`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VERSIONS = ("11.0", "11.3.25", "12.0", "12.0.5", "12.1.10", "12.2", "12.3")
"""Each came with something that the script can use, or is the first of its kind."""

OLDEST = "11.0"
CHANGES = ("set", "call")
CALLS = ("call", "ask")


def number(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare: major, minor, bug fix."""
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def is_in(version: str, firsts: list[str]) -> bool:
    """Tell whether a version has what came first in `firsts`, one for each major version.

    A call that came in 11.3.25 and 12.0.5 is not in 12.0, although 12.0 is the higher number: the
    line of versions that it belongs to had left before.
    """
    here = number(version)
    own = [number(first) for first in firsts if number(first)[0] == here[0]]
    if own:
        return here >= min(own)
    return any(number(first) < here for first in firsts)


@dataclass(frozen=True)
class Member:
    """A property or a method of a class of Live's.

    Attributes
    ----------
    how
        `get`, `set`, `call` or `ask`, as in `api.toml`.
    types
        A property's type, or those of a method's arguments.
    is_heard
        Whether it has listeners.
    """

    owner: str
    name: str
    how: str
    types: tuple[str, ...]
    is_heard: bool
    firsts: tuple[str, ...]

    @property
    def is_method(self) -> bool:
        return self.how in CALLS


@cache
def api() -> dict[str, tuple[Member, ...]]:
    """Return every member of every class."""
    text = (Path(__file__).parent / "api.toml").read_text(encoding="utf-8")
    return {
        owner: tuple(_member(owner, name, line) for name, line in rows.items())
        for owner, rows in tomllib.loads(text).items()
    }


def members(owner: str, version: str) -> tuple[Member, ...]:
    """Return the members that a class has in a version."""
    return tuple(one for one in api()[owner] if is_in(version, list(one.firsts)))


def _member(owner: str, name: str, line: str) -> Member:
    words, _, firsts = line.partition(";")
    how, *types = words.split()
    is_heard = types[-1:] == ["heard"]
    since = tuple(first.strip() for first in firsts.split(",") if first.strip()) or (OLDEST,)
    return Member(owner, name, how, tuple(types[:-1] if is_heard else types), is_heard, since)
