"""Who refused a datagram: what Linux keeps of the ICMP messages that say that nobody listens.

A UDP socket that sends to many is told nothing of refusals unless it asks (`IP_RECVERR`, ip(7)).
Then each waits in a queue of its own, with the address that was sent to; and the next call on the
socket fails, whomever it is for, so that the queue is to be emptied before each datagram.
Elsewhere than on Linux there is no such queue, and nothing is heard of refusals.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_IP_RECVERR = 11
_IPV6_RECVERR = 25
_ERROR = struct.Struct("=IBBBBII")
"""`struct sock_extended_err` of linux/errqueue.h; its first field is the error's number."""

IS_TOLD = sys.platform == "linux"
"""Whether this system says who refused."""


def ask_for_refusals(udp: socket.socket) -> None:
    """Let a socket keep refusals, where the system can."""
    if not IS_TOLD:
        return
    if udp.family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        udp.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def refusals(udp: socket.socket) -> Iterator[tuple[Any, ...]]:
    """Empty the queue of a non-blocking socket; yield the addresses whose port is closed."""
    if sys.platform != "linux":
        return
    while True:
        try:
            _, told, _, address = udp.recvmsg(0, 512, socket.MSG_ERRQUEUE)
        except OSError:  # empty, or the socket is closed
            return
        for _, _, content in told:
            number, *_ = _ERROR.unpack_from(content.ljust(_ERROR.size, b"\0"))
            if number == errno.ECONNREFUSED:
                yield address
