"""URLs and what they are answered with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bridge.osc.oscquery.answers import EXTENSIONS, Answer, Whereabouts, answer
from bridge.osc.oscquery.nodes import Access, Form, Node, Span, with_containers

if TYPE_CHECKING:
    from collections.abc import Mapping

WHERE = Whereabouts("127.0.0.1", 7770, "127.0.0.1", 7780)

NODES = with_containers(
    [
        Node("/a/knob", "turns", Access.BOTH, Form("f", (Span(0.0, 2.0),)), (), (0.5,)),
        Node("/a/knob/fader", "", Access.BOTH, Form("f"), (), (0.25,)),
        Node("/a/press", "presses", Access.WRITE, Form("I"), (Form("s"),)),
        Node("/a/tells", "", Access.READ, Form("sf")),
        Node("/a/ö b", "", Access.READ, Form("s"), (), ("x",)),
        Node("/a/odd", "", Access.READ, Form("fbN"), (), (float("nan"), b"x", None)),
    ]
)


def ask(target: str) -> Answer:
    return answer(target, lambda: NODES, WHERE)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/a/knob?VALUE", {"VALUE": [0.5]}),
        ("/a/knob?TYPE", {"TYPE": "f"}),
        ("/a/knob/?TYPE", {"TYPE": "f"}),
        ("/a/knob?ACCESS", {"ACCESS": 3}),
        ("/a/knob?RANGE", {"RANGE": [{"MIN": 0.0, "MAX": 2.0}]}),
        ("/a/knob?DESCRIPTION", {"DESCRIPTION": "knob: turns"}),
        ("/a/knob?FULL_PATH", {"FULL_PATH": "/a/knob"}),
        ("/a/press?OVERLOADS", {"OVERLOADS": [{"TYPE": "s"}]}),
        ("/a/knob?TYPE&VALUE", {"TYPE": "f", "VALUE": [0.5]}),
        ("/a/knob?VALUE=#fragment", {"VALUE": [0.5]}),
        ("/a/press?TYPE&VALUE", {"TYPE": "I"}),
        ("/a/tells?VALUE", {}),
        ("/a/%C3%B6%20b?VALUE", {"VALUE": ["x"]}),
        ("/a/odd?VALUE", {"VALUE": [None, None, None]}),
    ],
)
def test_single_attributes(target: str, told: Any) -> None:
    assert ask(target) == Answer(200, told)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/a/press?VALUE", 204),
        ("/a?TYPE", 204),
        ("/a?VALUE", 204),
        ("/a/tells?RANGE", 204),
        ("/a/press?CONTENTS", 204),
        ("/a/knob?CLIPMODE", 400),
        ("/a/knob?HTML", 400),
        ("/a/knob?value", 400),
        ("/a/knob?VALUE&NONSENSE", 400),
        ("/b", 404),
        ("/b?VALUE", 404),
        ("/a/kno", 404),
        ("//a/knob", 404),
        ("/a/../a/knob", 404),
        ("http://elsewhere/a", 404),
        ("*", 404),
    ],
)
def test_what_is_not_there(target: str, status: int) -> None:
    told = ask(target)
    assert told.status == status
    assert (told.body == b"") == (status == 204)
    assert status == 204 or json.loads(told.body)["ERROR"].endswith(".")


def test_a_node_is_told_with_all_that_it_contains() -> None:
    told = ask("/a/knob").told
    assert set(told) == {
        "FULL_PATH", "DESCRIPTION", "ACCESS", "TYPE", "RANGE", "VALUE", "CONTENTS"
    }  # fmt: skip
    assert told["CONTENTS"]["fader"]["VALUE"] == [0.25]
    assert set(ask("/").told["CONTENTS"]["a"]["CONTENTS"]) == {
        "knob", "press", "tells", "ö b", "odd"
    }  # fmt: skip
    assert ask("/a?CONTENTS").told == {"CONTENTS": ask("/a").told["CONTENTS"]}
    assert ask("").told == ask("/").told


@pytest.mark.parametrize("target", ["/?HOST_INFO", "?HOST_INFO", "/nowhere?HOST_INFO"])
def test_host_info_is_told_wherever_it_is_asked_for(target: str) -> None:
    def unwanted() -> Mapping[str, Node]:
        raise AssertionError("HOST_INFO needs no nodes")

    assert answer(target, unwanted, WHERE).told == {
        "NAME": "dawbridge",
        "OSC_IP": "127.0.0.1",
        "OSC_PORT": 7770,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": "127.0.0.1",
        "WS_PORT": 7780,
        "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
    }


def test_every_extension_of_a_node_can_be_asked_for() -> None:
    for name in ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "OVERLOADS"):
        assert name in EXTENSIONS
        assert ask(f"/a/knob?{name}").status in {200, 204}
