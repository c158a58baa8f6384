"""What a worker that was killed left of its job: scratch files, claimed names, halves of files."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.kept_stems import KeptStems
from bridge.engines.naming import release_claims

if TYPE_CHECKING:
    from bridge.models import Job, WorkOrder

log = logging.getLogger(__name__)


def clear_away(order: WorkOrder) -> None:
    """Remove everything of a job that nobody goes on with, but for the files that it finished."""
    shutil.rmtree(order.work_folder, ignore_errors=True)
    release_names(order.job)
    kept = KeptStems.of(order)
    if kept is not None:
        kept.forget_unfinished(order.job.id)


def release_names(job: Job) -> None:
    """Give back the names that a job claimed, with the halves of files that it wrote for them."""
    for folder in {Path(job.output), Path(job.folder)}:
        try:
            release_claims(folder, job.id)
        except OSError as exc:
            log.warning("job %s: %s cannot be tidied: %s", job.id, folder, exc)
