"""`kill -9` of the daemon and its workers, at moments that are told or at random."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from tests.end_to_end.conftest import Daemon
from tests.faults.outcome import Outcome
from tests.faults.studio import (
    CHILDREN,
    FINAL,
    child,
    faults_of_the_files,
    faults_of_the_jobs,
    faults_of_the_store,
    is_port_free,
    music,
    running,
    scratch_of,
    states,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

ROLES = ("daemon", *CHILDREN)
WAITING = 3
"""How many jobs are in the queue at any time."""

OPTIONS: tuple[tuple[object, ...], ...] = (
    ("pre", "clean"),
    ("pre", "clean", "post", "glue"),
    ("format", "flac"),
    ("format", "wav16", "residual", True),
    ("pre", "clean", "reuse", True),
)


@dataclass
class Soak:
    """Jobs that come all the time, and kills.

    Parameters
    ----------
    daemon
        Running.
    seed
        Of the moments, the victims and the jobs.
    """

    daemon: Daemon
    seed: int
    outcome: Outcome
    accepted: set[str] = field(default_factory=set)
    killed: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.song = music(self.daemon.folder / "song.wav", 2.0)

    def _usual_seconds(self) -> float:
        """Return how long a job takes here, from a cold start: kills come within that time."""
        began_s = time.monotonic()
        self._feed()
        until(lambda: set(states(self.daemon).values()) <= FINAL, "the first jobs ended", 300.0)
        return (time.monotonic() - began_s) / WAITING

    def run(self, kills: int) -> None:
        """Kill so often, then let everything come to its end and look at it."""
        self.pause_s = self._usual_seconds()
        while self.killed.total() < kills:
            self._feed()
            time.sleep(self.rng.uniform(0.05, self.pause_s))
            self._kill(self.rng.choice(ROLES))
        self._settle()

    def _feed(self) -> None:
        """Send jobs until enough wait; those are accepted whose `queued` was heard."""
        with self.daemon.client() as client:
            unfinished = sum(state not in FINAL for state in states(self.daemon).values())
            for _ in range(WAITING - unfinished):
                self.asked += 1
                job = f"job-{self.asked}"
                options = self.rng.choice(OPTIONS)
                if "reuse" not in options:
                    options = (*options, "reuse", False)
                if self.rng.random() < 0.3:
                    options = (*options, "output", str(self.daemon.folder / "stems"))
                client.send(
                    *("/bridge/run", "stems", "id", job, "path", str(self.song)),
                    *("model", "dsp", *options),
                )
                while (message := client.receive()).arguments[:1] != (job,):
                    pass
                if message.address == "/bridge/job/queued":
                    self.accepted.add(job)

    def _kill(self, role: str) -> None:
        if role == "daemon":
            self._kill_the_daemon()
            return
        victim = child(self.daemon, role)
        if victim is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            self.killed[role] += 1

    def _kill_the_daemon(self) -> None:
        children = self.daemon.children()
        self.daemon.kill()
        self.killed["daemon"] += 1
        _, alive = psutil.wait_procs(children, timeout=10.0)
        self.outcome.expect(not alive, f"{len(alive)} workers outlived the daemon")
        self.outcome.expect(is_port_free(self.daemon.port), "the port stayed taken")
        faults = faults_of_the_store(self.daemon.folder / "data")
        self.outcome.expect(not faults, f"the store: {faults}")
        self.daemon.start()

    def _settle(self) -> None:
        until(lambda: set(states(self.daemon).values()) <= FINAL, "all jobs ended", 300.0)
        for fault in faults_of_the_jobs(self.daemon, self.accepted):
            self.outcome.expect(False, fault)
        for fault in faults_of_the_files(self.daemon.folder):
            self.outcome.expect(False, fault)
        self.outcome.expect(not scratch_of(self.daemon.folder / "data"), "scratch files were left")


def soak(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill at random moments."""
    outcome = Outcome(
        "A process is gone", "`kill -9` of daemon, model worker or effects worker while jobs run"
    )
    with running(Daemon(folder, settings={"DAWBRIDGE_OSCQUERY": "false"})) as daemon:
        work = Soak(daemon, seed, outcome)
        work.run(kills)
        ended = Counter(states(daemon)[job] for job in work.accepted if job in states(daemon))
    outcome.times = work.killed.total()
    outcome.held = (
        ", ".join(f"{count} {role}" for role, count in sorted(work.killed.items()))
        + f"; {len(work.accepted)} jobs accepted: "
        + ", ".join(f"{count} {state}" for state, count in sorted(ended.items()))
    )
    return outcome
