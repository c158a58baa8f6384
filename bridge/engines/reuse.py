"""Give a job the files of an earlier one, copied if it wants them elsewhere.

Copied rather than linked: an edit that a DAW makes to one project's file must not reach another's.

Standard library only, since the daemon runs this on a thread of its own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bridge.engines.manifest import MANIFEST_NAME, write_manifest
from bridge.engines.naming import claim_copy, finished
from bridge.errors import EngineFailedError
from bridge.models import Manifest

if TYPE_CHECKING:
    from bridge.models import Job


@dataclass(frozen=True)
class Reused:
    """What became of it.

    Parameters
    ----------
    earlier
        The job that made the files.
    manifest
        The new job's own manifest.
    moved
        Old path to new path, for files that are wanted elsewhere.
    """

    earlier: str
    manifest: Path
    moved: dict[str, str]


def reuse(job: Job, earlier: Path) -> Reused:
    """Make an earlier job's result this job's.

    Files stay where they are unless the job names another output folder. Nothing that exists is
    overwritten.

    Raises
    ------
    BridgeError
        The earlier result is gone, or the folder cannot be written; nothing is left behind.
    """
    try:
        manifest = Manifest.model_validate_json(earlier.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as exc:
        raise EngineFailedError(f"The earlier result {earlier} cannot be read.") from exc
    folder, output = Path(job.folder), Path(job.output)
    moved: dict[str, str] = {}
    try:
        if job.options.output is not None:
            paths = [stem.path for stem in manifest.stems] + [clip.path for clip in manifest.clips]
            paths += [manifest.clips_file.path] if manifest.clips_file else []
            for path in paths:
                if Path(path).parent != output:
                    moved[path] = str(_bring(Path(path), output, job.id))
        own = _as_own(manifest, job, moved)
        for place in {folder, output if job.options.output is not None else folder}:
            write_manifest(own, place / MANIFEST_NAME)
    except BaseException as exc:
        for path in moved.values():
            Path(path).unlink(missing_ok=True)
        if isinstance(exc, OSError):
            raise EngineFailedError(f"An earlier result cannot be copied: {exc}.") from exc
        raise
    return Reused(manifest.job, folder / MANIFEST_NAME, moved)


def _as_own(manifest: Manifest, job: Job, moved: dict[str, str]) -> Manifest:
    def here(path: str) -> str:
        return moved.get(path, path)

    return manifest.model_copy(
        update={
            "job": job.id,
            "options": job.options,
            "reused_from": manifest.job,
            "source": manifest.source.model_copy(update={"path": job.region.path}),
            "stems": tuple(
                stem.model_copy(update={"path": here(stem.path)}) for stem in manifest.stems
            ),
            "clips": tuple(
                clip.model_copy(update={"path": here(clip.path)}) for clip in manifest.clips
            ),
            "clips_file": manifest.clips_file
            and manifest.clips_file.model_copy(update={"path": here(manifest.clips_file.path)}),
        }
    )


def _bring(source: Path, folder: Path, job_id: str) -> Path:
    """Copy a file into a folder under a free name, which jobs that run meanwhile leave alone."""
    target = claim_copy(folder, source.name, job_id)
    with finished(target) as part:
        shutil.copyfile(source, part)
    return target
