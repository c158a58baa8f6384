"""The scripts in controllers' files, run as their programs would run them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lupa.lua54 import LuaRuntime  # type: ignore[import-untyped]

from bridge.daws import open_stage_control
from tests.daws.controllers.made import CONTROLLERS, shipped_surface

MESSAGES: list[tuple[str, list[Any], str, float | None]] = [
    # What comes, what is shown, and where the bar stands.
    ("/bridge/welcome", ["0.1.0", 1], "connected", None),
    ("/bridge/selected", ["/a/song.wav", 0.0, 2.0], "/a/song.wav", None),
    ("/bridge/job/queued", ["job-1", "stems", 1], "stems", 0.0),
    ("/bridge/job/state", ["job-1", "running", "stems", 0.25, "/a/song.wav"], "running", 0.25),
    ("/bridge/job/progress", ["job-1", 0.5, "separate", 3.0], "separate", 0.5),
    ("/bridge/job/warning", ["job-1", "no_tempo", "No tempo."], "No tempo.", None),
    ("/bridge/job/done", ["job-1", "/a/manifest.json", 3.0], "done", 1.0),
    ("/bridge/job/failed", ["job-1", "timeout", "Too slow."], "Too slow.", 0.0),
    ("/bridge/job/cancelled", ["job-1"], "cancelled", 0.0),
    (
        "/bridge/error",
        ["/bridge/run/stems", "no_selection", "Select first."],
        "Select first.",
        None,
    ),
]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing")
def test_open_stage_controls_session(tmp_path: Path) -> None:
    surface = shipped_surface()
    ((name, text),) = open_stage_control.files(surface).items()
    (tmp_path / name).write_text(text)
    player = Path(__file__).with_name("session.js")
    rows = [*MESSAGES, MESSAGES[0]]  # the next welcome hides nothing
    messages = json.dumps([row[:2] for row in rows])
    played = subprocess.run(
        ["node", str(player), str(tmp_path / name), messages],
        check=True,
        capture_output=True,
        text=True,
        timeout=60.0,
    )
    told = json.loads(played.stdout)
    once: list[Any] = [["/bridge/hello", ["Open Stage Control", "controller"]]]
    once += [[f"/bridge/chain/{name}", [1]] for name in surface.chains]
    assert told["sent"] == [*once, *once]  # at first, and each time it is due
    assert told["intervals"] == [60_000]
    shown = iter(told["set"])
    for address, _, words, fraction in MESSAGES:
        if fraction is not None:
            assert next(shown) == ["progress", fraction], address
        where, state = next(shown)
        assert where == "state"
        assert words in state
    assert next(shown, None) is None


class TouchOsc:
    """As much of TouchOSC as the scripts use: controls by name, time, and what is sent."""

    def __init__(self, script: str, name: str = "root") -> None:
        self.sent: list[tuple[str, list[tuple[str, Any]]]] = []
        self.now_ms = 0.0
        self.lua = LuaRuntime(unpack_returned_tuples=True)
        self.lua.execute(
            """
            controls = {progress = {values = {}}, state = {values = {}}}
            self = {values = {x = 0}}
            function self:findByName(name, recursive) return controls[name] end
            """
        )
        self.lua.globals().self.name = name
        self.globals = self.lua.globals()
        self.globals.sendOSC = self._send
        self.globals.getMillis = lambda: self.now_ms
        self.lua.execute((CONTROLLERS / "touchosc" / script).read_text())

    def _send(self, message: Any) -> None:
        self.sent.append((message[1], [(a.tag, a.value) for a in message[2].values()]))

    def receive(self, address: str, *values: Any) -> Any:
        arguments = [self.lua.table_from({"tag": "?", "value": value}) for value in values]
        message = self.lua.table_from([address, self.lua.table_from(arguments)])
        return self.globals.onReceiveOSC(message)


def test_touchosc_says_hello_at_once_and_every_minute() -> None:
    pad = TouchOsc("dawbridge.lua")
    for now_ms in (10.0, 50.0, 59_000.0, 60_011.0, 60_030.0):
        pad.now_ms = now_ms
        pad.globals.update()
    hello = ("/bridge/hello", [("s", "TouchOSC"), ("s", "controller"), ("i", 9000)])
    assert pad.sent == [hello, hello]


def test_touchosc_shows_what_the_daemon_tells() -> None:
    pad = TouchOsc("dawbridge.lua")
    controls = pad.globals.controls
    for address, values, words, fraction in MESSAGES:
        controls.progress["values"].x = None
        assert pad.receive(address, *values) is False
        assert words in controls.state["values"].text
        assert controls.progress["values"].x == fraction, address
    assert pad.receive("/bridge/welcome", "0.1.0", 1) is False
    assert controls.state["values"].text == "Select first."  # the next welcome hides nothing
    controls.progress = None
    pad.receive("/bridge/job/progress", "job-1", 0.5, "separate", 3.0)  # a surface without a bar
    pad.receive("/bridge/job/stem", "job-1", "drums")


def test_touchoscs_radio_chooses_and_follows() -> None:
    pad = TouchOsc("choice.lua", "model")
    values = next(c.values for c in shipped_surface().choices if c.option == "model")
    pad.globals.self["values"].x = values.index("dsp")
    pad.globals.onValueChanged("x")
    pad.globals.onValueChanged("touch")
    assert pad.sent == [("/bridge/set", [("s", "model"), ("s", "dsp")])]
    pad.receive("/bridge/set", "stems", "vocals")
    assert pad.globals.self["values"].x == values.index("dsp")
    pad.receive("/bridge/set", "model", "unet")
    pad.globals.onValueChanged("x")  # as TouchOSC does when a script sets a value
    assert pad.globals.self["values"].x == values.index("unet")
    assert len(pad.sent) == 1
    pad.globals.self["values"].x = 0
    pad.globals.onValueChanged("x")
    assert pad.sent[-1] == ("/bridge/set", [("s", "model"), ("s", "default")])
