"""Stand-ins that the tests share: a core whose jobs run nowhere, and ears that remember."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.lifecycle import Lifecycle, Limits
from bridge.core.paths import PathPolicy
from bridge.core.presets import Presets
from bridge.core.scheduler import Scheduler
from bridge.core.service import Service
from bridge.core.store import Store
from bridge.engines.effects import knobs
from bridge.engines.stages import stages
from bridge.models import MidiClip, Stem
from bridge.osc.codec import Message, decode
from bridge.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.core.events import JobEvent
    from bridge.models import Job, WorkOrder


@dataclass
class FakeClock:
    """Time that passes when it is told to."""

    now_s: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class FakeRunner:
    """Takes orders and does nothing; tests say what becomes of them."""

    started: list[WorkOrder] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    reusing: list[tuple[Job, Path]] = field(default_factory=list)

    def start(self, order: WorkOrder) -> None:
        self.started.append(order)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def reuse(self, job: Job, manifest: Path) -> None:
        self.reusing.append((job, manifest))


@dataclass
class FakeSink:
    """Remembers every event."""

    events: list[JobEvent] = field(default_factory=list)

    def publish(self, event: JobEvent) -> None:
        self.events.append(event)

    def names(self, job_id: str) -> list[str]:
        return [type(event).__name__ for event in self.events if event.job == job_id]


@dataclass
class FakePeer:
    """Remembers every packet, decoded."""

    key: str = "udp 127.0.0.1:9000"
    host: str = "127.0.0.1"
    received: list[Message] = field(default_factory=list)
    other_ports: dict[int, FakePeer] = field(default_factory=dict)

    def send(self, packets: Iterable[bytes]) -> None:
        for packet in packets:
            self.received += decode(packet)

    def at_port(self, port: int) -> FakePeer:
        return self.other_ports.setdefault(port, FakePeer(f"udp {self.host}:{port}", self.host))

    def addresses(self) -> list[str]:
        return [message.address for message in self.received]

    def last(self) -> Message:
        return self.received[-1]


@dataclass
class Core:
    """A service with everything around it that a test wants to look at."""

    service: Service
    lifecycle: Lifecycle
    store: Store
    runner: FakeRunner
    sink: FakeSink
    clock: FakeClock
    audio: Path

    def finish(
        self, job_id: str, *, stem: Stem | None = None, clip: MidiClip | None = None
    ) -> Path:
        """Let a running job end well, with files and a manifest that exist."""
        from bridge.core import events as ev

        job = self.service.job(job_id)
        manifest = Path(job.folder) / "manifest.json"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text("{}")
        if stem:
            self.lifecycle.reported(ev.StemReady(job=job_id, stem=stem))
        if clip:
            self.lifecycle.reported(ev.ClipReady(job=job_id, clip=clip))
        self.lifecycle.finished(job_id, str(manifest), 1.0)
        return manifest


def make_core(folder: Path, *, queue: int = 8, store: Store | None = None) -> Core:
    """Build a core below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    audio = folder / "song.wav"
    if not audio.exists():
        audio.write_bytes(b"not read by the core")
    store = store or Store(folder / "jobs.sqlite")
    runner, sink, clock = FakeRunner(), FakeSink(), FakeClock()
    limits = Limits(
        max_region_s=3600.0,
        models_folder=None,
        allow_pickle=False,
        offline=True,
        fetch_timeout_s=1.0,
        kept_stems_bytes=1 << 30,
    )
    lifecycle = Lifecycle(store, Scheduler(queue), limits, folder, runner, sink, clock, clock)
    service = Service(
        lifecycle=lifecycle,
        presets=Presets((folder / "presets", shipped("presets"))),
        policy=PathPolicy((), (folder,)),
        kinds=stages(),
        knob_table=knobs,
        data=folder,
        settle_device=lambda wanted: "cpu" if wanted == "auto" else wanted,
    )
    return Core(service, lifecycle, store, runner, sink, clock, audio)


def make_stem(path: Path, name: str = "vocals") -> Stem:
    """Return a stem whose file exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"audio")
    return Stem(
        name=name,
        path=str(path),
        frames=44100,
        sample_rate=44100,
        channels=2,
        peak_dbfs=-6.0,
        loudness_lufs=-20.0,
        silent=False,
    )
