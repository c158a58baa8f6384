"""A real Ardour under Xvfb with the dummy backend, told what to do over OSC."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import psutil

from bridge.daws.ardour_slots import SLOTS_FILE, Script, with_scripts
from bridge.osc.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COMMANDS = ("ardour", "ardour7-lua", "Xvfb")
RATE = 48_000
START_S = 120.0
ANSWER_S = 60.0
FIRST_OSC_PORT, OSC_PORTS = 3819, 20

CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="periodic-safety-backups" value="0"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="None (Dummy)" driver="Normal Speed" device="Silence" input-device=""
      output-device="" sample-rate="48000" buffer-size="1024" n-periods="0" input-latency="0"
      output-latency="0" lm-input="" lm-output="" active="1" use-buffered-io="0"
      midi-option="No MIDI I/O" lru="1"><MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
</Ardour>
"""

# Runs what the test wrote into a file, once however often it is pressed, and answers into another,
# which appears whole.
EVALUATE = """ardour { ["type"] = "EditorAction",
  name = "Evaluate" }
function factory()
  return function()
    local base = os.getenv("BRIDGE_TEST")
    if not os.rename(base .. ".lua", base .. ".taken") then
      return
    end
    local chunk, fault = loadfile(base .. ".taken")
    local ok, value = pcall(chunk or error, fault)
    local file = io.open(base .. ".new", "w")
    file:write(ok and "ok\\n" or "failed\\n", tostring(value))
    file:close()
    os.rename(base .. ".new", base .. ".answer")
  end
end
"""


def missing() -> list[str]:
    """Return which programs of these tests are not installed."""
    return [command for command in COMMANDS if shutil.which(command) is None]


