"""Telling zeroconf (multicast DNS, RFC 6762 and 6763) where OSCQuery and OSC are to be had.

Without multicast everything works but being found; why it is not there is kept for the status.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import platform
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from bridge import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

OSCQUERY_TYPE = "_oscjson._tcp.local."
OSC_TYPE = "_osc._udp.local."

LOOPBACK = "127.0.0.1"

_STOP_PATIENCE_S = 3.0
_GOODBYE_TTL_S = 0
_MAX_LABEL_BYTES = 63


@dataclass(frozen=True)
class Service:
    """Something to be found: its type in the DNS, and the address and port where it listens."""

    kind: str
    address: str
    port: int

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine reaches it."""
        return ipaddress.ip_address(self.address).is_loopback


def services(oscquery: tuple[str, int], osc: tuple[str, int]) -> list[Service]:
    """Return what to announce, from addresses and ports; OSC only to those who can reach it."""
    found, other = Service(OSCQUERY_TYPE, *oscquery), Service(OSC_TYPE, *osc)
    return [found, other] if found.is_local or not other.is_local else [found]


class Announcement:
    """Announces services under one name until it is stopped.

    Parameters
    ----------
    services
        What there is. If only this machine reaches it, only the loopback interface is used.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._is_local = all(service.is_local for service in services)
        self._zeroconf: AsyncZeroconf | None = None
        self._registering: asyncio.Task[None] | None = None
        self._announced: list[AsyncServiceInfo] = []
        self._fault = ""

    @property
    def state(self) -> str:
        """The names that are announced, or why there are none."""
        if self._fault:
            return f"no: {self._fault}"
        return ", ".join(map(_shown, self._announced)) or "not yet"

    async def start(self) -> None:
        """Begin to announce; being heard takes a second, which is not waited for."""
        try:
            interfaces = [LOOPBACK] if self._is_local else InterfaceChoice.All
            self._zeroconf = AsyncZeroconf(interfaces=interfaces)
            await self._zeroconf.zeroconf.async_wait_for_start()
        except (OSError, RuntimeError, ZeroconfError) as exc:
            self._fail(exc)
            return
        if self._is_local:
            _keep_to_loopback(self._zeroconf)
        self._registering = asyncio.create_task(self._register(self._zeroconf))

    async def stop(self) -> None:
        """Say goodbye and close the sockets."""
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)
        if self._zeroconf is None:
            return
        with contextlib.suppress(OSError, asyncio.TimeoutError, ZeroconfError):
            await asyncio.wait_for(self._zeroconf.async_unregister_all_services(), _STOP_PATIENCE_S)
            # An answer that the library had queued may have gone out after its goodbye.
            core = self._zeroconf.zeroconf
            for info in self._announced:
                core.async_send(core.generate_service_broadcast(info, _GOODBYE_TTL_S))
        await self._zeroconf.async_close()

    async def _register(self, zeroconf: AsyncZeroconf) -> None:
        own = [sender.sock.getsockname()[0] for sender in zeroconf.zeroconf.engine.senders]
        try:
            if not own:
                raise OSError("no interface takes part in multicast")  # noqa: TRY301
            await asyncio.gather(*(self._tell(zeroconf, _info(s, own)) for s in self._services))
        except (OSError, RuntimeError, ZeroconfError) as exc:
            self._fail(exc)

    async def _tell(self, zeroconf: AsyncZeroconf, info: AsyncServiceInfo) -> None:
        """Announce a service, and again and again for a second or two, as packets get lost."""
        repeating = await zeroconf.async_register_service(info, allow_name_change=True)
        self._announced.append(info)
        log.info("announced: %s", _shown(info))
        await repeating  # so that a stop ends it: after the goodbye it would be a welcome

    def _fail(self, exc: Exception) -> None:
        self._fault = str(exc) or type(exc).__name__
        log.warning("zeroconf cannot be used, so hosts must be told where to look: %s", exc)


def _info(service: Service, own: list[str]) -> AsyncServiceInfo:
    """Return the records of a service; one on every address is told at each but loopback.

    The port is part of the name: daemons that start at the same moment do not see each other.
    """
    machine = platform.node().partition(".")[0]
    label = f"dawbridge {service.port} on {machine}" if machine else f"dawbridge {service.port}"
    label = label.encode()[:_MAX_LABEL_BYTES].decode(errors="ignore")
    server = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-")
    addresses = [service.address]
    if ipaddress.ip_address(service.address).is_unspecified:
        addresses = [address for address in own if not ipaddress.ip_address(address).is_loopback]
    return AsyncServiceInfo(
        service.kind,
        f"{label}.{service.kind}",
        port=service.port,
        parsed_addresses=addresses,
        server=f"{server}.local.",
        properties={"version": __version__},
    )


def _shown(info: AsyncServiceInfo) -> str:
    return info.name.removesuffix(".local.")


def _keep_to_loopback(zeroconf: AsyncZeroconf) -> None:
    """Take no packet from elsewhere: the library listens on every interface (on Linux)."""
    device = getattr(socket, "SO_BINDTODEVICE", None)
    if device is None:
        return
    for reader in zeroconf.zeroconf.engine.readers:
        try:
            reader.sock.setsockopt(socket.SOL_SOCKET, device, b"lo\0")
        except OSError as exc:
            log.info("zeroconf takes packets from other interfaces too: %s", exc)
