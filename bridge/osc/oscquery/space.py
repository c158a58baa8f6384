"""The address space: a node for every address of the contract, as things are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.osc import spec
from bridge.osc.codec import narrowest_tag
from bridge.osc.oscquery import ranges
from bridge.osc.oscquery.nodes import IMPULSE, Access, Form, Node, Span, with_containers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bridge.core.knobs import ShownKnob
    from bridge.core.ports import Knob
    from bridge.osc.oscquery.present import Present

PRESS = Form("f", (Span(0.0, 1.0),))
"""A button of a controller that sends numbers: 0 lets it go."""

_ROWS = {request.address: request for request in spec.REQUESTS}
_KNOB = _ROWS["/bridge/chain/NAME/PLACE/PARAM"]
_FADER = _ROWS["/bridge/chain/NAME/PLACE/PARAM/fader"]
_STATUS = _ROWS["/bridge/status"]
_SELECT = _ROWS["/bridge/select"]


def space(now: Present) -> dict[str, Node]:
    """Return every node by its address: requests, events, and what contains them."""
    nodes = [node for request in spec.REQUESTS for node in _requests(request, now)]
    nodes += _events(now)
    return with_containers(nodes)


def _requests(request: spec.Request, now: Present) -> Iterator[Node]:
    """Yield a node for each address that a row of the contract stands for."""
    if request in {_KNOB, _FADER}:
        for name, chain in now.chains.items():
            for knob, shown in chain.knobs:
                yield _knob(request, name, knob, shown)
    elif request is _STATUS:
        yield _status(now)
    elif "RECIPE" in request.address:
        for name, description in now.recipes.items():
            yield _request(request, now, RECIPE=name, text=description)
    elif "NAME" in request.address:
        for name, chain in now.chains.items():
            yield _request(request, now, NAME=name, text=_does(request, chain.description))
    else:
        yield _request(request, now)


def _request(request: spec.Request, now: Present, text: str = "", **names: str) -> Node:
    form, *others = _forms(request, now)
    value = now.values.get(request.address) if request is _SELECT else None
    return Node(
        path=_filled(request.address, names),
        text=text or _does(request),
        access=Access.BOTH if request is _SELECT else Access.WRITE,
        form=form,
        others=tuple(others),
        value=value,
    )


def _forms(request: spec.Request, now: Present) -> Iterator[Form]:
    """Yield what a request takes: what it needs first, then with what is optional."""
    needed = [argument for argument in request.arguments if not argument.is_optional]
    if not needed and (request.is_button or request.takes_anything):
        yield Form(IMPULSE)
        if request.is_button:
            yield PRESS
    elif needed:
        yield _form(request, needed, now)
    if len(request.arguments) > len(needed):
        yield _form(request, list(request.arguments), now)
    if request.address == ranges.SET:
        yield from ranges.defaults(now)


def _form(request: spec.Request, arguments: list[spec.Argument], now: Present) -> Form:
    tags = "".join(ranges.tag(argument) for argument in arguments)
    return Form(tags, tuple(ranges.span(request, argument, now) for argument in arguments))


def _status(now: Present) -> Node:
    """Return the status: it is read here, and asked for over OSC with an impulse."""
    value = now.values[_STATUS.address]
    tags = "".join(map(narrowest_tag, value))
    return Node(
        _STATUS.address, _does(_STATUS), Access.READ, Form(tags), (Form(IMPULSE), PRESS), value
    )


def _knob(request: spec.Request, chain: str, knob: Knob, shown: ShownKnob) -> Node:
    path = _filled(request.address, {"NAME": chain, "PLACE": shown.place, "PARAM": shown.name})
    if request is _FADER:
        form = Form("f", (Span(0.0, 1.0),))
        return Node(path, f"{shown.name} on a fader", Access.BOTH, form, (), (shown.fader,))
    return Node(path, _meaning(knob), Access.BOTH, _knob_form(knob, shown), (), (shown.value,))


def _knob_form(knob: Knob, shown: ShownKnob) -> Form:
    if knob.choices:
        return Form("s", (Span(choices=knob.choices),))
    if isinstance(knob.default, bool):
        return Form("T" if shown.value else "F")
    return Form("f", (Span(knob.low, knob.high),))


def _meaning(knob: Knob) -> str:
    is_number = not knob.choices and not isinstance(knob.default, bool)
    return f"{knob.meaning} ({knob.unit})" if is_number else knob.meaning


def _events(now: Present) -> Iterator[Node]:
    """Yield a node for each address that only the daemon sends to."""
    for row in (*spec.EVENTS.values(), spec.NOTE):
        text = "; ".join(_plain(part) for part in ("s job", row.arguments, row.doc) if part)
        form, value = Form(row.tags), now.values.get(row.address)
        yield Node(row.address, text, Access.READ, form, (), value)
    text = "what was wrong with a request: s address, s code, s message"
    yield Node(spec.ERROR_ADDRESS, text, Access.READ, Form(spec.ERROR_TAGS))


def _filled(address: str, names: Mapping[str, str]) -> str:
    """Return an address with its parts in capitals replaced."""
    return "/".join(names.get(part, part) for part in address.split("/"))


def _does(request: spec.Request, first: str = "") -> str:
    options = "options may follow, as name, value" if request.takes_options else ""
    return "; ".join(part for part in (first, _plain(request.does), options) if part)


def _plain(markdown: str) -> str:
    return markdown.replace("`", "")
