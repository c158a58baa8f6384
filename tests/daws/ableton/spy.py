"""A port that stands where the daemon or a controller would, and notes what it is sent."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"


class Spy:
    """A UDP port on loopback; packets are read and written by python-osc."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((HERE, port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]
        self.heard: list[tuple[str, list[Any]]] = []
        self.sender: tuple[str, int] | None = None

    def listen(self) -> list[tuple[str, list[Any]]]:
        """Return all that ever came, as addresses and arguments."""
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, self.sender = self.socket.recvfrom(1 << 16)
                for each in OscPacket(packet).messages:
                    self.heard.append((each.message.address, list(each.message.params)))
        return self.heard

    def arguments(self, address: str) -> list[list[Any]]:
        """Return the arguments of every message to an address."""
        return [arguments for name, arguments in self.listen() if name == address]

    def send(self, port: int, address: str, *arguments: Any) -> None:
        """Send a message to a port."""
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument, "d" if isinstance(argument, float) else None)
        self.socket.sendto(builder.build().dgram, (HERE, port))

    def answer(self, address: str, *arguments: Any) -> None:
        """Send a message to whoever was heard last."""
        assert self.sender is not None
        self.send(self.sender[1], address, *arguments)


@contextlib.contextmanager
def spy(port: int = 0) -> Iterator[Spy]:
    """Listen on a port."""
    made = Spy(port)
    try:
        yield made
    finally:
        made.socket.close()
