"""Nobody's load keeps the others waiting, and nothing that is sent makes the daemon grow."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from bridge.osc.client import BridgeClient
from bridge.osc.codec import StreamDecoder, bundle, decode, encode
from bridge.osc.fault_log import MOST_A_SECOND, FaultLog
from bridge.osc.server import MAX_UNSENT_BYTES, UdpEndpoint
from bridge.osc.turns import MOST_WAITING_BYTES, Turns
from tests.fakes import FakeClock
from tests.osc.test_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes import Core


def busy(steps: int, done: list[str], name: str) -> Iterator[None]:
    """Work of a millisecond a step."""
    for step in range(steps):
        if step:
            yield
        until_s = time.thread_time() + 0.001
        while time.thread_time() < until_s:
            pass
        done.append(name)


def test_what_is_small_is_done_at_once() -> None:
    done: list[str] = []
    assert Turns().take("a", busy(1, done, "a"), 8)
    assert done == ["a"]


def test_a_long_packet_lets_others_in_between() -> None:
    """A bundle of a thousand patterns kept the daemon from everything else for seconds."""
    done: list[str] = []

    async def main() -> None:
        turns = Turns()
        assert turns.take("a", busy(60, done, "a"), 8)
        assert 0 < len(done) < 60
        assert turns.take("b", busy(1, done, "b"), 8)
        assert done[-1] == "b"
        await turns.wait("a")
        await turns.stop()

    asyncio.run(main())
    assert done.count("a") == 60


def test_a_sender_s_packets_stay_in_order() -> None:
    done: list[str] = []

    async def main() -> None:
        turns = Turns()
        for name in ("first", "second", "third"):
            assert turns.take("a", busy(20, done, name), 8)
        await turns.wait("a")
        await turns.stop()

    asyncio.run(main())
    assert done == ["first"] * 20 + ["second"] * 20 + ["third"] * 20


def test_what_waits_has_a_bound() -> None:
    async def main() -> None:
        turns = Turns()
        assert turns.take("a", busy(60, [], "a"), MOST_WAITING_BYTES)
        assert not turns.take("a", busy(1, [], "a"), 1)
        assert turns.take("b", busy(1, [], "b"), 1)
        await turns.stop()

    asyncio.run(main())


def test_a_bundle_of_patterns_does_not_hold_up_a_ping(core: Core) -> None:
    heavy = bundle([encode("/bridge/chain/*/*/*", (0.5,))] * 40)
    with (
        serving(core) as server,
        BridgeClient(port=server.port, transport="udp") as bomber,
        BridgeClient(port=server.port) as honest,
    ):
        honest.request("/bridge/ping", answer="/bridge/pong")
        bomber.send_packet(heavy)
        bomber.send("/bridge/ping", "behind the bundle")
        honest.request("/bridge/ping", answer="/bridge/pong")
        assert server._turns._queues, "the bundle was done before the ping was answered"
        while (message := bomber.receive(30.0)).address != "/bridge/pong":
            pass
        assert message.arguments[2:] == ("behind the bundle",)


def test_hello_with_the_daemon_s_own_port_ends(core: Core) -> None:
    """Its own welcome came back as an unknown address, and so did each error about that."""
    with (
        serving(core) as server,
        BridgeClient(port=server.port, transport="udp") as client,
        BridgeClient(port=server.port) as other,
    ):
        client.send("/bridge/hello", "pad", "other", server.port)
        for _ in range(50):
            other.request("/bridge/ping", answer="/bridge/pong")
        assert server._dispatcher.packets < 60
        assert not server._dispatcher.faults["internal"]


def test_an_error_is_never_answered_with_an_error(core: Core) -> None:
    with serving(core) as server, BridgeClient(port=server.port, transport="udp") as client:
        client.send("/bridge/error", "", "bad_packet", "what another program says")
        client.send("/bridge/ping")
        assert client.receive().address == "/bridge/pong"
        assert server._dispatcher.faults["bad_address"] == 1


def test_an_answer_that_no_datagram_holds_is_an_error(core: Core) -> None:
    with serving(core) as server, BridgeClient(port=server.port, transport="udp") as client:
        client.send("/bridge/ping", b"x" * 65_470)
        assert client.receive().arguments[1] == "bad_packet"


class DeafTransport:
    """A transport that takes nothing."""

    def sendto(self, packet: bytes, address: Any) -> None:
        pass

    def is_closing(self) -> bool:
        return False


def test_what_waits_to_be_sent_over_udp_has_a_bound(core: Core) -> None:
    """Listings that were asked for faster than they leave piled up without end."""
    with serving(core) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:

        async def main() -> None:
            endpoint = UdpEndpoint(server, udp)
            endpoint._transport = DeafTransport()  # type: ignore[assignment]
            for _ in range(2 * MAX_UNSENT_BYTES // (1000 * 100)):
                endpoint.send([b"x" * 1000] * 100, ("127.0.0.1", 9))
            waiting = sum(map(len, endpoint._unsent["127.0.0.1", 9]))
            assert waiting == endpoint._unsent_bytes <= MAX_UNSENT_BYTES
            assert server.unsent > 0

        asyncio.run(main())


def test_silent_connections_keep_nobody_out(core: Core) -> None:
    """As many connections as are allowed, each with half a packet, were all that was let in."""
    with (
        serving(core, max_connections=3) as server,
        BridgeClient(port=server.port) as client,
        contextlib.ExitStack() as held,
    ):
        client.request("/bridge/ping", answer="/bridge/pong")
        for _ in range(8):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            slow.sendall(b"\0\0")
        with BridgeClient(port=server.port) as other:
            other.request("/bridge/ping", answer="/bridge/pong")
            client.request("/bridge/ping", answer="/bridge/pong")


def test_a_stream_of_delimiters_is_one_step() -> None:
    """Each took a step of its own: 64 KB of them, 20 ms for everybody."""
    decoder = StreamDecoder(1 << 16)
    assert list(decoder.feed(b"\xc0" * (1 << 16) + b"/a\0\0,\0\0\0\xc0")) == [b"/a\0\0,\0\0\0"]
    assert not decoder._buffer
    assert decode(b"/a\0\0,\0\0\0")[0].address == "/a"


def test_a_flood_of_faults_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    told = FaultLog(clock)
    with caplog.at_level("INFO", "bridge.osc.fault_log"):
        for _ in range(1000):
            told.tell("bad_packet", "", "udp 127.0.0.1:9", ValueError("x" * 10_000))
        clock.now_s += 1.0
        told.tell("bad_packet", "", "udp 127.0.0.1:9", ValueError("the next second"))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == MOST_A_SECOND + 2
    assert f"{1000 - MOST_A_SECOND} more" in lines[-2]
    assert max(map(len, lines)) < 500
