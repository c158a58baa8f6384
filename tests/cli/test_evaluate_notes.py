"""`dawbridge evaluate-notes` on a scale whose notes are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from bridge.cli.app import app
from tests.engines.transcription.tones import melody

PLAYED = [(0.3 + 0.5 * step, 0.45, 55.0 + 2 * step) for step in range(6)]


@pytest.fixture
def scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv("DAWBRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DAWBRIDGE_PRESETS", str(tmp_path / "presets"))
    audio, notes = tmp_path / "scale.wav", tmp_path / "scale.csv"
    soundfile.write(audio, melody(3.6, PLAYED, 44_100), 44_100)
    rows = [f"{onset},{onset + length},{pitch}" for onset, length, pitch in PLAYED]
    notes.write_text("\n".join(["onset_s,offset_s,midi_pitch", *rows]), encoding="utf-8")
    return str(audio), str(notes)


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ("evaluate-notes", *arguments))
    assert result.exit_code == status, result.output
    return result.output


def test_scores_for_programs_stand_beside_upstream_s(scale: tuple[str, str]) -> None:
    found = json.loads(invoke(*scale, "--preset", "keys", "--preset", "vocals", "--json"))

    assert list(found) == ["keys", "vocals", "upstream"]
    keys = found["keys"]
    assert keys["notes"] == 6
    assert keys["onset_and_pitch"]["f_measure"] == 1.0
    assert 0.0 <= keys["with_offsets"]["f_measure"] <= 1.0
    assert abs(keys["onset_and_pitch"]["onset_bias_ms"]) < 5.0
    assert found["upstream"]["onset_and_pitch"]["recall"] == 1.0


def test_a_table_for_people(scale: tuple[str, str]) -> None:
    lines = invoke(*scale).splitlines()

    assert any("other" in line and "1.000" in line for line in lines)
    assert any("upstream" in line for line in lines)


def test_nothing_found_is_no_number(scale: tuple[str, str]) -> None:
    audio, notes = scale
    Path(notes).write_text("9.0,9.5,60\n", encoding="utf-8")

    scores = json.loads(invoke(audio, notes, "--json"))["other"]["onset_and_pitch"]

    assert scores["f_measure"] == 0.0
    assert scores["onset_bias_ms"] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--preset", "voise"), "Did you mean 'voice'"),
        (("--preset", "drums"), "evaluate-drums"),
    ],
)
def test_a_preset_that_will_not_do(
    scale: tuple[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in " ".join(invoke(*scale, *arguments, status=1).split())


def test_annotations_that_are_not_there(scale: tuple[str, str]) -> None:
    assert "are not there" in invoke(scale[0], scale[1] + "x", status=1)
