"""The address space is the contract, no more and no less."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from bridge.models import RunOptions
from bridge.osc import spec
from bridge.osc.codec import bundle, encode
from bridge.osc.dispatch import _row
from bridge.osc.oscquery.listening import Listening
from bridge.osc.oscquery.nodes import Access, Form, Node, tree
from bridge.osc.oscquery.present import stamp
from tests.fakes import FakePeer
from tests.osc.conftest import MODEL
from tests.osc.oscquery.conftest import STATUS, dispatcher_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes import Core

WET = "/bridge/chain/plate/0/wet_level"
BYPASS = "/bridge/chain/plate/0/bypass"
EVENTS = {row.address: row for row in (*spec.EVENTS.values(), spec.NOTE)}


def test_every_address_is_one_of_the_contract(nodes: Mapping[str, Node]) -> None:
    """From the tree to the table."""
    for path, node in nodes.items():
        if node.form is None:
            assert any(other.startswith(path.rstrip("/") + "/") for other in nodes)
        elif path in EVENTS:
            assert (node.form.tags, node.access) == (EVENTS[path].tags, Access.READ)
        elif path == spec.ERROR_ADDRESS:
            assert node.form.tags == spec.ERROR_TAGS
        else:
            _row(path)


def test_every_row_of_the_contract_is_there(nodes: Mapping[str, Node], core: Core) -> None:
    """From the table to the tree."""
    presets, knobs = core.service.presets, core.service.knobs
    wanted = {request.address for request in spec.REQUESTS if not request.has_names}
    wanted |= {*EVENTS, spec.ERROR_ADDRESS}
    wanted |= {f"/bridge/run/{recipe.name}" for recipe in presets.recipes()}
    for name in presets.chains():
        chain = f"/bridge/chain/{name}"
        wanted |= {chain, f"{chain}/reset"}
        for knob in knobs.shown(name):
            wanted |= {f"{chain}/{knob.place}/{knob.name}"}
            wanted |= {f"{chain}/{knob.place}/{knob.name}/fader"}
    assert {path for path, node in nodes.items() if node.form is not None} == wanted
    rows = {_row(path)[0].address for path in wanted - {*EVENTS, spec.ERROR_ADDRESS}}
    assert rows == {request.address for request in spec.REQUESTS}


def test_what_is_told_of_a_knob_is_taken_by_the_daemon(core: Core) -> None:
    """Every knob, sent its own value with its own type, echoes it."""
    dispatcher, peer = dispatcher_over(core), FakePeer()
    for path, node in Listening(dispatcher).nodes().items():
        if not path.startswith("/bridge/chain/") or node.access is not Access.BOTH:
            continue
        assert node.form is not None
        assert node.value is not None
        if node.value != (None,):
            peer.received.clear()
            dispatcher.receive(encode(path, node.value, node.form.tags), peer)
            echo = {message.address: message.arguments for message in peer.received}
            assert echo[path] == pytest.approx(node.value), peer.received


def test_the_ranges_of_knobs_are_the_tables(nodes: Mapping[str, Node], core: Core) -> None:
    dispatcher, peer = dispatcher_over(core), FakePeer()
    for path, node in nodes.items():
        if "/fader" in path or not path.startswith("/bridge/chain/") or not node.form:
            continue
        for span in node.form.spans:
            for value in (span.low, span.high, *span.choices):
                if value is not None:
                    dispatcher.receive(encode(path, (value,)), peer)
                    assert peer.last().address == f"{path}/fader"
            if span.high is not None:
                dispatcher.receive(encode(path, (span.high * 1.01 + 1.0,)), peer)
                assert peer.last().address == "/bridge/error"


def test_knobs_have_their_types(nodes: Mapping[str, Node]) -> None:
    assert nodes[WET].json["TYPE"] == "f"
    assert nodes[WET].json["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
    assert nodes[BYPASS].json["TYPE"] == "F"
    assert nodes[BYPASS].json["VALUE"] == [False]
    codec = nodes["/bridge/chain/telephone/2/quality"].json
    assert codec["TYPE"] == "s"
    assert codec["VALUE"][0] in codec["RANGE"][0]["VALS"]
    off = nodes["/bridge/chain/plate/chain/loudness_lufs"].json
    assert (off["TYPE"], off["VALUE"], off["ACCESS"]) == ("f", [None], 3)


def test_present_values(core: Core) -> None:
    dispatcher, peer = dispatcher_over(core), FakePeer()
    listening = Listening(dispatcher)
    assert "VALUE" not in listening.nodes()["/bridge/select"].json
    packets = (encode(WET, (0.25,)), encode(BYPASS, (True,)))
    dispatcher.receive(bundle(packets), peer)
    dispatcher.receive(encode("/bridge/select", (str(core.audio), 1.0, 2.5), "sdd"), peer)
    nodes = listening.nodes()
    assert nodes[WET].json["VALUE"] == [0.25]
    assert nodes[f"{WET}/fader"].json["VALUE"] == [0.25]
    assert (nodes[BYPASS].json["TYPE"], nodes[BYPASS].json["VALUE"]) == ("T", [True])
    assert nodes["/bridge/select"].json["VALUE"] == [str(core.audio), 1.0, 2.5]
    status = nodes["/bridge/status"].json
    assert status["VALUE"] == [part for pair in STATUS.items() for part in pair]
    assert status["TYPE"] == "sssfsi"
    assert "version" in status["VALUE"]


def test_the_last_event_at_an_address_is_its_value(core: Core) -> None:
    dispatcher = dispatcher_over(core)
    listening = Listening(dispatcher)
    dispatcher.clients.ears.append(listening.hear)
    peer = FakePeer()
    dispatcher.receive(encode("/bridge/select", (str(core.audio), 0.0, 2.0)), peer)
    dispatcher.receive(encode("/bridge/run", ("stems", "id", "one")), peer)
    dispatcher.receive(encode("/bridge/run", ("stems", "id", "two")), peer)
    assert listening.nodes()["/bridge/job/queued"].json["VALUE"] == ["two", "stems", 1]
    assert "VALUE" not in listening.nodes()["/bridge/job/done"].json


def test_present_lists(nodes: Mapping[str, Node], core: Core) -> None:
    recipes = [recipe.name for recipe in core.service.presets.recipes()]
    chains = list(core.service.presets.chains())
    assert nodes["/bridge/run"].json["RANGE"] == [{"VALS": recipes}]
    assert nodes["/bridge/chains/save"].json["RANGE"] == [{"VALS": chains}, {}]
    options = {form.spans[0].choices[0]: form for form in nodes["/bridge/set"].others}
    assert set(options) == set(RunOptions.model_fields)
    assert options["model"] == Form("ss", (options["model"].spans[0], options["model"].spans[1]))
    assert options["model"].json["RANGE"][1] == {"VALS": ["auto", MODEL.name]}
    assert options["pre"].json["RANGE"][1] == {"VALS": ["none", *chains]}
    assert options["tempo"].json["RANGE"][1] == {"MIN": 10.0, "MAX": 960.0}
    assert "flac" in options["format"].json["RANGE"][1]["VALS"]
    assert options["bars"].tags == "sT"
    assert options["shifts"].json["RANGE"][1] == {"MIN": 0, "MAX": 20}


@pytest.mark.parametrize(
    ("path", "tags", "others"),
    [
        ("/bridge/run/stems", "I", ["f"]),
        ("/bridge/again", "I", ["f", "s"]),
        ("/bridge/recipes", "I", ["f"]),
        ("/bridge/ping", "I", []),
        ("/bridge/jobs", "i", []),
        ("/bridge/select", "sdd", []),
        ("/bridge/hello", "ss", ["ssi"]),
    ],
)
def test_forms(nodes: Mapping[str, Node], path: str, tags: str, others: list[str]) -> None:
    node = nodes[path]
    assert node.form is not None
    assert node.form.tags == tags
    assert [form.tags for form in node.others if form.tags != ""] == others


def test_an_impulse_presses(core: Core) -> None:
    """A host sends what TYPE says; an ``I`` has no bytes of its own."""
    dispatcher, peer = dispatcher_over(core), FakePeer()
    dispatcher.receive(encode("/bridge/select", (str(core.audio), 0.0, 2.0)), peer)
    impulse = b"/bridge/run/stems\0\0\0,I\0\0"
    dispatcher.receive(impulse, peer)
    assert peer.last().address == "/bridge/job/queued"
    for path, node in Listening(dispatcher).nodes().items():
        if node.form and node.form.tags == "I" and not path.startswith("/bridge/run/"):
            peer.received.clear()
            dispatcher.receive(encode(path)[:-4] + b",I\0\0", peer)
            assert "/bridge/error" not in peer.addresses() or path in {
                "/bridge/again", "/bridge/cancel"
            }, (path, peer.received)  # fmt: skip


def test_siblings_have_descriptions_of_their_own(nodes: Mapping[str, Node]) -> None:
    """Chataigne takes two that read alike for one."""
    told = Counter((node.parent, node.json["DESCRIPTION"]) for node in nodes.values())
    assert max(told.values()) == 1


def test_no_address_without_what_hosts_need(nodes: Mapping[str, Node]) -> None:
    def walk(path: str, told: Mapping[str, Any]) -> int:
        assert told["FULL_PATH"] == path
        assert "`" not in told["DESCRIPTION"]
        spans = told.get("RANGE")
        assert spans is None or len(spans) == len(told["TYPE"])
        assert "VALUE" not in told or len(told["VALUE"]) == len(told["TYPE"])
        inner = told.get("CONTENTS", {})
        above = path.rstrip("/")
        return 1 + sum(walk(f"{above}/{name}", node) for name, node in inner.items())

    assert walk("/", tree(nodes)) == len(nodes)


def test_a_chain_with_a_fault_is_left_out(core: Core) -> None:
    folder = core.service.presets.folders[0] / "chains"
    folder.mkdir(parents=True)
    (folder / "broken.toml").write_text("[[effect")
    (folder / "odd name.toml").write_text('[[effect]]\ntype = "Gain"\n')
    nodes = Listening(dispatcher_over(core)).nodes()
    assert "/bridge/chain/broken" not in nodes
    assert "/bridge/chain/odd name/0/gain_db" in nodes
    assert WET in nodes


def test_the_stamp_changes_with_the_files(core: Core) -> None:
    presets = core.service.presets
    first = stamp(presets)
    assert first
    folder = presets.folders[0] / "recipes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('[[stage]]\nkind = "write"\n')
    second = stamp(presets)
    assert second != first
    (folder / "mine.toml").unlink()
    assert stamp(presets) == first
