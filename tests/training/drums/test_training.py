"""A tiny network learns from a few clicks, and a student from its teacher."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.engines.transcription.drums.kit import DRUMS
from bridge.engines.transcription.drums.layout import Shape
from bridge.engines.transcription.drums.spectra import BANDS, FLOOR
from bridge.training.drums import examples, teaching, validation
from bridge.training.drums.choosing import export_better
from bridge.training.drums.clips import Clip, Room, Truth
from bridge.training.drums.examples import Example
from bridge.training.drums.network import DrumNetwork
from bridge.training.drums.targets import bumps, loss
from bridge.training.drums.templates import templates, write_templates
from bridge.training.drums.training import Lesson, Plan, Trainer

from .test_clips import clicks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TINY = Shape((4, 4), 16, (1, 2))
SILENT = np.log10(FLOOR)


def clip_of(seed: int, frames: int = 400) -> Example:
    """Return levels in which the kick is low bands and the snare high ones."""
    rng = np.random.default_rng(seed)
    levels = np.full((frames, BANDS), SILENT) + rng.uniform(0.0, 0.3, (frames, BANDS))
    strokes = []
    for frame in range(10, frames - 20, 25):
        drum = int(rng.integers(2))
        bands = slice(0, 30) if drum == 0 else slice(40, 80)
        levels[frame : frame + 12, bands] += np.linspace(4.0, 1.0, 12)[:, None]
        strokes.append((frame / 100.0, drum, 100.0))
    return Example(levels.astype(np.float16), np.array(strokes))


def trained(lessons: list[Lesson], steps: int) -> tuple[Trainer, list[float]]:
    plan = Plan(1.0, TINY, batch=4, frames=100, learning_rate=1e-2, half=False)
    trainer = Trainer(plan, lessons)
    return trainer, [trainer.learn(step / steps) for step in range(steps)]


@pytest.fixture(scope="module")
def teacher() -> DrumNetwork:
    trainer, losses = trained([Lesson.of(clip_of(seed)) for seed in range(3)], 120)
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])
    return trainer.averaged.eval()


def test_a_tiny_network_learns_what_a_kick_is(teacher: DrumNetwork) -> None:
    unseen = [clip_of(99), clip_of(98)]

    answers = validation.activations(teacher, unseen)

    assert answers[0].shape == (400, len(DRUMS))
    tuned = validation.best_thresholds(answers, unseen)
    assert tuned["kick"][1].f_measure > 0.95
    assert tuned["snare"][1].f_measure > 0.95
    assert abs(tuned["kick"][1].onset_bias_ms) < 3.0


def test_a_student_learns_from_its_teacher_alone(teacher: DrumNetwork) -> None:
    heard = [clip_of(seed) for seed in range(10, 13)]
    unknown = [Example(one.levels, np.zeros((0, 3))) for one in heard]

    lessons = teaching.lessons(teacher, [teaching.Pair(one, one) for one in unknown])
    student, _ = trained(lessons, 120)

    unseen = [clip_of(97)]
    answers = validation.activations(student.averaged.eval(), unseen)
    assert validation.best_thresholds(answers, unseen)["kick"][1].f_measure > 0.9


def test_the_network_that_hears_better_is_shipped_and_the_card_tells_of_both(
    tmp_path: Path, teacher: DrumNetwork
) -> None:
    lessons = [Lesson.of(clip_of(1))]
    plan = Plan(1.0, TINY, batch=2, frames=100, half=False)
    trainers = {"untaught": Trainer(plan, lessons), "taught": Trainer(plan, lessons, teacher)}
    for trainer in trainers.values():
        trainer.averaged.eval()
    heard = {"kits": [clip_of(95)], "kits_separated": [clip_of(96)]}

    better = export_better(tmp_path, trainers, heard, {"clips": 1})

    assert better == "taught"
    shipped = tmp_path / "drums.safetensors"
    assert shipped.read_bytes() == (tmp_path / "taught.safetensors").read_bytes()
    assert shipped.read_bytes() != (tmp_path / "untaught.safetensors").read_bytes()
    card = tomllib.loads((tmp_path / "drums.toml").read_text("utf-8"))
    assert card["training"]["shipped"] == "taught"
    assert card["training"]["clips"] == 1
    for title in heard:
        scores = [card[name][f"f_measure_{title}"] for name in trainers]
        assert (
            scores[0]
            < scores[1]
            == pytest.approx(np.mean([row["f_measure"] for row in card[title].values()]), abs=2e-3)
        )


def test_targets_are_bumps_around_the_onsets() -> None:
    targets = bumps(np.array([[0.104, 1, 90.0], [0.0, 0, 90.0], [0.998, 2, 90.0]]), 100)

    assert targets.shape == (100, len(DRUMS))
    assert targets[:, 1].argmax() == 10
    assert targets[10, 1] > targets[11, 1] > targets[9, 1] > 0.0
    assert targets[0, 0] == 1.0
    assert targets[99, 2] > 0.5
    assert not targets[:, 3:].any()


def test_a_missed_stroke_costs_more_than_a_false_one() -> None:
    stroke, nothing = torch.ones(1, 1, 1), torch.zeros(1, 1, 1)
    logit = torch.full((1, 1, 1), 2.0)

    assert loss(-logit, stroke) > 2.0 * loss(logit, nothing)


def test_batches_are_crops_in_silence() -> None:
    lesson = Lesson.of(clip_of(1, frames=120))
    plan = Plan(1.0, TINY, batch=3, frames=100)

    levels, targets = Trainer(plan, [lesson]).batch()

    assert levels.shape == (3, 100 + 2 * TINY.context, BANDS)
    assert targets.shape == (3, 100, len(DRUMS))
    assert torch.isfinite(levels).all()
    assert float(levels.min()) == pytest.approx(SILENT, abs=1e-3)


def test_examples_come_back_from_their_files(tmp_path: Path) -> None:
    room = Room(((1.0, clicks()),))
    told: list[int] = []

    examples.write_examples(tmp_path, "train", 2, room, told.append)
    before = sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir())
    examples.write_examples(tmp_path, "train", 2, room, told.append)

    assert sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir()) == before
    assert told == [2, 2]
    read = list(examples.read_examples(tmp_path, "train"))
    assert len(read) == 2
    assert read[0].levels.shape == (1_000, BANDS)
    assert read[0].strokes.shape[1] == 3
    assert not np.array_equal(read[0].levels, read[1].levels)
    assert list(examples.read_examples(tmp_path, "valid")) == []


def test_a_clip_s_levels_rise_at_its_strokes() -> None:
    audio = np.zeros(44_100, dtype=np.float32)
    audio[22_050:26_000] = 0.5 * np.sin(0.3 * np.arange(3_950))

    seen = examples.example(Clip(audio, (Truth(0.5, 1, 100),)))

    assert seen.levels.shape == (100, BANDS)
    assert seen.strokes.tolist() == [[0.5, 1.0, 100.0]]
    loudness = seen.levels.max(axis=1).astype(np.float64)
    assert abs(int(np.diff(loudness).argmax()) - 48) <= 2


def test_templates_are_the_kit_s_own_sound(tmp_path: Path) -> None:
    from bridge.engines.transcription.drums import nmf

    found = templates([clicks()])
    write_templates(found, tmp_path / "templates.safetensors")

    names, columns = nmf.load_templates(tmp_path / "templates.safetensors")
    assert names == ("kick", "snare", "closed hi-hat")
    np.testing.assert_allclose(columns.sum(axis=0), 1.0, atol=1e-4)
