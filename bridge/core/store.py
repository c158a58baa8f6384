"""Jobs, their events and their results in SQLite: what survives the daemon.

Every change is committed before the caller goes on, in write-ahead mode: after `kill -9` the store
holds all that clients were told. One connection, used from one thread. What came first is told from
the order of the rows, since the clock may be set back between two jobs.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from bridge.core.events import STORED, JobEvent
from bridge.core.jobs import is_final
from bridge.errors import DiskFullError, InternalError
from bridge.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, created_at REAL NOT NULL, state TEXT NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created_at);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES jobs (id), kind TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_job ON events (job);
CREATE TABLE IF NOT EXISTS results (
    job TEXT PRIMARY KEY REFERENCES jobs (id), key TEXT NOT NULL, manifest TEXT NOT NULL,
    finished_at REAL NOT NULL, is_fallback INTEGER NOT NULL, files TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS results_by_key ON results (key);
CREATE TABLE IF NOT EXISTS contents (fingerprint TEXT PRIMARY KEY, hash TEXT NOT NULL);
"""

FileStamps = dict[str, tuple[int, int]]
"""Path to (size in bytes, modification time in ns)."""


def _unusable(path: Path, exc: sqlite3.Error) -> InternalError:
    return InternalError(
        f"The job store {path} cannot be used: {exc}. Move it away to start afresh; the results "
        "in the jobs folder stay."
    )


class StoredResult:
    """A finished job's files, as they were when it finished."""

    def __init__(self, row: sqlite3.Row) -> None:
        self.job_id: str = row["job"]
        self.manifest: str = row["manifest"]
        self.finished_at: float = row["finished_at"]
        self.is_fallback: bool = bool(row["is_fallback"])
        self.files: FileStamps = {
            path: (stamp[0], stamp[1]) for path, stamp in json.loads(row["files"]).items()
        }


class Store:
    """The database.

    Parameters
    ----------
    path
        The database file; made if it is not there.

    Raises
    ------
    InternalError
        The file is no database, or a newer program wrote it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as exc:
            raise _unusable(path, exc) from exc
        try:
            self._open(path)
        except BaseException:
            self._db.close()
            raise

    def _open(self, path: Path) -> None:
        try:
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise InternalError(
                    f"{path} was written by a newer dawbridge. Update this one, or choose another "
                    "data folder."
                )
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.DatabaseError as exc:
            raise _unusable(path, exc) from exc

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def save(self, job: Job) -> Job:
        """Keep a job as it is now; return it."""
        self._write(
            "INSERT INTO jobs VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, value = excluded.value",
            (job.id, job.created_at, job.state.value, job.model_dump_json()),
        )
        return job

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        row = self._db.execute("SELECT value FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return Job.model_validate_json(row["value"]) if row else None

    def recent(self, most: int) -> list[Job]:
        """Return the newest jobs, newest first."""
        rows = self._db.execute("SELECT value FROM jobs ORDER BY rowid DESC LIMIT ?", (most,))
        return [Job.model_validate_json(row["value"]) for row in rows]

    def newest_done(self) -> Job | None:
        """Return the newest job that finished well, or None."""
        row = self._db.execute(
            "SELECT value FROM jobs WHERE state = ? ORDER BY rowid DESC LIMIT 1",
            (JobState.DONE.value,),
        ).fetchone()
        return Job.model_validate_json(row["value"]) if row else None

    def unfinished(self) -> list[Job]:
        """Return the jobs that have not ended, oldest first."""
        states = [state.value for state in JobState if not is_final(state)]
        marks = ", ".join("?" for _ in states)
        rows = self._db.execute(
            f"SELECT value FROM jobs WHERE state IN ({marks}) ORDER BY rowid",  # noqa: S608
            states,
        )
        return [Job.model_validate_json(row["value"]) for row in rows]

    def append(self, event: JobEvent) -> None:
        """Keep an event behind the job's others."""
        self._write(
            "INSERT INTO events (job, kind, value) VALUES (?, ?, ?)",
            (event.job, type(event).__name__, event.model_dump_json()),
        )

    def events(self, job_id: str) -> list[JobEvent]:
        """Return a job's events in the order in which they happened."""
        rows = self._db.execute(
            "SELECT kind, value FROM events WHERE job = ? ORDER BY number", (job_id,)
        )
        return [STORED[row["kind"]].model_validate_json(row["value"]) for row in rows]

    def forget_events(self, job_id: str) -> None:
        """Drop a job's events, since it starts again."""
        self._write("DELETE FROM events WHERE job = ?", (job_id,))

    def keep_result(
        self,
        job_id: str,
        key: str,
        manifest: str,
        finished_at: float,
        files: FileStamps,
        *,
        is_fallback: bool,
    ) -> None:
        """Keep a finished job's files, to answer the same request again."""
        self._write(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)",
            (job_id, key, manifest, finished_at, int(is_fallback), json.dumps(files)),
        )

    def results(self, key: str) -> Iterable[StoredResult]:
        """Return earlier results under a key, newest first."""
        rows = self._db.execute(
            "SELECT * FROM results WHERE key = ? ORDER BY finished_at DESC", (key,)
        ).fetchall()
        return [StoredResult(row) for row in rows]

    def keep_content(self, fingerprint: str, content_hash: str) -> None:
        """Keep which audio a file region held, so that it need not be read to be recognised."""
        self._write("INSERT OR REPLACE INTO contents VALUES (?, ?)", (fingerprint, content_hash))

    def content(self, fingerprint: str) -> str | None:
        """Return the content hash kept for a file region, or None."""
        row = self._db.execute(
            "SELECT hash FROM contents WHERE fingerprint = ?", (fingerprint,)
        ).fetchone()
        return row["hash"] if row else None

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._db.execute(statement, values)
        except sqlite3.Error as exc:
            if "full" in str(exc):
                raise DiskFullError("The disk with the data folder is full.") from exc
            raise InternalError(f"The job store cannot be written: {exc}.") from exc
