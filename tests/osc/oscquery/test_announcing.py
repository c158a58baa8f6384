"""A real browse on loopback, with the zeroconf library as any host's."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from bridge import __version__
from bridge.osc.oscquery import announcing
from bridge.osc.oscquery.announcing import OSC_TYPE, OSCQUERY_TYPE, Announcement, Service, services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TIMEOUT_S = 30.0
LOOPBACK = "127.0.0.1"


def loopback_has_multicast() -> bool:
    """Tell whether a packet to the group of mDNS comes back on loopback."""
    group = socket.inet_aton("224.0.0.251")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.settimeout(2.0)
        try:
            ear.bind(("", 0))
            here = socket.inet_aton(LOOPBACK)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + here)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
            ear.sendto(b"dawbridge", ("224.0.0.251", ear.getsockname()[1]))
            return ear.recv(16) == b"dawbridge"
        except OSError:
            return False


def free_ports(count: int) -> list[int]:
    """Return ports that nobody else on this machine announces something at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


needs_multicast = pytest.mark.skipif(
    not loopback_has_multicast(), reason="this machine has no multicast on loopback"
)


@dataclass
class Browser:
    """A host that looks for services."""

    zeroconf: AsyncZeroconf
    there: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            self.there.discard(name)
        else:
            self.there.add(name)
        self.changed.set()

    async def until(self, wanted: Any) -> None:
        async def wait() -> None:
            while not wanted(self.there):
                self.changed.clear()
                await self.changed.wait()

        await asyncio.wait_for(wait(), TIMEOUT_S)

    async def find(self, kind: str, port: int) -> AsyncServiceInfo:
        """Return the service at a port: other daemons may be announced on this machine."""
        seen: dict[str, AsyncServiceInfo] = {}

        async def look() -> AsyncServiceInfo:
            while True:
                for name in [n for n in self.there if n.endswith(kind) and n not in seen]:
                    info = AsyncServiceInfo(kind, name)
                    if await info.async_request(self.zeroconf.zeroconf, 3000):
                        seen[name] = info
                        if info.port == port:
                            return info
                self.changed.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.5)

        return await asyncio.wait_for(look(), TIMEOUT_S)


@contextlib.asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    zeroconf = AsyncZeroconf(interfaces=[LOOPBACK])
    browser = Browser(zeroconf)
    looking = AsyncServiceBrowser(
        zeroconf.zeroconf, [OSCQUERY_TYPE, OSC_TYPE], handlers=[browser.hear]
    )
    try:
        yield browser
    finally:
        await looking.async_cancel()
        await zeroconf.async_close()


@needs_multicast
def test_a_browse_on_loopback_finds_it_until_it_stops() -> None:
    async def browse() -> None:
        http_port, osc_port = free_ports(2)
        announcement = Announcement(services((LOOPBACK, http_port), (LOOPBACK, osc_port)))
        async with browsing() as browser:
            await announcement.start()
            try:
                oscquery = await browser.find(OSCQUERY_TYPE, http_port)
                osc = await browser.find(OSC_TYPE, osc_port)
            finally:
                await announcement.stop()
            for info in (oscquery, osc):
                assert info.parsed_addresses() == [LOOPBACK]
                assert info.name.startswith(f"dawbridge {info.port}")
                assert info.decoded_properties == {"version": __version__}
                assert info.name.removesuffix(".local.") in announcement.state
            await browser.until(lambda there: not there & {oscquery.name, osc.name})

    asyncio.run(browse())


@needs_multicast
def test_two_daemons_have_two_names() -> None:
    async def browse() -> None:
        ports = free_ports(2)
        both = [Announcement([Service(OSCQUERY_TYPE, LOOPBACK, port)]) for port in ports]
        async with browsing() as browser:
            try:
                for announcement in both:
                    await announcement.start()
                found = [await browser.find(OSCQUERY_TYPE, port) for port in ports]
            finally:
                for announcement in both:
                    await announcement.stop()
            assert found[0].name != found[1].name

    asyncio.run(browse())


def test_a_machine_without_multicast_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(announcing, "AsyncZeroconf", refused)

    async def announce() -> str:
        announcement = Announcement([Service(OSCQUERY_TYPE, LOOPBACK, 1)])
        await announcement.start()
        await announcement.stop()
        return announcement.state

    assert asyncio.run(announce()).startswith("no: ")


def test_no_interface_that_takes_part_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose kernel refuses the group: the library goes on without a socket."""
    monkeypatch.setattr("zeroconf._utils.net.add_multicast_member", lambda *_: False)

    async def announce() -> str:
        announcement = Announcement([Service(OSCQUERY_TYPE, LOOPBACK, 1)])
        await announcement.start()
        assert announcement._registering is not None
        await announcement._registering
        await announcement.stop()
        return announcement.state

    assert "no interface" in asyncio.run(asyncio.wait_for(announce(), TIMEOUT_S))


def test_stopping_at_once_is_no_fault() -> None:
    async def announce() -> None:
        announcement = Announcement([Service(OSCQUERY_TYPE, LOOPBACK, 1)])
        await announcement.start()
        await announcement.stop()

    asyncio.run(announce())


def test_osc_is_announced_to_those_who_can_reach_it() -> None:
    lan = "192.168.1.20"
    assert [s.kind for s in services((LOOPBACK, 1), (LOOPBACK, 2))] == [OSCQUERY_TYPE, OSC_TYPE]
    assert [s.kind for s in services((lan, 1), (LOOPBACK, 2))] == [OSCQUERY_TYPE]
    assert [s.kind for s in services((lan, 1), ("0.0.0.0", 2))] == [OSCQUERY_TYPE, OSC_TYPE]


def test_every_address_is_told_but_loopback() -> None:
    info = announcing._info(Service(OSCQUERY_TYPE, "0.0.0.0", 1), [LOOPBACK, "192.168.1.20"])
    assert info.parsed_addresses() == ["192.168.1.20"]
    assert not ipaddress.ip_address(info.parsed_addresses()[0]).is_loopback


@pytest.mark.parametrize("machine", ["", "Ünïcode Mac.local", "x" * 200, "a.b.c"])
def test_any_machine_has_a_name(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: machine)
    info = announcing._info(Service(OSCQUERY_TYPE, LOOPBACK, 7780), [LOOPBACK])
    assert info.server is not None
    for label in (info.name.removesuffix(f".{OSCQUERY_TYPE}"), info.server.split(".")[0]):
        assert 0 < len(label.encode()) <= 63
        assert "." not in label
    assert info.server.isascii()


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="Linux only")
def test_packets_from_elsewhere_are_not_taken() -> None:
    async def bound() -> list[bytes]:
        announcement = Announcement([Service(OSCQUERY_TYPE, LOOPBACK, 1)])
        await announcement.start()
        try:
            assert announcement._zeroconf is not None
            readers = announcement._zeroconf.zeroconf.engine.readers
            size = struct.calcsize("16s")
            level, name = socket.SOL_SOCKET, socket.SO_BINDTODEVICE
            return [reader.sock.getsockopt(level, name, size) for reader in readers]
        finally:
            await announcement.stop()

    devices = asyncio.run(bound())
    assert devices
    assert {device.rstrip(b"\0") for device in devices} == {b"lo"}
