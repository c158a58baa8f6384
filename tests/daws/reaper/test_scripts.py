"""What holds for the scripts as text: valid in both Luas, small, and their table is whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bridge
from bridge.daws.reapack import index, read_header
from bridge.daws.reaper import MAIN_SCRIPT
from bridge.errors import PresetError
from bridge.resources import shipped
from tests.daws.reaper.api import Api
from tests.daws.reaper.standin import FUNCTIONS, lua_runtime

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tests.daws.reaper.studio import Studio

FOLDER = shipped("daw_scripts") / "reaper"
SCRIPTS = sorted(FOLDER.rglob("*.lua"))
ACTIONS = [path for path in SCRIPTS if path.parent == FOLDER]
LUACHECK_SETTINGS = FOLDER.parent.parent / ".luacheckrc"
MOST_LINES = 250
NO_ACTIONS = {"dawbridge_Add to action list.lua", "dawbridge_Window.lua"}
BY_ROLE = {"vocals": "voice", "other": "keys"}
MADE_BY_THE_STANDIN = {"defer", "atexit", "get_action_context", "new_array"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("lua", ["5.3", "5.4"])
def test_each_is_valid_in_both_luas_and_small(path: Path, lua: str) -> None:
    load = lua_runtime(lua).eval("function(path) return assert(loadfile(path, 't')) end")
    assert load(str(path))
    assert len(path.read_text(encoding="utf-8").splitlines()) < MOST_LINES


@pytest.mark.skipif(
    shutil.which("luacheck") is None or not LUACHECK_SETTINGS.is_file(),
    reason="luacheck is missing (Debian: lua-check)",
)
def test_luacheck_finds_nothing() -> None:
    told = subprocess.run(
        ["luacheck", "--config", str(LUACHECK_SETTINGS), "-q", str(FOLDER)],
        capture_output=True,
        text=True,
        check=False,
        cwd=LUACHECK_SETTINGS.parent,
    )
    assert told.returncode == 0, told.stdout


def test_the_table_holds_what_the_scripts_use_and_the_standin_does_it() -> None:
    used = {
        name
        for path in SCRIPTS
        for name in re.findall(r"\breaper\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert used <= set(FUNCTIONS)
    assert not [name for name in used - MADE_BY_THE_STANDIN if not hasattr(Api, name)]
    late = {name for name in used if FUNCTIONS[name][1] != "6.60"}
    assert not late, "these are not in the oldest REAPER that the scripts are for"


def test_colours_are_those_of_the_instruments() -> None:
    roles = tomllib.loads((shipped("presets") / "instruments.toml").read_text(encoding="utf-8"))
    text = (FOLDER / "lib" / "colours.lua").read_text(encoding="utf-8")
    named = dict(re.findall(r'^  (\w+) = "(#\w+)",$', text, re.MULTILINE))
    assert named
    assert named == {stem: roles[BY_ROLE.get(stem, stem)]["color"] for stem in named}


def test_headers_are_those_of_one_package() -> None:
    headers = {path.name: read_header(path.read_text(encoding="utf-8")) for path in ACTIONS}
    assert all(header["description"].startswith("dawbridge: ") for header in headers.values())
    assert [name for name, header in headers.items() if "version" in header] == [MAIN_SCRIPT]
    assert headers[MAIN_SCRIPT]["version"] == bridge.__version__
    others = [name for name, header in headers.items() if "noindex" in header]
    assert len(others) == len(ACTIONS) - 1


def test_the_index_names_every_file_that_the_scripts_need() -> None:
    from xml.etree import ElementTree as ET

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


def test_options_are_kept(studio: Studio) -> None:
    shown: list[str] = []
    studio.reaper.inputs = [(shown, "n|y|n|n|n|Flügel|drums=Kit|dsp"), ([], None)]
    studio.press("Options")
    assert shown[:6] == ["y", "y", "n", "n", "n", "ReaSynth"]
    kept = studio.reaper.ext_state["dawbridge", "synth"]
    assert (bytes.fromhex(kept[0]).decode(), kept[1]) == ("Flügel", True)
    studio.reaper.tick()
    again: list[str] = []
    studio.reaper.inputs = [(again, None)]
    studio.press("Options")
    assert studio.project.undo == []
    assert again == ["n", "y", "n", "n", "n", "Flügel", "drums=Kit", "dsp"]


def test_the_actions_add_themselves_to_the_list(studio: Studio) -> None:
    studio.press("Add to action list")
    added = {path.name for path in studio.reaper.commands.values()}
    assert added == {path.name for path in ACTIONS} - NO_ACTIONS
    assert "10 actions" in studio.reaper.said[0]
    assert studio.project.undo == []


def test_the_stand_in_refuses_what_reaper_would(studio: Studio) -> None:
    """Otherwise its silence would prove nothing."""
    faults = {
        "reaper.CountTracks()": "takes",
        "reaper.GetTrack(0, 'x')": "not a integer",
        "reaper.MB('a', 'b', 0, 1)": "takes",
        "reaper.SetExtState('a', 'b', 'ü', true)": "does not keep",
        "reaper.ExecProcess('/bin/true', 0)": "freezes",
        "reaper.CF_ShellExecute('x')": "no global",
        "leaked = 1": "leaks",
        "print(undefined)": "no global",
    }
    for number, (text, why) in enumerate(faults.items()):
        script = studio.folder / f"{number}.lua"
        script.write_text(text, encoding="utf-8")
        with pytest.raises(Exception, match=why):
            studio.reaper.run(script)
        studio.reaper.running.clear()
    assert len(studio.reaper.violations) == 5
    studio.reaper.violations.clear()
