"""Which files may be read and which folders written, once symlinks are followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import BadArgumentsError, ForbiddenPathError, SourceNotFoundError


@dataclass(frozen=True)
class PathPolicy:
    """The folders that requests may name.

    Parameters
    ----------
    read_roots
        Audio is read below these only; empty means anywhere the musician can read, which the
        settings allow only while nobody but this machine may send requests.
    output_roots
        Results are written below these only.
    """

    read_roots: tuple[Path, ...]
    output_roots: tuple[Path, ...]

    def source(self, text: str) -> Path:
        """Return the resolved path of an audio file.

        Raises
        ------
        BadArgumentsError
            The text is not an absolute path.
        SourceNotFoundError
            There is no such file.
        ForbiddenPathError
            It lies outside the read roots, once symlinks are followed.
        """
        path = _absolute(text)
        try:
            resolved = path.resolve(strict=True)
        except FileNotFoundError:
            if self.read_roots and not _is_below(path.resolve(), self.read_roots):
                raise _forbidden_source(path) from None
            raise SourceNotFoundError(f"There is no file {path}.") from None
        except (OSError, RuntimeError) as exc:  # a loop of symlinks, a name too long
            raise SourceNotFoundError(f"The path {path} cannot be followed: {exc}.") from exc
        if self.read_roots and not _is_below(resolved, self.read_roots):
            raise _forbidden_source(path)
        return resolved

    def output(self, text: str) -> Path:
        """Return the resolved path of a folder for results; it need not exist yet.

        Raises
        ------
        BadArgumentsError
            The text is not an absolute path, or names a file.
        ForbiddenPathError
            It lies outside the output roots, once symlinks are followed.
        """
        path = _absolute(text)
        try:
            resolved = path.resolve()
            is_file = resolved.is_file()
        except (OSError, RuntimeError) as exc:
            raise ForbiddenPathError(f"The folder {path} cannot be followed: {exc}.") from exc
        if not _is_below(resolved, self.output_roots):
            raise ForbiddenPathError(
                f"Results may not be written to {path}. Choose a folder below "
                f"{_listed(self.output_roots)}, or add yours to output_roots in the settings."
            )
        if is_file:
            raise BadArgumentsError(f"{path} is a file, not a folder for results.")
        return resolved


def _forbidden_source(path: Path) -> ForbiddenPathError:
    return ForbiddenPathError(
        f"{path} may not be read. Add its folder to read_roots in the settings to allow it."
    )


def _absolute(text: str) -> Path:
    if not text or "\0" in text:
        raise BadArgumentsError("A path is missing or holds a zero byte.")
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if not path.is_absolute():
        raise BadArgumentsError(f"'{text}' is not an absolute path.")
    return path


def _is_below(path: Path, roots: tuple[Path, ...]) -> bool:
    return any(path == root or root in path.parents for root in roots)


def _listed(roots: tuple[Path, ...]) -> str:
    return ", ".join(str(root) for root in roots) or "(none is allowed)"
