"""The sockets: UDP and TCP on one port. Nothing here waits for anything but the network."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from bridge.errors import BridgeError, ForbiddenPeerError, QueueFullError, SettingsError
from bridge.osc.codec import StreamDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.osc.dispatch import Dispatcher

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 1 << 22
"""A TCP client that reads so slowly that this much waits for it is cut off."""

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
        return f"udp {self.address[0]}:{self.address[1]}"

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


@dataclass
class UdpEndpoint(asyncio.DatagramProtocol):
    """Takes datagrams and paces what goes out."""

    server: OscServer
    _transport: asyncio.DatagramTransport | None = None
    _unsent: dict[tuple[Any, ...], deque[bytes]] = field(default_factory=dict)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Act on a datagram."""
        self.server.receive(data, UdpPeer(self, addr))

    def error_received(self, exc: Exception) -> None:
        """Log what the network says of an earlier datagram, such as that nobody listens."""
        log.debug("UDP: %s", exc)

    def send(self, packets: Iterable[bytes], address: tuple[Any, ...]) -> None:
        """Send packets in order."""
        unsent = self._unsent.get(address)
        if unsent is not None:
            unsent.extend(packets)
            return
        self._unsent[address] = deque(packets)
        self._send_burst(address)

    def _send_burst(self, address: tuple[Any, ...]) -> None:
        unsent = self._unsent[address]
        for _ in range(min(_BURST, len(unsent))):
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(unsent.popleft(), address)
        if unsent and self._transport is not None and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(_BURST_INTERVAL_S, self._send_burst, address)
        else:
            del self._unsent[address]


@dataclass
class TcpPeer:
    """A TCP connection; answers in the framing that it was spoken to in."""

    writer: asyncio.StreamWriter
    decoder: StreamDecoder

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
        self._networks = [ipaddress.ip_network(peer, strict=False) for peer in peers]
        self._max_connections = max_connections
        self._max_packet_bytes = max_packet_bytes
        self._connections: set[asyncio.Task[None]] = set()
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
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: UdpEndpoint(self), local_addr=(self._host, self._port)
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
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def receive(self, packet: bytes, peer: UdpPeer | TcpPeer) -> None:
        """Act on a packet of whoever may send."""
        if not self._may_send(peer.host):
            error = ForbiddenPeerError(
                f"{peer.host} may not send requests; see peers in the settings."
            )
            self._dispatcher.refuse("", error, peer)
            return
        self._dispatcher.receive(packet, peer)

    def _may_send(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._networks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        peer = TcpPeer(writer, StreamDecoder(self._max_packet_bytes))
        try:
            if len(self._connections) > self._max_connections:
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

    async def _converse(self, reader: asyncio.StreamReader, peer: TcpPeer) -> None:
        while data := await reader.read(_READ_BYTES):
            for packet in peer.decoder.feed(data):
                self.receive(packet, peer)
                await asyncio.sleep(0)  # one client's burst must not hold up the others
