"""Commands that need no daemon, as a program would call them."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app, run
from bridge.cli.outcome import Outcome, show
from bridge.cli.run import event_line
from bridge.models import Manifest
from bridge.osc import spec
from bridge.osc.codec import Message

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    "serve", "demo", "bench", "run", "again", "cancel", "jobs", "status", "models", "recipes",
    "chains", "protocol", "schema", "config", "doctor", "support-bundle",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAWBRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DAWBRIDGE_PRESETS", str(tmp_path / "presets"))
    monkeypatch.setenv("DAWBRIDGE_PORT", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    assert command in invoke("--help")
    assert "Usage" in invoke(command, "--help")


def test_every_option_of_the_contract_is_a_flag_of_run() -> None:
    flags = set(inspect.signature(run).parameters)
    assert flags - {"recipe", "events", "as_json", "config"} == {o.name for o in spec.OPTIONS}


def test_listings_for_programs() -> None:
    assert "stems" in {recipe["name"] for recipe in json.loads(invoke("recipes", "--json"))}
    assert json.loads(invoke("chains", "--json"))["plate"]["effect"]
    assert "Reverb" in {e["name"] for e in json.loads(invoke("chains", "--effects", "--json"))}
    models = {model["name"]: model for model in json.loads(invoke("models", "--json"))}
    assert models["dsp"]["built_in"]
    assert not models["htdemucs"]["weights_here"]
    assert json.loads(invoke("schema"))["title"] == Manifest.__name__
    assert json.loads(invoke("config", "--json"))["port"] == 1


@pytest.mark.parametrize("command", ["recipes", "chains", "models", "config", "protocol"])
def test_listings_for_people(command: str) -> None:
    assert len(invoke(command).splitlines()) > 5


@pytest.mark.parametrize("command", ["jobs", "status", "cancel"])
def test_without_a_daemon_there_is_advice(command: str) -> None:
    assert "dawbridge serve" in invoke(command, status=3)


def test_wrong_settings_are_told_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAWBRIDGE_PROT", "7")
    assert "Did you mean 'port'" in invoke("recipes", status=1)


def test_fetching_offline_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAWBRIDGE_OFFLINE", "true")
    assert "model_unavailable" in invoke("models", "--fetch", "htdemucs", status=1)
    assert "unknown_model" in invoke("models", "--fetch", "htdemuc", status=1)


def test_doctor_finds_what_is_wrong(tmp_path: Path) -> None:
    assert "fetch htdemucs" in invoke("doctor")
    (tmp_path / "presets" / "recipes").mkdir(parents=True)
    (tmp_path / "presets" / "recipes" / "mine.toml").write_text("= 1")
    assert "Mend this file" in invoke("doctor")
    (tmp_path / "data").rmdir()
    (tmp_path / "data").write_text("in the way")
    assert "FAIL" in invoke("doctor", status=1)


def test_an_event_is_one_line_whatever_it_holds() -> None:
    message = Message("/bridge/job/stem", ("a", "tab\t back\\ line\n", 0.1, 3, True))
    assert event_line(message) == b"/bridge/job/stem\ta\ttab\\t back\\\\ line\\n\t0.1\t3\tTrue\n"


def test_an_outcome_gathers_events() -> None:
    outcome = Outcome("a")
    outcome.take(Message("/bridge/job/failed", ("a", "not_found", "There is no file.")))
    assert outcome.error == {"code": "not_found", "message": "There is no file."}
    assert outcome.status == 1
    outcome.take(Message("/bridge/job/cancelled", ("a",)))
    assert outcome.status == 130


def test_a_run_gathers_what_was_heard_and_the_file_with_all_clips() -> None:
    outcome = Outcome("a")
    heard = (92.5, "estimated", 0.75, "3/4", "default", -1.0, "F# minor", 0.5, 0.25, 0)
    outcome.take(Message("/bridge/job/timing", ("a", *heard)))
    outcome.take(Message("/bridge/job/clips", ("a", "/all.mid", 4, 321)))
    assert outcome.timing is not None
    assert outcome.timing["key"] == "F# minor"
    assert outcome.clips_file == {"path": "/all.mid", "clips": 4, "notes": 321}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (0, "92.5 quarter notes a minute (75%), 3/4, F# minor (50%)"),
        (7, "about 92.5 quarter notes a minute, drifting (75%), 3/4, F# minor (50%)"),
    ],
)
def test_what_was_heard_is_shown(
    changes: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = Outcome("a")
    heard = (92.5, "estimated", 0.75, "3/4", "default", -1.0, "F# minor", 0.5, 0.25, changes)
    outcome.take(Message("/bridge/job/timing", ("a", *heard)))
    outcome.take(Message("/bridge/job/done", ("a", "/manifest.json", 1.0)))
    show(outcome)
    assert line in capsys.readouterr().out
