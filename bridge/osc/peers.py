"""Who may send requests: this machine, and whom the settings name."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AllowedPeers:
    """Addresses that may send.

    Parameters
    ----------
    networks
        Addresses or networks besides this machine.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def allow(self, host: str) -> bool:
        """Tell whether an address may send."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._networks)
