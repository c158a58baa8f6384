"""`dawbridge plugins`, on folders with stand-ins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import doctor
from bridge.cli.app import app
from bridge.config import load_settings
from bridge.engines.effects import plugins_library
from bridge.engines.effects.plugins import LOADERS
from tests.engines.effects.plugin_chains import LOADER, STANDINS, standin


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for plugins, besides which there is none."""
    made = tmp_path / "plugins"
    made.mkdir()
    monkeypatch.setenv("DAWBRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DAWBRIDGE_PLUGIN_FOLDERS", str(made))
    monkeypatch.setenv("DAWBRIDGE_PLUGIN_TIMEOUT_S", "60")
    monkeypatch.setenv("PYTHONPATH", str(STANDINS))
    monkeypatch.setitem(LOADERS, ".standin", LOADER)
    monkeypatch.setattr(plugins_library, "standard_folders", tuple)
    return made


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["plugins", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def told(*arguments: str) -> Any:
    """Return what a command says to programs; standard output only."""
    result = CliRunner().invoke(app, ["plugins", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_scan_list_params_and_forget(folder: Path) -> None:
    good, bad = standin(folder, "Warmth"), standin(folder, "Boom", kind="exits", when="load")
    said = invoke("scan")
    assert "1 loaded, 0 known and unchanged, 1 put into quarantine, 0 left there, 0 gone" in said
    assert "in quarantine: The plugin 'Boom' ended its process (status 3)" in said
    listed = told("list")
    assert [(row["name"], row["path"]) for row in listed["plugins"]] == [("Warmth", str(good))]
    assert "status 3" in listed["quarantine"][str(bad)]["reason"]
    assert "Warmth" in invoke("list")
    assert "gain_db" in invoke("params", "warmth")
    (info,) = told("params", str(good))
    assert [knob["name"] for knob in info["parameters"]] == ["gain_db", "invert", "mode"]

    assert told("scan")["avoided"] == [str(bad)]
    standin(folder, "Boom")
    bad_again = standin(folder, "Boom", kind="exits", when="load")
    assert bad_again == bad
    assert str(bad) in invoke("forget", "boom")
    assert told("list")["quarantine"] == {}
    assert "1 put into quarantine" in invoke("scan")


def test_the_doctor_knows_of_the_quarantine(folder: Path) -> None:
    standin(folder, "Boom", kind="exits", when="load")
    invoke("scan")
    finding = doctor._plugins(load_settings()[0])  # all of `doctor` would load torch
    assert "0 plugins known from the last scan; in quarantine: Boom" in finding.what
    assert finding.remedy


def test_a_name_that_nothing_carries(folder: Path) -> None:
    assert "There is no plugin 'Warmth' in the list." in invoke("forget", "Warmth", status=1)
    assert "there is no plugin 'Warmth'." in invoke("params", "Warmth", status=1)


def test_params_of_a_file_that_no_scan_has_seen(tmp_path: Path) -> None:
    path = standin(tmp_path, "Fresh")
    (info,) = told("params", str(path))
    assert info["name"] == "Fresh"
    assert told("list")["plugins"] == []


@pytest.mark.parametrize("command", ["list", "scan", "params", "forget"])
def test_every_command_explains_itself(command: str) -> None:
    assert command in invoke("--help")
    assert "Usage" in invoke(command, "--help")
