"""WebSockets: who listens hears, and only once."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
from wsproto import events as ws

from bridge.core import events as ev
from bridge.osc.codec import bundle, encode
from tests.fakes import FakePeer
from tests.osc.oscquery.conftest import serving

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.osc.oscquery.server import OscQueryServer
    from tests.fakes import Core
    from tests.osc.oscquery.conftest import WebSocket

WET = "/bridge/chain/plate/0/wet_level"
QUEUED_ADDRESS = "/bridge/job/queued"
QUEUED = ev.Queued(job="one", recipe="stems", place=0)


def heard(websocket: WebSocket, *, count: int) -> list[tuple[Any, ...]]:
    messages = [websocket.message() for _ in range(count)]
    websocket.settle()
    return [(message.address, *message.arguments) for message in messages]


def test_a_knob_that_is_turned_elsewhere_is_heard(core: Core) -> None:
    with serving(core) as served, served.listen() as host, served.listen() as other:
        host.command("LISTEN", WET)
        host.command("LISTEN", f"{WET}/fader")
        host.settle()
        served.osc(encode(WET, (0.25,)), FakePeer())
        assert heard(host, count=2) == [(WET, 0.25), (f"{WET}/fader", 0.25)]
        other.settle()
        served.osc(encode("/bridge/chain/plate/reset"), FakePeer())
        told = heard(host, count=2)
        assert told[0] == (WET, pytest.approx(0.12))


def test_only_what_is_listened_to_until_it_is_ignored(core: Core) -> None:
    with serving(core) as served, served.listen() as host:
        host.command("LISTEN", WET)
        host.settle()
        served.osc(encode("/bridge/chain/plate/0/room_size", (0.5,)), FakePeer())
        served.osc(encode(WET, (0.5,)), FakePeer())
        assert heard(host, count=1) == [(WET, 0.5)]
        host.command("IGNORE", WET)
        host.settle()
        served.osc(encode(WET, (0.75,)), FakePeer())
        host.settle()


def test_events_and_the_selection_are_heard(core: Core) -> None:
    with serving(core) as served, served.listen() as host:
        host.command("LISTEN", QUEUED_ADDRESS)
        host.command("LISTEN", "/bridge/select")
        host.settle()
        served.osc(encode("/bridge/select", (str(core.audio), 0.0, 2.0)), FakePeer())
        served.call(served.dispatcher.clients.publish, QUEUED)
        assert heard(host, count=2) == [
            ("/bridge/select", str(core.audio), 0.0, 2.0),
            (QUEUED_ADDRESS, "one", "stems", 0),
        ]


def test_osc_goes_both_ways(core: Core) -> None:
    """A WebSocket is a transport like any other: requests in, replies and errors out."""
    with serving(core) as served, served.listen() as host:
        host.send(encode("/bridge/ping", (7,)))
        assert host.message().arguments[2:] == (7,)
        host.send(b"nonsense")
        assert host.message().arguments[1] == "bad_packet"
        host.send(bundle([encode(WET, (0.25,)), encode(WET, (9.0,))]))
        told = heard(host, count=3)
        assert [message[0] for message in told] == [WET, f"{WET}/fader", "/bridge/error"]


def test_what_comes_as_a_reply_is_not_heard_again(core: Core) -> None:
    with serving(core) as served, served.listen() as host:
        host.send(encode("/bridge/hello", ("page", "other")))
        assert host.message().address == "/bridge/welcome"
        for address in (WET, QUEUED_ADDRESS):
            host.command("LISTEN", address)
        host.settle()
        host.send(encode(WET, (0.5,)))
        assert heard(host, count=2) == [(WET, 0.5), (f"{WET}/fader", 0.5)]
        served.osc(encode(WET, (0.75,)), FakePeer())
        assert heard(host, count=2) == [(WET, 0.75), (f"{WET}/fader", 0.75)]
        served.osc(encode("/bridge/select", (str(core.audio), 0.0, 2.0)), FakePeer())
        host.message()
        served.call(served.dispatcher.clients.publish, QUEUED)
        assert heard(host, count=1)[0][0] == QUEUED_ADDRESS


def test_whoever_goes_away_is_forgotten(core: Core) -> None:
    with serving(core) as served:
        with served.listen() as host:
            host.send(encode("/bridge/hello", ("page", "other")))
            host.message()
            assert len(served.call(lambda: served.dispatcher.clients.listed)) == 1
            host.write(ws.CloseConnection(1000))
            assert isinstance(host.event(), ws.CloseConnection)
            assert host.socket.recv(1) == b""
        assert served.call(lambda: served.dispatcher.clients.listed) == ()
        served.osc(encode(WET, (0.5,)), FakePeer())


def chains(core: Core) -> Path:
    folder = core.service.presets.folders[0] / "chains"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_chain_that_comes_and_goes_is_told(core: Core) -> None:
    mine = chains(core) / "mine.toml"
    with serving(core) as served, served.listen() as host:
        host.settle()
        mine.write_text('description = "x"\n\n[[effect]]\ntype = "Gain"\n')
        assert host.told() == ("PATH_ADDED", "/bridge/chain/mine")
        changed = {host.told() for _ in range(3)}
        assert changed == {
            ("PATH_CHANGED", path)
            for path in ("/bridge/chain", "/bridge/chains/save", "/bridge/set")
        }
        assert served.get("/bridge/chain/mine/0/gain_db?TYPE").json == {"TYPE": "f"}
        mine.unlink()
        assert host.told() == ("PATH_REMOVED", "/bridge/chain/mine")
        assert host.told() == ("PATH_CHANGED", "/bridge/chain")
        assert served.get("/bridge/chain/mine").status == 404


def test_a_recipe_that_comes_is_told(core: Core) -> None:
    folder = core.service.presets.folders[0] / "recipes"
    folder.mkdir(parents=True)
    with serving(core) as served, served.listen() as host:
        host.settle()
        (folder / "mine.toml").write_text('description = "x"\n\n[[stage]]\nkind = "write"\n')
        assert host.told() == ("PATH_ADDED", "/bridge/run/mine")
        assert host.told() == ("PATH_CHANGED", "/bridge/run")


def test_a_value_that_a_text_editor_changed_is_heard(core: Core) -> None:
    mine = chains(core) / "mine.toml"
    mine.write_text('[[effect]]\ntype = "Gain"\ngain_db = 3.0\n')
    knob = "/bridge/chain/mine/0/gain_db"
    with serving(core) as served, served.listen() as host:
        host.command("LISTEN", knob)
        host.settle()
        part = mine.with_suffix(".part")
        part.write_text('[[effect]]\ntype = "Gain"\ngain_db = -4.5\n')
        part.replace(mine)
        assert heard(host, count=1) == [(knob, -4.5)]


@pytest.mark.parametrize(
    "text",
    ['{"COMMAND": "START_OSC_STREAMING", "DATA": {}}', '{"COMMAND": "LISTEN", "DATA": 7}', "[]"],
)
def test_commands_of_others_are_left_alone(core: Core, text: str) -> None:
    with serving(core) as served, served.listen() as host:
        host.write(ws.TextMessage(text))
        host.settle()


@pytest.mark.parametrize("text", ["", "no JSON", "[" * 60_000])
def test_a_text_that_is_no_json_is_answered(core: Core, text: str) -> None:
    with serving(core) as served, served.listen() as host:
        host.write(ws.TextMessage(text))
        assert host.message().arguments[1] == "bad_packet"
        host.settle()


def test_a_message_may_come_in_parts(core: Core) -> None:
    packet = encode("/bridge/ping", ("x" * 200,))
    with serving(core) as served, served.listen() as host:
        for start in range(0, len(packet), 50):
            part = packet[start : start + 50]
            host.write(ws.BytesMessage(part, message_finished=start + 50 >= len(packet)))
        assert host.message().address == "/bridge/pong"


@pytest.mark.parametrize("kind", ["text", "bytes", "parts"])
def test_a_message_that_is_too_long_ends_the_session(core: Core, kind: str) -> None:
    with serving(core, max_packet_bytes=1024) as served, served.listen() as host:
        if kind == "parts":
            for _ in range(20):
                host.write(ws.BytesMessage(bytes(100), message_finished=False))
        else:
            long = ws.TextMessage("x" * 1025) if kind == "text" else ws.BytesMessage(bytes(1028))
            host.write(long)
        assert isinstance(host.event(), ws.CloseConnection)
        assert served.get("/?HOST_INFO").status == 200


def test_bytes_that_are_no_websocket_end_the_session(core: Core) -> None:
    with serving(core) as served, served.listen() as host:
        host.socket.sendall(b"\xff" * 64)
        assert isinstance(host.event(), ws.CloseConnection)
        assert served.get("/?HOST_INFO").status == 200


def test_silence_is_asked_about_and_then_ended(core: Core) -> None:
    with serving(core, silence_s=0.2) as served, served.listen() as host:
        assert isinstance(host.event(), ws.Ping)
        assert isinstance(host.event(), ws.CloseConnection)


def test_a_sign_of_life_is_enough(core: Core) -> None:
    class Answering:
        """Sends its pong as soon as it is asked."""

        def __init__(self) -> None:
            self.reader = asyncio.StreamReader()

        def ping(self) -> None:
            self.reader.feed_data(b"pong")

    async def heard(server: OscQueryServer) -> bytes:
        session = Answering()
        return await server._heard(session.reader, session)  # type: ignore[arg-type]

    with serving(core, silence_s=0.2) as served:
        assert served.run(heard(served.server)) == b"pong"


def test_pages_of_others_may_not_listen(core: Core) -> None:
    with serving(core) as served:
        with (
            pytest.raises(ConnectionRefusedError, match="403"),
            served.listen(Origin="https://attacker.example"),
        ):
            pass
        with served.listen(Origin="http://localhost:8000") as host:
            host.settle()


def test_a_host_that_does_not_read_is_cut_off(core: Core) -> None:
    with serving(core) as served, served.listen() as host:
        host.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        pings = [encode("/bridge/ping", ("x" * 60_000,))] * 1000
        with pytest.raises(ConnectionError):
            list(map(host.send, pings))
        assert served.get("/?HOST_INFO").status == 200
