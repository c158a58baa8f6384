"""What the table of effects is written in: a row for each effect and for each of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal[
    "dB",
    "Hz",
    "ms",
    "s",
    "ratio",
    "bits",
    "0…1",
    "-1…1",
    "0…2",
    "0…10",
    "Q",
    "switch",
    "choice",
    "gain",
    "semitones",
    "LUFS",
    "file",
]


@dataclass(frozen=True)
class Parameter:
    """One knob of an effect or of a chain.

    Parameters
    ----------
    name
        pedalboard's for an effect's, which holds the unit.
    default
        pedalboard's for an effect's; its type is the parameter's type. None is a number that is
        off until it is given; a file has no default and must be given.
    unit
        What the number counts.
    low, high
        Inclusive range of a number.
    meaning
        One sentence.
    choices
        Values of a choice.
    scale
        How a fader's way maps onto the range. The low end of a logarithmic one is above 0.
    """

    name: str
    default: float | bool | str | None
    unit: Unit
    low: float
    high: float
    meaning: str
    choices: tuple[str, ...] = ()
    scale: Literal["linear", "log"] = "linear"

    @property
    def span(self) -> str:
        """What it may be, for a listing."""
        if self.unit == "file":
            return "a path"
        if isinstance(self.default, bool):
            return "false, true"
        return ", ".join(self.choices) or f"{self.low:g} … {self.high:g}"


@dataclass(frozen=True)
class Effect:
    """One kind of effect.

    Parameters
    ----------
    name
        Its class in pedalboard, which is its `type` in a chain file.
    meaning
        What it does.
    parameters
        Its knobs.
    """

    name: str
    meaning: str
    parameters: tuple[Parameter, ...] = ()


def hertz(
    name: str, default: float, meaning: str, low: float = 10.0, high: float = 20_000.0
) -> Parameter:
    """Return a frequency; it sounds even on a logarithmic scale."""
    return Parameter(name, default, "Hz", low, high, meaning, scale="log")


def milliseconds(name: str, default: float, low: float, high: float, meaning: str) -> Parameter:
    """Return a short time on a logarithmic scale."""
    return Parameter(name, default, "ms", low, high, meaning, scale="log")


def proportion(name: str, default: float, meaning: str, high: float = 1.0) -> Parameter:
    """Return a share from 0 on."""
    return Parameter(name, default, "0…1", 0.0, high, meaning)


def decibels(name: str, default: float, low: float, high: float, meaning: str) -> Parameter:
    """Return a level or a gain."""
    return Parameter(name, default, "dB", low, high, meaning)
