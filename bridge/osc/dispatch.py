"""From packets to handlers, and from exceptions to `/bridge/error`: the one place for both."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.errors import BadAddressError, BadArgumentsError, BridgeError, InternalError, nearest
from bridge.osc import chain_handlers, handlers, patterns, spec
from bridge.osc.arguments import parse_arguments, parse_options
from bridge.osc.calls import Call, Handler
from bridge.osc.codec import IMPULSE, Message, decode, encode
from bridge.osc.converters import boolean
from bridge.osc.fault_log import FaultLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bridge.core.service import Service
    from bridge.models import ModelInfo
    from bridge.osc.clients import Clients, Peer

log = logging.getLogger(__name__)

HANDLERS: dict[str, Handler] = {**handlers.HANDLERS, **chain_handlers.HANDLERS}
"""The handler of every row of the contract."""

_ROWS = {request.address: request for request in spec.REQUESTS}
_FIXED = {address: request for address, request in _ROWS.items() if not request.has_names}
_NAMED = tuple(request for request in spec.REQUESTS if request.has_names)
_CHAINS = "/bridge/chain/"


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
    fault_log: FaultLog = field(default_factory=FaultLog)
    packets: int = 0

    def receive(self, packet: bytes, peer: Peer) -> None:
        """Act on a packet and send the replies; never raises."""
        for _ in self.steps(packet, peer):
            pass

    def steps(self, packet: bytes, peer: Peer) -> Iterator[None]:
        """Act on a packet in steps, one for each address that it means; see `turns.Work`."""
        self.packets += 1
        replies_to = self.clients.heard(peer)
        try:
            messages = decode(packet)
        except BridgeError as exc:
            self.refuse("", exc, replies_to)
            return
        for index, message in enumerate(messages):
            if index:
                yield
            yield from self._act(message, peer, self.clients.heard(peer))

    def refuse(self, address: str, error: BridgeError, peer: Peer) -> None:
        """Count, log and answer a fault."""
        self.faults[error.code] += 1
        self.fault_log.tell(error.code, address, peer.key, error)
        if address == spec.ERROR_ADDRESS:
            return  # two programs would answer each other's errors without end
        peer.send([encode(spec.ERROR_ADDRESS, (address, error.code, str(error)), spec.ERROR_TAGS)])

    def _act(self, message: Message, peer: Peer, replies_to: Peer) -> Iterator[None]:
        try:
            for index, (row, names) in enumerate(self._routes(message.address)):
                if index:
                    yield
                call = Call(
                    self.service, self.clients, self.models, self.status, peer, replies_to, names
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
        if row.is_button and _is_one_number(row, values):
            if not _is_pressed(values[0]):
                return []
            values = ()
        arguments, rest = parse_arguments(row, values)
        if row.takes_options:
            return handler(call, *arguments, parse_options(rest))
        return handler(call, *arguments)

    def _routes(self, address: str) -> Iterator[tuple[spec.Request, dict[str, str]]]:
        """Yield the row of every address that an address or a pattern means, with its names."""
        if patterns.is_pattern(address):
            meant = [known for known in self._known(address) if patterns.matches(address, known)]
            if not meant:
                raise BadAddressError(f"No address matches '{address[:200]}'.")
        else:
            meant = [address]
        for name in meant:
            yield _row(name)

    def _known(self, pattern: str) -> Iterator[str]:
        """Yield the addresses that a pattern may mean; chains' knobs only if it asks for chains."""
        if not pattern.startswith(_CHAINS):
            yield from _FIXED
            yield from (f"/bridge/run/{recipe.name}" for recipe in self.service.presets.recipes())
            return
        chain, *rest = pattern.removeprefix(_CHAINS).split("/")
        for name in self.service.presets.chains():
            if not patterns.matches(chain, name):
                continue
            yield from (f"{_CHAINS}{name}", f"{_CHAINS}{name}/reset")
            for knob in self.service.knobs.shown(name) if len(rest) > 1 else ():
                if not patterns.matches(rest[0], knob.place):
                    continue
                address = f"{_CHAINS}{name}/{knob.place}/{knob.name}"
                yield from (address, f"{address}/fader")


def _is_one_number(row: spec.Request, values: Sequence[Any]) -> bool:
    """Tell whether a lone value is a button's, and not a text for the row's own argument."""
    return len(values) == 1 and not (row.arguments and isinstance(values[0], str))


def _is_pressed(value: Any) -> bool:
    """Tell whether a button is pressed; zero lets it go, and OSC's impulse presses."""
    if value == IMPULSE:
        return True
    try:
        return boolean(value)
    except ValueError as exc:
        raise BadArgumentsError(f"A button takes {exc} alone, not {value!r}.") from exc


def _row(address: str) -> tuple[spec.Request, dict[str, str]]:
    """Return the row of an address, with what stands for the parts in capitals."""
    if address in _FIXED:
        return _FIXED[address], {}
    for row in _NAMED:
        names = row.named(address)
        if names is not None and address != row.address:
            return row, names
    raise BadAddressError(f"There is no address '{address[:200]}'.{nearest(address[:200], _ROWS)}")
