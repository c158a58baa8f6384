"""One job in the worker: read the region, run the stages in order, write the manifest."""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bridge import PROTOCOL_VERSION, __version__
from bridge.core import events as ev
from bridge.core.planning import STEMS, stems_key
from bridge.engines.audio_files import read_region
from bridge.engines.disk import disk_faults
from bridge.engines.kept_stems import KeptStems
from bridge.engines.manifest import MANIFEST_NAME, write_manifest
from bridge.engines.stages import stages
from bridge.engines.take import MIX, Take
from bridge.engines.worker.messages import Dropped
from bridge.errors import (
    BridgeError,
    DiskFullError,
    EngineFailedError,
    ForbiddenPathError,
    JobCancelled,
    OutOfMemoryError,
)
from bridge.models import JobWarning, Manifest, ManifestClip, Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.engines.take import Stage
    from bridge.models import ClipsFile, MidiClip, Stem, Value, WorkOrder

log = logging.getLogger(__name__)

READ_SHARE = 0.05
"""Cost of reading the region, relative to the stages' shares."""


class Daemon(Protocol):
    """The other end of the pipe, as a job sees it."""

    def tell(self, message: Value) -> None:
        """Say something."""

    def is_cancelled(self, job_id: str) -> bool:
        """Tell whether the job shall stop."""

    def may_proceed(self, job_id: str, content_hash: str) -> bool:
        """Say what was read; tell whether the job shall go on."""


def run_job(order: WorkOrder, daemon: Daemon) -> None:
    """Run a job to its end, whatever that is, and say which.

    Never raises: every fault becomes `events.Failed` with its code, and the next job runs.
    """
    job_id = order.job.id
    message: Value
    try:
        message = _run(order, daemon)
    except JobCancelled:
        message = ev.Cancelled(job=job_id)
    except BridgeError as exc:
        kept = KeptStems.of(order)
        if kept is not None and isinstance(exc, DiskFullError):
            kept.clear()  # so that the next job finds room
        message = ev.Failed(job=job_id, code=exc.code, message=str(exc))
    except MemoryError:
        error = OutOfMemoryError(
            "The machine ran out of memory. Close other programs, or try a shorter region."
        )
        message = ev.Failed(job=job_id, code=error.code, message=str(error))
    except Exception as exc:
        log.exception("job %s failed", job_id)
        error_text = f"The job failed unexpectedly ({type(exc).__name__}); the log says more."
        message = ev.Failed(job=job_id, code=EngineFailedError.code, message=error_text)
    finally:
        shutil.rmtree(order.work_folder, ignore_errors=True)
    daemon.tell(message)


@dataclass
class JobReport:
    """Gathers what the stages say, scales their progress to the whole job, and passes it on.

    Parameters
    ----------
    job_id, daemon
        Whose, and to whom.
    total_share
        Sum of the shares of everything that the job does.
    """

    job_id: str
    daemon: Daemon
    total_share: float
    stems: list[Stem] = field(default_factory=list)
    clips: list[MidiClip] = field(default_factory=list)
    all_clips: ClipsFile | None = None
    warnings: list[JobWarning] = field(default_factory=list)
    seconds_per_stage: dict[str, float] = field(default_factory=dict)
    with_notes: bool = False
    _done_share: float = 0.0
    _share: float = 0.0
    _stage: str = ""
    _started_s: float = 0.0

    def begin(self, stage: str, share: float) -> None:
        """Enter a stage."""
        self._done_share += self._share
        self._stage, self._share = stage, share
        self._started_s = time.monotonic()
        self.progress(0.0)

    def end(self) -> None:
        """Leave a stage."""
        self.progress(1.0)
        spent_s = time.monotonic() - self._started_s
        name = self._stage
        self.seconds_per_stage[name] = self.seconds_per_stage.get(name, 0.0) + spent_s

    def progress(self, fraction: float, detail: str = "") -> None:
        """Say how much of the stage is done; `JobCancelled` if the job shall stop."""
        if self.daemon.is_cancelled(self.job_id):
            raise JobCancelled
        fraction = min(1.0, max(0.0, fraction))
        whole = (self._done_share + self._share * fraction) / self.total_share
        self.daemon.tell(
            ev.Progressed(
                job=self.job_id,
                fraction=min(1.0, whole),
                stage=detail or self._stage,
                seconds_left=-1.0,
            )
        )

    def warning(self, code: str, message: str) -> None:
        """Say something the musician should know."""
        self.warnings.append(JobWarning(code=code, message=message))
        self.daemon.tell(ev.Warned(job=self.job_id, code=code, message=message))

    def stem(self, stem: Stem) -> None:
        """Announce an audio file."""
        self.stems.append(stem)
        self.daemon.tell(ev.StemReady(job=self.job_id, stem=stem))

    def midi(self, clip: MidiClip) -> None:
        """Announce a MIDI file."""
        self.clips.append(clip)
        self.daemon.tell(ev.ClipReady(job=self.job_id, clip=clip, with_notes=self.with_notes))

    def clips_file(self, file: ClipsFile) -> None:
        """Announce the MIDI file with all clips."""
        self.all_clips = file
        self.daemon.tell(ev.ClipsFileReady(job=self.job_id, file=file))

    def timing(self, timing: Timing) -> None:
        """Say tempo, meter and key."""
        self.daemon.tell(ev.TimingKnown(job=self.job_id, timing=timing))


