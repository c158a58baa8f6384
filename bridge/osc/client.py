"""A client for programs: the command line, tests, examples. Blocking, over TCP or UDP."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any, Literal

from bridge.errors import by_code
from bridge.osc import spec
from bridge.osc.codec import Message, StreamDecoder, decode, encode, frame_with_length

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

FINAL = frozenset({"/bridge/job/done", "/bridge/job/failed", "/bridge/job/cancelled"})

_MAX_PACKET_BYTES = 1 << 24


class BridgeClient:
    """Talks to the daemon.

    Parameters
    ----------
    host, port
        Where the daemon listens.
    transport
        TCP loses nothing; UDP is what controllers use.
    timeout_s
        How long connecting and `receive` wait.

    Raises
    ------
    OSError
        Nobody listens (TCP).
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 7770,
        transport: Literal["tcp", "udp"] = "tcp",
        timeout_s: float = 5.0,
    ) -> None:
        self._transport, self._timeout_s = transport, timeout_s
        self._decoder = StreamDecoder(_MAX_PACKET_BYTES)
        self._received: list[Message] = []
        if transport == "tcp":
            self._socket = socket.create_connection((host, port), timeout_s)
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.connect((host, port))

    def __enter__(self) -> BridgeClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, address: str, *arguments: Any) -> None:
        """Send a message; floats go as doubles, so that positions keep their precision."""
        tags = "".join("d" if isinstance(value, float) else _guess(value) for value in arguments)
        self.send_packet(encode(address, arguments, tags))

    def send_packet(self, packet: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(frame_with_length(packet) if self._transport == "tcp" else packet)

    def receive(self, timeout_s: float | None = None) -> Message:
        """Return the next message.

        Raises
        ------
        TimeoutError
            Nothing came in time.
        ConnectionError
            The daemon closed the connection.
        """
        deadline_s = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        while not self._received:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("The daemon did not answer in time.")
            self._socket.settimeout(left_s)
            with contextlib.suppress(socket.timeout):
                self._take(self._socket.recv(1 << 16))
        return self._received.pop(0)

    def request(self, address: str, *arguments: Any, answer: str) -> Message:
        """Send a message and return its answer; other messages that come meanwhile are dropped.

        Raises
        ------
        BridgeError
            The daemon refused, with the code's own class.
        """
        self.send(address, *arguments)
        while True:
            message = self.receive()
            if message.address == answer:
                return message
            _raise_error(message, address)

    def listing(self, address: str, *arguments: Any) -> list[Message]:
        """Send a request that is answered by a list; return its entries."""
        self.send(address, *arguments)
        entries = []
        while (message := self.receive()).address != f"{address}/end":
            _raise_error(message, address)
            entries.append(message)
        return entries

    def events(self, job_id: str, timeout_s: float | None = None) -> Iterator[Message]:
        """Yield a job's events until its last.

        Parameters
        ----------
        job_id
            Whose.
        timeout_s
            How long to wait for each; None waits as long as it takes.

        Raises
        ------
        BridgeError
            The daemon refused the run.
        """
        while True:
            try:
                message = self.receive(timeout_s or 3600.0)
            except TimeoutError:
                if timeout_s is not None:
                    raise
                continue
            _raise_error(message, "")
            if message.arguments and message.arguments[0] == job_id:
                yield message
                if message.address in FINAL:
                    return

    def _take(self, data: bytes) -> None:
        if self._transport == "udp":
            self._received += decode(data)
            return
        if not data:
            raise ConnectionError("The daemon closed the connection.")
        for packet in self._decoder.feed(data):
            self._received += decode(packet)


def _guess(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return "i" if value.bit_length() < 32 else "h"
    return "b" if isinstance(value, bytes) else "s"


def _raise_error(message: Message, address: str) -> None:
    if message.address == spec.ERROR_ADDRESS:
        refused, code, sentence = message.arguments
        if not address or refused in {address, ""}:
            raise by_code(code)(sentence)
