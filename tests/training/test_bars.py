"""Fitting how bars are counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.timing import bars as counted
from bridge.training import bars
from bridge.training.songs.score import compose


def test_the_fit_finds_what_tells_the_true_way() -> None:
    rng = np.random.default_rng(8)
    examples = []
    for _ in range(60):
        terms = rng.normal(size=(12, 6))
        chances = np.exp(terms @ np.array([2.0, -1.0, 0.0, 0.0, 0.0, 0.0]))
        true = rng.choice(12, p=chances / chances.sum())
        examples.append(bars.Example(terms, np.arange(12) == true))

    weights = bars.fit(examples, penalty=0.1)

    assert weights[0] > 1.0
    assert weights[1] < -0.5
    assert np.abs(weights[2:]).max() < 0.6
    assert bars.share_right(examples, weights) > 0.4


@pytest.mark.parametrize(
    ("style", "meters"), [("waltz", {"3/4"}), ("six-eight rock", {"6/8"}), ("disco", {"4/4"})]
)
def test_a_song_s_meter_is_known_from_its_score(style: str, meters: set[str]) -> None:
    assert {bars.meter(compose(seed, 30.0, style)) for seed in range(3)} == meters


def test_a_song_that_its_seed_no_longer_gives_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "song.toml").write_text(
        'seed = 1\nseconds = 30.0\ntempo = 1.0\nstyle = "disco"\n', encoding="utf-8"
    )

    assert bars.read(tmp_path, tmp_path / "scratch.f32") is None


def test_a_metronome_is_counted_in_quarters(tmp_path: Path) -> None:
    example = bars.metronome(100.0, tmp_path / "scratch.f32")

    assert example is not None
    assert example.is_true.any()
    assert not example.is_true.all()


def test_the_shipped_weights_fit_the_model() -> None:
    table = json.loads(counted.WEIGHTS.read_text(encoding="utf-8"))["weights"]
    assert {name: len(row) for name, row in table.items()} == {
        meter.name: counted.terms(meter) for meter in counted.METERS
    }
