"""Values of a chain file checked against their rows of the table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, create_model

from bridge.models import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.engines.effects.chain_place import Place
    from bridge.engines.effects.table import Parameter


def checked(
    parameters: Sequence[Parameter], row: Mapping[str, Any], place: Place
) -> dict[str, Any]:
    """Return the value of every parameter, from a row of a file or its default.

    Other keys of the row are ignored.

    Raises
    ------
    PresetError
        The first value that is not allowed.
    """
    given = {p.name: row[p.name] for p in parameters if p.name in row}
    try:
        return _model(tuple(parameters)).model_validate(given).model_dump()
    except ValidationError as exc:
        fault = exc.errors()[0]
        parameter = next(p for p in parameters if p.name == fault["loc"][0])
        raise place.fault(
            f"{place.title}: {parameter.name} is {fault['input']!r}, but must be "
            f"{allowed(parameter)}.",
            parameter.name,
        ) from exc


def allowed(parameter: Parameter) -> str:
    """Return what a parameter may be, as the end of a sentence."""
    if parameter.unit == "file":
        return "a file's path"
    if parameter.choices:
        return f"one of {', '.join(parameter.choices)}"
    if isinstance(parameter.default, bool):
        return "true or false"
    return f"a number from {parameter.low:g} to {parameter.high:g} ({parameter.unit})"


@cache
def _model(parameters: tuple[Parameter, ...]) -> type[Value]:
    """Return the pydantic model of some parameters."""
    fields: dict[str, Any] = {p.name: _field(p) for p in parameters}
    return create_model("Parameters", __base__=Value, **fields)


def _field(parameter: Parameter) -> tuple[Any, Any]:
    if parameter.unit == "file":
        return str, Field(default=parameter.default, strict=True)
    if parameter.choices:
        return Literal[parameter.choices], parameter.default
    if isinstance(parameter.default, bool):
        return bool, Field(default=parameter.default, strict=True)
    limits = Field(default=parameter.default, ge=parameter.low, le=parameter.high, strict=True)
    return (float if parameter.default is not None else float | None), limits
