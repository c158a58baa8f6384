"""The remote script goes into Live's User Library, is repaired there, and goes away again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.config import Settings
from bridge.core.presets import Presets
from bridge.daws import ableton
from bridge.daws.installation import Installation
from bridge.errors import PresetError, SettingsError
from bridge.resources import shipped

SCRIPT = shipped("daw_scripts") / "ableton" / ableton.SCRIPT
TARGET = Path("Remote Scripts") / "DawBridge"
CONFIGURED = """<?xml version="1.0" encoding="UTF-8"?>
<Ableton><ContentLibrary><UserLibrary><LibraryProject Id="0">
  <ProjectName Value="{name}" /><ProjectPath Value="{path}" />
</LibraryProject></UserLibrary></ContentLibrary></Ableton>
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    made = tmp_path / "Ableton" / "User Library"
    made.mkdir(parents=True)
    return made


def install(library: Path, **settings: Any) -> Installation:
    chosen = Settings(data=library.parent / "data", **settings)
    instruments = Presets((shipped("presets"),)).instruments()
    planned = ableton.plan_install(library, SCRIPT, chosen, instruments)
    planned.carry_out()
    return planned


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def configure(file: Path, path: Path, name: str, age_s: float) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(CONFIGURED.format(path=path, name=name), encoding="utf-8")
    os.utime(file, (1e9 - age_s, 1e9 - age_s))


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("darwin", {}, "Music/Ableton/User Library"),
        ("win32", {}, "Documents/Ableton/User Library"),
        ("win32", {"OneDrive": "{home}/Cloud"}, "Cloud/Documents/Ableton/User Library"),
    ],
)
def test_the_usual_library_is_found(
    tmp_path: Path, platform: str, environment: dict[str, str], folder: str
) -> None:
    given = {name: text.format(home=tmp_path) for name, text in environment.items()}
    assert ableton.find_user_libraries(tmp_path, given, platform) == []
    (tmp_path / folder).mkdir(parents=True)
    assert ableton.find_user_libraries(tmp_path, given, platform) == [tmp_path / folder]
    assert ableton.find_user_libraries(tmp_path, given, "linux") == []


@pytest.mark.parametrize(
    ("platform", "preferences"),
    [
        ("darwin", "Library/Preferences/Ableton/Live {version}/Library.cfg"),
        ("win32", "AppData/Roaming/Ableton/Live {version}/Preferences/Library.cfg"),
    ],
)
def test_a_moved_library_is_found_through_lives_preferences(
    tmp_path: Path, platform: str, preferences: str
) -> None:
    drive, old = tmp_path / "Samples & Co", tmp_path / "old"
    for folder in (drive / "My Library", old / "User Library"):
        folder.mkdir(parents=True)
    escaped = Path(str(drive).replace("&", "&amp;"))
    places = [
        tmp_path / preferences.format(version=v) for v in ("12.3.5", "11.3.25", "12.0b2", "12.1")
    ]
    configure(places[0], escaped, "My Library", age_s=0.0)
    configure(places[1], old, "User Library", age_s=9.0)
    configure(places[2], tmp_path / "gone", "User Library", age_s=5.0)
    configure(places[3], escaped, "My Library", age_s=7.0)
    found = ableton.find_user_libraries(tmp_path, {}, platform)
    assert found == [drive / "My Library", old / "User Library"]
    for broken in (places[0], places[3]):
        broken.write_text("<Ableton>", encoding="utf-8")
    assert ableton.find_user_libraries(tmp_path, {}, platform) == [old / "User Library"]


def test_a_named_folder_is_a_library_or_holds_one(library: Path, tmp_path: Path) -> None:
    assert ableton.user_library(library) == library
    assert ableton.user_library(library.parent) == library
    (tmp_path / "Meine" / "Ableton Folder Info").mkdir(parents=True)
    assert ableton.user_library(tmp_path / "Meine") == tmp_path / "Meine"
    with pytest.raises(SettingsError, match="Location of User Library"):
        ableton.user_library(tmp_path)


def test_installed_twice_it_changes_nothing_and_repairs_what_is_broken(library: Path) -> None:
    assert install(library).changes
    target = library / TARGET
    assert {name for name in files(target) if name.endswith(".py")} == files(SCRIPT) - {
        "settings.ini"
    } - {name for name in files(SCRIPT) if name.startswith("__pycache__")}
    assert install(library).changes == ()
    (target / "session.py").write_text("broken")
    (target / "warp.py").unlink()
    repaired = {change.path.name for change in install(library).changes}
    assert repaired == {"session.py", "warp.py"}


def test_the_script_is_told_where_the_daemon_is(library: Path) -> None:
    install(library, port=7799)
    told = json.loads((library / TARGET / "daemon.json").read_text(encoding="utf-8"))
    assert told["port"] == 7799
    assert Path(told["program"][0]).is_absolute()
    assert Path(told["state"]) == library.parent / "data" / "ableton"
    assert "Drum Rack" in told["instruments"]["drums"]
    assert told["instruments"].keys() == Presets((shipped("presets"),)).instruments().keys()
    (step,) = install(library, port=7799).steps
    assert "Control Surface, choose DawBridge" in step


def test_a_daemon_that_live_cannot_reach_is_told_of(library: Path) -> None:
    steps = install(library, host="192.0.2.1", peers=("192.0.2.0/24",), read_roots=(library,)).steps
    assert "192.0.2.1 alone" in steps[1]


def test_an_instrument_that_is_no_list_of_names_is_refused(library: Path) -> None:
    with pytest.raises(PresetError, match="Instrument 'bass' in instruments"):
        ableton.plan_install(library, SCRIPT, Settings(), {"bass": {"live": "Operator"}})


def test_the_musicians_settings_are_never_written_over_nor_removed(library: Path) -> None:
    install(library)
    mine = library / TARGET / "settings.ini"
    mine.write_text("[placing]\nmute_midi = no\n", encoding="utf-8")
    assert install(library).changes == ()
    ableton.plan_uninstall(library, SCRIPT).carry_out()
    assert files(library) == {(TARGET / "settings.ini").as_posix()}


def test_uninstalling_leaves_nothing_of_ours(library: Path) -> None:
    other = library / "Remote Scripts" / "AbletonOSC" / "__init__.py"
    other.parent.mkdir(parents=True)
    other.touch()
    install(library)
    compiled = library / TARGET / "__pycache__" / "session.cpython-37.pyc"
    compiled.parent.mkdir()
    compiled.touch()
    ableton.plan_uninstall(library, SCRIPT).carry_out()
    assert files(library) == {"Remote Scripts/AbletonOSC/__init__.py"}
    assert not (library / TARGET).exists()


def test_the_commands(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == status, result.output
        return result.output

    monkeypatch.setenv("DAWBRIDGE_DATA", str(library.parent / "data"))
    named = ("--to", str(library.parent))
    planned = invoke("install", "ableton", *named, "--dry-run")
    assert f"write {TARGET / 'surface.py'}" in planned
    assert files(library) == set()
    assert "Link, Tempo & MIDI" in invoke("install", "ableton", *named)
    assert "nothing to change" in invoke("install", "ableton", *named)
    (library.parent / "data" / "ableton").mkdir(parents=True)
    assert "0 files written" in invoke("uninstall", "ableton", *named)
    assert files(library) == set()
    assert not (library.parent / "data" / "ableton").exists()
    monkeypatch.setattr(ableton, "find_user_libraries", lambda *_: [])
    assert "--to" in invoke("install", "ableton", status=1)
