"""The log: one JSON object a line, with the job that it is about, in files that do not grow.

Each line has ``time`` (UTC, ISO 8601), ``level``, ``logger``, ``message``, and where there are any
``job``, ``worker`` (a process id) and ``traceback``. Workers write theirs to standard error; the
daemon puts them into its own log.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LOGS_FOLDER = "logs"
"""Below the data folder."""

LOG_NAME = "dawbridge.jsonl"
FILE_BYTES = 2 << 20
OLD_FILES = 4
MESSAGE_CHARACTERS = 4096
"""A message repeats what was sent; what is longer is cut."""

_CUT = " …"
_LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}


class JsonLines(logging.Formatter):
    """A record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _cut(record.getMessage()),
        }
        for name in ("job", "worker"):
            if getattr(record, name, None):
                line[name] = getattr(record, name)
        if record.exc_info:
            line["traceback"] = _cut(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(folder: Path, level: str) -> logging.Handler:
    """Write the log into a folder, and to standard error unless that is a file.

    Nobody rotates a file that standard error was led to, so it would grow without end.

    Parameters
    ----------
    folder
        Made if it is not there.
    level
        What is at least as grave is written.

    Returns
    -------
    logging.Handler
        The file's.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(
        folder / LOG_NAME, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8",
        errors="backslashreplace",
    )  # fmt: skip
    file.setFormatter(JsonLines())
    root = logging.getLogger()
    root.setLevel(level.upper())
    root.addHandler(file)
    if not stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode):
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(console)
    return file


def relay(line: bytes, job: str | None, worker: int) -> None:
    """Put what a worker wrote to standard error into this process' log.

    Parameters
    ----------
    line
        A line of `JsonLines`, or whatever a library printed.
    job
        The job that the worker runs.
    worker
        Its process id.
    """
    text = line.decode("utf-8", "replace").strip()
    if not text:
        return
    level, name, message = logging.INFO, "bridge.engines.worker", text
    try:
        said = json.loads(text)
        name, message, level = said["logger"], said["message"], _LEVELS[said["level"]]
        if "traceback" in said:
            message = f"{message}\n{said['traceback']}"
    except (ValueError, KeyError, TypeError):  # a library's own words
        pass
    logging.getLogger(str(name)).log(level, "%s", message, extra={"job": job, "worker": worker})


def _cut(text: str) -> str:
    return text if len(text) <= MESSAGE_CHARACTERS else text[:MESSAGE_CHARACTERS] + _CUT
