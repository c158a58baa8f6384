"""Floods of packets, and how an honest client fares meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import psutil

from tests.end_to_end.conftest import Daemon
from tests.faults.outcome import Outcome
from tests.faults.packets import FLOODS
from tests.faults.studio import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.osc.client import BridgeClient

HONEST_PAUSE_S = 0.02
LOST_AFTER_S = 1.0
LIMIT_MS = 50.0
"""At the 99th percentile, for a client that has a connection of its own."""

GROWTH_BYTES = 10 << 20

DONE = {
    "nothing": "for comparison: a process as busy as the others that sends nothing",
    "mutated_udp": "mutated packets over UDP from 64 senders",
    "mutated_tcp": "mutated packets over TCP in both framings, streams broken",
    "bombs_udp": "nested bundles, a thousand patterns in one, 65,507-byte datagrams",
    "pings_udp": "right requests over UDP, as fast as a process sends",
    "listings_tcp": "the longest listing over TCP, never read",
    "slow_tcp": "a hundred TCP connections that send halves of packets",
}


@dataclass
class Honest:
    """A client that pings all the while.

    Parameters
    ----------
    client
        Its connection.
    """

    client: BridgeClient
    times_ms: list[float] = field(default_factory=list)
    lost: int = 0

    def ping_until(self, is_over: threading.Event) -> None:
        """Ping until told to stop."""
        number = 0
        while not is_over.wait(HONEST_PAUSE_S):
            number += 1
            began_s = time.perf_counter()
            self.client.send("/bridge/ping", number)
            try:
                while self.client.receive(LOST_AFTER_S).arguments[2:] != (number,):
                    pass
            except TimeoutError:
                self.lost += 1
            else:
                self.times_ms.append((time.perf_counter() - began_s) * 1e3)

    def __str__(self) -> str:
        p50, p99, most = np.percentile(self.times_ms or [np.nan], [50, 99, 100])
        lost = 100.0 * self.lost / max(1, self.lost + len(self.times_ms))
        gone = f", {lost:.1f} % lost" if self.lost else ""
        return f"{p50:.1f}, {p99:.1f}, {most:.1f} ms{gone}"


def status(daemon: Daemon) -> dict[str, object]:
    """Return the daemon's figures."""
    with daemon.client() as client:
        parts = client.request("/bridge/status", answer="/bridge/status").arguments
    return dict(zip(parts[::2], parts[1::2], strict=True))


def faults_counted(daemon: Daemon) -> int:
    """Return how many faults the daemon has counted."""
    return sum(int(str(v)) for k, v in status(daemon).items() if k.startswith("faults."))


def memory_bytes(daemon: Daemon) -> int:
    """Return how much memory the daemon itself has in use."""
    assert daemon.process is not None
    return int(psutil.Process(daemon.process.pid).memory_info().rss)


def flood(daemon: Daemon, kind: str, seconds: float, seed: int) -> Outcome:
    """Flood a daemon, with an honest client on either transport."""
    outcome = Outcome("OSC: " + kind.replace("_", " over "), DONE[kind])
    before = memory_bytes(daemon)
    with daemon.client() as tcp, daemon.client("udp") as udp:
        honest = [Honest(tcp), Honest(udp)]
        is_over = threading.Event()
        threads = [threading.Thread(target=one.ping_until, args=(is_over,)) for one in honest]
        for thread in threads:
            thread.start()
        sender = subprocess.run(
            [
                *(sys.executable, "-m", "tests.faults.packets", kind),
                *map(str, (daemon.port, seconds, seed)),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        is_over.set()
        for thread in threads:
            thread.join()
    growth = memory_bytes(daemon) - before
    outcome.times = int(sender.stdout)
    outcome.held = (
        f"ping (median, 99 %, most): TCP {honest[0]}; UDP {honest[1]}; "
        f"memory {growth / 1e6:+.1f} MB"
    )
    p99 = float(np.percentile(honest[0].times_ms or [np.inf], 99))
    outcome.expect(p99 < LIMIT_MS, f"the honest client's 99th percentile was {p99:.0f} ms")
    outcome.expect(not honest[0].lost, f"{honest[0].lost} honest pings over TCP were lost")
    return outcome


def floods(folder: Path, seconds: float, seed: int) -> Iterator[Outcome]:
    """Send every flood to one daemon, once to warm it up and once to measure it."""
    settings = {"DAWBRIDGE_OSCQUERY": "false"}
    with running(Daemon(folder, settings=settings)) as daemon:
        for kind in FLOODS:
            flood(daemon, kind, min(3.0, seconds), seed)
        warm = memory_bytes(daemon)
        for kind in FLOODS:
            part = 1.0 if kind.startswith("mutated") else 0.25
            yield flood(daemon, kind, part * seconds, seed + 1)
        growth = memory_bytes(daemon) - warm
        last = Outcome("OSC: after all floods", "the daemon's memory and figures looked at", 1)
        last.held = f"memory {growth / 1e6:+.1f} MB; {faults_counted(daemon):,} faults counted"
        last.expect(growth < GROWTH_BYTES, f"memory grew by {growth / 1e6:.1f} MB")
        yield last
