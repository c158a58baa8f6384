"""The package as ReaPack takes it: the rules of its own indexer, and the index that we write.

The rules are those of `reapack-index --check` and of the headers' reader, metaheader, put into our
own words: neither can be run here.
"""

from __future__ import annotations

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import bridge
from bridge.daws.reapack import index, read_header
from bridge.daws.reaper import MAIN_SCRIPT
from bridge.errors import PresetError
from tests.daws.reaper.test_scripts import ACTIONS, FOLDER, NO_ACTIONS, SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

TAG = re.compile(r"(?P<prefix>.*?)(?:@(?P<key>\w+)|(?P<name>\w[\w ]*?)\s*:)(?:\s+(?P<value>.+))?")
PROVIDED = re.compile(
    r"(?:\[\s*(?P<options>.+?)\s*\])?\s*(?P<file>.+?)(?:\s+(?P<url>https?://.+))?"
)
OPTIONS = {"main", "nomain", "windows", "win32", "win64", "darwin", "darwin32", "darwin64", "linux"}
NAME = re.compile(r'[^*\\:<>?/|"\x00-\x1f]+')
RESERVED = re.compile(r"[. ].*|.+[. ]|CLOCK\$|COM\d|LPT\d", re.IGNORECASE)


def tags_of(text: str) -> dict[str, str | bool]:
    """Read a header as metaheader does: up to the first empty line, values by their indent."""
    tags: dict[str, str | bool] = {}
    key = prefix = None
    for line in text.splitlines():
        if not line.strip():
            break
        if key is not None and prefix is not None and line.startswith(prefix.rstrip()):
            rest = line.removeprefix(prefix)
            if line.rstrip() == prefix.rstrip():
                continue
            if line.startswith(prefix) and rest.startswith(" "):
                before = tags[key]
                tags[key] = f"{before}\n{rest.strip()}" if isinstance(before, str) else rest.strip()
                continue
        found = TAG.fullmatch(line.rstrip())
        key = None
        if found:
            key, prefix = (found["key"] or found["name"]).lower(), found["prefix"]
            tags[key] = found["value"] or True
    return tags


def faults_of(path: Path, folder: Path) -> list[str]:
    """Return what the indexer would find wrong with a script in the folder of a category."""
    tags = tags_of(path.read_text(encoding="utf-8"))
    if tags.get("noindex") is True:
        return []
    found = [f"'{tag}' has no value" for tag in ("provides", "author") if tags.get(tag) is True]
    version = tags.get("version")
    if not isinstance(version, str) or not re.match(r"\d", version) or "\n" in version:
        found.append(f"'{version}' is no version")
    if not NAME.fullmatch(path.name) or RESERVED.fullmatch(path.name):
        found.append(f"'{path.name}' is no name")
    files = [each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()]
    for line in str(tags.get("provides", "")).splitlines():
        given = PROVIDED.fullmatch(line.strip())
        assert given is not None
        found += [
            f"unknown option '{o}'" for o in (given["options"] or "").split() if o not in OPTIONS
        ]
        pattern = path.name if given["file"] == "." else given["file"]
        # A star does not cross a folder.
        if not any(fnmatchcase(f, pattern) and f.count("/") == pattern.count("/") for f in files):
            found.append(f"file not found '{pattern}'")
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_reapacks_own_indexer_would_take_each_script(path: Path) -> None:
    assert faults_of(path, FOLDER) == []


def test_what_the_indexer_refuses(tmp_path: Path) -> None:
    """Otherwise the rules above would prove nothing."""
    header = "-- @description x\n-- @version 1.0\n-- @provides\n--   [main] .\n--   lib/*.lua\n\n"
    script = tmp_path / "a.lua"
    script.write_text(header)
    assert faults_of(script, tmp_path) == ["file not found 'lib/*.lua'"]
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "b.lua").write_text("--- Does this.\n")
    assert faults_of(script, tmp_path) == []
    assert faults_of(tmp_path / "lib" / "b.lua", tmp_path) == ["'None' is no version"]
    script.write_text(header.replace("[main]", "[mian]").replace("1.0", "one"))
    assert faults_of(script, tmp_path) == ["'one' is no version", "unknown option 'mian'"]


