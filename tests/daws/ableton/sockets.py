"""What a script may not do with the machine while Live waits for it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAITS = ("accept", "connect", "recv", "recv_into", "recvfrom", "recvfrom_into", "sendall")
HERE = ("127.0.0.1", "::1", "localhost")


def guarded(violate: Callable[[str], None], opened: list[socket.socket]) -> type[socket.socket]:
    """Return a class of sockets that tells who waits or is heard beyond this machine."""

    class Guarded(socket.socket):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

        def bind(self, address: Any) -> None:
            if address[0] not in HERE:
                violate(f"a socket is bound to {address[0]!r}")
            super().bind(address)

    def checked(name: str) -> Callable[..., Any]:
        original = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:
            if self.gettimeout() != 0.0:
                violate(f"{name} of a socket waits")
                if name in WAITS:
                    raise BlockingIOError("the test would hang here, as Live would")
            return original(self, *arguments)

        return call

    for name in (*WAITS, "sendto"):
        setattr(Guarded, name, checked(name))
    return Guarded


@contextlib.contextmanager
def watched(
    violate: Callable[[str], None], opened: list[socket.socket], clock: Callable[[], float]
) -> Iterator[None]:
    """Tell of everything that would make Live wait, or run beside it; `clock` shows the time."""

    def forbidden(what: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            violate(what)
            return original(*arguments, **options)

        return call

    with contextlib.ExitStack() as stack:
        for place, name, what in (
            (time, "sleep", "sleeps"),
            (threading.Thread, "start", "starts a thread"),
            (subprocess, "run", "waits for a program"),
            (subprocess.Popen, "wait", "waits for a program"),
            (subprocess.Popen, "communicate", "waits for a program"),
        ):
            patched = forbidden(what, getattr(place, name))
            stack.enter_context(mock.patch.object(place, name, patched))
        stack.enter_context(mock.patch.object(socket, "socket", guarded(violate, opened)))
        for name in ("perf_counter", "monotonic"):
            stack.enter_context(mock.patch.object(time, name, clock))
        yield