def wait_until(is_so: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for a condition; fail, with what it was, when it does not come."""
    deadline_s = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {seconds:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class Ardour:
    """An Ardour with a home folder and a session of its own.

    Parameters
    ----------
    folder
        Where all of it lies.
    environment
        What Ardour and the programs that it starts see.
    """

    folder: Path
    environment: Mapping[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    orphans: list[psutil.Process] = field(default_factory=list)
    display: str = ""

    @property
    def config(self) -> Path:
        """Its configuration folder."""
        return self.folder / "home" / ".config" / "ardour7"

    @property
    def session(self) -> Path:
        """Its session's folder."""
        return self.folder / "Song"

    @property
    def sentences(self) -> str:
        """What the scripts said."""
        path = self.folder / "sentences"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def has_jobs(self) -> bool:
        """Whether the session has jobs that are not imported."""
        return (self.session / "dawbridge" / "jobs.txt").exists()

    def _environment(self) -> dict[str, str]:
        gone = ("DISPLAY", "XAUTHORITY", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
        kept = {name: text for name, text in self.environment.items() if name not in gone}
        return {
            **kept,
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
            "BRIDGE_TEST": str(self.folder / "test"),
            "BRIDGE_SENTENCES": str(self.folder / "sentences"),
        }

    def prepare(self) -> None:
        """Make the settings and an empty session, and install the scripts by the real command."""
        self.config.mkdir(parents=True)
        (self.config / "config").write_text(CONFIG, encoding="utf-8")
        (self.config / ".a7").touch()
        slots = with_scripts(None, [Script("Evaluate", EVALUATE)])
        assert slots is not None
        (self.config / SLOTS_FILE).write_bytes(slots)
        command = [sys.executable, "-m", "bridge", "install", "ardour", "--to", str(self.config)]
        with subprocess.Popen(
            command, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as installing:
            self._make_session()
            said, _ = installing.communicate(timeout=START_S)
        assert installing.returncode == 0, said

    def _make_session(self) -> None:
        make = self.folder / "make.lua"
        make.write_text(
            f'assert(create_session("{self.session}", "Song", {RATE}))\n'
            'Session:save_state("")\nclose_session()\nquit()\n',
            encoding="utf-8",
        )
        made = subprocess.run(
            ["ardour7-lua", str(make)],
            check=False,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
        )
        path = self.session / "Song.ardour"
        assert path.exists(), made.stdout + made.stderr
        tree = ET.parse(path)
        for protocol in tree.iter("Protocol"):
            if protocol.get("name") == "Open Sound Control (OSC)":
                protocol.set("active", "1")  # the session's word counts, not that of the settings
        tree.write(path, encoding="UTF-8", xml_declaration=True)

    def start(self) -> None:
        """Start it, and wait until it does what it is told."""
        self.display = self.display or self._start_display()
        with (self.folder / "ardour.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    ["ardour", "--no-announcements", "--no-splash", str(self.session)],
                    env={**self._environment(), "DISPLAY": self.display},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        self._ask("return 1")
        deadline_s = time.monotonic() + START_S
        while not self._answered(1.0):
            log_text = (self.folder / "ardour.log").read_text(errors="replace")[-3000:]
            assert self.processes[-1].poll() is None, log_text
            assert time.monotonic() < deadline_s, log_text
            with contextlib.suppress(OSError, psutil.NoSuchProcess):
                self.press("Evaluate")

    def _start_display(self) -> str:
        reading, writing = os.pipe()
        display = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                "1280x1024x24",
                "-nolisten",
                "tcp",
            ],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes.append(display)
        os.close(writing)
        with os.fdopen(reading) as number:
            text = number.readline().strip()
        assert text, "Xvfb did not start"
        return f":{text}"

    def press(self, name: str) -> None:
        """Press an action's button over OSC."""
        slots = {"Evaluate": 1, "stems": 2, "stems and MIDI": 3, "MIDI": 4, "collect": 5}
        message = encode("/access_action", (f"LuaAction/script-{slots[name]}",))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(message, ("127.0.0.1", self._osc_port()))

    def _osc_port(self) -> int:
        """Return the port that it took: the usual one may be another Ardour's."""
        ports = range(FIRST_OSC_PORT, FIRST_OSC_PORT + OSC_PORTS)
        for process in _family(self.processes[-1].pid):
            for connection in process.net_connections("udp"):
                if connection.laddr and connection.laddr.port in ports:
                    return int(connection.laddr.port)
        raise OSError("no OSC yet")

    def evaluate(self, text: str) -> str:
        """Run Lua in Ardour and return what it returns, as text."""
        self._ask(text)
        self.press("Evaluate")
        assert self._answered(ANSWER_S), f"no answer to {text}"
        state, _, value = (self.folder / "test.answer").read_text().partition("\n")
        assert state == "ok", value
        return value

    def _ask(self, text: str) -> None:
        (self.folder / "test.answer").unlink(missing_ok=True)
        written = self.folder / "test.written"
        written.write_text(text, encoding="utf-8")
        written.rename(self.folder / "test.lua")

    def _answered(self, seconds: float) -> bool:
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            if (self.folder / "test.answer").exists():
                return True
            time.sleep(0.05)
        return False

    def saved(self) -> ET.Element:
        """Save the session and return what is in its file."""
        self.evaluate('Session:save_state("")')
        return ET.parse(self.session / "Song.ardour").getroot()

    def crash(self) -> None:
        """End it as a crash would: what it started goes on, and so does the display."""
        process = self.processes.pop()
        self.orphans += [one for one in _family(process.pid) if one.pid != process.pid]
        process.kill()
        process.wait(30.0)

    def kill(self) -> None:
        """End it, its display and all that it started."""
        self.display = ""
        for one in self.orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        while self.processes:
            process = self.processes.pop()
            family = _family(process.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait(30.0)
            psutil.wait_procs(family, timeout=30.0)


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


@contextlib.contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[Ardour]:
    """Run an Ardour; it is gone afterwards, whatever happens. A start that fails is tried again."""
    folder.mkdir()
    ardour = Ardour(folder, environment)
    try:
        ardour.prepare()
        try:
            ardour.start()
        except AssertionError:
            ardour.kill()
            ardour.start()
        yield ardour
    finally:
        ardour.kill()
