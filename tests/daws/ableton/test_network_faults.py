"""Whatever comes over the network, and whoever else listens there, Live goes on."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from tests.daws.ableton.pressing import answered, names, placed, press, song_of, whole
from tests.daws.ableton.spy import HERE
from tests.daws.ableton.studio import FAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.actor import Actor
    from tests.daws.ableton.spy import Spy
    from tests.daws.ableton.studio import Studio

BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)


def malformed() -> list[bytes]:
    good = bytes.fromhex("2f6272696467652f72756e2f7374656d730000002c0000002c0000002c000000")
    message = b"/bridge/run\0" + b",si\0" + b"stems\0\0\0" + struct.pack(">i", 5)
    nested = message
    for _ in range(2000):
        nested = BUNDLE + struct.pack(">i", len(nested)) + nested
    packets = [
        b"",
        b"\0",
        b"abc",
        b"/",
        b"/a\0\0",
        b"/a\0\0,i\0\0",
        b"/a\0\0,s\0\0abcd",
        b"/a\0\0,b\0\0\x7f\xff\xff\xff",
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"/a\0\0,Q\0\0",
        b"/\xff\xfe\0,\0\0\0",
        b"/a\0\0,s\0\0\xff\xff\0\0",
        BUNDLE,
        BUNDLE + b"\0\0\0\0",
        BUNDLE + struct.pack(">i", -4) + message,
        BUNDLE + struct.pack(">i", 3) + message,
        BUNDLE + struct.pack(">i", 1000) + message,
        nested[:65000],
        b"/a\0\0," + b"[" * 2000 + b"\0" * 3,
        bytes(65000),
        message[:-2],
        good[:-4],
    ]
    generator = random.Random(11)
    for _ in range(200):
        broken = bytearray(message)
        for _ in range(generator.randrange(1, 6)):
            broken[generator.randrange(len(broken))] = generator.randrange(256)
        packets.append(bytes(broken[: generator.randrange(4, len(broken) + 1)]))
    return packets


def test_packets_that_are_no_osc(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    song_of(studio)
    studio.live.connect()
    for packet in malformed():
        controller.socket.sendto(packet, (HERE, studio.controller_port))
        if studio.live.ticks and len(studio.live.ticks) % 7 == 0:
            actor.answer()
        studio.live.tick()
    studio.live.run(1.0)
    press(studio, controller)
    runs = answered(studio, actor)
    assert runs[-1]["recipe"] == "stems-to-midi"
    studio.live.skip_until(lambda: placed(studio))
    errors = controller.arguments("/bridge/error")
    assert {arguments[1] for arguments in errors} <= {"bad_packet", "bad_arguments"}
    assert len(errors) >= 20


def test_errors_are_never_answered(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    """Otherwise two programs tell each other of errors for ever."""
    studio, _ = acted()
    studio.live.connect()
    controller.send(studio.controller_port, "/bridge/error", "/a", "bad_arguments", "No.")
    studio.live.run(1.0)
    assert controller.listen() == []


def test_what_is_wrong_in_a_message_stops_no_other(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    song_of(studio)
    studio.live.connect()
    for address, *arguments in (
        ("/bridge/run/stems", "model"),
        ("/bridge/run/stems", 3, 4),
        ("/bridge/run/stems", "path", "/etc/passwd"),
        ("/bridge/run", 7.5, "x"),
        ("/bridge/run/",),
        ("/bridge/run/a/b",),
        ("/bridge/run",),
        ("/elsewhere", b"blob"),
        ("/bridge/run/stems", 0),
        ("/bridge/cancel",),
        ("/bridge/place",),
    ):
        controller.send(studio.controller_port, address, *arguments)
    press(studio, controller)
    studio.live.run(0.5)
    runs = answered(studio, actor, ends=False)
    recipes = [run["recipe"] for run in runs]
    assert recipes[-1] == "stems-to-midi"
    assert "/etc/passwd" not in [run["path"] for run in runs]
    job = runs[-1]["id"]
    for address, *arguments in (
        ("/bridge/job/progress",),
        ("/bridge/job/progress", job),
        ("/bridge/job/progress", job, "half", 3),
        ("/bridge/job/stem", job, 1, 2),
        ("/bridge/job/midi", job),
        ("/bridge/job/queued", 7),
        ("/bridge/job/done",),
        ("/bridge/job/done", "another", "/nowhere", 1.0),
        ("/bridge/job/unheard-of", job),
        ("/bridge/recipe",),
        ("/bridge/error",),
        ("/bridge/error", 1, 2, 3),
        ("/bridge/welcome",),
        ("/unheard-of", job),
    ):
        actor.spy.answer(address, *arguments)
    studio.live.run(0.5)
    actor.end(runs[-1])
    studio.live.skip_until(lambda: placed(studio))
    assert set(whole()) <= set(names(studio))
    faults = [line for line in studio.live.log if FAULT.search(line)]
    assert faults == [], "each is refused with a sentence, not by accident"


def test_a_flood_is_spread_over_ticks(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy
) -> None:
    studio, actor = acted()
    song_of(studio)
    studio.live.connect()
    for _ in range(20):
        actor.answer()
        for _ in range(200):
            controller.send(studio.controller_port, "/bridge/run/stems", 0)
        studio.live.tick()
    assert studio.live.longest_tick.cpu_s < 0.005, studio.live.longest_tick
    studio.live.run(3.0)
    press(studio, controller)
    answered(studio, actor)


@pytest.mark.parametrize("version", ["11.0", "12.3"])
def test_beside_abletonosc(
    acted: Callable[..., tuple[Studio, Actor]], controller: Spy, version: str
) -> None:
    """Its ports stay its own, and nothing but loopback is bound."""
    with contextlib.ExitStack() as stack:
        ports = []
        for port in (11000, 11001):
            other = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                other.bind(("", port))
            except OSError:
                pytest.skip(f"port {port} is taken here")
            other.setblocking(False)
            ports.append(other)
        studio, actor = acted(version)
        song_of(studio)
        studio.live.connect()
        bound = [each.getsockname() for each in studio.live.sockets]
        assert {address for address, _ in bound} == {HERE}
        press(studio, controller)
        answered(studio, actor)
        studio.live.skip_until(lambda: placed(studio))
        for other in ports:
            with pytest.raises(BlockingIOError):
                other.recv(1)


def test_two_lives_with_one_port_for_controllers(
    acted: Callable[..., tuple[Studio, Actor]], studios: Callable[..., Studio], controller: Spy
) -> None:
    """The second has its own way to the daemon, and results come to the Set that asked."""
    first, actor = acted()
    second = studios("11.3.25", port=first.daemon_port)
    settings = second.live.scripts / "DawBridge" / "settings.ini"
    settings.write_text(f"[controller]\nport = {first.controller_port}\n")
    for studio in (first, second):
        song_of(studio)
        studio.live.connect()
    press(first, controller)
    second.live.run(1.0)
    runs = answered(first, actor)
    first.live.skip_until(lambda: placed(first))
    second.live.run(2.0)
    assert len(runs) == 1
    assert names(second) == ["Band", "MIDI"]
    assert whole()[0] in names(first)
