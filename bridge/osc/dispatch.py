"""From packets to handlers, and from exceptions to `/bridge/error`: the one place for both."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.errors import BadAddressError, BridgeError, InternalError, nearest
from bridge.osc import patterns, spec
from bridge.osc.arguments import parse_arguments, parse_options
from bridge.osc.codec import Message, decode, encode
from bridge.osc.handlers import HANDLERS, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bridge.core.service import Service
    from bridge.models import ModelInfo
    from bridge.osc.clients import Clients, Peer

log = logging.getLogger(__name__)

_ROWS = {request.address: request for request in spec.REQUESTS}
_RUN, _CHAIN = "/bridge/run/RECIPE", "/bridge/chain/NAME/INDEX/PARAM"


@dataclass
class Dispatcher:
    """Acts on packets.

    Parameters
    ----------
    service, clients, models, status
        What handlers reach: see `handlers.Call`.
    """

    service: Service
    clients: Clients
    models: Callable[[], Sequence[ModelInfo]]
    status: Callable[[], Mapping[str, Any]]
    faults: Counter[str] = field(default_factory=Counter)
    packets: int = 0

    def receive(self, packet: bytes, peer: Peer) -> None:
        """Act on a packet and send the replies; never raises."""
        self.packets += 1
        replies_to = self.clients.heard(peer)
        try:
            messages = decode(packet)
        except BridgeError as exc:
            self.refuse("", exc, replies_to)
            return
        for message in messages:
            self._act(message, peer, self.clients.heard(peer))

    def refuse(self, address: str, error: BridgeError, peer: Peer) -> None:
        """Count, log and answer a fault."""
        self.faults[error.code] += 1
        log.info("%s: %s from %s: %s", error.code, address or "a packet", peer.key, error)
        peer.send([encode(spec.ERROR_ADDRESS, (address, error.code, str(error)), spec.ERROR_TAGS)])

    def _act(self, message: Message, peer: Peer, replies_to: Peer) -> None:
        try:
            for address, row in self._routes(message.address):
                call = Call(
                    self.service, self.clients, self.models, self.status, peer, replies_to, address
                )
                replies_to.send(self._handle(call, row, message.arguments))
        except BridgeError as exc:
            self.refuse(message.address, exc, replies_to)
        except Exception:
            log.exception("%s failed", message.address)
            error = InternalError("dawbridge made a mistake here; its log says more.")
            self.refuse(message.address, error, replies_to)

    @staticmethod
    def _handle(call: Call, row: spec.Request, values: Sequence[Any]) -> list[bytes]:
        handler = HANDLERS[row.address]
        if row.takes_anything:
            return handler(call, *values)
        if row.address == _RUN:  # a button's number and options share their place
            return handler(call, values)
        arguments, rest = parse_arguments(row, values)
        if row.takes_options:
            return handler(call, *arguments, parse_options(rest))
        return handler(call, *arguments)

    def _routes(self, address: str) -> Iterator[tuple[str, spec.Request]]:
        """Yield every address that an address or a pattern means, with its row."""
        if patterns.is_pattern(address):
            known = [*(a for a in _ROWS if a not in {_RUN, _CHAIN}), *self._recipe_addresses()]
            meant = [candidate for candidate in known if patterns.matches(address, candidate)]
            if not meant:
                raise BadAddressError(f"No address matches '{address[:200]}'.")
        else:
            meant = [address]
        for name in meant:
            row = _row(name)
            if row is None:
                raise BadAddressError(
                    f"There is no address '{name[:200]}'.{nearest(name[:200], _ROWS)}"
                )
            yield name, row

    def _recipe_addresses(self) -> list[str]:
        return [f"/bridge/run/{recipe.name}" for recipe in self.service.presets.recipes()]


def _row(address: str) -> spec.Request | None:
    parts = address.split("/")
    if address in {_RUN, _CHAIN}:
        return None
    if len(parts) == 4 and address.startswith("/bridge/run/") and parts[3]:
        return _ROWS[_RUN]
    if len(parts) == 6 and address.startswith("/bridge/chain/"):
        return _ROWS[_CHAIN]
    return _ROWS.get(address)
