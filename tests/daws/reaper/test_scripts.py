"""What holds for the scripts as text: valid in both Luas, small, and their table is whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
