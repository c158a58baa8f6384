"""The knobs of a plugin: told as values, and turned by name.

pedalboard finds the range and the texts of a knob by asking the plugin for a thousand values of it;
what it found is what counts here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.engines.effects.plugins_library import PluginParameter
from bridge.errors import PluginFailedError, nearest

if TYPE_CHECKING:
    from bridge.engines.effects.plugins import Opened

MAX_CHOICES = 128
"""Values of a choice that are listed; some plugins have a thousand."""

_KINDS: dict[type, Any] = {float: "number", bool: "switch"}


def described(name: str, knob: Any) -> PluginParameter:
    """Return a knob of a plugin in words; `knob` is pedalboard's `AudioProcessorParameter`."""
    kind = _KINDS.get(knob.type, "choice")
    return PluginParameter(
        name=name,
        kind=kind,
        value=str(knob.string_value),
        unit=str(knob.label or ""),
        low=float(knob.min_value) if kind == "number" else None,
        high=float(knob.max_value) if kind == "number" else None,
        choices=tuple(str(v) for v in knob.valid_values[:MAX_CHOICES]) if kind == "choice" else (),
    )


def set_parameter(opened: Opened, where: str, name: str, value: bool | float | str) -> None:
    """Turn a knob of a plugin.

    Parameters
    ----------
    opened
        The plugin.
    where
        Which plugin of which chain, for the sentence.
    name
        The knob as `dawbridge plugins params` lists it.
    value
        A number within the plugin's range, true or false for a switch, or the text of a choice.

    Raises
    ------
    PluginFailedError
        There is no such knob, or it does not take the value.
    """
    knob = opened.parameters.get(name)
    if knob is None:
        known = sorted(opened.parameters)
        raise PluginFailedError(f"{where} has no parameter '{name}'.{nearest(name, known)}")
    try:
        knob.raw_value = knob.get_raw_value_for(_fitting(knob, value))
    except (ValueError, TypeError) as exc:
        raise PluginFailedError(
            f"{where}: {name} is {value!r}, but must be {_allowed(knob)}."
        ) from exc


def _fitting(knob: Any, value: bool | float | str) -> bool | float | str:
    """Return a value as the knob's type, where no doubt is possible."""
    if knob.type is bool and value in {0.0, 1.0}:  # which True and False equal
        return bool(value)
    if knob.type is float and isinstance(value, bool):
        raise TypeError("a switch's value for a number")
    if knob.type is str and isinstance(value, float):
        return f"{value:g}"
    return value


def _allowed(knob: Any) -> str:
    if knob.type is bool:
        return "true or false"
    if knob.type is float:
        unit = f" ({knob.label})" if knob.label else ""
        return f"a number from {knob.min_value:g} to {knob.max_value:g}{unit}"
    return f"one of {', '.join(str(choice) for choice in knob.valid_values[:MAX_CHOICES])}"
