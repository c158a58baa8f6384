"""The one socket: UDP on loopback, never waited for."""

from __future__ import annotations

import socket
import time
from typing import Callable, NamedTuple

from . import osc
from .errors import BadPacketError

LOOPBACK = "127.0.0.1"
ERROR = "/bridge/error"
DRAIN_S = 0.002
"""How long one tick may take packets in; what is left waits for the next."""

_RECEIVE_BUFFER_BYTES = 1 << 20
_LARGEST_PACKET_BYTES = 1 << 16


class Received(NamedTuple):
    """A message and who sent it."""

    message: osc.Message
    sender: tuple[str, int]


class Link:
    """Sends to the daemon, and takes what it and controllers send.

    Parameters
    ----------
    port
        Where controllers send to. If another program has it, perhaps a second Live, any free port
        is taken, and `is_shared` tells so: the daemon answers all the same.
    daemon_port
        Where the daemon listens.
    clock
        Seconds, as `time.perf_counter`.
    """

    def __init__(
        self, port: int, daemon_port: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.daemon = (LOOPBACK, daemon_port)
        self._clock = clock
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        self.is_shared = False
        try:
            self._socket.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            self.is_shared = True
            self._socket.bind((LOOPBACK, 0))
        self.port = self._socket.getsockname()[1]
        self.bad_packets = 0

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def send(self, address: str, *arguments: object) -> None:
        """Send a message to the daemon; one that does not fit in the network's queue is lost."""
        self.reply(self.daemon, address, *arguments)

    def reply(self, receiver: tuple[str, int], address: str, *arguments: object) -> None:
        """Send a message to whoever sent one."""
        packet = osc.encode(address, *arguments)
        try:
            self._socket.sendto(packet, receiver)
        except OSError:
            return  # as lost as UDP may lose it: every request is sent again until it is answered

    def receive(self) -> list[Received]:
        """Return what has come, as much of it as `DRAIN_S` allows."""
        received: list[Received] = []
        deadline_s = self._clock() + DRAIN_S
        while self._clock() < deadline_s:
            try:
                packet, sender = self._socket.recvfrom(_LARGEST_PACKET_BYTES)
            except BlockingIOError:
                break
            except OSError:
                continue  # Windows: an earlier packet found nobody who listens
            try:
                received += [Received(message, sender) for message in osc.decode(packet)]
            except BadPacketError as fault:
                self.bad_packets += 1
                # Two programs that answer each other's errors never stop.
                if not packet.startswith(ERROR.encode()):
                    self.reply(sender, ERROR, "", "bad_packet", str(fault))
        return received
