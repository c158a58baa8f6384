"""The chains that ship do what their descriptions say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.demo_song import render_demo_song
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_spec import parse_chain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RATE = 44_100
FOLDER = Path(__file__).resolve().parents[3] / "presets" / "chains"


def table(name: str) -> dict[str, Any]:
    read: dict[str, Any] = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return read


def through(name: str, folder: Path, audio: Audio) -> Audio:
    buffer = DiskBuffer.of(folder / "in.f32", audio, RATE)
    return run_chain(parse_chain(name, table(name)), buffer, folder / "out.f32").read()


def level_db(audio: Audio) -> float:
    return float(20 * np.log10(np.std(audio)))


def spread_db(audio: Audio) -> float:
    """How far the loud twentieths of a second stand above the usual ones."""
    length = RATE // 20
    pieces = audio[:, : audio.shape[1] // length * length].reshape(2, -1, length)
    levels = 20 * np.log10(np.sqrt((pieces**2).mean(axis=(0, 2))) + 1e-6)
    levels = levels[levels > levels.max() - 40]
    return float(np.percentile(levels, 90) - np.percentile(levels, 50))


@pytest.fixture(scope="module")
def song() -> dict[str, Audio]:
    return render_demo_song()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_chain_is_valid_and_says_what_it_is_for(path: Path) -> None:
    assert parse_chain(path.stem, table(path.stem)).description


def test_clean_takes_rumble_and_offset_out_and_leaves_the_bass(tmp_path: Path) -> None:
    t = np.arange(4 * RATE) / RATE
    for hz, low_db, high_db in [(5.0, -40.0, -20.0), (41.2, -3.0, 0.0), (110.0, -0.5, 0.0)]:
        tone = (0.5 * np.sin(2 * np.pi * hz * t))[np.newaxis].astype(np.float32)
        change = level_db(through("clean", tmp_path, tone)[:, RATE:]) - level_db(tone[:, RATE:])
        assert low_db <= change <= high_db
    offset = np.full((1, 2 * RATE), 0.1, dtype=np.float32)
    assert np.abs(through("clean", tmp_path, offset)[:, RATE:]).max() < 1e-4


def test_plate_adds_a_tail_and_keeps_the_level(tmp_path: Path, song: dict[str, Audio]) -> None:
    vocals = song["vocals"]
    assert level_db(through("plate", tmp_path, vocals)) - level_db(vocals) == pytest.approx(
        0.0, abs=1.0
    )
    click = np.zeros((2, 2 * RATE), dtype=np.float32)
    click[:, 0] = 1.0
    tail = through("plate", tmp_path, click)[:, RATE // 4 : RATE // 2]
    assert np.abs(tail).max() > 1e-4


def test_glue_evens_drums_out_below_minus_1_dbfs(tmp_path: Path, song: dict[str, Audio]) -> None:
    out = through("glue", tmp_path, song["drums"])
    assert spread_db(out) < spread_db(song["drums"]) - 5.0
    assert level_db(out) - level_db(song["drums"]) == pytest.approx(0.0, abs=1.5)
    assert 20 * np.log10(np.abs(out).max()) <= -0.99
