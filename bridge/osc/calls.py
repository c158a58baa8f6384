"""What a handler is given, and how one is registered for a row of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.core.service import Service
    from bridge.models import ModelInfo
    from bridge.osc.clients import Clients, Peer

Handler = Callable[..., list[bytes]]


@dataclass(frozen=True)
class Call:
    """One request on its way: who asked, what for, and what it can reach.

    Parameters
    ----------
    service, clients
        The core, and who listens.
    models
        Lists the separation models.
    status
        Tells how the daemon is, as names and values.
    peer
        Who asked; its replies go there.
    replies_to
        Where the replies go.
    names
        What the address has for the parts that its row writes in capitals.
    """

    service: Service
    clients: Clients
    models: Callable[[], Sequence[ModelInfo]]
    status: Callable[[], Mapping[str, Any]]
    peer: Peer
    replies_to: Peer
    names: Mapping[str, str]


def registering(handlers: dict[str, Handler]) -> Callable[[str], Callable[[Handler], Handler]]:
    """Return a decorator that puts functions into a table; it gives the function back."""

    def handles(address: str) -> Callable[[Handler], Handler]:
        def register(function: Handler) -> Handler:
            handlers[address] = function
            return function

        return register

    return handles
