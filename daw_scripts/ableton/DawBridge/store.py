"""Jobs on disk, until their results are placed: a set may be closed while they run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

from .jobs import Job, from_file

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """One file for each job.

    Parameters
    ----------
    folder
        Where they lie; it is made when the first is kept.
    log
        Takes sentences about files that cannot be used.
    """

    def __init__(self, folder: Path, log: Callable[[str], Any]) -> None:
        self._folder, self._log = folder, log

    def keep(self, job: Job) -> None:
        """Note a job."""
        path = self._path(job)
        new = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(job.table()), encoding="utf-8")
            new.replace(path)
        except OSError as fault:
            self._log(f"a job cannot be noted, so it is lost when the set is closed: {fault}")

    def forget(self, job: Job) -> None:
        """Remove a job whose results are placed, or that has none."""
        try:
            self._path(job).unlink()
        except FileNotFoundError:
            return
        except OSError as fault:
            self._log(f"{self._path(job)} cannot be removed: {fault}")

    def of_set(self, set_id: str) -> list[Job]:
        """Return the jobs of a set, the oldest first; those of other sets stay where they are."""
        found = []
        for path in sorted(self._folder.glob("*.json"), key=_age):
            try:
                job = from_file(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError, TypeError) as fault:
                self._log(f"{path} is no job: {fault}")
                continue
            if job.set_id == set_id:
                found.append(job)
        return found

    def _path(self, job: Job) -> Path:
        return self._folder / f"{job.id}.json"


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
