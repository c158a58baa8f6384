"""One WebSocket: OSC packets both ways as binary messages, LISTEN and IGNORE as JSON.

Bytes in, bytes out; the connection is `server`'s.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import wsproto
from wsproto import events as ws

from bridge.errors import BadPacketError
from bridge.osc.codec import elements, is_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bridge.osc.clients import Peer
    from bridge.osc.dispatch import Dispatcher

log = logging.getLogger(__name__)

MAX_LISTENED = 8192
"""Addresses that one host may listen to; the contract has some hundreds."""

MAX_ADDRESS_LENGTH = 512


class Session:
    """A host that listens, and a peer of the dispatcher: what it sends is acted on as over UDP.

    Parameters
    ----------
    dispatcher
        Counts and answers what is no JSON.
    receive
        Acts on packets.
    write
        Takes bytes for the other side; never blocks.
    host, port
        Of the other side.
    max_packet_bytes
        A longer message ends the session.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        receive: Callable[[bytes, Peer], None],
        write: Callable[[bytes], None],
        *,
        host: str,
        port: int,
        max_packet_bytes: int,
    ) -> None:
        self.host, self.key = host, f"ws {host}:{port}"
        self.listens: set[str] = set()
        self._dispatcher, self._take, self._write = dispatcher, receive, write
        self._max_packet_bytes = max_packet_bytes
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self._text, self._packet = "", b""

    @property
    def is_open(self) -> bool:
        """Tell whether messages may be sent."""
        return self._ws.state is wsproto.connection.ConnectionState.OPEN

    def upgrade(self, headers: list[tuple[bytes, bytes]], target: str) -> None:
        """Accept a request for a WebSocket.

        Raises
        ------
        BadPacketError
            It is none.
        """
        try:
            self._ws.initiate_upgrade_connection(headers, target)
            for event in self._ws.events():
                if isinstance(event, ws.Request):
                    self._write(self._ws.send(ws.AcceptConnection()))
        except wsproto.utilities.RemoteProtocolError as exc:
            raise BadPacketError(f"This is no WebSocket: {exc}.") from exc

    def receive(self, data: bytes) -> None:
        """Act on bytes of the other side.

        Raises
        ------
        BadPacketError
            They cannot be followed any further; close the connection.
        """
        try:
            self._ws.receive_data(data)
            for event in self._ws.events():
                self._act(event)
        except wsproto.utilities.RemoteProtocolError as exc:
            raise BadPacketError(f"The WebSocket is broken: {exc}.") from exc

    def send(self, packets: Iterable[bytes]) -> None:
        """Send OSC packets, each message on its own: Chataigne reads no bundles."""
        for packet in packets:
            for message in elements(packet) if is_bundle(packet) else (packet,):
                self._send(ws.BytesMessage(message))

    def at_port(self, port: int) -> Session:  # noqa: ARG002 - a connection has one way back
        """Return the session itself: replies go down it, whatever port was named."""
        return self

    def command(self, command: str, data: Any) -> None:
        """Send a command of the proposal, such as PATH_CHANGED."""
        self._send(ws.TextMessage(json.dumps({"COMMAND": command, "DATA": data})))

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._send(ws.Ping())

    def close(self) -> None:
        """Say goodbye."""
        self._send(ws.CloseConnection(wsproto.frame_protocol.CloseReason.GOING_AWAY))

    def _send(self, event: ws.Event) -> None:
        if self.is_open:
            self._write(self._ws.send(event))

    def _act(self, event: ws.Event) -> None:
        if isinstance(event, (ws.Ping, ws.CloseConnection)):
            if self._ws.state is not wsproto.connection.ConnectionState.CLOSED:
                self._write(self._ws.send(event.response()))
        elif isinstance(event, ws.TextMessage):
            self._text += event.data
            self._check_size(self._text)
            if event.message_finished:
                text, self._text = self._text, ""
                self._obey(text)
        elif isinstance(event, ws.BytesMessage):
            self._packet += event.data
            self._check_size(self._packet)
            if event.message_finished:
                packet, self._packet = self._packet, b""
                self._take(packet, self)

    def _check_size(self, message: str | bytes) -> None:
        if len(message) > self._max_packet_bytes:
            raise BadPacketError(f"A message has at most {self._max_packet_bytes} bytes.")

    def _obey(self, text: str) -> None:
        """Act on a command; one that is not known is left alone, as hosts have their own."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            error = BadPacketError("A text that is sent here is JSON with COMMAND and DATA.")
            self._dispatcher.refuse("", error, self)
            return
        command = message.get("COMMAND") if isinstance(message, dict) else None
        address = message.get("DATA") if command in {"LISTEN", "IGNORE"} else None
        if not isinstance(address, str) or len(address) > MAX_ADDRESS_LENGTH:
            log.info("%s: no command of ours: %s", self.key, text[:200])
        elif command == "IGNORE":
            self.listens.discard(address)
        elif len(self.listens) < MAX_LISTENED:
            self.listens.add(address)
