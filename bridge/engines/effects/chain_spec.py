"""A chain as values: read from a chain file's table and checked against the table of effects."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, create_model

from bridge.engines.effects.table import BY_NAME, Effect, Parameter
from bridge.errors import PresetError, nearest
from bridge.models import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("description", "effect")


class EffectSpec(Value):
    """One effect with all its parameters."""

    type: str
    parameters: dict[str, bool | float | str]


class ChainSpec(Value):
    """An ordered list of effects under a name."""

    name: str
    description: str = ""
    effects: tuple[EffectSpec, ...] = Field(min_length=1)


def parse_chain(name: str, table: Mapping[str, Any]) -> ChainSpec:
    """Check a chain file's table.

    Parameters
    ----------
    name
        The chain's.
    table
        ``description`` and a list ``effect`` of tables, each with its ``type`` and parameters;
        a parameter that is left out has pedalboard's default.

    Raises
    ------
    PresetError
        Naming the chain, the effect by its place counted from 1, and the parameter.
    """
    for key in table:
        if key not in _KEYS:
            raise PresetError(
                f"The chain '{name}' has an unknown entry '{key}'.{nearest(key, _KEYS)}"
            )
    description, effects = table.get("description", ""), table.get("effect", [])
    if not isinstance(description, str):
        raise PresetError(f"The description of the chain '{name}' must be text.")
    if not isinstance(effects, list) or not effects:
        raise PresetError(f"The chain '{name}' has no effects. It needs [[effect]] tables.")
    parsed = tuple(_parse_effect(name, place, row) for place, row in enumerate(effects, start=1))
    return ChainSpec(name=name, description=description, effects=parsed)


def _parse_effect(chain: str, place: int, row: object) -> EffectSpec:
    where = f"Effect {place} of the chain '{chain}'"
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        raise PresetError(f'{where} needs a type, for example type = "Reverb".')
    kind = row["type"]
    effect = BY_NAME.get(kind)
    if effect is None:
        raise PresetError(f"{where} has the unknown type '{kind}'.{nearest(kind, BY_NAME)}")
    given = {key: value for key, value in row.items() if key != "type"}
    known = [parameter.name for parameter in effect.parameters]
    for key in given:
        if key not in known:
            raise PresetError(f"{where}, {kind}, has no parameter '{key}'.{nearest(key, known)}")
    try:
        parameters = _parameters_model(effect.name).model_validate(given)
    except ValidationError as exc:
        fault = exc.errors()[0]
        parameter = next(p for p in effect.parameters if p.name == fault["loc"][0])
        raise PresetError(
            f"{where}, {kind}: {parameter.name} is {fault['input']!r}, but must be "
            f"{_allowed(parameter)}."
        ) from exc
    return EffectSpec(type=kind, parameters=parameters.model_dump())


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        return f"one of {', '.join(parameter.choices)}"
    if isinstance(parameter.default, bool):
        return "true or false"
    return f"a number from {parameter.low:g} to {parameter.high:g} ({parameter.unit})"


@cache
def _parameters_model(name: str) -> type[Value]:
    """Return the pydantic model of an effect's parameters."""
    effect: Effect = BY_NAME[name]
    fields: dict[str, Any] = {p.name: _field(p) for p in effect.parameters}
    return create_model(f"{name}Parameters", __base__=Value, **fields)


def _field(parameter: Parameter) -> tuple[Any, Any]:
    if parameter.choices:
        return Literal[parameter.choices], parameter.default
    if isinstance(parameter.default, bool):
        return bool, Field(default=parameter.default, strict=True)
    limits = Field(default=parameter.default, ge=parameter.low, le=parameter.high, strict=True)
    return float, limits
