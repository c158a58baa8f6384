"""Turning the knobs of effect chains: checks, faders, and what was turned.

A knob is named by its chain, its place and its own name. The place is ``chain`` for what belongs
to the whole chain, ``0``, ``1``, … for an effect, ``2.1`` for path 1 of effect 2, and ``2.1.0``
for the first effect in that path. An effect that a chain includes from another is turned in that
other.

Turns live in memory until the daemon ends. They shape the jobs that are planned afterwards; a job
that waits or runs keeps the values that it was planned with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.errors import BadArgumentsError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.core.ports import Knob, KnobTable
    from bridge.core.presets import Presets

WHOLE_CHAIN = "chain"
"""The place of what belongs to the chain and to none of its effects."""

KnobValue = float | bool | str

_FLOAT32_DIGITS = 7
"""Faders send float32. Rounded to what that holds, 0.99 is within a range that ends at 0.99, the
end of a fader's way is the end of the range, and a saved file says 0.1 for 0.10000000149011612."""


@dataclass(frozen=True)
class ShownKnob:
    """A knob as controllers see it.

    Parameters
    ----------
    place, name
        Which.
    value
        As chain files have it; None for one that is off, such as a loudness target.
    fader
        The same on a fader, 0…1.
    """

    place: str
    name: str
    value: KnobValue | None
    fader: float


@dataclass
class KnobBoard:
    """Every knob of every chain.

    Parameters
    ----------
    presets
        The chains, and what was turned.
    table
        Which knobs there are.
    """

    presets: Presets
    table: KnobTable

    def turn(self, chain: str, place: str, name: str, value: KnobValue) -> ShownKnob:
        """Set a knob for the jobs planned from now on; return it as taken.

        Raises
        ------
        UnknownChainError
            There is no such chain.
        BadArgumentsError
            There is no such place or knob, or the value is none that it can have.
        """
        knob = self._knob(chain, place, name)
        return self._turn(chain, place, knob, checked(knob, value))

    def turn_fader(self, chain: str, place: str, name: str, fader: float) -> ShownKnob:
        """Set a knob to where a fader stands, 0…1; see `turn`."""
        knob = self._knob(chain, place, name)
        return self._turn(chain, place, knob, from_fader(knob, fader))

    def shown(self, chain: str) -> list[ShownKnob]:
        """Return every knob of a chain as it is now; `UnknownChainError` if there is none."""
        return [shown for _, shown in self.described(chain)]

    def described(self, chain: str) -> list[tuple[Knob, ShownKnob]]:
        """Return every knob of a chain with what it can be, and as it is now; see `shown`."""
        table = self.presets.chain(chain)
        return [
            (knob, _shown(table, place, knob))
            for place in self.table.places(table)
            for knob in self.table.parameters_at(table, place)
        ]

    def reset(self, chain: str) -> list[ShownKnob]:
        """Take all turns of a chain back; return the knobs that had been turned."""
        turned = self.presets.turned(chain)
        self.presets.turn_back(chain)
        return [knob for knob in self.shown(chain) if (knob.place, knob.name) in turned]

    def _knob(self, chain: str, place: str, name: str) -> Knob:
        return self.table.parameter_at(self.presets.chain_file(chain), place, name)

    def _turn(self, chain: str, place: str, knob: Knob, value: KnobValue) -> ShownKnob:
        self.presets.turn(chain, place, knob.name, value)
        return ShownKnob(place, knob.name, value, to_fader(knob, value))


def checked(knob: Knob, value: KnobValue) -> KnobValue:
    """Return a value as a knob takes it.

    A switch takes any number but 0 for on; a choice takes one of its texts.

    Raises
    ------
    BadArgumentsError
        It is out of range, with the range in the sentence.
    """
    if knob.choices:
        if value not in knob.choices:
            hint = nearest(str(value), knob.choices)
            raise BadArgumentsError(
                f"'{knob.name}' is one of {', '.join(knob.choices)}, not {value!r}.{hint}"
            )
        return value
    if isinstance(knob.default, bool):
        if isinstance(value, str):
            raise BadArgumentsError(f"'{knob.name}' is a switch: 1 or 0, not '{value}'.")
        return bool(value)
    if isinstance(value, str):
        raise BadArgumentsError(f"'{knob.name}' takes a number, not '{value}'.")
    number = _rounded(float(value))
    if not knob.low <= number <= knob.high:
        raise BadArgumentsError(
            f"'{knob.name}' goes from {knob.low:g} to {knob.high:g} ({knob.unit}); it was "
            f"{number:g}."
        )
    return number


def from_fader(knob: Knob, fader: float) -> KnobValue:
    """Return a knob's value where a fader stands.

    Numbers go along the range evenly, or by equal ratios where the knob's scale is ``log``; a
    switch or a choice of n has n steps of equal width.

    Raises
    ------
    BadArgumentsError
        The fader is not between 0 and 1.
    """
    if not 0.0 <= fader <= 1.0:
        raise BadArgumentsError(f"A fader goes from 0 to 1; it was {fader:g}.")
    steps = _steps(knob)
    if steps:
        return steps[min(int(fader * len(steps)), len(steps) - 1)]
    if knob.scale == "log":
        value = knob.low * (knob.high / knob.low) ** fader
    else:
        value = knob.low + fader * (knob.high - knob.low)
    return _rounded(value)


def to_fader(knob: Knob, value: KnobValue | None) -> float:
    """Return where a fader stands for a value, 0…1; 0 for a knob that is off."""
    steps = _steps(knob)
    if steps:
        return steps.index(value) / max(1, len(steps) - 1) if value in steps else 0.0
    if value is None or isinstance(value, str) or knob.high <= knob.low:
        return 0.0
    value = min(max(float(value), knob.low), knob.high)
    if knob.scale == "log":
        return math.log(value / knob.low) / math.log(knob.high / knob.low)
    return (value - knob.low) / (knob.high - knob.low)


def row_at(table: Mapping[str, Any], place: str) -> Any:
    """Return the part of a chain's table that holds a place's values; None if it has none.

    `table` may be a plain TOML table or one that keeps its comments.
    """
    if place == WHOLE_CHAIN:
        return table
    row: Any = table
    for depth, number in enumerate(place.split(".")):
        rows = row.get("path" if depth % 2 else "effect")
        if not isinstance(rows, list) or not number.isdecimal() or int(number) >= len(rows):
            return None
        row = rows[int(number)]
        if not hasattr(row, "get"):
            return None
    return row


def _shown(table: Mapping[str, Any], place: str, knob: Knob) -> ShownKnob:
    row = row_at(table, place)
    value = knob.default if row is None else row.get(knob.name, knob.default)
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)  # TOML's 6 is as good as its 6.0
    elif not isinstance(value, (bool, float, str)):
        value = None
    return ShownKnob(place, knob.name, value, to_fader(knob, value))


def _steps(knob: Knob) -> tuple[KnobValue, ...]:
    if knob.choices:
        return knob.choices
    return (False, True) if isinstance(knob.default, bool) else ()


def _rounded(value: float) -> float:
    return float(f"{value:.{_FLOAT32_DIGITS}g}")
