"""A dispatcher over a core whose jobs run nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.models import ModelInfo
from bridge.osc.clients import Clients
from bridge.osc.codec import encode
from bridge.osc.dispatch import Dispatcher
from tests.fakes import Core, FakeClock, FakePeer

MODEL = ModelInfo(
    name="dsp", description="rules", stems=("drums", "bass"), built_in=True, weights_here=True
)


class Bridge:
    """A dispatcher over a core, spoken to in messages."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.clock = FakeClock()
        self.clients = Clients(4, self.clock)
        core.lifecycle.sink = self.clients
        self.dispatcher = Dispatcher(core.service, self.clients, lambda: [MODEL], lambda: {"a": 1})
        self.peer = FakePeer()

    def send(self, address: str, *arguments: Any, peer: FakePeer | None = None) -> list[Any]:
        """Send a message; return what came of it as (address, *arguments)."""
        peer = peer or self.peer
        before = len(peer.received)
        self.dispatcher.receive(encode(address, arguments), peer)
        return [(message.address, *message.arguments) for message in peer.received[before:]]

    def select(self) -> None:
        self.send("/bridge/select", str(self.core.audio), 0.0, 2.0)


@pytest.fixture
def bridge(core: Core) -> Bridge:
    return Bridge(core)
