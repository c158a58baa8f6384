"""The training loop: bounded by the clock, on one machine's processor, best weights kept."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.transcription.drums.layout import Shape
from bridge.engines.transcription.drums.spectra import BANDS, FLOOR
from bridge.training.averaging import follow
from bridge.training.drums.network import DrumNetwork
from bridge.training.drums.targets import bumps, loss

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from bridge.training.drums.examples import Example

    Maps = NDArray[np.float32]

_SILENT_LEVEL = math.log10(FLOOR)
_WARM_UP_STEPS = 50
_LARGEST_GRADIENT = 1.0
_SMALLEST_RATE = 0.01
_EQ_POINTS = 5
_EQ_DB = 4.0
_GAIN_DB = 5.0
_RETUNING = 0.06
"""Standard deviation of the factor between bands, in octaves of mel."""


@dataclass(frozen=True)
class Plan:
    """What a training is told.

    Parameters
    ----------
    minutes
        How long.
    shape
        Sizes of the network; weights to begin with win over them.
    batch, frames
        Crops in a step, and frames of each that are judged.
    learning_rate, weight_decay
        Of AdamW; the rate's peak.
    ema_decay
        How slowly the weights that are exported follow those in training.
    half
        Whether convolutions compute in bfloat16, half as long where the processor knows it.
    seed
        Of the first weights and of the crops.
    """

    minutes: float
    shape: Shape = field(default_factory=Shape)
    batch: int = 6
    frames: int = 300
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.998
    half: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Lesson:
    """An example with what the network shall answer, of shape ``(frames, drums)``, 0..1."""

    example: Example
    targets: Maps

    @classmethod
    def of(cls, example: Example) -> Lesson:
        """Make the lesson of a clip whose strokes are known."""
        return cls(example, bumps(example.strokes, len(example.levels)))


class Trainer:
    """A network in training.

    Parameters
    ----------
    plan
        What it is told.
    lessons
        What it is trained on.
    start
        A network to begin with instead of random weights.
    """

    def __init__(
        self, plan: Plan, lessons: Sequence[Lesson], start: DrumNetwork | None = None
    ) -> None:
        self.plan = plan
        self.lessons = lessons
        torch.manual_seed(plan.seed)
        network = copy.deepcopy(start) if start is not None else DrumNetwork(plan.shape)
        self.network = network.to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.network)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.random = np.random.default_rng(plan.seed)
        self.step = 0

    def learn(self, share: float = 0.0) -> float:
        """Take one step and return the loss.

        Parameters
        ----------
        share
            How much of the training is over, 0..1; the learning rate falls with it.
        """
        plan = self.plan
        warm_up = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        cosine = (1.0 + math.cos(math.pi * min(1.0, share))) / 2.0
        for group in self.optimiser.param_groups:
            fallen = _SMALLEST_RATE + (1.0 - _SMALLEST_RATE) * cosine
            group["lr"] = plan.learning_rate * warm_up * fallen
        levels, targets = self.batch()
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.half):
            logits = self.network(levels)
        found = loss(logits.float(), targets)
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        follow(self.averaged, self.network, self.step, self.plan.ema_decay)
        return float(found.detach())

    def batch(self) -> tuple[Tensor, Tensor]:
        """Return crops of random lessons, their levels treated as an engineer might."""
        plan, context = self.plan, self.network.shape.context
        levels = np.full(
            (plan.batch, plan.frames + 2 * context, BANDS), _SILENT_LEVEL, dtype=np.float32
        )
        targets = []
        for row in range(plan.batch):
            lesson = self.lessons[int(self.random.integers(len(self.lessons)))]
            start = int(self.random.integers(max(1, len(lesson.targets) - plan.frames + 1)))
            targets.append(lesson.targets[start : start + plan.frames])
            first = max(0, start - context)
            seen = lesson.example.levels[first : start + plan.frames + context]
            place = first - (start - context)
            shifted = _retuned(seen, self.random)
            levels[row, place : place + len(seen)] = _equalised(shifted, self.random)
        return torch.from_numpy(levels), torch.from_numpy(np.stack(targets).astype(np.float32))


def _retuned(levels: NDArray[np.float16], rng: np.random.Generator) -> Maps:
    """Return levels with all bands moved up or down, as if the whole kit were tuned otherwise."""
    bands = np.arange(BANDS)
    places = bands * 2.0 ** float(rng.normal(0.0, _RETUNING)) + float(rng.normal(0.0, 0.5))
    low = np.clip(places.astype(int), 0, BANDS - 2)
    share = np.clip(places - low, 0.0, 1.0).astype(np.float32)
    seen = levels.astype(np.float32)
    return np.asarray((1.0 - share) * seen[:, low] + share * seen[:, low + 1], dtype=np.float32)


def _equalised(levels: Maps, rng: np.random.Generator) -> Maps:
    """Return levels as they would be after a fader and an equaliser, above the same floor."""
    points_db = rng.normal(0.0, _EQ_DB, _EQ_POINTS)
    curve_db = np.interp(np.linspace(0, _EQ_POINTS - 1, BANDS), np.arange(_EQ_POINTS), points_db)
    curve_db += rng.uniform(-_GAIN_DB, _GAIN_DB)
    power = np.maximum(10.0**levels - FLOOR, 0.0)
    return np.asarray(np.log10(power * 10.0 ** (curve_db / 10.0) + FLOOR), dtype=np.float32)


def train(trainer: Trainer, said: Callable[[float, float], None]) -> None:
    """Train until the plan's time is over; leave the averaged network in evaluation mode.

    Parameters
    ----------
    trainer
        With its lessons.
    said
        Told the share that is done, 0..1, and the last loss.
    """
    end_s = 60.0 * trainer.plan.minutes
    start_s = time.monotonic()
    while (elapsed_s := time.monotonic() - start_s) < end_s:
        said(elapsed_s / end_s, trainer.learn(elapsed_s / end_s))
    trainer.averaged.eval()
