"""Who may ask. A browser sends whatever any web page tells it to, also to this machine.

Two headers say what a page is up to. ``Host`` is the name that the page's script used: after DNS
rebinding it is the attacker's name, which now means 127.0.0.1. ``Origin`` is where the page came
from; browsers send it with every WebSocket, and a WebSocket can start jobs.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

LOCAL_NAME = "localhost"


@dataclass(frozen=True)
class Guard:
    """Knows the names of this machine.

    Parameters
    ----------
    names
        Names besides ``localhost`` that hosts and web pages may use.
    """

    names: frozenset[str] = frozenset()

    def refusal(self, host: str | None, origin: str | None, own_address: str) -> str:
        """Return why a request is refused; empty if it is not.

        Parameters
        ----------
        host
            The header ``Host``; programs without it speak HTTP/1.0 and are no browsers.
        origin
            The header ``Origin``; None from programs that are no browsers.
        own_address
            The address of this machine that was connected to.
        """
        if host is not None and not self._is_own(f"//{host}", own_address):
            return (
                f"'{host[:200]}' is no name of this machine; add it to oscquery_names in the "
                "settings if it is."
            )
        if origin is not None and not self._is_own(origin, own_address):
            return (
                f"Pages from '{origin[:200]}' may not come here; add the name of their server to "
                "oscquery_names in the settings if they may."
            )
        return ""

    def _is_own(self, url: str, own_address: str) -> bool:
        try:
            name = urlsplit(url).hostname
        except ValueError:
            return False
        if not name:
            return False
        name = name.rstrip(".")
        if name == LOCAL_NAME or name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or address == ipaddress.ip_address(own_address)
