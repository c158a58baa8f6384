"""The scripts go into REAPER's resource folders, are repaired there, and go away again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.daws import program, reaper
from bridge.daws.installation import Installation
from bridge.errors import ForbiddenPathError, SettingsError
from bridge.resources import shipped

SCRIPTS = shipped("daw_scripts") / "reaper"


def install(resources: Path) -> Installation:
    planned = reaper.plan_install(resources, SCRIPTS)
    planned.carry_out()
    return planned


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("win32", {"APPDATA": "{home}/Roaming"}, "Roaming/REAPER"),
        ("win32", {}, "AppData/Roaming/REAPER"),
        ("darwin", {}, "Library/Application Support/REAPER"),
        ("linux", {}, ".config/REAPER"),
        ("linux", {"XDG_CONFIG_HOME": "{home}/cfg"}, "cfg/REAPER"),
        ("linux", {}, ".var/app/fm.reaper.Reaper/config/REAPER"),
    ],
)
def test_resource_folders_are_found(
    tmp_path: Path, platform: str, environment: dict[str, str], folder: str
) -> None:
    given = {name: text.format(home=tmp_path) for name, text in environment.items()}
    assert reaper.find_resource_folders(tmp_path, given, platform) == []
    (tmp_path / folder).mkdir(parents=True)
    assert reaper.find_resource_folders(tmp_path, given, platform) == [tmp_path / folder]


@pytest.mark.parametrize("folder", ["REAPER 7", "Desktop/REAPER", "opt/reaper_linux_x86_64/REAPER"])
def test_a_portable_reaper_is_known_by_its_settings(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    assert reaper.find_resource_folders(tmp_path, {}, "linux") == []
    (tmp_path / folder / "reaper.ini").touch()
    assert reaper.find_resource_folders(tmp_path, {}, "linux") == [tmp_path / folder]


def test_installed_twice_it_changes_nothing_and_repairs_what_is_broken(tmp_path: Path) -> None:
    assert install(tmp_path).changes
    assert reaper.plan_install(tmp_path, SCRIPTS).changes == ()
    target = tmp_path / "Scripts" / "dawbridge"
    scripts = {name for name in files(target) if name.endswith(".lua")}
    assert scripts == {name for name in files(SCRIPTS) if name.endswith(".lua")}
    (target / "lib" / "store.lua").write_text("broken")
    (target / "dawbridge_Stems.lua").unlink()
    assert {change.path.name for change in install(tmp_path).changes} == {
        "store.lua",
        "dawbridge_Stems.lua",
    }
    assert reaper.plan_install(tmp_path, SCRIPTS).changes == ()


def test_what_an_older_version_wrote_goes_away(tmp_path: Path) -> None:
    install(tmp_path)
    target = tmp_path / "Scripts" / "dawbridge"
    (target / "old.lua").touch()
    with (target / "installed.txt").open("a") as file:
        file.write("old.lua\n../../reaper.ini\n")
    (tmp_path / "reaper.ini").touch()
    install(tmp_path)
    assert not (target / "old.lua").exists()
    assert (tmp_path / "reaper.ini").exists(), "a list that was tampered with reaches no further"


def test_uninstalling_leaves_what_is_not_ours(tmp_path: Path) -> None:
    install(tmp_path)
    mine = tmp_path / "Scripts" / "dawbridge" / "mine.lua"
    mine.touch()
    reaper.plan_uninstall(tmp_path).carry_out()
    assert files(tmp_path) == {"Scripts/dawbridge/mine.lua"}
    mine.unlink()
    install(tmp_path)
    reaper.plan_uninstall(tmp_path).carry_out()
    assert not (tmp_path / "Scripts" / "dawbridge").exists()


def test_scripts_from_reapack_are_not_there_twice(tmp_path: Path) -> None:
    install(tmp_path)
    theirs = tmp_path / "Scripts" / "dawbridge repo" / "Stems and MIDI"
    theirs.mkdir(parents=True)
    (theirs / "dawbridge_Stems.lua").touch()
    planned = install(tmp_path)
    assert files(tmp_path / "Scripts" / "dawbridge") == {"program.txt", "installed.txt"}
    assert str(theirs) in planned.steps[0]


def test_the_program_is_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = program.program_words()
    assert Path(words[0]).is_absolute()
    assert Path(words[0]).parent == Path(sys.executable).parent
    python = tmp_path / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    assert program.program_words() == (str(python), "-m", "bridge")


def test_a_flatpak_leaves_its_sandbox(tmp_path: Path) -> None:
    resources = tmp_path / ".var/app/fm.reaper.Reaper/config/REAPER"
    resources.mkdir(parents=True)
    planned = install(resources)
    words = (resources / "Scripts/dawbridge/program.txt").read_text().splitlines()
    assert words[:2] == ["/usr/bin/flatpak-spawn", "--host"]
    assert "flatpak override --user" in planned.steps[0]


def test_what_is_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "Scripts").write_text("a file")
    with pytest.raises(ForbiddenPathError, match="Close REAPER"):
        install(tmp_path)
    with pytest.raises(SettingsError, match=r"holds no reaper\.ini"):
        reaper.resource_folder(tmp_path)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == status, result.output
        return result.output

    (tmp_path / "reaper.ini").touch()
    named = ("--to", str(tmp_path))
    assert "write Scripts/dawbridge/program.txt" in invoke("install", "reaper", *named, "--dry-run")
    assert files(tmp_path) == {"reaper.ini"}
    assert "Load ReaScript" in invoke("install", "reaper", *named)
    assert "nothing to change" in invoke("install", "reaper", *named)
    assert "remove Scripts" in invoke("uninstall", "reaper", *named, "--dry-run")
    assert "0 files written" in invoke("uninstall", "reaper", *named)
    assert files(tmp_path) == {"reaper.ini"}
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    monkeypatch.setattr(reaper, "find_resource_folders", lambda *_: [])
    assert "--to" in invoke("install", "reaper", status=1)
    output = tmp_path / "index.xml"
    invoke("reapack-index", "https://example.org", "--output", str(output))
    assert output.read_bytes().startswith(b"<?xml")
