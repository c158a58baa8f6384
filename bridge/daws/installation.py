"""What installing into a program changes: planned first, so that it can be shown, then carried out.

Each place keeps ``installed.txt`` beside our files, which lists what was written: what an earlier
installation left is removed by the next, and nothing that is not ours ever is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.errors import ForbiddenPathError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

INSTALLED = "installed.txt"


@dataclass(frozen=True)
class Change:
    """A file that is written or removed.

    Parameters
    ----------
    path
        The file.
    content
        What it will hold; None removes it.
    """

    path: Path
    content: bytes | None

    @property
    def is_needed(self) -> bool:
        """Whether the file is not like that already."""
        if self.content is None:
            return self.path.is_file()
        try:
            return self.path.read_bytes() != self.content
        except OSError:
            return True

    def make(self) -> None:
        """Write or remove the file.

        Raises
        ------
        OSError
            The system does not allow it.
        """
        if self.content is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(self.content)


@dataclass(frozen=True)
class Installation:
    """What is to be done in one place.

    Parameters
    ----------
    program
        Whose place it is, such as "REAPER".
    place
        The folder that the musician knows; every path below is shown from here.
    target
        The folder below it that holds nothing but our files.
    changes
        In order; those that are not needed are left out.
    steps
        Sentences: what the musician has to do then.
    """

    program: str
    place: Path
    target: Path
    changes: tuple[Change, ...]
    steps: tuple[str, ...] = ()

    def carry_out(self) -> None:
        """Make every change, then remove the folders of ours that are empty.

        Raises
        ------
        ForbiddenPathError
            A file cannot be changed.
        """
        for change in self.changes:
            try:
                change.make()
            except OSError as exc:
                raise ForbiddenPathError(
                    f"{change.path} cannot be changed: {exc.strerror}. Close {self.program}, make "
                    "the folder writable, then run this again."
                ) from exc
        if self.target.is_dir():
            inner = [path for path in self.target.rglob("*") if path.is_dir()]
            remove_empty([*sorted(inner, reverse=True), self.target])


def plan_files(
    program: str,
    place: Path,
    target: Path,
    wanted: Mapping[str, bytes],
    steps: Sequence[str] = (),
) -> Installation:
    """Return what makes our files in a folder those that are wanted; done twice it changes nothing.

    Parameters
    ----------
    program, place, target, steps
        As in `Installation`.
    wanted
        Names below `target`, with slashes, and what the files hold; none removes all of ours.
    """
    files = dict(wanted)
    if files:
        files[INSTALLED] = lines([*files, INSTALLED])
    changes = [Change(target / name, None) for name in installed(target) if name not in files]
    changes += [Change(target / name, content) for name, content in files.items()]
    needed = tuple(change for change in changes if change.is_needed)
    return Installation(program, place, target, needed, tuple(steps))


def installed(target: Path) -> list[str]:
    """Return the names that an earlier installation wrote, below their folder."""
    try:
        names = (target / INSTALLED).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    below = target.resolve()
    return [name for name in names if name and below in (target / name).resolve().parents]


def lines(words: Sequence[str]) -> bytes:
    """Return a file of one word to a line."""
    return ("\n".join(words) + "\n").encode()


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those of the folders, in order, that are there and empty."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
