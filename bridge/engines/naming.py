"""Names of result files, and files that appear only when they are whole.

A name is claimed before it is written: beside ``song - bass.wav`` stands the hidden
``.song - bass.wav.claim`` with the job's id, made so that only one job can make it. Two jobs that
want the same name get two names. The file grows as ``.song - bass.wav.part`` and is renamed when
it is complete; a job that runs again after a crash finds its own claim and goes on with it.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.disk import disk_faults

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from bridge.engines.take import Take

MAX_NAME_BYTES = 120
"""Of the whole file name in UTF-8: short enough for every file system, and for a DAW's browser."""

_STEM_BYTES = 40
_CLAIM = ".claim"
_CLAIM_BYTES = 256
"""More than a job's id."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_NOT_PRINTED = {"Cc", "Cs", "Zl", "Zp"}


def result_path(take: Take, name: str, suffix: str) -> Path:
    """Claim the path of a result: ``<track or source name> - <name><suffix>``.

    Parameters
    ----------
    take
        Its job's ``track``, or else the source file's name, begins the name; its output folder
        holds the file.
    name
        Of the stem.
    suffix
        With its dot.

    Returns
    -------
    Path
        In the take's output folder; no file has it, unless an interrupted attempt at the same
        job left one (`WorkOrder.replaces`). A number is added where the plain name is taken.
        Write it through `finished`.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The folder cannot be written.
    """
    job = take.order.job
    plain = file_name(job.options.track or Path(take.source.path).stem, name)
    own = frozenset(os.path.normcase(path) for path in take.order.replaces)
    with disk_faults(take.output_folder / plain):
        take.output_folder.mkdir(parents=True, exist_ok=True)
    return _free(take.output_folder, plain, suffix, job.id, own)


@contextmanager
def finished(path: Path) -> Iterator[Path]:
    """Give a temporary path to write; it becomes `path` in one step when the block is left.

    If the block raises, nothing is left behind. On success the data is on the disk, not only in
    the system's cache, before the name appears.

    Parameters
    ----------
    path
        From `result_path`, or any other path in an existing folder, which is replaced.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The file cannot be written.
    """
    temporary = _part_of(path)
    try:
        with disk_faults(path):
            # A link that somebody planted under this name would be followed and its target lost.
            temporary.unlink(missing_ok=True)
            temporary.touch(exist_ok=False)
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
        _claim_of(path).unlink(missing_ok=True)


def release_claims(folder: Path, job_id: str) -> None:
    """Remove a job's claims in a folder and what stands half written under them.

    For a job whose worker was killed: nobody else would ever take these names.

    Raises
    ------
    OSError
        The folder cannot be changed.
    """
    for claim in folder.glob(f".*{_CLAIM}"):
        if _reads(claim) == job_id:
            _part_of(claim.with_name(claim.name[1 : -len(_CLAIM)])).unlink(missing_ok=True)
            claim.unlink(missing_ok=True)


def claim_copy(folder: Path, name: str, job_id: str) -> Path:
    """Claim the name of a file that is copied into a folder, with a number if it is taken.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The folder cannot be written.
    """
    plain = Path(name)
    with disk_faults(folder / name):
        folder.mkdir(parents=True, exist_ok=True)
    return _free(folder, plain.stem, plain.suffix, job_id, frozenset())


def file_name(title: str, stem: str) -> str:
    """Return ``<title> - <stem>`` as a file name that Windows, macOS and Linux all take.

    Forbidden characters become ``_``, control characters go, letters of every script stay. The
    title is shortened so that number and suffix fit into `MAX_NAME_BYTES`.
    """
    stem = _shortened(_plain(stem) or "audio", _STEM_BYTES)
    room = MAX_NAME_BYTES - len(" - ") - len(stem.encode()) - len(" 9999.flac")
    title = _shortened(_plain(title) or "audio", room)
    # Windows looks only at what stands before the first dot.
    if _RESERVED.fullmatch(title.split(".")[0].strip()):
        title = "_" + title
    return f"{title} - {stem}"


def _free(folder: Path, plain: str, suffix: str, job_id: str, own: Container[str]) -> Path:
    """Claim a path that no file has, unless it is one of the job's own."""
    with disk_faults(folder / plain):
        for number in itertools.count(1):
            ending = suffix if number == 1 else f" {number}{suffix}"
            path = folder / (plain + ending)
            taken = os.path.lexists(path) and os.path.normcase(path) not in own
            if not taken and _claim(path, job_id):
                # Another job may have finished between the look and the claim.
                if not os.path.lexists(path) or os.path.normcase(path) in own:
                    return path
                _claim_of(path).unlink(missing_ok=True)
    raise AssertionError("itertools.count ends only by return")


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _NOT_PRINTED)
    return _FORBIDDEN.sub("_", text).strip(" .")


def _shortened(text: str, limit_bytes: int) -> str:
    while len(text.encode()) > limit_bytes:
        text = text[:-1]
    return text.rstrip(" .")


def _claim(path: Path, job: str) -> bool:
    """Make the claim on a path; false if another job has it."""
    claim = _claim_of(path)
    try:
        with claim.open("x", encoding="utf-8") as file:
            file.write(job)
    except FileExistsError:
        return _reads(claim) == job
    return True


def _reads(claim: Path) -> str | None:
    """Return whose claim it is; None if it is gone, or no file of ours, which might never end."""
    try:
        if not stat.S_ISREG(claim.lstat().st_mode):
            return None
        with claim.open("rb") as file:
            return file.read(_CLAIM_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _claim_of(path: Path) -> Path:
    return path.with_name(f".{path.name}{_CLAIM}")


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
