"""HTTP through real sockets, friendly and hostile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest

from bridge.errors import SettingsError
from bridge.osc.oscquery.exchange import MAX_HEAD_BYTES
from bridge.osc.oscquery.guard import Guard
from bridge.osc.oscquery.server import OscQueryServer
from tests.osc.oscquery.conftest import OSC_PORT, TIMEOUT_S, dispatcher_over, serving

if TYPE_CHECKING:
    from tests.fakes import Core

WET = "/bridge/chain/plate/0/wet_level"


def everything(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(1 << 16):
            parts.append(data)
    return b"".join(parts)


def test_the_tree_and_one_value(core: Core) -> None:
    with serving(core) as served:
        tree = served.get("/")
        assert tree.status == 200
        assert tree.headers["content-type"] == "application/json"
        place = tree.json["CONTENTS"]["bridge"]["CONTENTS"]["chain"]["CONTENTS"]["plate"]
        assert place["CONTENTS"]["0"]["CONTENTS"]["wet_level"]["FULL_PATH"] == WET
        assert served.get(f"{WET}?VALUE").json == {"VALUE": [0.12]}
        assert served.get(f"{WET}?NONSENSE").status == 400
        assert served.get("/nowhere").status == 404
        nothing = served.get("/bridge/chain?VALUE")
        assert (nothing.status, nothing.body) == (204, b"")


def test_host_info_says_where_everything_is(core: Core) -> None:
    with serving(core) as served:
        told = served.get("/?HOST_INFO").json
        assert (told["OSC_IP"], told["OSC_PORT"]) == ("127.0.0.1", OSC_PORT)
        assert (told["WS_IP"], told["WS_PORT"]) == ("127.0.0.1", served.server.port)
        assert told["OSC_TRANSPORT"] == "UDP"
        assert told["EXTENSIONS"]["LISTEN"] is True


def test_osc_on_every_address_is_told_as_the_one_that_was_asked(core: Core) -> None:
    with serving(core, osc=("0.0.0.0", 9)) as served:
        assert served.get("/?HOST_INFO").json["OSC_IP"] == "127.0.0.1"


def test_head_tells_the_length_and_no_more(core: Core) -> None:
    with serving(core) as served:
        full, head = served.get(f"{WET}?TYPE"), served.get(f"{WET}?TYPE", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(full.body))


def test_several_requests_go_down_one_connection(core: Core) -> None:
    with serving(core) as served, served.connect() as connection:
        get = f"GET {WET}?TYPE HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        last = get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        connection.sendall(get + get + last)
        assert everything(connection).count(b'{"TYPE": "f"}') == 3


def test_http_1_0_needs_no_host(core: Core) -> None:
    with serving(core) as served, served.connect() as connection:
        connection.sendall(f"GET {WET}?TYPE HTTP/1.0\r\n\r\n".encode())
        assert everything(connection).endswith(b'{"TYPE": "f"}')


def test_pages_of_this_machine_may_read(core: Core) -> None:
    origin = "http://localhost:3000"
    with serving(core, ("studio.local",)) as served:
        for method in ("GET", "OPTIONS"):
            told = served.get("/?HOST_INFO", method, Origin=origin)
            assert told.headers["access-control-allow-origin"] == origin
            assert told.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in served.get("/?HOST_INFO").headers
        assert served.get("/?HOST_INFO", Origin="https://studio.local").status == 200


def test_pages_of_others_and_rebound_names_are_refused(core: Core) -> None:
    with serving(core) as served:
        for headers in (
            {"Origin": "https://attacker.example"},
            {"Origin": "null"},
            {"Host": "attacker.example"},
        ):
            told = served.get("/", **headers)
            assert told.status == 403
            assert "access-control-allow-origin" not in told.headers
            assert b"CONTENTS" not in told.body


def test_whoever_may_not_send_osc_may_not_ask(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.osc.peers.AllowedPeers.allow", lambda _self, _host: False)
    with serving(core) as served:
        told = served.get("/")
        assert told.status == 403
        assert "peers in the settings" in told.json["ERROR"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", b"405"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", b"413"),
        (b"GET /" + b"a" * 2 * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * MAX_HEAD_BYTES, b"431"),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\n\r\n",
            b"400",
        ),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_is_no_request(core: Core, sent: bytes, status: bytes) -> None:
    with serving(core) as served, served.connect() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        told = everything(connection)
        assert told.startswith(b"HTTP/1.1 " + status) or (status == b"431" and not told)
        assert served.get("/?HOST_INFO").status == 200


def test_a_request_that_does_not_come_is_not_waited_for(core: Core) -> None:
    with serving(core, patience_s=0.2) as served, served.connect() as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert everything(slow) == b""


def test_an_answer_that_is_not_taken_is_not_waited_for(core: Core) -> None:
    """A host that asks for the tree over and over and reads nothing is cut off."""
    with serving(core, patience_s=0.5, max_connections=2) as served, served.connect() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(100 * b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        deadline_s = time.monotonic() + TIMEOUT_S
        while served.call(lambda: served.server.connections):
            assert time.monotonic() < deadline_s
            time.sleep(0.05)


def test_connections_are_limited(core: Core) -> None:
    with serving(core, max_connections=2) as served, contextlib.ExitStack() as stack:
        held = [stack.enter_context(served.listen()) for _ in range(2)]
        for websocket in held:
            websocket.settle()
        refused = served.get("/")
        assert refused.status == 503
        assert "2 connections" in refused.json["ERROR"]
        crowd = [stack.enter_context(served.connect()) for _ in range(8)]
        assert any(everything(one) == b"" for one in crowd[-4:])
        for websocket in held:
            websocket.settle()


def test_a_taken_port_is_an_error_with_advice(core: Core) -> None:
    async def start(port: int) -> None:
        dispatcher = dispatcher_over(core)
        osc = ("127.0.0.1", OSC_PORT)
        server = OscQueryServer(
            dispatcher, dispatcher.receive, "127.0.0.1", port, osc=osc, guard=Guard()
        )
        try:
            await server.start()
        finally:
            await server.stop()

    with serving(core) as served, pytest.raises(SettingsError, match="oscquery_port"):
        asyncio.run(start(served.server.port))
