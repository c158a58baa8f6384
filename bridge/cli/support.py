"""`support-bundle`: what somebody who helps needs to see, in one file, without names of yours.

Names of files, folders, tracks and computers are replaced by numbers, the same number for the same
name throughout, unless `--with-names` is given.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import platform
import re
import socket
import sqlite3
import sys
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bridge import __version__
from bridge.cli.connection import connect, fail, settings
from bridge.errors import BridgeError
from bridge.logs import LOG_NAME, LOGS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.config import Settings

STORE_NAME = "jobs.sqlite"
NEWEST_JOBS = 200
FEWEST_CHARACTERS = 3
"""Of a name that is replaced by itself: a shorter one is in every text."""

_PATH = re.compile(r"(?:~|[A-Za-z]:)?(?:[/\\]{1,2}[^/\\\s\"'<>|:*?,;()\[\]{}]+)+")
_ADDRESS = re.compile(r"\b(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}\b")


def support_bundle(output: Path, config: Path | None, *, with_names: bool) -> None:
    """Write the bundle and say what is in it."""
    chosen = settings(config)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    path = output / f"dawbridge-support-{stamp}.zip"
    texts = dict(_gathered(chosen))
    if not with_names:
        names = Names(_names_of(chosen))
        texts = {name: names.replaced(text) for name, text in texts.items()}
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in texts.items():
                bundle.writestr(name, text)
    except OSError as exc:
        fail(f"{path} cannot be written: {exc.strerror}.")
    typer.echo(path)
    for name, text in texts.items():
        typer.echo(f"  {name}  {len(text):,} characters")
    if with_names:
        typer.echo("  with the names of your files, as you asked")


@dataclass
class Names:
    """Replaces names by numbers.

    Parameters
    ----------
    known
        Texts that are names; whatever looks like a path is one, too.
    """

    known: set[str]
    _numbers: dict[str, int] = field(default_factory=dict)

    def replaced(self, text: str) -> str:
        """Return a text without the names."""
        for name in sorted(self.known, key=len, reverse=True):
            for form in {name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1]}:
                text = text.replace(form, self._stand_in(name))
        text = _PATH.sub(lambda found: self._stand_in(found[0]), text)
        return _ADDRESS.sub(lambda found: self._stand_in(found[0], "address"), text)

    def _stand_in(self, name: str, what: str = "name") -> str:
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        suffix = Path(name).suffix if what == "name" else ""
        return f"<{what} {number}>{suffix if suffix[1:].isalnum() and len(suffix) < 6 else ''}"


def _gathered(chosen: Settings) -> Iterator[tuple[str, str]]:
    """Yield the files of the bundle: name and text."""
    yield "versions.json", json.dumps(_versions(), indent=2)
    yield "settings.json", chosen.model_dump_json(indent=2)
    yield "status.json", json.dumps(_status(chosen), indent=2)
    yield "doctor.txt", _doctor(chosen)
    yield "jobs.jsonl", "".join(json.dumps(job) + "\n" for job in _jobs(chosen))
    for path in sorted((chosen.data / LOGS_FOLDER).glob(f"{LOG_NAME}*")):
        yield f"logs/{path.name}", path.read_text(encoding="utf-8", errors="replace")


def _versions() -> dict[str, str]:
    found = {
        "dawbridge": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "machine": platform.machine(),
    }
    for line in importlib.metadata.requires("dawbridge") or ():
        name = re.split(r"[<>=;!~ \[]", line)[0]
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _status(chosen: Settings) -> dict[str, Any]:
    try:
        with connect(chosen) as client:
            parts = client.request("/bridge/status", answer="/bridge/status").arguments
    except (OSError, BridgeError) as exc:
        return {"no daemon": str(exc)}
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _doctor(chosen: Settings) -> str:
    from bridge.cli.doctor import examine

    lines = []
    for finding in examine(chosen):
        lines.append(f"{'note' if finding.remedy else 'ok'}  {finding.what}")
        lines += [f"      {finding.remedy}"] if finding.remedy else []
    return "\n".join([*lines, ""])


def _jobs(chosen: Settings) -> list[dict[str, Any]]:
    """Return the newest jobs as the store has them; none where there is no store."""
    path = chosen.data / STORE_NAME
    if not path.is_file():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as store:
            rows = store.execute(
                "SELECT value FROM jobs ORDER BY rowid DESC LIMIT ?", (NEWEST_JOBS,)
            ).fetchall()
    except sqlite3.Error as exc:
        return [{"the job store cannot be read": str(exc)}]
    return [json.loads(row[0]) for row in rows]


def _names_of(chosen: Settings) -> set[str]:
    """Return every name of the musician's that the bundle might hold."""
    names = {socket.gethostname(), Path.home().name, str(Path.home()), str(chosen.data)}
    for job in _jobs(chosen):
        for path in (job.get("region", {}).get("path"), job.get("output"), job.get("folder")):
            if path:
                names |= {path, Path(path).name, Path(path).stem}
        names.add(job.get("options", {}).get("track") or "")
    for folder in (chosen.presets / "recipes", chosen.presets / "chains"):
        names |= {path.stem for path in folder.glob("*.toml")}
    return {name for name in names if len(name) >= FEWEST_CHARACTERS}
