"""What travels from stage to stage in the worker: one job's audio and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bridge.core.ports import StageKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.core.ports import Report
    from bridge.engines.audio import DiskBuffer
    from bridge.models import Precision, Source, Timing, WorkOrder

MIX = "mix"
"""Name of the one stem that a take has before it is separated."""


@dataclass
class Take:
    """One job's audio, on disk, as the stages change it.

    Attributes
    ----------
    order
        The work order: job, options, limits.
    source
        Where the audio came from.
    original
        The region as it was read and folded, before any stage; the residual is measured on it.
    stems
        The current audio by stem name. Before separation there is one, `MIX`.
    dry
        The stems as they were separated, before the post chains: what transcription listens to.
    work_folder, output_folder
        Scratch files go to the first and are deleted with the job; results go to the second.
    timing
        Tempo and meter, once known.
    model, device, precision
        What separated, for the manifest; None before.
    """

    order: WorkOrder
    source: Source
    original: DiskBuffer
    stems: dict[str, DiskBuffer]
    work_folder: Path
    output_folder: Path
    dry: dict[str, DiskBuffer] = field(default_factory=dict)
    timing: Timing | None = None
    model: str | None = None
    device: str = "cpu"
    precision: Precision | None = None


class Stage(StageKind, Protocol):
    """Both halves of a stage."""

    def run(self, take: Take, plan: Mapping[str, Any], report: Report) -> None:
        """Do the work in the worker process.

        Heavy libraries are imported here. `report.progress` is called at least once a window, and
        what it raises is let through.

        Raises
        ------
        BridgeError
            Whatever failed, with its wire code; a library's own errors are wrapped here.
        JobCancelled
            Through `report.progress`.
        """
