"""OSC 1.0 address patterns: ``?``, ``*``, ``[a-c]``, ``[!x]`` and ``{one,two}``.

Matched by following all alternatives at once, so that no pattern, however hostile, takes longer
than its length times the address' length; a regular expression would backtrack.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bridge.errors import BadAddressError

MAX_ADDRESS_LENGTH = 512
SPECIAL = frozenset("?*[]{}")


@dataclass(frozen=True)
class _One:
    """One character of a set; never the slash."""

    characters: frozenset[str]
    is_negated: bool = False

    def matches(self, character: str) -> bool:
        return character != "/" and (character in self.characters) != self.is_negated


@dataclass(frozen=True)
class _Many:
    """Any number of characters but the slash."""


@dataclass(frozen=True)
class _Choice:
    """One of some texts."""

    texts: tuple[str, ...]


_Token = _One | _Many | _Choice


def is_pattern(address: str) -> bool:
    """Tell whether an address holds a pattern character."""
    return not SPECIAL.isdisjoint(address)


@lru_cache(maxsize=1024)
def matches(pattern: str, address: str) -> bool:
    """Tell whether a pattern matches the whole of an address.

    Raises
    ------
    BadAddressError
        A bracket or brace is not closed, or the pattern is too long.
    """
    positions = {0}
    for token in _tokens(pattern):
        following: set[int] = set()
        for position in positions:
            following |= _after(token, address, position)
        positions = following
        if not positions:
            return False
    return len(address) in positions


def _after(token: _Token, address: str, position: int) -> set[int]:
    """Return where in the address a match may go on."""
    if isinstance(token, _One):
        is_match = position < len(address) and token.matches(address[position])
        return {position + 1} if is_match else set()
    if isinstance(token, _Choice):
        return {position + len(t) for t in token.texts if address.startswith(t, position)}
    slash = address.find("/", position)
    return set(range(position, (slash if slash >= 0 else len(address)) + 1))


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[_Token, ...]:
    if len(pattern) > MAX_ADDRESS_LENGTH:
        raise BadAddressError(f"An address has at most {MAX_ADDRESS_LENGTH} characters.")
    tokens: list[_Token] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        if character == "*":
            if not (tokens and isinstance(tokens[-1], _Many)):
                tokens.append(_Many())
        elif character == "?":
            tokens.append(_One(frozenset(), is_negated=True))
        elif character in "[{":
            end = pattern.find("]" if character == "[" else "}", index)
            if end < 0:
                raise BadAddressError(f"'{pattern}' opens '{character}' and does not close it.")
            inside = pattern[index + 1 : end]
            tokens.append(_set(inside) if character == "[" else _Choice(tuple(inside.split(","))))
            index = end
        else:
            tokens.append(_Choice((character,)))
        index += 1
    return tuple(tokens)


def _set(inside: str) -> _One:
    is_negated = inside.startswith("!")
    rest = inside[1:] if is_negated else inside
    characters: set[str] = set()
    index = 0
    while index < len(rest):
        if index + 2 < len(rest) and rest[index + 1] == "-":
            low, high = ord(rest[index]), ord(rest[index + 2])
            characters.update(map(chr, range(low, min(high, low + 255) + 1)))
            index += 3
        else:
            characters.add(rest[index])
            index += 1
    return _One(frozenset(characters), is_negated)
