"""`dawbridge chains`: listing, showing, drawing."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.cli.chain_picture import draw
from bridge.engines.effects.response import LEVELS_DBFS, Response

FREQUENCIES = tuple(20.0 * 2.0 ** (octave / 2) for octave in range(20))


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings whose presets folder holds one chain of the musician's own, and a wrong one."""
    chains = tmp_path / "presets" / "chains"
    chains.mkdir(parents=True)
    (chains / "mine.toml").write_text(
        'description = "For a test: thin"\nwidth = 0.5\n[[effect]]\ninclude = "clean"\n'
        '[[effect]]\ntype = "Mix"\n[[effect.path]]\ngain_db = -3\n'
        '[[effect.path.effect]]\ntype = "Gain"\nwet = 0.5\n',
        encoding="utf-8",
    )
    (chains / "wrong.toml").write_text('[[effect]]\ntype = "Gian"\n', encoding="utf-8")
    path = tmp_path / "settings.toml"
    path.write_text(
        f"presets = {json.dumps(str(tmp_path / 'presets'))}\n"
        f"data = {json.dumps(str(tmp_path / 'data'))}\n",
        encoding="utf-8",
    )
    return path


def invoke(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def test_chains_and_effects_are_listed(settings: Path) -> None:
    listed = invoke("chains", "--config", str(settings))
    assert "mine" in listed
    assert "voice-polish" in listed
    effects = invoke("chains", "--effects", "--config", str(settings))
    assert "loudness maximiser" in " ".join(effects.split())
    rows = json.loads(invoke("chains", "--effects", "--json", "--config", str(settings)))
    (resample,) = [row for row in rows if row["name"] == "Resample"]
    assert resample["parameters"][0]["scale"] == "log"


def test_a_chain_is_shown_with_its_values(settings: Path) -> None:
    shown = invoke("chains", "show", "mine", "--config", str(settings))
    for text in ("For a test: thin", "width 0.5", "HighpassFilter", "cutoff_frequency_hz 20"):
        assert text in shown
    assert "2.0.0" in shown, "the effects of an include come first"
    assert "gain_db 1, wet 0.5" in shown
    values = json.loads(invoke("chains", "show", "mine", "--json", "--config", str(settings)))
    assert values["effects"][2]["paths"][0]["gain_db"] == -3.0


def test_what_is_wrong_with_a_chain_is_said(settings: Path) -> None:
    said = invoke("chains", "show", "wrong", "--config", str(settings), status=1)
    assert "wrong.toml, line 2: Effect 1" in said
    assert "Did you mean 'Gain'?" in said
    assert "Did you mean 'mine'?" in invoke(
        "chains", "show", "mien", "--config", str(settings), status=1
    )


def test_a_picture_is_drawn(settings: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    invoke("chains", "show", "mine", "--plot", str(path), "--config", str(settings))
    assert size(path)[0] < 600, "without dynamics there is no transfer curve"
    said = invoke(
        "chains",
        "show",
        "mine",
        "--plot",
        str(tmp_path / "x.doc"),
        "--config",
        str(settings),
        status=1,
    )
    assert "x.doc' must end in .png, .svg, .pdf" in said


def test_dynamics_have_a_second_panel(tmp_path: Path) -> None:
    gains = tuple(-6.0 for _ in FREQUENCIES)
    outputs = tuple(level / 2 - 20.0 for level in LEVELS_DBFS)
    response = Response(FREQUENCIES, gains, LEVELS_DBFS, outputs)
    draw("x", response, tmp_path / "x.png")
    assert size(tmp_path / "x.png")[0] > 800
    draw("x", response, tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert text.lstrip().startswith("<?xml")


def size(path: Path) -> tuple[int, int]:
    """Width and height in the PNG's header."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height
