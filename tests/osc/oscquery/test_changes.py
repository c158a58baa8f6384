"""What a host is told of changes."""

from __future__ import annotations

from dataclasses import replace

from bridge.osc.oscquery.changes import changes, moved
from bridge.osc.oscquery.nodes import Access, Form, Node, with_containers

KNOB = Node("/a/one/knob", "turns", Access.BOTH, Form("f"), (), (0.5,))
SWITCH = Node("/a/one/switch", "", Access.BOTH, Form("F"), (), (False,))
OLD = with_containers([KNOB, SWITCH, Node("/a/press", "", Access.WRITE, Form("I"))])


def test_nothing_changed() -> None:
    assert list(changes(OLD, dict(OLD))) == []


def test_what_comes_and_goes_is_told_once_for_all_that_it_contains() -> None:
    more = [Node(f"/a/two/{name}", "", Access.BOTH, Form("f")) for name in "xy"]
    new = with_containers([*OLD.values(), *more])
    assert list(changes(OLD, new)) == [("PATH_ADDED", "/a/two"), ("PATH_CHANGED", "/a")]
    assert list(changes(new, OLD)) == [("PATH_REMOVED", "/a/two"), ("PATH_CHANGED", "/a")]


def test_another_type_is_a_change_and_another_value_is_not() -> None:
    turned = {**OLD, KNOB.path: replace(KNOB, value=(0.75,))}
    turned[SWITCH.path] = replace(SWITCH, form=Form("T"), value=(True,))
    assert list(changes(OLD, turned)) == []
    assert {node.path for node in moved(OLD, turned)} == {KNOB.path, SWITCH.path}
    other = {**OLD, KNOB.path: replace(KNOB, form=Form("s"))}
    assert list(changes(OLD, other)) == [("PATH_CHANGED", KNOB.path)]
    assert list(moved(OLD, other)) == []
