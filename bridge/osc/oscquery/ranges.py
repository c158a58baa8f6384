"""What the arguments of requests can be, where the contract or the present lists know it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bridge.models import RunOptions
from bridge.osc.handlers import CLIENT_KINDS, MOST_LISTED
from bridge.osc.oscquery.nodes import ANYTHING, Form, Span
from bridge.osc.spec import OPTIONS

if TYPE_CHECKING:
    from bridge.osc.oscquery.present import Present
    from bridge.osc.spec import Argument, Request

SET = "/bridge/set"

_TAGS = {"text": "s", "number": "d", "integer": "i", "boolean": "T"}
"""Of the converters. A position in a long recording needs a double."""

_SETTABLE = tuple(option for option in OPTIONS if not option.is_region and option.name != "id")

_FIXED = {
    ("/bridge/hello", "kind"): Span(choices=CLIENT_KINDS),
    ("/bridge/hello", "reply port"): Span(1, 65535),
    ("/bridge/select", "start"): Span(0.0),
    ("/bridge/select", "length"): Span(0.0),
    ("/bridge/jobs", "most"): Span(0, MOST_LISTED),
    (SET, "option"): Span(choices=tuple(option.name for option in _SETTABLE)),
}


def span(request: Request, argument: Argument, now: Present) -> Span:
    """Return what an argument of a request can be."""
    if (request.address, argument.name) == ("/bridge/run", "recipe"):
        return Span(choices=tuple(now.recipes))
    if (request.address, argument.name) == ("/bridge/chains/save", "name"):
        return Span(choices=tuple(now.chains))
    return _FIXED.get((request.address, argument.name), ANYTHING)


def tag(argument: Argument) -> str:
    """Return the OSC type tag of an argument; what takes any takes a text that spells it."""
    return _TAGS.get(argument.convert.__name__, "s")


def defaults(now: Present) -> tuple[Form, ...]:
    """Return a form of `/bridge/set` for each option that can be set, with what it can be."""
    return tuple(
        Form(
            "s" + _TAGS[option.convert.__name__],
            (Span(choices=(option.name,)), _option_span(option.name, now)),
        )
        for option in _SETTABLE
    )


def _option_span(name: str, now: Present) -> Span:
    if name == "model":
        return Span(choices=("auto", *now.models))
    if name == "pre":
        return Span(choices=("none", *now.chains))
    return _ruled(name)


@lru_cache
def _ruled(name: str) -> Span:
    """Return what the rules of `RunOptions` say of an option."""
    schema, found = RunOptions.model_json_schema(), dict[str, Any]()
    rule = schema["properties"][name]
    for part in (rule, *rule.get("anyOf", ())):  # an optional value is one of two
        found |= part
        if "$ref" in part:
            found |= schema["$defs"][part["$ref"].rpartition("/")[2]]
    return Span(found.get("minimum"), found.get("maximum"), tuple(found.get("enum", ())))
