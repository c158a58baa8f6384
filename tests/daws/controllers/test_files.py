"""What ships was made from what ships, names what the daemon has, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.daws import controllers, open_stage_control, pure_data
from bridge.daws.controllers import made
from bridge.osc import spec
from bridge.osc.clients import Clients
from bridge.osc.codec import encode
from bridge.osc.dispatch import Dispatcher
from tests.daws.controllers.made import CONTROLLERS, shipped_surface
from tests.fakes import FakePeer

if TYPE_CHECKING:
    from bridge.daws.surface import Surface
    from tests.fakes import Core

WIDGETS = {
    # What each type of Open Stage Control 1.25 adds to the properties that all have.
    "root": {"tabs"},
    "tab": {"layout", "widgets"},
    "panel": {"layout", "widgets"},
    "button": {"label", "wrap", "mode", "on", "off"},
    "dropdown": {"label", "values"},
    "fader": {"horizontal", "design", "range"},
    "knob": {"range"},
    "text": {"wrap"},
    "script": set(),
}
COMMON = {
    *("type", "id", "interaction", "width", "height", "expand", "colorWidget", "html", "default"),
    *("address", "preArgs", "decimals", "target", "bypass", "onCreate", "onValue"),
}


@pytest.fixture(scope="module")
def surface() -> Surface:
    return shipped_surface()


@pytest.fixture(scope="module")
def session(surface: Surface) -> dict[str, Any]:
    (text,) = open_stage_control.files(surface).values()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class Daemon:
    """A daemon without sockets, which says whether it knows an address."""

    def __init__(self, core: Core) -> None:
        clients = Clients(4, lambda: 0.0)
        self.peer = FakePeer()
        self.dispatcher = Dispatcher(core.service, clients, list, dict)

    def refusal(self, address: str, *values: Any) -> str:
        """Return the code that a message is refused with; empty if it is taken."""
        self.peer.received.clear()
        self.dispatcher.receive(encode(address, values), self.peer)
        errors = [m.arguments[1] for m in self.peer.received if m.address == spec.ERROR_ADDRESS]
        return errors[0] if errors else ""


def heard_addresses() -> set[str]:
    events = {event.address for event in spec.EVENTS.values()}
    return {*events, "/bridge/welcome", "/bridge/selected", "/bridge/set", spec.ERROR_ADDRESS}


def test_what_ships_is_as_made(surface: Surface) -> None:
    for name, content in made(CONTROLLERS, surface).items():
        assert (CONTROLLERS / name).read_bytes() == content, (
            "run `python -m tests.daws.controllers.made`"
        )


def test_a_surface_has_what_the_daemon_has(surface: Surface, core: Core) -> None:
    service = core.service
    assert surface.recipes == tuple(recipe.name for recipe in service.presets.recipes())
    assert list(surface.chains) == list(service.presets.chains())
    for name, knobs in surface.chains.items():
        shown = service.knobs.shown(name)
        assert [(k.place, k.name, k.fader) for k in knobs] == [
            (k.place, k.name, k.fader) for k in shown
        ]
    by_address = {knob.address: knob for knob in surface.knobs}
    knob = by_address["/bridge/chain/telephone/2/quality"]
    assert (knob.kind, knob.effect) == ("choice", "GSMFullRateCompressor")
    assert "WindowedSinc8" in knob.choices
    assert by_address["/bridge/chain/plate/0/bypass"].kind == "switch"
    assert by_address["/bridge/chain/plate/chain/width"].effect == "Chain"
    assert by_address["/bridge/chain/drum-crush/0.1/gain_db"].effect == "Path"


def test_every_choice_is_one_that_the_daemon_takes(surface: Surface, core: Core) -> None:
    daemon = Daemon(core)
    assert daemon.refusal("/bridge/select", str(core.audio), 0.0, 2.0) == ""
    assert {choice.option for choice in surface.choices} == {"model", "stems", "pre", "post"}
    for choice in surface.choices:
        for value in choice.values:
            assert daemon.refusal("/bridge/set", choice.option, value) == ""
            model = [] if choice.option == "model" else ["model", "htdemucs_6s"]  # has every stem
            refused = daemon.refusal("/bridge/run/stems", "reuse", 0, *model)
            assert refused in {"", "queue_full"}, (choice.option, value)


# Open Stage Control


def test_the_session_has_the_form_of_version_1(session: dict[str, Any]) -> None:
    assert session["type"] == "session"
    assert session["createdWith"] == "Open Stage Control"
    assert re.fullmatch(r"1\.\d+\.\d+", session["version"])
    root = session["content"]
    assert (root["type"], root["id"]) == ("root", "root")
    widgets = list(open_stage_control.walk(root))
    ids = [widget["id"] for widget in widgets]
    assert len(set(ids)) == len(ids), "widgets with one id are clones of each other"
    for widget in widgets:
        extra = set(widget) - COMMON - WIDGETS[widget["type"]]
        assert not extra, f"{widget['type']} has no {extra}"
        assert not ("tabs" in widget and "widgets" in widget)
        assert widget.get("bypass") or widget["target"] == ["127.0.0.1:7770"]


def test_the_session_speaks_to_addresses_of_the_contract(
    session: dict[str, Any], core: Core
) -> None:
    daemon = Daemon(core)
    sent: dict[str, list[Any]] = {}
    for widget in open_stage_control.walk(session["content"]):
        address = widget.get("address", "")
        if widget["type"] == "script":
            assert not address or address in heard_addresses()
        elif widget["type"] == "button":
            sent[address] = [widget["off"]]
        elif address == "/bridge/set":
            sent[f"{address} {widget['preArgs']}"] = [*widget["preArgs"], widget["values"][0]]
        elif widget["type"] == "dropdown":
            sent[address] = [widget["values"][-1]]
        elif widget["type"] == "knob":
            assert widget["range"] == {"min": 0, "max": 1}
            sent[address] = [widget["default"]]
    assert {f"/bridge/run/{r.name}" for r in core.service.presets.recipes()} <= sent.keys()
    assert {"/bridge/cancel", "/bridge/again"} <= sent.keys()
    refused = {a: daemon.refusal(a.split(" ")[0], *values) for a, values in sent.items()}
    assert not {a: code for a, code in refused.items() if code}


def test_every_knob_is_on_the_session(session: dict[str, Any], surface: Surface) -> None:
    addresses = {w.get("address") for w in open_stage_control.walk(session["content"])}
    for knob in surface.knobs:
        assert knob.address in addresses
        assert (f"{knob.address}/fader" in addresses) == (knob.kind == "number")


# Pure Data


def canvases(text: str) -> list[tuple[int, list[tuple[int, int]]]]:
    """Return the elements and the wires of every canvas of a patch, the outermost last."""
    open_ones: list[tuple[int, list[tuple[int, int]]]] = []
    closed = []
    count = 0
    wires: list[tuple[int, int]] = []
    for line in text.splitlines():
        assert line.endswith(";"), line
        if line.startswith("#N canvas"):
            open_ones.append((count, wires))
            count, wires = 0, []
        elif line.startswith("#X connect"):
            source, _, target, _ = map(int, line[:-1].split()[2:])
            wires.append((source, target))
        elif line.startswith("#X restore"):
            closed.append((count, wires))
            count, wires = open_ones.pop()
            count += 1
        elif not line.startswith("#X coords"):
            count += 1
    return [*closed, (count, wires)]


def test_the_patch_is_wired_within_its_canvases(surface: Surface) -> None:
    text = pure_data.main_patch(surface)
    found = canvases(text)
    assert len(found) == 2 + len(surface.chains)  # and what is inside
    for count, wires in found:
        assert all(0 <= end < count for wire in wires for end in wire)


def test_the_patch_speaks_to_addresses_of_the_contract(surface: Surface, core: Core) -> None:
    daemon = Daemon(core)
    text = pure_data.main_patch(surface)
    forms = {f"/{address}" for address in re.findall(r"oscformat ([^;]+);", text)}
    assert forms == {
        *(f"/bridge/run/{name}" for name in surface.recipes),
        *(f"/bridge/chain/{name}" for name in surface.chains),
        *(f"/bridge/chain/{name}/reset" for name in surface.chains),
        *("/bridge/again", "/bridge/cancel", "/bridge/hello", "/bridge/select", "/bridge/set"),
    }
    buttons = forms - {"/bridge/hello", "/bridge/select", "/bridge/set"}
    assert not {a for a in buttons if daemon.refusal(a, 0.0)}
    knobs = re.findall(r"dawbridge-knob (\S+) (\S+) ([^\s;]+);", text)
    assert [f"/bridge/chain/{path}" for path, _, _ in knobs] == [k.address for k in surface.knobs]
    assert len({name for _, name, _ in knobs}) == len(knobs)


# What goes into a musician's folder


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_installing_makes_them_from_ones_own_presets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    presets = tmp_path / "presets"
    for kind, name, text in [
        ("recipes", "my-way", 'description = "x"\n[[stage]]\nkind = "separate"\n'),
        ("chains", "my-room", '[[effect]]\ntype = "Reverb"\n'),
    ]:
        (presets / kind).mkdir(parents=True)
        (presets / kind / f"{name}.toml").write_text(text)
    monkeypatch.setenv("DAWBRIDGE_PRESETS", str(presets))
    monkeypatch.setenv("DAWBRIDGE_PORT", "7999")
    place = tmp_path / "mine"
    target = place / controllers.FOLDER
    assert "write" in run("install", "controllers", "--to", str(place), "--dry-run")
    assert not place.exists()
    run("install", "controllers", "--to", str(place))
    assert (target / "supercollider/Dawbridge.sc").is_file()
    for name in (
        "open_stage_control/dawbridge.json",
        "pure_data/dawbridge.pd",
        "touchosc/README.md",
    ):
        text = (target / name).read_text()
        assert "bridge/run/my-way" in text
        assert "my-room/0/room_size" in text
        assert "7999" in text
        assert "7770" not in text
    assert "'my-room'" in (target / "touchosc/choice.lua").read_text()
    assert "nothing to change" in run("install", "controllers", "--to", str(place))
    (target / "mine.txt").touch()
    run("uninstall", "controllers", "--to", str(place))
    assert [path.name for path in target.rglob("*")] == ["mine.txt"]


def test_a_place_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    result = CliRunner().invoke(app, ["install", "controllers", "--to", str(place)])
    assert result.exit_code == 1
    assert "cannot be changed" in result.output


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("10.0.0.5", "10.0.0.5")],
)
def test_controllers_speak_to_where_the_daemon_listens(
    tmp_path: Path, host: str, expected: str
) -> None:
    from bridge.config import Settings
    from bridge.engines.effects import knobs
    from bridge.resources import shipped

    settings = Settings(
        host=host, port=7999, presets=tmp_path, data=tmp_path, peers=(), read_roots=(tmp_path,)
    )
    shown = controllers.surface_of(settings, shipped("presets"), (), knobs)
    assert (shown.host, shown.port) == (expected, 7999)
