"""OSCQuery over a core whose jobs run nowhere, on a port of its own; hosts that ask it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import wsproto
from wsproto import events as ws

from bridge.osc.clients import Clients
from bridge.osc.codec import Message, decode
from bridge.osc.dispatch import Dispatcher
from bridge.osc.oscquery.guard import Guard
from bridge.osc.oscquery.listening import Listening
from bridge.osc.oscquery.server import OscQueryServer
from tests.osc.conftest import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping

    from bridge.osc.oscquery.nodes import Node
    from tests.fakes import Core

TIMEOUT_S = 20.0
OSC_PORT = 7770
STATUS = {"version": "1.2.3", "uptime": 1.5, "packets": 3}


@dataclass
class Reply:
    """What HTTP answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A running server, reached as hosts reach it."""

    server: OscQueryServer
    dispatcher: Dispatcher
    loop: asyncio.AbstractEventLoop

    def get(self, target: str, method: str = "GET", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request(method, target, headers=headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, told, response.read())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT_S)

    def listen(self, **headers: str) -> WebSocket:
        connection = self.connect()
        try:
            return WebSocket(connection, headers)
        except ConnectionError:
            connection.close()
            raise

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something where the server runs."""

        async def called() -> Any:
            return function(*arguments)

        return self.run(called())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    def osc(self, packet: bytes, peer: Any) -> None:
        """Let the daemon take a packet over another transport."""
        self.call(self.dispatcher.receive, packet, peer)


class WebSocket:
    """A host with a WebSocket."""

    def __init__(self, connection: socket.socket, headers: Mapping[str, str]) -> None:
        self.socket = connection
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._events: list[ws.Event] = []
        host = "{}:{}".format(*connection.getpeername()[:2])
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.write(ws.Request(host=host, target="/", extra_headers=extra))
        answer = self.event()
        if isinstance(answer, ws.RejectConnection):
            raise ConnectionRefusedError(answer.status_code)
        assert isinstance(answer, ws.AcceptConnection)

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def write(self, event: ws.Event) -> None:
        self.socket.sendall(self._ws.send(event))

    def command(self, command: str, data: Any) -> None:
        self.write(ws.TextMessage(json.dumps({"COMMAND": command, "DATA": data})))

    def send(self, packet: bytes) -> None:
        self.write(ws.BytesMessage(packet))

    def event(self) -> ws.Event:
        """Return what comes next; the end of the connection, however it ends, is an event too."""
        while not self._events:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionError:
                data = b""
            self._ws.receive_data(data or None)
            self._events += self._ws.events()
        return self._events.pop(0)

    def message(self) -> Message:
        """Return the next OSC message."""
        event = self.event()
        assert isinstance(event, ws.BytesMessage), event
        (message,) = decode(bytes(event.data))
        return message

    def told(self) -> tuple[str, Any]:
        """Return the next command and what it is about."""
        event = self.event()
        assert isinstance(event, ws.TextMessage), event
        message = json.loads(event.data)
        return message["COMMAND"], message["DATA"]

    def settle(self) -> None:
        """Wait until everything that was sent has been acted on; nothing else may come."""
        self.write(ws.Ping(b"settle"))
        event = self.event()
        assert isinstance(event, ws.Pong), event


def dispatcher_over(core: Core) -> Dispatcher:
    clients = Clients(8, time.monotonic)
    core.lifecycle.sink = clients
    return Dispatcher(core.service, clients, lambda: [MODEL], lambda: STATUS)


@contextlib.contextmanager
def serving(core: Core, names: tuple[str, ...] = (), **options: Any) -> Iterator[Served]:
    """Serve on a free port from a thread of its own."""
    dispatcher = dispatcher_over(core)
    loop = asyncio.new_event_loop()
    server = OscQueryServer(
        dispatcher,
        dispatcher.receive,
        "127.0.0.1",
        0,
        guard=Guard(frozenset(names)),
        **{"osc": ("127.0.0.1", OSC_PORT), "look_interval_s": 0.05, **options},
    )
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    served = Served(server, dispatcher, loop)
    try:
        yield served
    finally:
        served.run(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def nodes(core: Core) -> Mapping[str, Node]:
    """Every node, of the shipped presets."""
    return Listening(dispatcher_over(core)).nodes()
