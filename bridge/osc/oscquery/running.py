"""OSCQuery as the daemon starts and stops it. Its libraries are imported at the start."""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.osc.clients import Peer
    from bridge.osc.dispatch import Dispatcher
    from bridge.osc.oscquery.announcing import Announcement
    from bridge.osc.oscquery.server import OscQueryServer

log = logging.getLogger(__name__)

OFF = "off"


@dataclass
class OscQuery:
    """The server and its announcement. A fault of theirs is told, and stops nothing else.

    Parameters
    ----------
    is_on
        Whether the musician wants it.
    host, port
        Where to listen; port 0 is any that is free.
    osc_host, osc_port
        Where OSC is listened for.
    names, peers
        Names of this machine besides localhost; addresses and networks that may ask besides it.
    max_connections, max_packet_bytes
        Limits.
    """

    is_on: bool
    host: str
    port: int
    osc_host: str
    osc_port: int
    names: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    max_connections: int = 32
    max_packet_bytes: int = 1 << 16
    _state: str = OFF
    _server: OscQueryServer | None = None
    _announcement: Announcement | None = None
    _starting: asyncio.Task[None] | None = None

    def start(self, dispatcher: Dispatcher, receive: Callable[[bytes, Peer], None]) -> None:
        """Begin to listen and to announce, if it is wanted; nothing waits for it.

        Parameters
        ----------
        dispatcher
            What is described.
        receive
            Acts on packets that come down a WebSocket.
        """
        if self.is_on:
            self._starting = asyncio.create_task(self._start(dispatcher, receive))

    async def stop(self) -> None:
        """Say goodbye and close every socket."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._announcement is not None:
            await self._announcement.stop()
        if self._server is not None:
            await self._server.stop()

    def status(self) -> dict[str, str]:
        """Tell where it is, or why it is not, for the daemon's status."""
        told = {"oscquery": self._state}
        if self._announcement is not None:
            told["oscquery.announced"] = self._announcement.state
        return told

    async def _start(self, dispatcher: Dispatcher, receive: Callable[[bytes, Peer], None]) -> None:
        try:
            await self._listen(dispatcher, receive)
        except SettingsError as exc:
            self._state = f"{OFF}: {exc}"
            log.warning("%s", exc)
        except Exception as exc:
            self._state = f"{OFF}: {exc}"
            log.exception("OSCQuery cannot start")

    async def _listen(self, dispatcher: Dispatcher, receive: Callable[[bytes, Peer], None]) -> None:
        for name in ("announcing", "server"):  # requests are answered meanwhile
            await asyncio.to_thread(importlib.import_module, f"bridge.osc.oscquery.{name}")
        from bridge.osc.oscquery.announcing import Announcement, services
        from bridge.osc.oscquery.guard import Guard
        from bridge.osc.oscquery.server import OscQueryServer

        osc = (await _address(self.osc_host, self.osc_port), self.osc_port)
        self._server = OscQueryServer(
            dispatcher,
            receive,
            self.host,
            self.port,
            osc=osc,
            guard=Guard(frozenset(self.names)),
            peers=self.peers,
            max_connections=self.max_connections,
            max_packet_bytes=self.max_packet_bytes,
        )
        await self._server.start()
        here = (self._server.address, self._server.port)
        self._state = f"http://{_url_host(here[0])}:{here[1]}/"
        log.info("OSCQuery on %s", self._state)
        self._announcement = Announcement(services(here, osc))
        await self._announcement.start()


async def _address(host: str, port: int) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return str(found[0][4][0])


def _url_host(address: str) -> str:
    return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
