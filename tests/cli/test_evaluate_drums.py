"""``dawbridge evaluate-drums`` scores a recording against its annotations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from bridge.cli.app import app
from tests.engines.transcription.drums.rendered import play

STROKES = [(0.5 + 0.5 * step, (36, 42, 38, 42)[step % 4]) for step in range(12)]
CLASS_OF = {36: "KD", 38: "SD", 42: "HH"}


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return a beat and its annotations."""
    monkeypatch.setenv("DAWBRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DAWBRIDGE_PRESETS", str(tmp_path / "presets"))
    audio, text = tmp_path / "beat.wav", tmp_path / "beat.txt"
    soundfile.write(audio, play(STROKES, 7.0), 44_100)
    lines = [f"{onset_s:.6f} \t {CLASS_OF[key]} " for onset_s, key in STROKES]
    text.write_text("\n".join(lines), encoding="utf-8")
    return str(audio), str(text)


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["evaluate-drums", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_scores_for_programs(recording: tuple[str, str]) -> None:
    found = json.loads(invoke(*recording, "--json"))

    assert set(found) == {"network", "nmf"}
    for name in ("KD", "SD", "HH", "all"):
        score = found["network"][name]
        assert score["f_measure"] > 0.75
        assert abs(score["onset_bias_ms"]) < 10.0
    assert set(found["nmf"]) >= {"KD", "SD", "HH", "all"}
    # On a drum machine that its templates have not heard it knows the kick alone.
    assert found["nmf"]["KD"]["f_measure"] > 0.9
    assert abs(found["nmf"]["KD"]["onset_bias_ms"]) < 5.0


def test_a_table_for_people(recording: tuple[str, str]) -> None:
    shown = invoke(*recording, "--engine", "nmf")

    assert "KD" in shown
    assert "precision" in shown
    assert "network" not in shown


def test_what_cannot_be_scored(recording: tuple[str, str], tmp_path: Path) -> None:
    audio, text = recording
    assert "Did you mean 'network'?" in invoke(audio, text, "--engine", "netwrok", status=1)
    assert "cannot be read" in invoke(audio, str(tmp_path / "none.txt"), status=1)
    assert "[not_found]" in invoke(str(tmp_path / "none.wav"), text, status=1)
