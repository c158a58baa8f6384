"""Finished results, to answer the same request again without computing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core import events as ev
from bridge.core.planning import result_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bridge.core.store import FileStamps, Store
    from bridge.models import Job, Region

FALLBACK_LIFETIME_S = 600.0
"""How long a result made by a fallback model answers: then the wanted model is tried again."""

FALLBACK_WARNING = "fallback_model"
"""Code of the warning that says that another model than the wanted one separated."""

_NOT_REPLAYED = frozenset({"reused", "restarted", "ignored_option"})


def fingerprint(region: Region) -> str | None:
    """Return what a region's file looks like from outside; None if it is gone.

    Path, size and modification time, as `make` and `rsync` tell whether a file is the same.
    """
    try:
        status = Path(region.path).stat()
    except OSError:
        return None
    parts = (region.path, status.st_size, status.st_mtime_ns, region.start_s, region.length_s)
    return "\n".join(map(str, parts))


@dataclass(frozen=True)
class Results:
    """Earlier results by what they were made of.

    Parameters
    ----------
    store
        Where they are kept.
    clock
        Seconds since the epoch.
    """

    store: Store
    clock: Callable[[], float]

    def keep_content(self, job: Job, content_hash: str) -> None:
        """Keep which audio the job's region holds."""
        mark = fingerprint(job.region)
        if mark:
            self.store.keep_content(mark, content_hash)

    def find_by_file(self, job: Job) -> Path | None:
        """Return the manifest of an earlier result, if the job's file was read before."""
        content_hash = self._content_hash(job)
        return self.find(job, content_hash) if content_hash else None

    def find(self, job: Job, content_hash: str) -> Path | None:
        """Return the manifest of an earlier result whose files are all still as they were."""
        if not job.options.reuse:
            return None
        for result in self.store.results(result_key(job, content_hash)):
            is_stale = (
                result.is_fallback and self.clock() - result.finished_at > FALLBACK_LIFETIME_S
            )
            if not is_stale and _stamps(result.files) == result.files:
                return Path(result.manifest)
        return None

    def _content_hash(self, job: Job) -> str | None:
        mark = fingerprint(job.region)
        return self.store.content(mark) if mark else None

    def keep(self, job: Job, manifest: str) -> None:
        """Keep a job's result, if the audio it came from is known."""
        content_hash = self._content_hash(job)
        if content_hash is None:
            return
        told = self.store.events(job.id)
        is_fallback = any(
            isinstance(event, ev.Warned) and event.code == FALLBACK_WARNING for event in told
        )
        files = _stamps([manifest, *result_files(told)])
        key = result_key(job, content_hash)
        self.store.keep_result(job.id, key, manifest, self.clock(), files, is_fallback=is_fallback)

    def events_for(self, job: Job, earlier: str, moved: Mapping[str, str]) -> Iterator[ev.JobEvent]:
        """Yield what an earlier job said of its files as this job's own."""
        for event in self.store.events(earlier):
            if isinstance(event, ev.Warned) and event.code not in _NOT_REPLAYED:
                yield event.model_copy(update={"job": job.id})
            elif isinstance(event, ev.StemReady):
                path = moved.get(event.stem.path, event.stem.path)
                stem = event.stem.model_copy(update={"path": path})
                yield ev.StemReady(job=job.id, stem=stem)
            elif isinstance(event, ev.ClipReady):
                path = moved.get(event.clip.path, event.clip.path)
                clip = event.clip.model_copy(update={"path": path})
                yield ev.ClipReady(job=job.id, clip=clip, with_notes=job.options.notes)
            elif isinstance(event, ev.ClipsFileReady):
                path = moved.get(event.file.path, event.file.path)
                file = event.file.model_copy(update={"path": path})
                yield ev.ClipsFileReady(job=job.id, file=file)
            elif isinstance(event, ev.TimingKnown):
                yield event.model_copy(update={"job": job.id})


def result_files(told: Iterable[ev.JobEvent]) -> Iterator[str]:
    """Yield the paths of the files that a job's events announced."""
    for event in told:
        if isinstance(event, ev.StemReady):
            yield event.stem.path
        elif isinstance(event, ev.ClipReady):
            yield event.clip.path
        elif isinstance(event, ev.ClipsFileReady):
            yield event.file.path


def _stamps(paths: Iterator[str] | list[str] | FileStamps) -> FileStamps:
    stamps = {}
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError:
            continue
        stamps[path] = (status.st_size, status.st_mtime_ns)
    return stamps
