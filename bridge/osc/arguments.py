"""Checks what clients send against the contract's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bridge.errors import BadArgumentsError, nearest
from bridge.models import Region, RunOptions
from bridge.osc.spec import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.osc.spec import Request

_OPTIONS = {option.name: option for option in OPTIONS}


def parse_arguments(request: Request, values: Sequence[Any]) -> tuple[list[Any], Sequence[Any]]:
    """Convert a request's fixed arguments; return them and what follows.

    Options are pairs. Where they follow an optional argument, an even number of values is options
    alone, and the argument is None.

    Raises
    ------
    BadArgumentsError
        Too few, too many, or of the wrong type.
    """
    if request.takes_options and len(values) % 2 == 0:
        left_out = [None for argument in request.arguments if argument.is_optional]
        if left_out:
            return [*left_out], values
    converted: list[Any] = []
    for position, argument in enumerate(request.arguments):
        if position >= len(values):
            if argument.is_optional:
                break
            raise BadArgumentsError(
                f"{request.address} lacks its argument '{argument.name}'; it takes "
                f"{request.signature}."
            )
        try:
            converted.append(argument.convert(values[position]))
        except ValueError as exc:
            raise BadArgumentsError(
                f"{request.address}: '{argument.name}' must be {exc}, not {values[position]!r}."
            ) from exc
    rest = values[len(request.arguments) :]
    if rest and not request.takes_options:
        raise BadArgumentsError(
            f"{request.address} takes {request.signature or 'no arguments'}; {len(rest)} too many."
        )
    return converted, rest


def parse_options(pairs: Sequence[Any]) -> dict[str, Any]:
    """Convert ``name, value, name, value, …``.

    Raises
    ------
    BadArgumentsError
        An unknown name, a name without a value, or a value of the wrong type.
    """
    if len(pairs) % 2:
        raise BadArgumentsError("Options are pairs of a name and a value; the last has no value.")
    options: dict[str, Any] = {}
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        options[str(name)] = parse_option(name, value)
    return options


def parse_option(name: Any, value: Any) -> Any:
    """Convert one option's value; `BadArgumentsError` for an unknown name or a wrong type."""
    option = _OPTIONS.get(name) if isinstance(name, str) else None
    if option is None:
        raise BadArgumentsError(f"There is no option '{name}'.{nearest(str(name), _OPTIONS)}")
    try:
        return option.convert(value)
    except ValueError as exc:
        raise BadArgumentsError(f"The option '{name}' must be {exc}, not {value!r}.") from exc


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """Check the values of the options of a run.

    Raises
    ------
    BadArgumentsError
        A value out of range.
    """
    chosen = {
        name: value
        for name, value in given.items()
        if name != "id" and not _OPTIONS[name].is_region
    }
    try:
        return RunOptions.model_validate(chosen)
    except ValidationError as exc:
        raise BadArgumentsError(_sentence(exc, "option")) from exc


def region(path: str, start_s: float, length_s: float) -> Region:
    """Check a region's values; `BadArgumentsError` if one is out of range."""
    try:
        return Region(path=path, start_s=start_s, length_s=length_s)
    except ValidationError as exc:
        raise BadArgumentsError(_sentence(exc, "region's")) from exc


def _sentence(error: ValidationError, what: str) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"The {what} '{name}' is wrong: {message} (it was {first['input']!r})."
