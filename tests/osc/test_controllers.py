"""Several controllers beside one DAW: pressed and let go, floats only, coming late, going away."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from bridge.errors import EngineFailedError
from bridge.osc import spec
from bridge.osc.clients import EXPIRY_S, GONE_AFTER_S, Clients
from bridge.osc.codec import bundle, decode, encode
from bridge.osc.dispatch import Dispatcher
from bridge.osc.plain import plain
from bridge.osc.refusals import IS_TOLD
from bridge.osc.server import OscServer
from tests.fakes import FakePeer

if TYPE_CHECKING:
    from tests.fakes import Core
    from tests.osc.conftest import Bridge

KNOB = "/bridge/chain/voice-polish/1/threshold_db"
BUTTONS = [
    row.address.replace("RECIPE", "stems").replace("NAME", "plate")
    for row in spec.REQUESTS
    if row.is_button
]


def controller(bridge: Bridge, port: int) -> FakePeer:
    peer = FakePeer(f"udp 127.0.0.1:{port}")
    bridge.send("/bridge/hello", f"pad {port}", "controller", peer=peer)
    peer.received.clear()
    return peer


def told(peer: FakePeer, address: str) -> list[tuple[Any, ...]]:
    return [message.arguments for message in peer.received if message.address == address]


def names(bridge: Bridge) -> list[str]:
    return [client.name for client in bridge.clients.listed]


# Buttons and floats


@pytest.mark.parametrize("address", BUTTONS)
@pytest.mark.parametrize("released", [0.0, 0, False])
def test_letting_go_does_nothing(bridge: Bridge, address: str, released: Any) -> None:
    bridge.select()
    assert bridge.send(address, released) == []
    assert bridge.core.service.jobs(9) == []


@pytest.mark.parametrize("pressed", [1.0, 127, True])
def test_every_row_without_an_argument_is_a_button(bridge: Bridge, pressed: Any) -> None:
    bridge.select()
    bridge.send(KNOB, -30.0)
    bridge.send("/bridge/run/stems", pressed)
    assert len(bridge.core.service.jobs(9)) == 1
    for address, answer in [
        ("/bridge/recipes", "/bridge/recipes/end"),
        ("/bridge/models", "/bridge/models/end"),
        ("/bridge/chains", "/bridge/chains/end"),
        ("/bridge/chain/plate", "/bridge/chain/plate/end"),
        ("/bridge/chain/voice-polish/reset", "/bridge/chain/voice-polish/end"),
        ("/bridge/status", "/bridge/status"),
    ]:
        assert bridge.send(address, pressed)[-1][0] == answer
    bridge.send("/bridge/cancel", pressed)
    assert bridge.core.runner.cancelled == [bridge.core.service.jobs(9)[0].job]
    bridge.send("/bridge/hello", "pad", "controller")
    bridge.send("/bridge/bye", pressed)
    assert names(bridge) == []


@pytest.mark.parametrize("address", ["/bridge/recipes", "/bridge/run/stems"])
def test_a_button_takes_no_text(bridge: Bridge, address: str) -> None:
    bridge.select()
    assert bridge.send(address, "hard")[-1][2] == "bad_arguments"


def test_floats_do_for_everything(bridge: Bridge) -> None:
    pad = FakePeer("udp 127.0.0.1:4000")
    bridge.send("/bridge/hello", "pad", "controller", 9000.0, peer=pad)
    assert pad.other_ports[9000].addresses() == ["/bridge/welcome"]
    bridge.select()
    bridge.send("/bridge/set", "residual", 1.0)
    bridge.send("/bridge/set", "shifts", 2.0)
    bridge.send("/bridge/chain/voice-polish/1/bypass", 1.0)
    bridge.send("/bridge/run/stems", "notes", 0.0, "bitrate", 192.0)
    options = bridge.core.service.job(bridge.core.service.jobs(1)[0].job).options
    assert (options.residual, options.shifts, options.notes, options.bitrate) == (
        True,
        2,
        False,
        192,
    )
    assert len(bridge.send("/bridge/jobs", 1.0)) == 2


@pytest.mark.parametrize(
    ("sent", "tags", "expected"),
    [
        (1.5, "d", ("f", 1.5)),
        (1e300, "d", ("f", float("inf"))),
        (-1e300, "d", ("f", float("-inf"))),
        (True, "T", ("i", 1)),
        (False, "F", ("i", 0)),
        (None, "N", ("s", "off")),
        (2**40, "h", ("f", float(2**40))),
        (7, "i", ("i", 7)),
        ("é", "s", ("s", "é")),
        (b"ab", "b", ("b", b"ab")),
        ((1, 2, 3, 4), "m", ("b", b"\1\2\3\4")),
    ],
)
def test_plain_types(sent: Any, tags: str, expected: tuple[str, Any]) -> None:
    packet = encode("/x", ("before", sent, 0.5), f"s{tags}f")
    tag, value = expected
    assert plain(packet) == encode("/x", ("before", value, 0.5), f"s{tag}f")
    assert plain(bundle([packet, encode("/y")])) == bundle([plain(packet), encode("/y")])


def test_only_controllers_are_spoken_to_plainly(bridge: Bridge) -> None:
    class Raw(FakePeer):
        def send(self, packets: Any) -> None:
            packets = list(packets)
            self.tags = [packet.partition(b",")[2].partition(b"\0")[0] for packet in packets]
            super().send(packets)

    pad, daw = Raw("udp 127.0.0.1:4000"), Raw("udp 127.0.0.1:4001")
    bridge.send("/bridge/hello", "pad", "controller", peer=pad)
    bridge.send("/bridge/hello", "live", "ableton", peer=daw)
    bridge.select()
    assert (pad.tags, daw.tags) == ([b"sff"], [b"sdd"])
    bridge.send("/bridge/models", peer=pad)  # its replies too
    bridge.send("/bridge/models", peer=daw)
    assert told(pad, "/bridge/model")[0][-1] == 1
    assert told(daw, "/bridge/model")[0][-1] is True


# Several at once


def test_all_see_the_same_progress(bridge: Bridge) -> None:
    pads = [controller(bridge, port) for port in (1, 2)]
    bridge.select()
    bridge.send("/bridge/run/stems", 1.0, peer=pads[0])
    job = bridge.core.service.jobs(1)[0].job
    for fraction in (0.25, 0.5):
        bridge.core.clock.now_s += 1.0
        bridge.core.lifecycle.progressed(job, fraction, "separate")
    bridge.core.lifecycle.failed(job, EngineFailedError("The model stopped."))
    assert pads[0].received == pads[1].received
    assert [values[1] for values in told(pads[0], "/bridge/job/progress")] == [0.25, 0.5]
    assert told(pads[1], "/bridge/job/failed")[0][0] == job


def test_two_pressing_at_once_get_two_jobs(bridge: Bridge) -> None:
    pads = [controller(bridge, port) for port in (1, 2)]
    bridge.select()
    for pad in pads:
        bridge.send("/bridge/run/stems", 1.0, peer=pad)
    assert len({state.job for state in bridge.core.service.jobs(9)}) == 2
    for pad in pads:
        assert [values[2] for values in told(pad, "/bridge/job/queued")] == [0, 1]


def test_two_pressing_with_the_same_id_get_one(bridge: Bridge) -> None:
    pads = [controller(bridge, port) for port in (1, 2)]
    bridge.select()
    for pad in pads:
        bridge.send("/bridge/run/stems", "id", "take-7", peer=pad)
    assert [state.job for state in bridge.core.service.jobs(9)] == ["take-7"]
    assert told(pads[1], "/bridge/job/queued")[-1] == ("take-7", "stems", 0)
    assert [order.job.id for order in bridge.core.runner.started] == ["take-7"]


def test_a_choice_is_told_to_the_controllers_of_its_host(bridge: Bridge) -> None:
    first, second = (controller(bridge, port) for port in (1, 2))
    tablet = FakePeer("udp 10.0.0.7:1", "10.0.0.7")
    bridge.send("/bridge/hello", "tablet", "controller", peer=tablet)
    tablet.received.clear()
    bridge.send("/bridge/set", "model", "dsp", peer=first)
    bridge.send("/bridge/set", "model", "default", peer=second)
    expected = [("model", "dsp"), ("model", "default")]
    assert told(first, "/bridge/set") == told(second, "/bridge/set") == expected
    assert tablet.received == []


def test_the_selection_is_told_to_all(bridge: Bridge) -> None:
    pad = controller(bridge, 1)
    bridge.select()
    assert told(pad, "/bridge/selected") == [(str(bridge.core.audio), 0.0, 2.0)]


# Coming late and going away


def test_who_comes_late_gets_the_present_state(bridge: Bridge) -> None:
    bridge.select()
    bridge.send("/bridge/set", "model", "dsp")
    bridge.send("/bridge/run/stems", "id", "done")
    bridge.core.finish("done")
    bridge.send("/bridge/run/stems", "id", "runs", "reuse", 0)
    bridge.send("/bridge/run/vocals", "id", "waits", "reuse", 0)
    bridge.core.clock.now_s += 1.0
    bridge.core.lifecycle.progressed("runs", 0.5, "separate")
    source = str(bridge.core.audio)
    late = FakePeer("udp 127.0.0.1:9")
    answers = bridge.send("/bridge/hello", "pad", "controller", peer=late)
    assert answers[0][0] == "/bridge/welcome"
    assert answers[1:] == [
        ("/bridge/selected", source, 0.0, 2.0),
        ("/bridge/set", "model", "dsp"),
        ("/bridge/job/state", "runs", "running", "stems", 0.5, source),
        ("/bridge/job/progress", "runs", 0.5, "running", -1.0),
        ("/bridge/job/state", "waits", "queued", "vocals", 0.0, source),
    ]
    script = FakePeer("udp 127.0.0.1:10")
    assert len(bridge.send("/bridge/hello", "live", "ableton", peer=script)) == 1


def test_a_program_that_sends_each_message_from_another_port_is_listed_once(
    bridge: Bridge,
) -> None:
    others = [controller(bridge, port).key for port in range(1, bridge.clients.most)]
    ear = FakePeer("udp 127.0.0.1:9100")
    for port in range(50):  # the last that there is room for
        hand = FakePeer(f"udp 127.0.0.1:{30000 + port}", other_ports={9100: ear})
        bridge.send("/bridge/hello", "pad", "controller", 9100, peer=hand)
    assert len(names(bridge)) == len(others) + 1
    ear.received.clear()
    bridge.send(KNOB, -30.0)
    assert told(ear, KNOB) == [(-30.0,)]


def test_who_says_hello_with_another_port_has_moved(bridge: Bridge) -> None:
    pad = FakePeer("udp 127.0.0.1:4000")
    for port in (9000, 9001):
        bridge.send("/bridge/hello", "pad", "controller", port, peer=pad)
    bridge.select()
    assert told(pad.other_ports[9000], "/bridge/selected") == []
    assert len(told(pad.other_ports[9001], "/bridge/selected")) == 1


def test_who_refuses_for_long_is_forgotten(bridge: Bridge) -> None:
    pad = controller(bridge, 1)
    bridge.clients.refused(pad.key)
    bridge.clock.now_s += GONE_AFTER_S * 0.9
    bridge.clients.refused(pad.key)
    assert names(bridge) == ["pad 1"]  # it may be starting
    bridge.send("/bridge/ping", peer=pad)
    bridge.clock.now_s += GONE_AFTER_S * 0.9
    bridge.clients.refused(pad.key)
    assert names(bridge) == ["pad 1"]  # it spoke meanwhile
    bridge.clock.now_s += GONE_AFTER_S
    bridge.clients.refused(pad.key)
    assert names(bridge) == []


def test_who_asked_for_a_job_and_left_is_sent_no_more(bridge: Bridge) -> None:
    """As oscsend does, which ends at once."""
    hand = FakePeer("udp 127.0.0.1:30000")
    bridge.select()
    bridge.send("/bridge/run/stems", "id", "a", peer=hand)
    assert told(hand, "/bridge/job/queued")
    bridge.clients.refused(hand.key)
    hand.received.clear()
    bridge.core.finish("a")
    assert hand.received == []


def test_who_says_nothing_is_forgotten(bridge: Bridge) -> None:
    controller(bridge, 1)
    bridge.clock.now_s += EXPIRY_S + 1.0
    assert names(bridge) == []


@pytest.mark.skipif(not IS_TOLD, reason="only Linux tells who refused")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_closed_port_is_noticed_and_costs_the_others_nothing(core: Core, host: str) -> None:
    """Through real sockets: one controller vanishes, and every event still reaches the other."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    clock_s = [0.0]

    async def scenario() -> tuple[list[int], list[str]]:
        clients = Clients(8, lambda: clock_s[0])
        dispatcher = Dispatcher(core.service, clients, list, dict)
        server = OscServer(host, 0, dispatcher)
        await server.start()
        loop = asyncio.get_running_loop()
        ear, lost = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            for pad in (lost, ear):  # the lost one is sent to first: the next must not pay for it
                pad.bind((host, 0))
                pad.setblocking(False)
                await loop.sock_connect(pad, (host, server.port))
                hello = encode("/bridge/hello", ("ear" if pad is ear else "lost", "controller"))
                await loop.sock_sendall(pad, hello)
                assert decode(await asyncio.wait_for(loop.sock_recv(pad, 4096), 20.0))
            lost.close()
            heard: list[int] = []
            for number in range(200):
                clients.tell_others([encode("/n", (number,))], FakePeer())
                clock_s[0] += GONE_AFTER_S / 10
                (message,) = decode(await asyncio.wait_for(loop.sock_recv(ear, 4096), 20.0))
                heard.append(message.arguments[0])
            return heard, [client.name for client in clients.listed]
        finally:
            ear.close()
            lost.close()
            await server.stop()

    with socket.socket(family, socket.SOCK_DGRAM) as tried:
        try:
            tried.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
    heard, listed = asyncio.run(scenario())
    assert heard == list(range(200))
    assert listed == ["ear"]
