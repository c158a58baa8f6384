"""The sockets: UDP and TCP on one port. Nothing here waits for anything but the network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from bridge.errors import (
    BadPacketError,
    BridgeError,
    ForbiddenPeerError,
    QueueFullError,
    SettingsError,
)
from bridge.osc.codec import StreamDecoder
from bridge.osc.peers import AllowedPeers
from bridge.osc.refusals import ask_for_refusals, refusals
from bridge.osc.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.osc.clients import Peer
    from bridge.osc.dispatch import Dispatcher

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 1 << 22
"""A TCP client that reads so slowly that this much waits for it is cut off; what waits to be sent
over UDP beyond this is lost, as UDP loses packets."""

MAX_DATAGRAM_BYTES = 65_507
"""What UDP over IPv4 carries."""

_READ_BYTES = 1 << 16
_BURST = 64
_BURST_INTERVAL_S = 0.005
"""Pace of long replies over UDP: receivers' buffers hold a few hundred small packets."""


@dataclass
class UdpPeer:
    """A UDP address; sends through the server's socket."""

    endpoint: UdpEndpoint
    address: tuple[Any, ...]

    @property
    def key(self) -> str:
        """Transport, host and port."""
        return udp_key(self.address)

    @property
    def host(self) -> str:
        """The sender's address."""
        return str(self.address[0])

    def send(self, packets: Iterable[bytes]) -> None:
        """Queue packets; they leave in order, long runs of them in bursts."""
        self.endpoint.send(packets, self.address)

    def at_port(self, port: int) -> UdpPeer:
        """Return another port of the same host."""
        return UdpPeer(self.endpoint, (self.address[0], port, *self.address[2:]))


def udp_key(address: tuple[Any, ...]) -> str:
    """Return what tells a UDP address from others."""
    return f"udp {address[0]}:{address[1]}"


@dataclass
class UdpEndpoint(asyncio.DatagramProtocol):
    """Takes datagrams and paces what goes out."""

    server: OscServer
    udp: socket.socket
    _transport: asyncio.DatagramTransport | None = None
    _unsent: dict[tuple[Any, ...], deque[bytes]] = field(default_factory=dict)
    _unsent_bytes: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Act on a datagram."""
        self.server.receive(data, UdpPeer(self, addr))

    def error_received(self, exc: Exception) -> None:
        """Hear what the network says of an earlier datagram, such as that nobody listens."""
        log.debug("UDP: %s", exc)
        self._hear_refusals()

    def send(self, packets: Iterable[bytes], address: tuple[Any, ...]) -> None:
        """Send packets in order."""
        unsent = self._unsent.get(address)
        is_sending = unsent is not None
        if unsent is None:
            unsent = self._unsent[address] = deque()
        for packet in packets:
            if len(packet) > MAX_DATAGRAM_BYTES:
                self.server.too_long(packet, UdpPeer(self, address))
            elif self._unsent_bytes + len(packet) <= MAX_UNSENT_BYTES:
                unsent.append(packet)
                self._unsent_bytes += len(packet)
            else:
                self.server.unsent += 1
        if not is_sending:
            self._send_burst(address)

    def _send_burst(self, address: tuple[Any, ...]) -> None:
        unsent = self._unsent[address]
        for _ in range(min(_BURST, len(unsent))):
            if self._transport is not None and not self._transport.is_closing():
                self._hear_refusals()
                packet = unsent.popleft()
                self._unsent_bytes -= len(packet)
                self._transport.sendto(packet, address)
        if unsent and self._transport is not None and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(_BURST_INTERVAL_S, self._send_burst, address)
        else:
            self._unsent_bytes -= sum(map(len, unsent))
            del self._unsent[address]

    def _hear_refusals(self) -> None:
        for address in refusals(self.udp):
            self.server.refused(udp_key(address))


@dataclass
class TcpPeer:
    """A TCP connection; answers in the framing that it was spoken to in."""

    writer: asyncio.StreamWriter
    decoder: StreamDecoder
    has_spoken: bool = False

    @property
    def key(self) -> str:
        """Transport, host and port."""
        host, port, *_ = self.writer.get_extra_info("peername") or ("?", 0)
        return f"tcp {host}:{port}"

    @property
    def host(self) -> str:
        """The sender's address."""
        return str((self.writer.get_extra_info("peername") or ("?",))[0])

    def send(self, packets: Iterable[bytes]) -> None:
        """Queue packets; a client that does not read them is cut off."""
        if self.writer.is_closing():
            return
        self.writer.write(b"".join(self.decoder.frame(packet) for packet in packets))
        if self.writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            log.warning("%s does not read what it is sent; its connection is closed", self.key)
            self.writer.transport.abort()

    def at_port(self, port: int) -> TcpPeer:  # noqa: ARG002 - a connection has one way back
        """Return the connection itself: replies go down it, whatever port was named."""
        return self


