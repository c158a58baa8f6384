"""OSC packets that no honest program sends: mutations of real ones, bombs, and whole floods.

`python -m tests.faults.packets KIND PORT SECONDS SEED` is one flood, in a process of its own.
"""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING

from bridge.osc import spec
from bridge.osc.codec import bundle, encode, frame_with_length, frame_with_slip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_DATAGRAM_BYTES = 65_507
SENDERS = 64
PAUSE_S = 0.0005
"""Between the rounds of a flood, so that it does not only measure who gets the processor."""


def genuine() -> list[bytes]:
    """Return a right packet for each row of the contract, and bundles of them.

    None runs a job, since the file is not there.
    """
    values = {"text": "drums", "number": 1.5, "integer": 3, "scalar": 0.5}
    packets = []
    for row in spec.REQUESTS:
        arguments = [values.get(item.convert.__name__, "x") for item in row.arguments]
        options = ["path", "/nowhere/song.wav", "id", "fuzz"] if row.takes_options else []
        packets.append(encode(row.address, [*arguments, *options]))
    packets.append(encode("/bridge/chain/glue/0/threshold_db", (-12.0,)))
    packets.append(encode("/bridge/chain/*/[0-9]/{ratio,gain_db}", (2,)))
    packets.append(encode("/bridge/ping", (1, 2**40, 0.5, 1e300, "text", b"blob", True, None)))
    return [*packets, bundle(packets[:5]), bundle([bundle(packets[3:6]), packets[0]])]


def mutations(rng: random.Random) -> Iterator[bytes]:
    """Yield mutated packets without end."""
    seeds = genuine()
    while True:
        packet = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 4)):
            rng.choice(_MUTATIONS)(packet, rng)
        yield bytes(packet[:MAX_DATAGRAM_BYTES])


def _flip(packet: bytearray, rng: random.Random) -> None:
    if packet:
        packet[rng.randrange(len(packet))] = rng.randrange(256)


def _cut(packet: bytearray, rng: random.Random) -> None:
    del packet[rng.randint(0, len(packet)) :]


def _drop(packet: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(packet))
    del packet[at : at + 4 * rng.randint(1, 3)]


