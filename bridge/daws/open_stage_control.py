"""Open Stage Control: a session of version 1.25 or later.

A session is a tree of widgets as JSON. Properties that a widget's type does not have are dropped
when it is loaded, and those that are left out have their defaults. Messages with several arguments
are heard by `script` widgets, since a fader takes one number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bridge.daws.surface import HELLO_INTERVAL_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.daws.surface import Choice, Surface, SurfaceKnob

SESSION_NAME = "dawbridge.json"
VERSION = "1.25.0"
"""Newer programs convert what older ones wrote; this says that nothing is to be converted."""

Widget = dict[str, Any]

_ALONE = "not connected"

_DECIMALS = 6
"""Of what knobs send: steps finer than a hand can turn."""


def files(surface: Surface) -> dict[str, str]:
    """Return the session by its file name."""
    told = session(surface)
    head = json.dumps({key: value for key, value in told.items() if key != "content"})
    return {SESSION_NAME: f'{head[:-1]}, "content":\n{_written(told["content"], 0)}}}\n'}


def session(surface: Surface) -> dict[str, Any]:
    """Return the session: a tab for runs and one of knobs for each chain."""
    target = f"{surface.host}:{surface.port}"
    tabs = [
        {"type": "tab", "id": "dawbridge", "layout": "vertical", "widgets": _runs(surface)},
        *(_chain_tab(name, knobs) for name, knobs in surface.chains.items()),
    ]
    root: Widget = {"type": "root", "id": "root", "tabs": tabs}
    for widget in walk(root):
        if "address" in widget or "onCreate" in widget:
            widget["target"] = [target]
        else:
            widget["bypass"] = True  # or a tab that is opened would send its number
    return {
        "createdWith": "Open Stage Control",
        "version": VERSION,
        "type": "session",
        "content": root,
    }


def walk(widget: Widget) -> Iterable[Widget]:
    """Yield a widget and everything inside it."""
    yield widget
    for inner in [*widget.get("tabs", ()), *widget.get("widgets", ())]:
        yield from walk(inner)


def _written(widget: Widget, depth: int) -> str:
    """Return a widget as JSON, a line for each, so that a change of one is a change of a line."""
    inner = {"tabs": widget.get("tabs"), "widgets": widget.get("widgets")}
    text = json.dumps({key: v for key, v in widget.items() if key not in inner}, ensure_ascii=False)
    for key, widgets in inner.items():
        if widgets is not None:
            lines = [f"{' ' * (depth + 1)}{_written(each, depth + 1)}" for each in widgets]
            text = f'{text[:-1]}, "{key}": [\n' + ",\n".join(lines) + "]}"
    return text


def _runs(surface: Surface) -> list[Widget]:
    return [
        _row("recipes", [_button(name, f"/bridge/run/{name}") for name in surface.recipes]),
        _row(
            "jobs",
            [_button("again", "/bridge/again"), _button("cancel", "/bridge/cancel", "#c0392b")],
        ),
        _row("choices", [_choice(choice) for choice in surface.choices]),
        {
            "type": "fader",
            "id": "progress",
            "height": 48,
            "horizontal": True,
            "design": "compact",
            "interaction": False,
            "range": {"min": 0, "max": 1},
        },
        {"type": "text", "id": "state", "height": 48, "default": _ALONE, "wrap": True},
        *_scripts(surface),
    ]


def _row(name: str, widgets: list[Widget]) -> Widget:
    return {
        "type": "panel",
        "id": name,
        "layout": "horizontal",
        "height": 96,
        "widgets": [{"expand": True, **widget} for widget in widgets],
    }


def _button(label: str, address: str, colour: str = "auto") -> Widget:
    return {
        "type": "button",
        "id": f"press {label}",
        "label": label,
        "wrap": "soft",
        "colorWidget": colour,
        "mode": "push",
        "on": 1,
        "off": 0,
        "address": address,
    }


def _choice(choice: Choice) -> Widget:
    """Return a menu that sends ``/bridge/set OPTION VALUE`` and follows what others set."""
    return {
        "type": "dropdown",
        "id": choice.option,
        "label": f"{choice.option}: %value",
        "values": list(choice.values),
        "default": choice.values[0],
        "address": "/bridge/set",
        "preArgs": [choice.option],
    }


def _scripts(surface: Surface) -> list[Widget]:
    """Return what has no looks: hello, and the events with several arguments."""
    asks = "".join(f"send('/bridge/chain/{name}', 1);\n" for name in surface.chains)
    hello = (
        "var hello = function () {\n"
        "send('/bridge/hello', 'Open Stage Control', 'controller');\n"
        f"{asks}}};\n"
        "hello();\n"
        f"setInterval('hello', hello, {HELLO_INTERVAL_S * 1000});"
    )
    heard = {
        "/bridge/welcome": f"if (get('state') === '{_ALONE}') set('state', 'connected');",
        "/bridge/selected": "set('state', 'selected: ' + value[0]);",
        "/bridge/job/queued": "set('progress', 0); set('state', value[0] + ': ' + value[1]);",
        "/bridge/job/progress": (
            "set('progress', value[1]); set('state', value[0] + ': ' + value[2]);"
        ),
        "/bridge/job/warning": "set('state', value[0] + ': ' + value[2]);",
        "/bridge/job/done": "set('progress', 1); set('state', value[0] + ': done');",
        "/bridge/job/failed": "set('progress', 0); set('state', value[0] + ': ' + value[2]);",
        "/bridge/job/cancelled": "set('progress', 0); set('state', value + ': cancelled');",
        "/bridge/job/state": "set('progress', value[3]); set('state', value[0] + ': ' + value[1]);",
        "/bridge/error": "set('state', value[2]);",
    }
    return [
        {"type": "script", "id": "hello", "onCreate": hello},
        *(
            {"type": "script", "id": f"hear {address}", "address": address, "onValue": script}
            for address, script in heard.items()
        ),
    ]


def _chain_tab(name: str, knobs: tuple[SurfaceKnob, ...]) -> Widget:
    places: dict[str, list[SurfaceKnob]] = {}
    for knob in knobs:
        places.setdefault(knob.place, []).append(knob)
    panels = [
        _row("", [_button(f"reset {name}", f"/bridge/chain/{name}/reset")]) | {"id": f"top {name}"}
    ]
    panels += [
        {
            "type": "panel",
            "id": f"{name} {place}",
            "layout": "horizontal",
            "height": 150,
            "html": f"{place} {at[0].effect}",
            "widgets": [_knob(knob) for knob in at],
        }
        for place, at in places.items()
    ]
    return {"type": "tab", "id": name, "layout": "vertical", "widgets": panels}


def _knob(knob: SurfaceKnob) -> Widget:
    """Return a knob with its name above it; one with a number shows that below it."""
    widgets: list[Widget] = [
        {"type": "text", "id": f"name {knob.address}", "height": 24, "default": knob.name}
    ]
    if knob.kind == "number":
        widgets += [
            {
                "type": "knob",
                "id": f"fader {knob.address}",
                "expand": True,
                "range": {"min": 0, "max": 1},
                "decimals": _DECIMALS,
                "default": round(knob.fader, _DECIMALS),
                "address": f"{knob.address}/fader",
            },
            {
                "type": "text",
                "id": f"value {knob.address}",
                "height": 24,
                "address": knob.address,
            },
        ]
    else:
        widgets.append({"id": f"value {knob.address}", "expand": True, **_steps(knob)})
    return {
        "type": "panel",
        "id": f"knob {knob.address}",
        "layout": "vertical",
        "width": 120,
        "widgets": widgets,
    }


def _steps(knob: SurfaceKnob) -> Widget:
    if knob.kind == "choice":
        return {"type": "dropdown", "values": list(knob.choices), "address": knob.address}
    return {
        "type": "button",
        "label": knob.name,
        "mode": "toggle",
        "on": 1,
        "off": 0,
        "address": knob.address,
    }
