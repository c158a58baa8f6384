"""The sockets of OSCQuery: HTTP and WebSocket on one port."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from typing import TYPE_CHECKING

from bridge.errors import BadPacketError, SettingsError
from bridge.osc.oscquery.answers import Answer, Whereabouts, answer
from bridge.osc.oscquery.exchange import METHODS, PATIENCE_S, Exchange
from bridge.osc.oscquery.listening import Listening
from bridge.osc.oscquery.session import Session
from bridge.osc.peers import AllowedPeers
from bridge.osc.server import MAX_UNSENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bridge.osc.clients import Peer
    from bridge.osc.dispatch import Dispatcher
    from bridge.osc.oscquery.exchange import Asked
    from bridge.osc.oscquery.guard import Guard

log = logging.getLogger(__name__)

LOOK_INTERVAL_S = 1.0
"""How often recipes and chains are looked at while somebody listens."""

SILENCE_S = 30.0
"""A WebSocket that is silent this long is asked for a sign of life, and closed after as long."""

_READ_BYTES = 1 << 16


class OscQueryServer:
    """Describes the addresses of a dispatcher.

    Parameters
    ----------
    dispatcher
        What is described.
    receive
        Acts on packets of WebSockets: `OscServer.receive`, so that everybody has a turn.
    host, port
        Where to listen; port 0 is any that is free.
    osc
        Address and port where OSC is listened for.
    guard, peers
        Who may ask: names of this machine, and addresses or networks besides it.
    max_connections, max_packet_bytes
        Limits.
    look_interval_s, patience_s, silence_s
        As `LOOK_INTERVAL_S`, `exchange.PATIENCE_S` and `SILENCE_S`.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        receive: Callable[[bytes, Peer], None],
        host: str,
        port: int,
        *,
        osc: tuple[str, int],
        guard: Guard,
        peers: Iterable[str] = (),
        max_connections: int = 32,
        max_packet_bytes: int = 1 << 16,
        look_interval_s: float = LOOK_INTERVAL_S,
        patience_s: float = PATIENCE_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._dispatcher, self._receive, self._guard = dispatcher, receive, guard
        self._host, self._port = host, port
        self._address = host
        self._osc = osc
        self._allowed = AllowedPeers(peers)
        self._max_connections = max_connections
        self._max_packet_bytes = max_packet_bytes
        self._look_interval_s = look_interval_s
        self._patience_s, self._silence_s = patience_s, silence_s
        self._listening = Listening(dispatcher)
        self._turn = asyncio.Lock()
        self._connections: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._tcp: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    @property
    def address(self) -> str:
        """The address that is listened on."""
        return self._address

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen; `SettingsError` if the port is taken."""
        try:
            self._tcp = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as exc:
            raise SettingsError(
                f"Port {self._port} on {self._host} cannot be listened on for OSCQuery "
                f"({exc.strerror}). Choose another with oscquery_port in the settings, or 0 for "
                "any that is free."
            ) from exc
        self._address, self._port, *_ = self._tcp.sockets[0].getsockname()
        self._dispatcher.clients.ears.append(self._listening.hear)
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Close every socket."""
        if self._tcp is None or self._looking is None:
            return
        self._dispatcher.clients.ears.remove(self._listening.hear)
        self._tcp.close()
        tasks = [*self._connections, self._looking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._look_interval_s)
            try:
                self._listening.look_for_changes()
            except Exception:
                log.exception("OSCQuery could not look at recipes and chains")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        exchange = Exchange(reader, writer, self._patience_s)
        try:
            if len(self._connections) <= 2 * self._max_connections:
                await self._serve(exchange, reader, writer)
        except (OSError, asyncio.TimeoutError) as exc:
            log.debug("%s: %r", exchange.host, exc)
        except BadPacketError as exc:
            log.info("%s: %s", exchange.host, exc)
        finally:
            await _closed(writer, self._patience_s)

    async def _serve(
        self, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer requests until the other side has no more, or turns to WebSocket."""
        while (asked := await exchange.request()) is not None:
            refusal = self._refusal(exchange, asked)
            if refusal is not None:
                await exchange.respond(asked, refusal)
                return
            if (asked.header("upgrade") or "").lower() == "websocket":
                await self._converse(exchange, asked, reader, writer)
                return
            await exchange.respond(asked, await self._answer(exchange, asked))
            if not exchange.goes_on():
                return

    def _refusal(self, exchange: Exchange, asked: Asked) -> Answer | None:
        """Return what to tell whoever may not ask, or asks for what is not done here."""
        if len(self._connections) > self._max_connections:
            sentence = f"{self._max_connections} connections are open already; close one of them."
            return Answer(503, {"ERROR": sentence})
        if not self._allowed.allow(exchange.host):
            sentence = f"{exchange.host} may not ask; see peers in the settings."
            return Answer(403, {"ERROR": sentence})
        sentence = self._guard.refusal(
            asked.header("host"), asked.header("origin"), exchange.own_address
        )
        if sentence:
            return Answer(403, {"ERROR": sentence})
        if asked.method not in METHODS:
            return Answer(405, {"ERROR": f"Only {', '.join(METHODS)} are answered."})
        return None

    async def _answer(self, exchange: Exchange, asked: Asked) -> Answer:
        """Return an answer, one at a time, in no more than half of the daemon's time."""
        if asked.method == "OPTIONS":
            return Answer(204)
        async with self._turn:
            began_s = time.monotonic()
            found = answer(asked.target, self._listening.nodes, self._where(exchange))
            _ = found.body  # the JSON of the whole tree takes as long as the tree
            await asyncio.sleep(time.monotonic() - began_s)
        return found

    def _where(self, exchange: Exchange) -> Whereabouts:
        """Return where OSC is to be had; a server on every address is at the one that was asked."""
        host, port = self._osc
        own = exchange.own_address
        is_everywhere = ipaddress.ip_address(host).is_unspecified
        return Whereabouts(own if is_everywhere else host, port, own, self._port)

    async def _converse(
        self,
        exchange: Exchange,
        asked: Asked,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Carry a WebSocket until it ends."""

        def write(data: bytes) -> None:
            if writer.is_closing():
                return
            writer.write(data)
            if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                log.warning("%s does not read what it is sent; it is closed", session.key)
                writer.transport.abort()

        session = Session(
            self._dispatcher,
            self._receive,
            write,
            host=exchange.host,
            port=exchange.port,
            max_packet_bytes=self._max_packet_bytes,
        )
        try:
            session.upgrade(list(asked.headers), asked.target)
        except BadPacketError as exc:
            await exchange.respond(asked, Answer(400, {"ERROR": str(exc)}))
            return
        self._listening.open(session)
        try:
            session.receive(exchange.unread)
            while session.is_open and (data := await self._heard(reader, session)):
                session.receive(data)
                await asyncio.sleep(0)  # one host's burst must not hold up the others
        finally:
            self._listening.close(session)
            session.close()

    async def _heard(self, reader: asyncio.StreamReader, session: Session) -> bytes:
        """Return what comes next; nothing if the other side is gone."""
        try:
            return await asyncio.wait_for(reader.read(_READ_BYTES), self._silence_s)
        except asyncio.TimeoutError:
            session.ping()
            return await asyncio.wait_for(reader.read(_READ_BYTES), self._silence_s)


async def _closed(writer: asyncio.StreamWriter, patience_s: float) -> None:
    """Close a connection, by force if the other side does not take what is left for it."""
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError, asyncio.TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), patience_s)
    writer.transport.abort()
