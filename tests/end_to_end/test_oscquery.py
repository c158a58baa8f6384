"""A host in a process of its own finds the daemon, and hears a knob that oscsend turns."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridge.osc.oscquery.announcing import OSC_TYPE, OSCQUERY_TYPE
from tests.end_to_end.conftest import Daemon, running
from tests.osc.oscquery.test_announcing import browsing, needs_multicast

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOB = "/bridge/chain/plate/0/wet_level"
TIMEOUT_S = 60.0
ROOT = Path(__file__).resolve().parents[2]

HOST = """
import socket, sys
from tests.osc.oscquery.conftest import WebSocket
with WebSocket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60), {}) as host:
    host.command("LISTEN", sys.argv[2])
    host.settle()
    print("listens", flush=True)
    message = host.message()
    print(message.address, *message.arguments, flush=True)
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with OSCQuery on any free port."""
    settings = {"DAWBRIDGE_OSCQUERY": "true", "DAWBRIDGE_OSCQUERY_PORT": "0"}
    with running(Daemon(tmp_path, settings=settings)) as made:
        yield made


def status(daemon: Daemon, name: str, *, not_yet: str) -> str:
    """Return a part of the status, once it is there."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline_s:
        with daemon.client() as client:
            parts = client.request("/bridge/status", answer="/bridge/status").arguments
        value = str(dict(zip(parts[::2], parts[1::2], strict=True)).get(name, not_yet))
        if value != not_yet:
            return value
        time.sleep(0.05)
    raise AssertionError((daemon.folder / "daemon.log").read_text())


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
        return json.loads(response.read())


@pytest.mark.skipif(
    shutil.which("oscsend") is None and not os.environ.get("CI"),
    reason="oscsend is missing (Debian: liblo-tools)",
)
def test_a_host_hears_what_oscsend_turns(daemon: Daemon) -> None:
    url = status(daemon, "oscquery", not_yet="off")
    info = get(f"{url}?HOST_INFO")
    assert (info["OSC_IP"], info["OSC_PORT"]) == ("127.0.0.1", daemon.port)
    assert url == f"http://{info['WS_IP']}:{info['WS_PORT']}/"
    command = [sys.executable, "-c", HOST, str(info["WS_PORT"]), KNOB]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "listens\n"
        osc = f"osc.udp://{info['OSC_IP']}:{info['OSC_PORT']}"
        subprocess.run(["oscsend", osc, KNOB, "f", "0.25"], check=True, timeout=TIMEOUT_S)
        assert host.stdout.readline() == f"{KNOB} 0.25\n"
        assert host.wait(TIMEOUT_S) == 0
    assert get(f"{url[:-1]}{KNOB}?VALUE") == {"VALUE": [0.25]}


@needs_multicast
def test_a_browse_finds_the_daemon_until_it_stops(daemon: Daemon) -> None:
    url = status(daemon, "oscquery", not_yet="off")
    assert status(daemon, "oscquery.announced", not_yet="not yet").startswith("dawbridge")

    async def browse() -> None:
        async with browsing() as browser:
            found = await browser.find(OSCQUERY_TYPE, int(url.rstrip("/").rpartition(":")[2]))
            osc = await browser.find(OSC_TYPE, daemon.port)
            assert await asyncio.to_thread(daemon.stop) == 0
            await browser.until(lambda there: not there & {found.name, osc.name})

    asyncio.run(browse())
