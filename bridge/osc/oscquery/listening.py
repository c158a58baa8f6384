"""Who listens to what, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.osc import spec
from bridge.osc.codec import decode, elements, encode, is_bundle
from bridge.osc.oscquery.changes import changes, moved
from bridge.osc.oscquery.present import present, stamp
from bridge.osc.oscquery.space import space

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bridge.osc.dispatch import Dispatcher
    from bridge.osc.oscquery.nodes import Node
    from bridge.osc.oscquery.present import Stamp
    from bridge.osc.oscquery.session import Session

ANOTHER_NAME = {"/bridge/selected": "/bridge/select"}
"""Where the value that an answer tells can be read."""

_EVENTS = frozenset(row.address for row in (*spec.EVENTS.values(), spec.NOTE))


@dataclass
class Listening:
    """The open sessions, the last event at each address, and how the address space was.

    Parameters
    ----------
    dispatcher
        Knows what there is.
    """

    dispatcher: Dispatcher
    sessions: list[Session] = field(default_factory=list)
    told: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _seen: Mapping[str, Node] = field(default_factory=dict)
    _stamp: Stamp = ()

    def nodes(self) -> dict[str, Node]:
        """Return every node by its address, as things are now."""
        return space(present(self.dispatcher, self.told))

    def open(self, session: Session) -> None:
        """Take a session that begins."""
        if not self.sessions:
            self._look()
        self.sessions.append(session)

    def close(self, session: Session) -> None:
        """Forget a session, and the client that it may have been."""
        self.dispatcher.clients.forget(session)
        if session in self.sessions:
            self.sessions.remove(session)

    def hear(self, packets: list[bytes], sent_to: Collection[str]) -> None:
        """Take what every client is told; an ear of `Clients`.

        Parameters
        ----------
        packets
            OSC of our own making.
        sent_to
            Keys of peers that have it already.
        """
        for packet in packets:
            for message in _messages(packet):
                self._pass_on(message, sent_to)

    def look_for_changes(self) -> None:
        """Tell what became of recipes and chains since the last look."""
        if not self.sessions or stamp(self.dispatcher.service.presets) == self._stamp:
            return
        before = self._seen
        self._look()
        for command, path in changes(before, self._seen):
            for session in self.sessions:
                session.command(command, path)
        for node in moved(before, self._seen):
            if node.form is not None and node.value is not None:
                packet = encode(node.path, node.value, "" if None in node.value else node.form.tags)
                self._send(node.path, packet, ())

    def _look(self) -> None:
        self._stamp = stamp(self.dispatcher.service.presets)
        self._seen = self.nodes()

    def _pass_on(self, packet: bytes, sent_to: Collection[str]) -> None:
        (message,) = decode(packet)
        if message.address in _EVENTS:
            self.told[message.address] = message.arguments
        self._send(message.address, packet, sent_to)
        if message.address in ANOTHER_NAME:
            address = ANOTHER_NAME[message.address]
            self._send(address, encode(address, message.arguments, "sdd"), ())

    def _send(self, address: str, packet: bytes, sent_to: Collection[str]) -> None:
        for session in self.sessions:
            if address in session.listens and session.key not in sent_to:
                session.send([packet])


def _messages(packet: bytes) -> Iterator[bytes]:
    if is_bundle(packet):
        yield from elements(packet)
    else:
        yield packet
