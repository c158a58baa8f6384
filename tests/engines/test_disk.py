from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bridge.engines.disk import disk_faults, need_space
from bridge.errors import BridgeError, DiskFullError, ForbiddenPathError


def test_room_enough_is_no_fault(tmp_path: Path) -> None:
    need_space(tmp_path, 1)


def test_too_little_room_is_said_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match=r"needs 1,000,000,000,000 MB .* free\. Free some"):
        need_space(tmp_path, 10**18)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EFBIG, DiskFullError),
        (errno.EACCES, ForbiddenPathError),
        (errno.EROFS, ForbiddenPathError),
    ],
)
def test_what_the_system_says_has_a_name(
    tmp_path: Path, code: int, error: type[BridgeError]
) -> None:
    with pytest.raises(error, match=str(tmp_path)), disk_faults(tmp_path / "a.wav"):
        raise OSError(code, "said by the system")


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_faults(tmp_path / "a.wav"):
        (tmp_path / "nothing").open("rb")
