"""The sockets, spoken to through real ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bridge.errors import SettingsError
from bridge.models import ModelInfo
from bridge.osc.client import BridgeClient
from bridge.osc.clients import Clients
from bridge.osc.codec import StreamDecoder, decode, encode, frame_with_slip
from bridge.osc.dispatch import Dispatcher
from bridge.osc.server import OscServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes import Core


@contextlib.contextmanager
def serving(core: Core, models: int = 0, **options: Any) -> Iterator[OscServer]:
    """Serve on a free port from a thread of its own."""
    listed = [
        ModelInfo(name=f"model-{n}", description="", stems=(), built_in=True, weights_here=True)
        for n in range(models)
    ]
    clients = Clients(32, time.monotonic)
    core.lifecycle.sink = clients
    dispatcher = Dispatcher(core.service, clients, lambda: listed, dict)
    loop = asyncio.new_event_loop()
    server = OscServer("127.0.0.1", 0, dispatcher, **options)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ping(core: Core, transport: str) -> None:
    with (
        serving(core) as server,
        BridgeClient(port=server.port, transport=transport) as client,  # type: ignore[arg-type]
    ):
        pong = client.request("/bridge/ping", "x", 0.1, answer="/bridge/pong")
        assert pong.arguments[2:] == ("x", 0.1)


def test_slip_is_answered_with_slip(core: Core) -> None:
    with (
        serving(core) as server,
        socket.create_connection(("127.0.0.1", server.port), 5.0) as raw,
    ):
        raw.sendall(frame_with_slip(encode("/bridge/ping", (192,))))
        data = raw.recv(4096)
        assert data[0] == 0xC0
        (packet,) = StreamDecoder(4096).feed(data)
        assert decode(packet)[0].address == "/bridge/pong"


def test_udp_replies_go_to_the_port_named_in_hello(core: Core) -> None:
    with serving(core) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5.0)
        with BridgeClient(port=server.port, transport="udp") as client:
            client.send("/bridge/hello", "desk", "other", ear.getsockname()[1])
            assert decode(ear.recv(4096))[0].address == "/bridge/welcome"
            client.send("/bridge/ping")
            assert decode(ear.recv(4096))[0].address == "/bridge/pong"


def test_a_long_reply_over_udp_arrives_whole_and_in_order(core: Core) -> None:
    with (
        serving(core, models=500) as server,
        BridgeClient(port=server.port, transport="udp") as client,
    ):
        client.send("/bridge/models")
        client.send("/bridge/ping")
        names = [message.arguments[0] for message in (client.receive() for _ in range(500))]
        assert names == [f"model-{number}" for number in range(500)]
        assert client.receive().address == "/bridge/models/end"
        assert client.receive().address == "/bridge/pong"


def test_a_broken_stream_is_answered_and_closed(core: Core) -> None:
    with serving(core) as server, BridgeClient(port=server.port) as client:
        client._socket.sendall(b"\x00\xff\xff\xff")
        assert client.receive().arguments[1] == "bad_packet"
        with pytest.raises(ConnectionError):
            client.receive()
        with BridgeClient(port=server.port) as other:
            other.request("/bridge/ping", answer="/bridge/pong")


def test_connections_are_limited(core: Core) -> None:
    with serving(core, max_connections=1) as server, BridgeClient(port=server.port) as first:
        first.request("/bridge/ping", answer="/bridge/pong")
        with BridgeClient(port=server.port) as second:
            assert second.receive().arguments[1] == "queue_full"
        first.request("/bridge/ping", answer="/bridge/pong")


def test_a_taken_port_is_an_error_with_advice(core: Core) -> None:
    with (
        serving(core) as server,
        pytest.raises(SettingsError, match="another port"),
        serving_on(core, server.port),
    ):
        pass


@contextlib.contextmanager
def serving_on(core: Core, port: int) -> Iterator[None]:
    dispatcher = Dispatcher(core.service, Clients(1, time.monotonic), list, dict)
    asyncio.run(OscServer("127.0.0.1", port, dispatcher).start())
    yield


def test_strangers_are_refused(core: Core) -> None:
    from tests.fakes import FakePeer

    clients = Clients(1, time.monotonic)
    dispatcher = Dispatcher(core.service, clients, list, dict)
    server = OscServer("127.0.0.1", 0, dispatcher, peers=["192.168.7.0/24"])
    for host, is_welcome in [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.7.9", True),
        ("192.168.8.9", False),
        ("fe80::1%eth0", False),
        ("?", False),
    ]:
        peer = FakePeer(f"udp {host}:1", host)
        server.receive(encode("/bridge/ping"), peer)
        answer = peer.last()
        assert answer.address == ("/bridge/pong" if is_welcome else "/bridge/error")
        assert is_welcome or answer.arguments[1] == "forbidden_peer"
