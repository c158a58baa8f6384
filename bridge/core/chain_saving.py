"""Writing a chain with its knobs as they were turned, as a file of the musician's own."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any

from bridge.core.knobs import WHOLE_CHAIN, row_at
from bridge.errors import BadArgumentsError, PresetError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.core.knobs import KnobValue
    from bridge.core.presets import Presets

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_NO_CHAIN = "none"


def save_chain(presets: Presets, name: str, as_name: str) -> Path:
    """Write a chain with its turned knobs into the musician's presets folder.

    Comments and order of the file stay. A chain that this one includes is not written: its knobs
    are its own.

    Parameters
    ----------
    presets
        Where the chain is, and what was turned of it; the first folder is the musician's.
    name, as_name
        The chain, and what the new one is called. The same name again writes over the musician's
        own file; the turns are then in the file and forgotten here.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UnknownChainError
        There is no chain of that name.
    BadArgumentsError
        The new name cannot be one, or another chain's file has it.
    PresetError
        The file cannot be written.
    """
    _check_name(as_name)
    _, text = presets.chain_place(name)
    presets.chain(name)  # whose fault it is if the file is no TOML
    target = presets.folders[0] / "chains" / f"{as_name}.toml"
    if as_name != name and (target.exists() or presets.has_chain(as_name)):
        raise BadArgumentsError(
            f"There is a chain '{as_name}' already. Save under another name, or delete {target}."
        )
    _write(target, _with_values(text, presets.turned(name)))
    presets.turn_back(as_name)
    return target


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name == _NO_CHAIN:
        raise BadArgumentsError(
            f"'{name}' cannot be a chain's name: use 1 to 64 letters, digits, '-', '_' and '.', "
            f"and not '{_NO_CHAIN}'."
        )


def _with_values(text: str, turned: Mapping[tuple[str, str], KnobValue]) -> str:
    """Return a chain file's text with some values set, comments kept."""
    import tomlkit  # noqa: PLC0415 - only who saves a chain needs it

    known = tomllib.loads(text)
    added = {
        name: value
        for (place, name), value in turned.items()
        if place == WHOLE_CHAIN and name not in known
    }
    document = tomlkit.parse(_with_keys(text, tomlkit.dumps(added)))
    for (place, name), value in turned.items():
        row = row_at(document, place)
        if name in row:
            row[name] = value
        else:
            _add(row, name, value)
    return tomlkit.dumps(document)


def _with_keys(text: str, keys: str) -> str:
    """Put lines for the whole chain behind the description, or first.

    tomlkit would put them below the comment that stands above the first effect.
    """
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            if line.startswith("description") and _is_whole(line):
                return "".join(
                    [*lines[:index], line.rstrip("\r\n"), "\n", keys, *lines[index + 1 :]]
                )
            break
    return keys + text


def _is_whole(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _add(row: Any, name: str, value: KnobValue) -> None:
    """Put a key behind the last one, before the comments that belong to what follows."""
    body = row.value.body
    trailing = []
    while body and body[-1][0] is None:
        trailing.append(body.pop())
    row[name] = value
    body.extend(reversed(trailing))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as exc:
        with contextlib.suppress(OSError):
            part.unlink()
        raise PresetError(f"{path} cannot be written: {exc.strerror}.") from exc