def test_the_header_is_read_as_the_indexer_reads_it() -> None:
    text = (FOLDER / MAIN_SCRIPT).read_text(encoding="utf-8")
    ours, theirs = read_header(text), tags_of(text)
    assert set(ours) == set(theirs)
    for name in ("description", "version", "author", "provides"):
        assert [line.strip() for line in ours[name].splitlines() if line.strip()] == str(
            theirs[name]
        ).splitlines()


def test_headers_are_those_of_one_package() -> None:
    headers = {path.name: read_header(path.read_text(encoding="utf-8")) for path in ACTIONS}
    assert all(header["description"].startswith("dawbridge: ") for header in headers.values())
    assert [name for name, header in headers.items() if "version" in header] == [MAIN_SCRIPT]
    assert headers[MAIN_SCRIPT]["version"] == bridge.__version__


def test_the_index_follows_the_rules_of_reapack() -> None:
    root = ET.fromstring(index(FOLDER, "https://example.org/x", "2026-01-02T03:04:05Z"))
    category = root.find("category")
    assert category is not None
    package = category.find("reapack")
    assert package is not None
    for name in (root.attrib["name"], category.attrib["name"], package.attrib["name"]):
        assert NAME.fullmatch(name)
        assert not RESERVED.fullmatch(name)
    (version,) = package.findall("version")
    assert datetime.fromisoformat(version.attrib["time"].replace("Z", "+00:00")).tzinfo
    files = [source.attrib.get("file", MAIN_SCRIPT) for source in version.findall("source")]
    assert len(files) == len(set(files)), "two sources for one file are a conflict"
    assert not [name for name in files if name.startswith(("/", ".")) or ".." in name]
    tags = tags_of((FOLDER / MAIN_SCRIPT).read_text(encoding="utf-8"))
    patterns = [line.partition("] ")[2] for line in str(tags["provides"]).splitlines()]
    expected = [MAIN_SCRIPT if pattern == "." else pattern for pattern in patterns]
    assert all(any(fnmatchcase(name, pattern) for pattern in expected) for name in files)


def test_the_index_names_every_file_that_the_scripts_need() -> None:
    root = ET.fromstring(index(FOLDER, "https://example.org/a b/", "2026-01-02T03:04:05Z"))
    assert (root.tag, root.attrib) == ("index", {"version": "1", "name": "dawbridge"})
    (package,) = root.findall("category/reapack")
    assert package.attrib["type"] == "script"
    (version,) = package.findall("version")
    assert version.attrib["name"] == bridge.__version__
    sources = version.findall("source")
    files = {source.attrib.get("file", MAIN_SCRIPT) for source in sources}
    left_out = {path.name for path in ACTIONS} - files
    assert left_out == {"dawbridge_Add to action list.lua"}, "ReaPack fills the list by itself"
    assert {path.name for path in FOLDER.glob("lib/*.lua")} == {
        name.removeprefix("lib/") for name in files if "/" in name
    }
    for source in sources:
        name = source.attrib.get("file", MAIN_SCRIPT)
        is_action = "/" not in name and name not in NO_ACTIONS
        assert source.attrib.get("main") == ("main" if is_action else None)
        assert re.fullmatch(r"1220[0-9a-f]{64}", source.attrib["hash"])
        assert source.text is not None
        assert (
            source.text.startswith("https://example.org/a b/dawbridge_") or "/lib/" in source.text
        )
        assert " " not in source.text.removeprefix("https://example.org/a b/")


def test_an_index_of_a_broken_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / MAIN_SCRIPT).write_text("-- @description x\n-- @version 1\n-- @author y\n")
    with pytest.raises(PresetError, match="lacks @provides"):
        index(tmp_path, "https://example.org", "")
    with (tmp_path / MAIN_SCRIPT).open("a") as file:
        file.write("-- @provides\n--   [main] .\n--   missing.lua\n")
    with pytest.raises(PresetError, match=r"'missing\.lua', which is not there"):
        index(tmp_path, "https://example.org", "")
