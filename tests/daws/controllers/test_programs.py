"""Real OSC programs, each in a process of its own, drive a whole job and print its events."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridge.daws import pure_data
from bridge.daws.pure_data_inside import REPLY_PORT
from bridge.osc.codec import encode
from tests.daws.controllers.made import CONTROLLERS, shipped_surface
from tests.end_to_end.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.osc.client import BridgeClient
    from bridge.osc.codec import Message
    from tests.end_to_end.conftest import Daemon

TIMEOUT_S = 120.0
KNOB = "/bridge/chain/voice-polish/1/threshold_db"
IN_CI = bool(os.environ.get("CI"))


def missing(*programs: str, package: str, required: bool = True) -> pytest.MarkDecorator:
    """Skip where a program is not installed; CI has those that are required."""
    absent = any(shutil.which(program) is None for program in programs)
    return pytest.mark.skipif(
        absent and not (IN_CI and required), reason=f"missing (Debian: {package})"
    )


def wait_for(what: Callable[[], bool], shown: Callable[[], str]) -> None:
    """Wait until something is so; fail with what there is to see."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not what():
        assert time.monotonic() < deadline_s, shown()
        time.sleep(0.05)


class Printing:
    """A program that runs and prints into a file."""

    def __init__(self, log: Path, *command: str, **environment: str) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        """Wait until it has printed some words."""
        wait_for(lambda: words in self.text or self.process.poll() is not None, lambda: self.text)
        assert words in self.text, self.text


@contextlib.contextmanager
def printing(log: Path, *command: str, **environment: str) -> Iterator[Printing]:
    program = Printing(log, *command, **environment)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()


@pytest.fixture
def listener(daemon: Daemon) -> Iterator[BridgeClient]:
    """Another controller beside the program, over TCP."""
    with daemon.client() as client:
        client.request("/bridge/hello", "desk", "controller", answer="/bridge/welcome")
        yield client


def until(client: BridgeClient, address: str) -> Message:
    while True:
        message = client.receive(TIMEOUT_S)
        if message.address == address:
            return message


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


# liblo's oscsend and oscdump


@missing("oscsend", "oscdump", package="liblo-tools")
def test_oscsend_presses_and_oscdump_prints(
    daemon: Daemon, song: Path, listener: BridgeClient, tmp_path: Path
) -> None:
    port = free_udp_port()

    def send(address: str, *arguments: str) -> None:
        url = f"osc.udp://127.0.0.1:{daemon.port}"
        subprocess.run(["oscsend", url, address, *arguments], check=True, timeout=30.0)

    with printing(tmp_path / "dump.txt", "oscdump", "-L", str(port)) as dump:
        while "/bridge/welcome" not in dump.text:  # it may not listen yet
            send("/bridge/hello", "ssf", "pad", "controller", str(port))
            time.sleep(0.1)
        send("/bridge/select", "sff", str(song), "0.5", "2")
        send("/bridge/set", "ss", "model", "dsp")
        send(KNOB, "f", "-30")
        send("/bridge/run/stems", "f", "1")
        send("/bridge/run/stems", "f", "0")
        dump.wait_for("/bridge/job/done")
        lines = [line.split(" ", 1)[1] for line in dump.text.splitlines()]
    told = [line.split(" ")[0] for line in lines]
    assert told.count("/bridge/job/queued") == 1
    assert told.count("/bridge/job/stem") == 4
    assert f"{KNOB} f -30.000000" in lines
    assert f'/bridge/selected sff "{song}" 0.500000 2.000000' in lines
    assert '/bridge/set ss "model" "dsp"' in lines
    tags = {tag for line in lines for tag in line.split(" ")[1]}
    assert tags <= set("ifsb"), "controllers get plain types"
    if sys.platform == "linux":
        _is_forgotten(listener, "pad")


def _is_forgotten(listener: BridgeClient, name: str) -> None:
    """Turn a knob, which is told to all, until the one that is gone is not listed any more."""

    def is_gone() -> bool:
        listener.request(KNOB, -20.0, answer=KNOB)
        status = listener.request("/bridge/status", answer="/bridge/status").arguments
        clients = dict(zip(status[::2], status[1::2], strict=True))["clients"].split(",")
        assert "desk" in clients
        return name not in clients

    wait_for(is_gone, lambda: f"{name} is still listed")


# Pure Data


DRIVER = r"""#N canvas 0 0 450 300 12;
#X obj 10 10 netreceive {port};
#X obj 10 30 list;
#X msg 10 60 \; \$1 \$2;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X obj 10 100 r dawbridge-fader-voice-polish-1-threshold_db;
#X obj 10 130 print fader;
#X connect 3 0 4 0;
#X obj 10 160 r dawbridge-value-voice-polish-1-threshold_db;
#X obj 10 190 print value;
#X connect 5 0 6 0;
#X obj 10 220 r dawbridge-progress;
#X obj 10 250 print bar;
#X connect 7 0 8 0;
#X obj 10 280 r dawbridge-model;
#X obj 10 310 print model;
#X connect 9 0 10 0;
#X obj 10 340 r dawbridge-connected;
#X obj 10 370 print connected;
#X connect 11 0 12 0;
"""
"""Sends to any name in Pd what comes over TCP, and prints what the patch's own widgets get."""


