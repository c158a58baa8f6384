"""Starting and stopping, and what the status says of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

from bridge.osc.oscquery.running import OscQuery
from tests.osc.oscquery.conftest import dispatcher_over, serving

if TYPE_CHECKING:
    from tests.fakes import Core

TIMEOUT_S = 30.0


def running(core: Core, **settings: Any) -> list[dict[str, str]]:
    """Return the status before the start, while it runs, and after the stop."""
    made: dict[str, Any] = {
        "is_on": True,
        "host": "127.0.0.1",
        "port": 0,
        "osc_host": "localhost",
        "osc_port": 7770,
    }
    oscquery = OscQuery(**{**made, **settings})
    dispatcher = dispatcher_over(core)
    told = [oscquery.status()]

    async def run() -> None:
        oscquery.start(dispatcher, dispatcher.receive)
        if oscquery._starting is not None:
            await asyncio.wait_for(oscquery._starting, TIMEOUT_S)
        told.append(oscquery.status())
        if told[1]["oscquery"].startswith("http"):
            url = told[1]["oscquery"] + "?HOST_INFO"
            body = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=20).read())
            assert b'"OSC_IP": "127.0.0.1"' in body
        await oscquery.stop()

    asyncio.run(run())
    assert dispatcher.clients.ears == []
    return told


def test_the_status_says_where_it_is(core: Core) -> None:
    before, after = running(core)
    assert before == {"oscquery": "off"}
    assert after["oscquery"].startswith("http://127.0.0.1:")
    assert "oscquery.announced" in after


def test_it_may_be_off(core: Core) -> None:
    assert running(core, is_on=False) == [{"oscquery": "off"}, {"oscquery": "off"}]


def test_a_taken_port_stops_nothing(core: Core) -> None:
    with serving(core) as served:
        _, after = running(core, port=served.server.port)
    assert after["oscquery"].startswith("off: ")
    assert "oscquery_port" in after["oscquery"]


def test_a_fault_stops_nothing(core: Core) -> None:
    _, after = running(core, peers=("no network",))
    assert after["oscquery"].startswith("off: ")


def test_stopping_while_it_starts(core: Core) -> None:
    oscquery = OscQuery(is_on=True, host="127.0.0.1", port=0, osc_host="localhost", osc_port=7770)

    async def run() -> None:
        dispatcher = dispatcher_over(core)
        oscquery.start(dispatcher, dispatcher.receive)
        await asyncio.sleep(0)
        await oscquery.stop()

    asyncio.run(run())


def test_its_libraries_are_imported_at_its_start_only() -> None:
    script = (
        "import sys, bridge.daemon;"
        "print([m for m in ('h11', 'wsproto', 'zeroconf') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
