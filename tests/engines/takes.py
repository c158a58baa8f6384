"""A take on disk, a report that remembers, and a preset library in memory, for stage tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.take import Take
from bridge.errors import JobCancelled, UnknownChainError
from bridge.models import (
    ClipsFile,
    Job,
    MidiClip,
    PlannedStage,
    Region,
    RunOptions,
    Source,
    Stem,
    Timing,
    WorkOrder,
)


@dataclass
class RememberingReport:
    """Notes what a stage says; cancels once progress passes `cancel_after`."""

    cancel_after: float = 2.0
    fractions: list[float] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    stems: list[Stem] = field(default_factory=list)
    clips: list[MidiClip] = field(default_factory=list)
    clips_files: list[ClipsFile] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def progress(self, fraction: float, detail: str = "") -> None:
        self.fractions.append(fraction)
        if fraction >= self.cancel_after:
            raise JobCancelled

    def warning(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def stem(self, stem: Stem) -> None:
        self.stems.append(stem)

    def midi(self, clip: MidiClip) -> None:
        self.clips.append(clip)

    def clips_file(self, file: ClipsFile) -> None:
        self.clips_files.append(file)

    def timing(self, timing: Timing) -> None:
        self.timings.append(timing)

    @property
    def codes(self) -> list[str]:
        return [code for code, _ in self.warnings]


@dataclass
class Presets:
    """Effect chains by name; nothing else is asked for."""

    chains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def chain(self, name: str) -> Mapping[str, Any]:
        if name not in self.chains:
            raise UnknownChainError(f"No effect chain is called '{name}'.")
        return self.chains[name]

    def chain_place(self, name: str) -> tuple[Path, str]:
        return Path(f"{name}.toml"), ""

    def transcription(self, name: str) -> Mapping[str, Any]:
        raise NotImplementedError

    def instrument(self, role: str) -> Mapping[str, Any]:
        raise NotImplementedError


def make_take(
    folder: Path,
    stems: Mapping[str, Audio],
    *,
    sample_rate: int = 44_100,
    source: str = "song.wav",
    job: str = "job-1",
    replaces: tuple[str, ...] = (),
    **options: Any,
) -> Take:
    """Return a take with these stems under ``folder/work`` and its results in ``folder/out``."""
    work, out = folder / "work", folder / "out"
    work.mkdir(exist_ok=True)
    out.mkdir(exist_ok=True)
    buffers = {
        name: DiskBuffer.of(work / f"{job}-stem-{index}.f32", audio, sample_rate)
        for index, (name, audio) in enumerate(stems.items())
    }
    first = next(iter(buffers.values()))
    region = Region(path=str(folder / source))
    return Take(
        order=WorkOrder(
            job=Job(
                id=job,
                recipe="stems",
                region=region,
                options=RunOptions(**options),
                stages=(PlannedStage(kind="write", plan={}),),
                folder=str(out),
                output=str(out),
                device="cpu",
                created_at=1_700_000_000.0,
            ),
            work_folder=str(work),
            max_region_s=600.0,
            replaces=replaces,
        ),
        source=Source(
            path=region.path,
            start_s=0.0,
            length_s=first.duration_s,
            frames=first.frames,
            sample_rate=sample_rate,
            channels=first.channels,
            content_hash="",
        ),
        original=first,
        stems=buffers,
        work_folder=work,
        output_folder=out,
    )


def noise(seconds: float, *, channels: int = 2, sample_rate: int = 44_100, seed: int = 1) -> Audio:
    """Return white noise at about -20 dBFS."""
    rng = np.random.default_rng(seed)
    shape = (channels, round(seconds * sample_rate))
    return (0.1 * rng.standard_normal(shape)).astype(np.float32)
