"""Room on the disk, and what the operating system says about writing, as our own errors."""

from __future__ import annotations

import errno
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bridge.errors import DiskFullError, ForbiddenPathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVE_BYTES = 64 << 20
"""What is left free for the rest of the system: a disk filled to the last byte harms the DAW."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def need_space(folder: Path, size_bytes: int) -> None:
    """Check that a folder's disk has room before anything is written to it.

    Parameters
    ----------
    folder
        An existing folder.
    size_bytes
        How much will be written.

    Raises
    ------
    DiskFullError
        If less than that and `RESERVE_BYTES` is free.
    """
    free = shutil.disk_usage(folder).free
    if free < size_bytes + RESERVE_BYTES:
        raise DiskFullError(
            f"The job needs {_megabytes(size_bytes)} in '{folder}', but only {_megabytes(free)} "
            "is free. Free some space or choose a shorter region."
        )


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn what the system says about writing `path` into our own errors.

    Raises
    ------
    DiskFullError
        No space left, a quota reached, or a file larger than the file system takes.
    ForbiddenPathError
        The folder or the disk may not be written, or a file stands where a folder should be.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise DiskFullError(
                f"The disk is full: '{path.name}' could not be written to '{path.parent}'. "
                "Free some space and run it again."
            ) from exc
        if exc.errno in _NOT_ALLOWED:
            raise ForbiddenPathError(
                f"'{path.parent}' may not be written to. Choose another output folder or change "
                "its permissions."
            ) from exc
        if exc.errno in _IN_THE_WAY:
            raise ForbiddenPathError(
                f"'{path}' cannot be made: a file stands where a folder should be. Choose another "
                "output folder, or take the file away."
            ) from exc
        raise


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
