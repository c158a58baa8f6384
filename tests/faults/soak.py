"""Mixed jobs by several clients at once, for as long as is asked."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import psutil

from tests.end_to_end.conftest import Daemon
from tests.faults.floods import GROWTH_BYTES, Honest, memory_bytes
from tests.faults.outcome import Outcome
from tests.faults.studio import FINAL, faults_of_the_files, music, running, states, until

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = 4
WARM_UP = 0.2
"""Of the time: what the daemon needs until it has seen everything once."""

HANDLES = 8
"""Connections that are opened or closed when the handles are counted."""


@dataclass
class Musician:
    """One client that sends one job after the other, and cancels some."""

    daemon: Daemon
    seed: int
    ended: Counter[str] = field(default_factory=Counter)

    def work(self, is_over: threading.Event) -> None:
        """Work until told to stop."""
        rng, number = random.Random(self.seed), 0
        song = music(self.daemon.folder / f"song-{self.seed}.wav", 1.5, self.seed)
        with self.daemon.client("tcp") as client:
            client.request("/bridge/hello", f"m{self.seed}", "other", answer="/bridge/welcome")
            while not is_over.is_set():
                number += 1
                job = f"m{self.seed}-{number}"
                recipe = rng.choice(("process", "process", "stems"))
                client.send(
                    *("/bridge/run", recipe, "id", job, "path", str(song)),
                    *("reuse", rng.random() < 0.5),
                    *(("model", "dsp") if recipe == "stems" else ()),
                )
                client.send("/bridge/chain/glue/0/threshold_db", rng.uniform(-40.0, -10.0))
                client.send(rng.choice(("/bridge/jobs", "/bridge/chains", "/bridge/status")))
                if rng.random() < 0.1:
                    client.send("/bridge/cancel", job)
                last = list(client.events(job, 300.0))[-1]
                self.ended[last.address.rpartition("/")[2]] += 1


def soak(folder: Path, minutes: float, seed: int) -> Outcome:
    """Let several clients work, and look at the daemon all the while."""
    outcome = Outcome("Time", f"{minutes:g} minutes of mixed jobs by {CLIENTS} clients at once")
    with running(Daemon(folder, settings={"DAWBRIDGE_OSCQUERY": "false"})) as daemon:
        assert daemon.process is not None
        process = psutil.Process(daemon.process.pid)
        is_over = threading.Event()
        musicians = [Musician(daemon, seed + number) for number in range(CLIENTS)]
        with daemon.client() as client:
            honest = Honest(client)
            threads = [threading.Thread(target=m.work, args=(is_over,)) for m in musicians]
            threads.append(threading.Thread(target=honest.ping_until, args=(is_over,)))
            for thread in threads:
                thread.start()
            time.sleep(60.0 * minutes * WARM_UP)
            first, handles = memory_bytes(daemon), process.num_fds()
            pings = len(honest.times_ms)
            time.sleep(60.0 * minutes * (1.0 - WARM_UP))
            growth, more = memory_bytes(daemon) - first, process.num_fds() - handles
            is_over.set()
            for thread in threads:
                thread.join()
        until(lambda: set(states(daemon).values()) <= FINAL, "all jobs ended", 300.0)
        for fault in faults_of_the_files(folder / "data"):
            outcome.expect(False, fault)
    ended: Counter[str] = sum((m.ended for m in musicians), Counter())
    outcome.times = ended.total()
    early, late = (np.median(part or [np.nan]) for part in _halves(honest.times_ms[pings:]))
    outcome.held = (
        ", ".join(f"{count} {state}" for state, count in ended.most_common())
        + f"; memory {growth / 1e6:+.1f} MB, handles {more:+d}; "
        f"ping (median, 99 %, most) {honest}, median of the halves {early:.1f} and {late:.1f} ms"
    )
    outcome.expect(growth < GROWTH_BYTES, f"the daemon grew by {growth / 1e6:.1f} MB")
    outcome.expect(abs(more) <= HANDLES, f"{more} more handles")
    outcome.expect(not ended["failed"], f"{ended['failed']} jobs failed")
    return outcome


def _halves(times: list[float]) -> tuple[list[float], list[float]]:
    middle = len(times) // 2
    return times[:middle], times[middle:]
