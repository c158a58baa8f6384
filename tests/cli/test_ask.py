"""What programs without sockets read: answers and faults as lines of a file."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = str(other.getsockname()[1])
    monkeypatch.setenv("DAWBRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DAWBRIDGE_PORT", free)
    return free


def lines(*arguments: str, events: Path, status: int) -> list[list[str]]:
    result = CliRunner().invoke(app, [*arguments, "--events", str(events)])
    assert result.exit_code == status, result.output
    return [line.split("\t") for line in events.read_text(encoding="utf-8").splitlines()]


def test_status_starts_no_daemon_and_says_so(port: str, tmp_path: Path) -> None:
    ((address, asked, code, sentence),) = lines(
        "ask", "/bridge/status", events=tmp_path / "events", status=3
    )
    assert (address, asked, code) == ("/bridge/error", "/bridge/status", "internal")
    assert "dawbridge serve" in sentence
    assert port in sentence


def test_only_questions_can_be_asked() -> None:
    result = CliRunner().invoke(app, ["ask", "/bridge/cancel"])
    assert result.exit_code == 2
    assert "/bridge/recipes" in result.output


def test_a_run_that_never_began_ends_its_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAWBRIDGE_PROT", "1")
    ((address, job, code, sentence),) = lines(
        "run", "stems", "--path", "x.wav", "--id", "mine", events=tmp_path / "events", status=1
    )
    assert (address, job, code) == ("/bridge/job/failed", "mine", "bad_settings")
    assert "Did you mean 'port'?" in sentence
