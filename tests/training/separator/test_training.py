"""Training: the loss falls, a stopped training goes on, and what it writes the engine loads."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from bridge.engines.separation import unet
from bridge.engines.separation.unet_layout import Shape
from bridge.training.separator import mixing, network, training
from bridge.training.separator.calibration import SHARPNESSES, sharpened
from bridge.training.separator.export import export
from bridge.training.separator.plan import Plan
from bridge.training.separator.training import BEST, CHECKPOINT, LOG, Trainer, train
from tests.training.separator.tiny_songs import write_songs


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    write_songs(tmp_path / "data" / "train", 3)
    write_songs(tmp_path / "data" / "valid", 1)
    (tmp_path / "out").mkdir()
    return Plan(
        data=tmp_path / "data",
        out=tmp_path / "out",
        minutes=5.0,
        shape=Shape(bands=64, channels=(8, 8), full_channels=8),
        batch=4,
        frames=16,
    )


def steps(trainer: Trainer, count: int) -> list[float]:
    batches = trainer.batches()
    return [trainer.learn(next(batches)) for _ in range(count)]


def test_the_loss_falls(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in vars(mixing):
        if name.startswith("P_"):
            monkeypatch.setattr(mixing, name, 0.0)
    monkeypatch.setattr(training, "_WARM_UP_STEPS", 5)
    losses = steps(Trainer(plan), 40)
    assert np.mean(losses[-8:]) < np.mean(losses[:8]) - 0.04, losses


def test_the_same_seed_gives_the_same_training(plan: Plan) -> None:
    assert steps(Trainer(plan), 2) == pytest.approx(steps(Trainer(plan), 2), rel=1e-4)


def test_a_checkpoint_brings_everything_back(plan: Plan) -> None:
    first = Trainer(plan)
    steps(first, 3)
    first.elapsed_s, first.best_db = 12.0, 3.5
    first.save()
    second = Trainer(plan)
    second.resume()
    assert (second.step, second.elapsed_s, second.best_db) == (3, 12.0, 3.5)
    for name, value in first.averaged.state_dict().items():
        assert torch.equal(value, second.averaged.state_dict()[name])
    (moments, *_) = second.optimiser.state_dict()["state"].values()
    assert moments["step"] == 3


def test_less_sharp_masks_are_nearer_to_each_other(plan: Plan) -> None:
    made = network.UNet(plan.shape).eval()
    seen = torch.randn(1, 3, 64, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = made(seen)
        after = sharpened(made, 0.5)(seen)
    torch.testing.assert_close(after, 0.5 * before)


def test_the_sharpness_that_suits_the_validation_songs_is_kept(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(plan)
    export(trainer.averaged, plan.out / BEST)
    before = network.read_network(plan.out / BEST)
    liked = dict.fromkeys(SHARPNESSES, 1.0) | {0.7: 2.0}
    scores = iter(liked.values())
    monkeypatch.setattr(training, "mean_scores_db", lambda songs, bag: {"mean": next(scores)})

    trainer.calibrate(())

    after = network.read_network(plan.out / BEST)
    torch.testing.assert_close(after.head.weight, 0.7 * before.head.weight, rtol=2e-3, atol=1e-4)
    card = tomllib.loads((plan.out / BEST).with_suffix(".toml").read_text(encoding="utf-8"))
    assert card["training"]["sharpness"] == pytest.approx(0.7)
    assert card["validation_global_sdr_db"]["mean"] == pytest.approx(2.0)


def test_a_training_ends_with_weights_that_the_engine_loads(plan: Plan) -> None:
    from dataclasses import replace

    short = replace(plan, minutes=0.02, report=plan.data / "report")
    (short.report or plan.data).mkdir()
    for stem in ("drums", "vocals"):
        audio = np.random.default_rng(0).standard_normal((44_100, 1)) * 0.1
        _write(plan.data / "report" / f"{stem}.wav", audio)
    train(short, resume=False)
    assert unet.load(plan.out / BEST).stems == ("drums", "bass", "other", "vocals")
    with (plan.out / LOG).open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["step"]) >= 1
    assert np.isfinite(float(row["valid_mean_db"]))
    assert np.isfinite(float(row["report_drums_db"]))
    assert (plan.out / CHECKPOINT).is_file()


def _write(path: Path, audio: np.ndarray) -> None:
    import soundfile

    soundfile.write(path, audio, 44_100)