@contextlib.contextmanager
def pure_data_patch(
    daemon: Daemon, folder: Path
) -> Iterator[tuple[Printing, Callable[..., None], int]]:
    """Run the patch without a window.

    Yields Pd, a function that sends to a name in it, and the port that it listens at.
    """
    reply_port, hand_port = free_udp_port(), free_port()
    for name, text in pure_data.files(shipped_surface(daemon.port)).items():
        (folder / name).write_text(text.replace(str(REPLY_PORT), str(reply_port)))
    (folder / "driver.pd").write_text(DRIVER.replace("{port}", str(hand_port)))
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-noprefs"]
    patches = ["-open", str(folder / pure_data.PATCH_NAME), "-open", str(folder / "driver.pd")]
    with printing(folder / "pd.txt", *command, *patches) as pd:
        pd.wait_for("dawbridge: welcome")
        with socket.create_connection(("127.0.0.1", hand_port), 30.0) as hand:

            def touch(name: str, value: Any = "bang") -> None:
                hand.sendall(f"{name} {value};\n".encode())

            yield pd, touch, reply_port


@missing("pd", package="puredata-core")
def test_pure_data_drives_a_whole_job(
    daemon: Daemon, song: Path, listener: BridgeClient, tmp_path: Path
) -> None:
    with pure_data_patch(daemon, tmp_path) as (pd, touch, _):
        touch("dawbridge-file", song)
        assert until(listener, "/bridge/selected").arguments == (str(song), 0.0, 0.0)
        touch("dawbridge-model", 2)
        assert until(listener, "/bridge/set").arguments == ("model", "dsp")
        touch("dawbridge-press-stems")
        job = until(listener, "/bridge/job/queued").arguments[0]
        pd.wait_for(f"dawbridge: job done {job}")
        touch("dawbridge-press-cancel")
        refused = "dawbridge: error /bridge/cancel unknown_job"
        pd.wait_for(refused)
        lines = [line for line in pd.text.splitlines() if not line.startswith(refused)]
        touch("dawbridge-press-again")
        assert until(listener, "/bridge/job/queued").arguments[1] == "stems"
    assert sum(line.startswith(f"dawbridge: job stem {job}") for line in lines) == 4
    assert any(line.startswith(f"dawbridge: job progress {job}") for line in lines)
    bar = [float(line.split()[-1]) for line in lines if line.startswith("bar:")]
    assert bar[0] == 0.0
    assert bar[-1] == 1.0
    assert bar == sorted(bar)
    assert not [line for line in lines if "error" in line]


@missing("pd", package="puredata-core")
def test_pure_datas_knobs_turn_and_follow(
    daemon: Daemon, listener: BridgeClient, tmp_path: Path
) -> None:
    with pure_data_patch(daemon, tmp_path) as (pd, touch, reply_port):
        pd.wait_for("connected: 1")
        pd.wait_for("value: set -24")  # the present value, as the patch asks for it at hello
        listener.request(KNOB, -30.0, answer=KNOB)
        pd.wait_for("value: set -30")
        pd.wait_for("fader: set 0.625")
        touch("dawbridge-fader-voice-polish-1-threshold_db", 0.25)
        assert until(listener, f"{KNOB}/fader").arguments == (0.625,)
        assert until(listener, f"{KNOB}/fader").arguments == (0.25,)
        pd.wait_for("value: set -60")
        listener.request("/bridge/set", "model", "htdemucs", answer="/bridge/set")
        pd.wait_for("model: set 3")
        touch("dawbridge-press-reset-voice-polish")
        assert until(listener, KNOB).arguments == (-24.0,)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:  # what a latecomer is told
            state = encode("/bridge/job/state", ("job-1", "running", "stems", 0.5, "/a.wav"))
            mouth.sendto(state, ("127.0.0.1", reply_port))
        pd.wait_for("bar: 0.5")
        assert "error" not in pd.text


# SuperCollider


@missing("sclang", package="supercollider-language", required=False)
def test_supercollider_drives_a_whole_job(
    daemon: Daemon, song: Path, listener: BridgeClient, tmp_path: Path
) -> None:
    classes = CONTROLLERS / "supercollider"
    settings = tmp_path / "sclang.yaml"
    settings.write_text(
        f"includePaths:\n    - {classes}\nexcludePaths: []\npostInlineWarnings: false\n"
    )
    script = tmp_path / "drive.scd"
    script.write_text(
        f'var b = Dawbridge("127.0.0.1", {daemon.port});\n'
        """
        b.onEvent = { |address, values|
            if (address.beginsWith("/bridge/job")) { ([address] ++ values).postln };
            if (address == "/bridge/job/done") {
                ["knob", b.knobs["voice-polish/1/threshold_db"]].postln;
                ["fader", b.faders["voice-polish/1/threshold_db"]].postln;
                ["model", b.options[\\model], "bar", b.progress, b.state].postln;
                b.recipes.asArray.postln;
                b.disconnect;
                { 0.exit }.defer(0.2);
            };
        };
        b.connect;
        b.gui;
        b.turn("voice-polish", 1, "threshold_db", -30);
        b.set("model", "dsp");
        """
        f'b.select("{song}", 0.5, 2);\n'
        'b.press("stems", 1);\nb.press("stems", 0);\n'
    )
    environment = {
        "HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }
    with printing(
        tmp_path / "sclang.txt", "sclang", "-l", str(settings), str(script), **environment
    ) as sclang:
        done = until(listener, "/bridge/job/done")
        sclang.wait_for("[ karaoke, midi,")
        printed = sclang.text
    assert f"[ /bridge/job/done, {done.arguments[0]}" in printed
    assert printed.count("[ /bridge/job/stem,") == 4
    assert "[ knob, -30.0 ]" in printed
    assert "[ fader, 0.625 ]" in printed
    assert "[ model, dsp, bar, 1, done ]" in printed
    assert "ERROR" not in printed