def _insert(packet: bytearray, rng: random.Random) -> None:
    at = 4 * rng.randint(0, len(packet) // 4)
    packet[at:at] = rng.randbytes(4 * rng.randint(1, 4))


def _repeat(packet: bytearray, rng: random.Random) -> None:
    packet *= rng.randint(2, 4)


def _number(packet: bytearray, rng: random.Random) -> None:
    """Put one of the numbers that programs trip over somewhere."""
    odd = rng.choice((0, -1, 1, 2**31 - 1, -(2**31), 0x7F800000, 0x7FC00000, 0x00FFFFFF))
    if len(packet) >= 4:
        struct.pack_into(">i", packet, 4 * rng.randrange(len(packet) // 4), odd)


def _tags(packet: bytearray, rng: random.Random) -> None:
    at = packet.find(b",")
    if at >= 0:
        tags = bytes(rng.choice(b"ifsbhtdScrmTFNI[]xyz\0") for _ in range(3))
        packet[at + 1 : at + 4] = tags


_MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _cut, _drop, _insert, _repeat, _number, _tags),
)


def nested(depth: int, packet: bytes) -> bytes:
    """Return a packet within bundles within bundles."""
    for _ in range(depth):
        packet = bundle([packet])
    return packet


def bombs() -> list[bytes]:
    """Return packets that are small, or just small enough, and ask for as much as they can."""
    patterns = [
        encode("/bridge/chain/*/*/*", (0.5,)),
        encode("/bridge/{jobs,models,recipes,chains,status}"),
        encode("/bridge/chain/" + "*" * 400, ()),
        encode("/bridge/" + "{a,b,jobs}" * 40),
    ]
    full = MAX_DATAGRAM_BYTES // 4 * 4
    return [
        *patterns,
        *(bundle([pattern] * min(1024, 60_000 // (len(pattern) + 4))) for pattern in patterns),
        nested(9, encode("/bridge/status")),
        nested(2000, encode("/bridge/status")),
        bundle([b"/a\0\0"] * 8000),
        encode("/bridge/ping", (b"x" * (full - 100),)),
        encode("/bridge/ping", tuple([True] * 250)),
        b"/" + b"a" * (full - 5) + b"\0" * 4,
        b"#bundle\0" * (full // 8),
        encode("/bridge/jobs", (500,)),
        encode("/bridge/select", ("/" + "x" * 60_000, 0.0, 0.0)),
        encode("/bridge/run/" + "x" * 60_000),
    ]


def _udp_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def nothing(port: int, rng: random.Random) -> Iterator[int]:
    """No packet at all, from a process that is as busy as the others: what the machine allows."""
    source = mutations(rng)
    while True:
        for _ in range(SENDERS):
            next(source)
        yield 0


def mutated_udp(port: int, rng: random.Random) -> Iterator[int]:
    """Mutated packets over UDP from many senders; yields how many left."""
    senders, source = [_udp_socket() for _ in range(SENDERS)], mutations(rng)
    while True:
        for sender in senders:
            with contextlib.suppress(OSError):
                sender.sendto(next(source), ("127.0.0.1", port))
        yield SENDERS


def mutated_tcp(port: int, rng: random.Random) -> Iterator[int]:
    """Mutated packets over TCP in both framings; a stream that is broken is begun anew."""
    source = mutations(rng)
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as tcp:
            tcp.setblocking(False)
            frame = rng.choice((frame_with_length, frame_with_slip))
            for _ in range(50):
                data = b"".join(frame(next(source)) for _ in range(20))
                if rng.random() < 0.05:  # the framing itself is broken now and then
                    data = data[rng.randrange(8) :]
                tcp.settimeout(1.0)
                tcp.sendall(data)
                tcp.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while tcp.recv(1 << 20):
                        pass
                yield 20


def bombs_udp(port: int, rng: random.Random) -> Iterator[int]:
    """Bombs over UDP from many senders."""
    senders, packets = [_udp_socket() for _ in range(8)], bombs()
    while True:
        with contextlib.suppress(OSError):
            rng.choice(senders).sendto(rng.choice(packets), ("127.0.0.1", port))
        yield 1


def pings_udp(port: int, rng: random.Random) -> Iterator[int]:
    """Right requests over UDP, far too many."""
    senders, ping = [_udp_socket() for _ in range(SENDERS)], encode("/bridge/ping", (1,))
    while True:
        for sender in senders:
            with contextlib.suppress(OSError):
                sender.sendto(ping, ("127.0.0.1", port))
        yield SENDERS


def listings_tcp(port: int, rng: random.Random) -> Iterator[int]:
    """Long listings asked for over TCP by a client that never reads them."""
    request = frame_with_length(encode("/bridge/jobs", (500,)))
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as tcp:
            tcp.settimeout(0.2)
            while True:
                tcp.sendall(request * 10)
                yield 10
        yield 0


def slow_tcp(port: int, rng: random.Random) -> Iterator[int]:
    """Connections that send the half of a packet, and one byte more now and then."""
    held: list[socket.socket] = []
    while True:
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(("127.0.0.1", port), 1.0))
            held[-1].sendall(frame_with_length(encode("/bridge/ping"))[: rng.randrange(1, 8)])
        for tcp in held[-100:]:
            with contextlib.suppress(OSError):
                tcp.setblocking(False)
                tcp.send(b"\0")
        while len(held) > 100:
            held.pop(0).close()
        yield 1


FLOODS: dict[str, Callable[[int, random.Random], Iterator[int]]] = {
    flood.__name__: flood
    for flood in (nothing, mutated_udp, mutated_tcp, bombs_udp, pings_udp, listings_tcp, slow_tcp)
}


def main(kind: str, port: int, seconds: float, seed: int) -> None:
    """Send one flood; prints how many packets left."""
    sent, until_s = 0, time.monotonic() + seconds
    for count in FLOODS[kind](port, random.Random(seed)):
        sent += count
        if time.monotonic() > until_s:
            break
        time.sleep(PAUSE_S)
    sys.stdout.write(f"{sent}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