def _run(order: WorkOrder, daemon: Daemon) -> Value:
    started_s = time.monotonic()
    job, kinds = order.job, stages()
    total = READ_SHARE + sum(kinds[stage.kind].share for stage in job.stages)
    report = JobReport(job.id, daemon, total, with_notes=job.options.notes)
    work, output, folder = Path(order.work_folder), Path(job.output), Path(job.folder)
    for path in (Path(job.region.path), output, folder):
        _check_unmoved(path)
    for needed in (work, output, folder):
        with disk_faults(needed):
            needed.mkdir(parents=True, exist_ok=True)
    take = _read(order, report, daemon)
    if take is None:
        return Dropped(job=job.id)
    kept_from = _run_stages(take, kinds, report)
    manifest = _manifest(take, report, kept_from)
    path = folder / MANIFEST_NAME
    write_manifest(manifest, path)
    if output != folder:
        write_manifest(manifest, output / MANIFEST_NAME)
    return ev.Finished(
        job=job.id,
        manifest=str(path),
        seconds=time.monotonic() - started_s,
        seconds_per_stage=report.seconds_per_stage,
    )


def _check_unmoved(path: Path) -> None:
    """Refuse a path that leads elsewhere than when the request was checked.

    Paths are resolved before they are compared with the allowed folders; a link that is put there
    while the job waits would lead out of them.
    """
    try:
        now = path.resolve()
    except (OSError, RuntimeError) as exc:
        raise ForbiddenPathError(f"The path {path} cannot be followed any more: {exc}.") from exc
    if now != path:
        raise ForbiddenPathError(
            f"{path} leads elsewhere now than when the job was sent: a link was put there. Run it "
            "again if that is what you want."
        )


def _read(order: WorkOrder, report: JobReport, daemon: Daemon) -> Take | None:
    """Read the region; None if the daemon has its result already."""
    job = order.job
    report.begin("reading", READ_SHARE)
    reading = read_region(
        job.region,
        Path(order.work_folder),
        max_region_s=order.max_region_s,
        sample_rate=job.options.rate,
        progress=report.progress,
    )
    if not daemon.may_proceed(job.id, reading.source.content_hash):
        return None
    report.end()
    for warning in reading.warnings:
        report.warning(warning.code, warning.message)
    return Take(
        order=order,
        source=reading.source,
        original=reading.audio,
        stems={MIX: reading.audio},
        work_folder=Path(order.work_folder),
        output_folder=Path(job.output),
    )


def _run_stages(take: Take, kinds: Mapping[str, Stage], report: JobReport) -> str | None:
    """Run the job's stages; those up to the separation only if its stems are not kept.

    Returns
    -------
    str or None
        The job that separated the stems, if it was another one.
    """
    job = take.order.job
    makers = [n for n, stage in enumerate(job.stages, 1) if STEMS in kinds[stage.kind].makes]
    count = makers[-1] if makers else 0
    store = KeptStems.of(take.order) if count else None
    key = stems_key(job, count, take.source.content_hash)
    kept = store.bring(key, take) if store is not None and job.options.reuse else None
    first = 0
    if kept is not None:
        first = count
        for planned in job.stages[:count]:  # they take no time, and their share is done
            report.begin(kinds[planned.kind].name, kinds[planned.kind].share)
            report.end()
        for warning in kept.warnings:
            report.warning(warning.code, warning.message)
    said = len(report.warnings)
    for number, planned in enumerate(job.stages[first:], first + 1):
        _run_stage(kinds[planned.kind], take, planned.plan, report)
        if store is not None and number == count:
            store.keep(key, take, report.warnings[said:])
    return kept.job if kept is not None else None


def _run_stage(stage: Stage, take: Take, plan: Mapping[str, object], report: JobReport) -> None:
    report.begin(stage.name, stage.share)
    with disk_faults(take.work_folder / stage.name):
        stage.run(take, plan, report)
    report.end()


def _manifest(take: Take, report: JobReport, kept_from: str | None) -> Manifest:
    job = take.order.job
    options = job.options
    timing = take.timing or Timing(
        tempo=options.tempo or 120.0,
        meter=options.meter or "4/4",
        tempo_from="host" if options.tempo else "default",
        meter_from="host" if options.meter else "default",
    )
    return Manifest(
        protocol=PROTOCOL_VERSION,
        version=__version__,
        job=job.id,
        recipe=job.recipe,
        state="done",
        source=take.source,
        timing=timing,
        model=take.model,
        device=take.device,
        precision=take.precision,
        options=options,
        stages=job.stages,
        stems=tuple(report.stems),
        clips=tuple(
            ManifestClip(
                stem=clip.stem,
                path=clip.path,
                note_count=len(clip.notes),
                track_name=clip.track_name,
                instrument_role=clip.instrument_role,
                color=clip.color,
            )
            for clip in report.clips
        ),
        clips_file=report.all_clips,
        warnings=tuple(report.warnings),
        seconds_per_stage={k: round(v, 4) for k, v in report.seconds_per_stage.items()},
        kept_from=kept_from,
    )
