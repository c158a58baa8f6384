"""Packets that no honest program sends: all are counted, and the honest are answered."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from bridge.errors import BadPacketError
from bridge.osc.client import BridgeClient
from bridge.osc.codec import decode, encode
from tests.faults.outcome import Outcome, table
from tests.faults.packets import bombs, mutations, nested
from tests.osc.conftest import Bridge
from tests.osc.test_server import serving

if TYPE_CHECKING:
    from tests.fakes import Core


def is_osc(packet: bytes) -> bool:
    try:
        decode(packet)
    except BadPacketError:
        return False
    return True


def test_mutated_packets_do_no_harm(core: Core) -> None:
    bridge = Bridge(core)
    for packet in itertools.islice(mutations(random.Random(1)), 3000):
        bridge.dispatcher.receive(packet, bridge.peer)
    assert not bridge.dispatcher.faults["internal"]
    assert bridge.dispatcher.packets == 3000
    assert bridge.send("/bridge/ping")[0][0] == "/bridge/pong"


def test_every_broken_packet_is_counted_and_answered(core: Core) -> None:
    source = mutations(random.Random(2))
    broken = [p for p in itertools.islice(source, 1500) if p and not is_osc(p)]
    assert len(broken) > 200
    with serving(core) as server, BridgeClient(port=server.port) as client:
        for packet in broken:
            client.send_packet(packet)
        answers = [client.receive(30.0) for _ in broken]
        assert {message.arguments[1] for message in answers} == {"bad_packet"}
        assert server._dispatcher.faults["bad_packet"] == len(broken)


def test_bombs_are_taken_in_small_steps(core: Core) -> None:
    bridge = Bridge(core)
    for bomb in bombs():
        for _ in itertools.islice(bridge.dispatcher.steps(bomb, bridge.peer), 50):
            pass
        bridge.peer.received.clear()
    assert not bridge.dispatcher.faults["internal"]
    assert not is_osc(nested(9, encode("/bridge/status")))


def test_the_table_says_what_was_lost() -> None:
    outcome = Outcome("a fault", "what was done", 1000, "what was seen")
    assert table([outcome]).splitlines()[-1] == (
        "| a fault | what was done | 1,000 | what was seen | nothing |"
    )
    outcome.expect(False, "a file")
    assert table([outcome]).endswith("| a file |")
