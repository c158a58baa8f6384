"""What the core and the engines need from each other, as protocols.

A *stage* is one kind of work: separation, transcription, effects, writing, and whatever comes
later. It is known by name and has two halves. In the daemon `StageKind.plan` settles what will be
done, from the recipe's line and the run's options, without touching audio; every fault of the
request is found there. In the worker `engines.take.Stage.run` does it. A new kind of work is a
class with both halves and one row in `engines/stages.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bridge.core.events import JobEvent
    from bridge.models import ClipsFile, Job, MidiClip, RunOptions, Stem, Timing, WorkOrder


class Report(Protocol):
    """How a stage tells what happens. Every call may raise `errors.JobCancelled`."""

    def progress(self, fraction: float, detail: str = "") -> None:
        """Say how much of this stage is done, 0…1; also the moment to be cancelled."""

    def warning(self, code: str, message: str) -> None:
        """Say something the musician should know that does not stop the job."""

    def stem(self, stem: Stem) -> None:
        """Announce a finished audio file."""

    def midi(self, clip: MidiClip) -> None:
        """Announce a finished MIDI file."""

    def clips_file(self, file: ClipsFile) -> None:
        """Announce the finished MIDI file with all clips."""

    def timing(self, timing: Timing) -> None:
        """Say tempo, meter and key, once they are settled."""


class PresetLibrary(Protocol):
    """The presets as plain TOML tables, the musician's own before the shipped ones."""

    def chain(self, name: str) -> Mapping[str, Any]:
        """Return an effect chain; `UnknownChainError` if there is none."""

    def chain_place(self, name: str) -> tuple[Path, str]:
        """Return an effect chain's file and its text, for sentences that name a line."""

    def transcription(self, name: str) -> Mapping[str, Any]:
        """Return a transcription preset; `BadArgumentsError` if there is none."""

    def instrument(self, role: str) -> Mapping[str, Any]:
        """Return the instrument of a stem's role; the entry ``default`` if it has none."""


class StageKind(Protocol):
    """The planning half of a stage: light to import, pure, run in the daemon."""

    @property
    def name(self) -> str:
        """What recipes call it."""

    @property
    def takes(self) -> frozenset[str]:
        """Materials that must exist before it runs: ``audio``, ``stems``, …."""

    @property
    def makes(self) -> frozenset[str]:
        """Materials that exist after it ran."""

    @property
    def answers(self) -> frozenset[str]:
        """Run options that this stage obeys; one that no stage of a recipe obeys is warned of."""

    @property
    def share(self) -> float:
        """Rough cost relative to the other kinds, for the progress of the whole job."""

    def plan(
        self, options: Mapping[str, Any], request: RunOptions, presets: PresetLibrary
    ) -> dict[str, Any]:
        """Settle what the stage will do, as JSON values.

        Parameters
        ----------
        options
            The stage's own line in the recipe.
        request
            What the musician asked for; it wins over the recipe.
        presets
            Where chains and transcription presets are looked up; the plan holds their content,
            so that a preset edited while a job waits does not change the job.

        Raises
        ------
        BridgeError
            An unknown name or a value out of range.
        """


class Knob(Protocol):
    """One value of an effect chain that can be turned: see the table of effects."""

    @property
    def name(self) -> str:
        """What chain files call it."""

    @property
    def default(self) -> float | bool | str | None:
        """Its value where a chain file says nothing; its type is the knob's type."""

    @property
    def meaning(self) -> str:
        """What it does, in one sentence."""

    @property
    def unit(self) -> str:
        """What a number counts."""

    @property
    def low(self) -> float:
        """The least a number may be."""

    @property
    def high(self) -> float:
        """The most a number may be."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts of a choice; none for a number or a switch."""

    @property
    def scale(self) -> Literal["linear", "log"]:
        """How a fader's way is divided."""


class KnobTable(Protocol):
    """Which knobs a chain has. Places are written as in `core.knobs`."""

    def parameter_at(self, table: Mapping[str, Any], place: str, name: str) -> Knob:
        """Return one knob of a chain's table; `BadArgumentsError` if there is none."""

    def places(self, table: Mapping[str, Any]) -> Iterable[str]:
        """Return every place of a chain's table that has knobs, in order."""

    def parameters_at(self, table: Mapping[str, Any], place: str) -> Iterable[Knob]:
        """Return the knobs of one place."""


class EventSink(Protocol):
    """Where events go: to whoever asked for the job and to every client that said hello."""

    def publish(self, event: JobEvent) -> None:
        """Send an event; must not block and must not raise."""


class Runner(Protocol):
    """Where jobs run. Nothing here waits: what comes of it is told to the service later."""

    def start(self, order: WorkOrder) -> None:
        """Run a job; ends in `Service.finished`, `failed` or `stopped`."""

    def cancel(self, job_id: str) -> None:
        """Stop a running job within one model window, by force if it does not listen."""

    def reuse(self, job: Job, manifest: Path) -> None:
        """Give a job an earlier job's files; ends in `Service.reused` or `not_reused`."""