class OscServer:
    """Listens on one port for UDP and TCP.

    Parameters
    ----------
    host, port
        Where to listen.
    dispatcher
        Acts on packets.
    peers
        Addresses or networks besides this machine that may send.
    max_connections, max_packet_bytes
        Limits of TCP.
    """

    def __init__(
        self,
        host: str,
        port: int,
        dispatcher: Dispatcher,
        *,
        peers: Iterable[str] = (),
        max_connections: int = 32,
        max_packet_bytes: int = 1 << 16,
    ) -> None:
        self._host, self._port = host, port
        self._dispatcher = dispatcher
        self._allowed = AllowedPeers(peers)
        self._max_connections = max_connections
        self._max_packet_bytes = max_packet_bytes
        self._connections: dict[asyncio.Task[None], TcpPeer] = {}
        self._turns = Turns()
        self.unsent = 0
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    async def start(self) -> None:
        """Listen; `SettingsError` if the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._tcp = await asyncio.start_server(self._connected, self._host, self._port)
            self._port = self._tcp.sockets[0].getsockname()[1]
            udp = await _bound(self._host, self._port)
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: UdpEndpoint(self, udp), sock=udp
            )
        except OSError as exc:
            await self.stop()
            raise SettingsError(
                f"Port {self._port} on {self._host} cannot be listened on ({exc.strerror}). "
                "Another program has it, perhaps another dawbridge: stop that, or choose another "
                "port with --port."
            ) from exc

    async def stop(self) -> None:
        """Close every socket."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        await self._turns.stop()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def receive(self, packet: bytes, peer: Peer) -> None:
        """Act on a packet of whoever may send."""
        if not self._allowed.allow(peer.host):
            error: BridgeError = ForbiddenPeerError(
                f"{peer.host} may not send requests; see peers in the settings."
            )
            self._dispatcher.refuse("", error, peer)
            return
        steps = self._dispatcher.steps(packet, peer)
        if not self._turns.take(peer.key, steps, len(packet)):
            error = QueueFullError("Too much waits to be done already; send less at a time.")
            self._dispatcher.refuse("", error, peer)

    def too_long(self, packet: bytes, peer: UdpPeer) -> None:
        """Say that an answer does not fit into a datagram."""
        error = BadPacketError(
            f"The answer has {len(packet)} bytes; a datagram holds {MAX_DATAGRAM_BYTES}. Ask over "
            "TCP, or for less."
        )
        self._dispatcher.refuse("", error, peer)

    def refused(self, key: str) -> None:
        """Take that nobody listens at a peer's port."""
        self._dispatcher.clients.refused(key)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = TcpPeer(writer, StreamDecoder(self._max_packet_bytes))
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = peer
            task.add_done_callback(lambda done: self._connections.pop(done, None))
        try:
            if len(self._connections) > self._max_connections and not self._drop_a_silent_one(peer):
                raise QueueFullError(
                    f"{self._max_connections} connections are open already; close one of them."
                )
            await self._converse(reader, peer)
        except BridgeError as exc:
            self._dispatcher.refuse("", exc, peer)
        except OSError as exc:
            log.debug("%s: %s", peer.key, exc)
        finally:
            self._dispatcher.clients.forget(peer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    def _drop_a_silent_one(self, new: TcpPeer) -> bool:
        """Cut off the oldest connection that has not said anything whole; False if there is none.

        A program that connects and says nothing, or the half of a packet, keeps nobody out.
        """
        for peer in self._connections.values():
            if peer is not new and not peer.has_spoken and not peer.writer.is_closing():
                log.info("%s has said nothing; another takes its place", peer.key)
                peer.writer.transport.abort()
                return True
        return False

    async def _converse(self, reader: asyncio.StreamReader, peer: TcpPeer) -> None:
        while data := await reader.read(_READ_BYTES):
            for packet in peer.decoder.feed(data):
                peer.has_spoken = True
                self.receive(packet, peer)
                await asyncio.sleep(0)  # one client's burst must not hold up the others
                await self._turns.wait(peer.key)


async def _bound(host: str, port: int) -> socket.socket:
    """Return a UDP socket that listens; `OSError` if it cannot."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    udp = socket.socket(family, kind, protocol)
    try:
        udp.setblocking(False)
        udp.bind(address)
        ask_for_refusals(udp)
    except OSError:
        udp.close()
        raise
    return udp
