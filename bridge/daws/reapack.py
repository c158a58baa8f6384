"""The index through which ReaPack, REAPER's package manager, finds the scripts.

The format is that of ``reapack-index``: a package is a script whose header has ``@version``, and
the files that its ``@provides`` names travel with it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from bridge.daws.reaper import MAIN_SCRIPT
from bridge.errors import PresetError

if TYPE_CHECKING:
    from pathlib import Path

INDEX_NAME = "dawbridge"
CATEGORY = "Stems and MIDI"

_VERSION = re.compile(r"\d+(\.\d+)*([ab-].*)?")
_SHA256 = "1220"
"""Multihash: SHA-2 of 256 bits, 32 bytes long."""


@dataclass(frozen=True)
class Provided:
    """A file of the package, and whether it becomes an action."""

    name: str
    is_action: bool


def read_header(text: str) -> dict[str, str]:
    """Return the tags of a script's header; further lines of a tag keep their line breaks."""
    tags: dict[str, str] = {}
    tag = ""
    for line in text.splitlines():
        comment = re.match(r"--( .*)?$", line)
        if comment is None:
            break
        words = (comment[1] or "").removeprefix(" ")
        found = re.match(r"@(\w+)\s*(.*)$", words)
        if found:
            tag = found[1]
            tags[tag] = found[2]
        elif tag:
            tags[tag] = f"{tags[tag]}\n{words.removeprefix('  ')}".strip("\n")
    return tags


def provided(folder: Path, header: dict[str, str]) -> list[Provided]:
    """Return the files of a package.

    Raises
    ------
    PresetError
        A line of ``@provides`` names no file.
    """
    files = []
    for line in header["provides"].splitlines():
        option, _, pattern = line.strip().rpartition("] ")
        name = MAIN_SCRIPT if pattern == "." else pattern
        found = sorted(folder.glob(name))
        if not found:
            raise PresetError(f"{MAIN_SCRIPT}: @provides names '{name}', which is not there.")
        files += [Provided(p.relative_to(folder).as_posix(), option == "[main") for p in found]
    return files


def index(folder: Path, base_url: str, released: str) -> bytes:
    """Return the index as XML.

    Parameters
    ----------
    folder
        The scripts.
    base_url
        Where the files of `folder` can be fetched from.
    released
        The version's moment, as ISO 8601 in UTC.

    Raises
    ------
    PresetError
        The header lacks a tag, or names what is not there.
    """
    header = read_header((folder / MAIN_SCRIPT).read_text(encoding="utf-8"))
    for tag in ("description", "version", "author", "provides"):
        if not header.get(tag):
            raise PresetError(f"{MAIN_SCRIPT}: the header lacks @{tag}.")
    if not _VERSION.fullmatch(header["version"]):
        raise PresetError(f"{MAIN_SCRIPT}: '{header['version']}' is no version such as 1.2.")
    root = ET.Element("index", version="1", name=INDEX_NAME)
    category = ET.SubElement(root, "category", name=CATEGORY)
    package = ET.SubElement(
        category, "reapack", name=MAIN_SCRIPT, type="script", desc=header["description"]
    )
    version = ET.SubElement(
        package, "version", name=header["version"], author=header["author"], time=released
    )
    for file in provided(folder, header):
        content = (folder / file.name).read_bytes()
        attributes = {"hash": _SHA256 + hashlib.sha256(content).hexdigest()}
        if file.is_action:
            attributes["main"] = "main"
        if file.name != MAIN_SCRIPT:
            attributes["file"] = file.name
        source = ET.SubElement(version, "source", attributes)
        source.text = f"{base_url.rstrip('/')}/{quote(file.name)}"
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
