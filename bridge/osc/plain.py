"""Plain types for controllers: the four that OSC 1.0 requires of every program.

Many controllers read nothing else. Pure Data's oscparse gives up a message at the first `d`, `T`,
`F`, `N` or `h`, so that an event with one of them would be lost or cut short.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.osc.codec import bundle, decode, encode, is_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.osc.clients import Peer

OFF = "off"
"""What nil becomes: a knob that is off."""

_LARGEST = 3.4028234663852886e38
"""The largest finite float32."""


@dataclass(frozen=True)
class PlainPeer:
    """A peer that is sent integers, floats, texts and blobs only.

    Parameters
    ----------
    peer
        Where the packets go.
    """

    peer: Peer

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.peer.key

    @property
    def host(self) -> str:
        """Its address, without the port."""
        return self.peer.host

    def send(self, packets: Iterable[bytes]) -> None:
        """Send packets in order."""
        self.peer.send([plain(packet) for packet in packets])

    def at_port(self, port: int) -> PlainPeer:
        """Return the same host at another port."""
        return PlainPeer(self.peer.at_port(port))


def plain(packet: bytes) -> bytes:
    """Return a packet of ours with every argument in a plain type.

    Doubles and long integers become floats, true and false 1 and 0, nil the text ``off``.
    """
    messages = []
    for message in decode(packet):
        pairs = [_plain(value) for value in message.arguments]
        tags = "".join(tag for tag, _ in pairs)
        messages.append(encode(message.address, [value for _, value in pairs], tags))
    return bundle(messages) if is_bundle(packet) else messages[0]


def _plain(value: Any) -> tuple[str, Any]:
    if value is None:
        return "s", OFF
    if isinstance(value, int) and -(2**31) <= value < 2**31:  # also a bool
        return "i", int(value)
    if isinstance(value, (int, float)):
        return "f", float(value) if abs(value) <= _LARGEST else math.copysign(math.inf, value)
    return ("s", value) if isinstance(value, str) else ("b", bytes(value))
