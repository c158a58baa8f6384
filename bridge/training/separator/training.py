"""The training loop: resumable, bounded by the clock, and it keeps the best weights."""

from __future__ import annotations

import copy
import csv
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.engines.evaluation import read_song, song_folders
from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.unet_layout import HOP_SAMPLES, SAMPLE_RATE
from bridge.errors import SourceNotFoundError
from bridge.training import card
from bridge.training.averaging import follow
from bridge.training.separator import mixing
from bridge.training.separator.cache import SongCache
from bridge.training.separator.calibration import SHARPNESSES, sharpened
from bridge.training.separator.export import export
from bridge.training.separator.loss import Targets, loss
from bridge.training.separator.network import UNet, bag_of, read_network
from bridge.training.separator.validation import mean_scores_db, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor

    from bridge.engines.evaluation import KnownSong
    from bridge.training.separator.plan import Plan

CHECKPOINT = "checkpoint.pt"
BEST = "unet.safetensors"
LOG = "log.csv"
_WARM_UP_STEPS = 100
_SMALLEST_RATE = 0.01
_LARGEST_GRADIENT = 1.0


class Trainer:
    """A network in training, with everything that a checkpoint holds.

    Parameters
    ----------
    plan
        What it is told.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        torch.manual_seed(plan.seed)
        network = read_network(plan.start) if plan.start else UNet(plan.shape)
        self.network = network.to(plan.device).to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.network)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.step = 0
        self.elapsed_s = 0.0
        self.best_db = -math.inf
        self.losses: list[float] = []
        self.songs = SongCache(plan.data / "train")
        self.valid = SongCache(plan.data / "valid")

    @property
    def is_finished(self) -> bool:
        """Whether the time is over."""
        return self.elapsed_s >= 60.0 * self.plan.minutes

    def save(self) -> None:
        """Write the checkpoint in place of the last one."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "best_db": self.best_db,
        }
        partial = self.plan.out / f"{CHECKPOINT}.partial"
        torch.save(state, partial)
        partial.replace(self.plan.out / CHECKPOINT)

    def resume(self) -> None:
        """Go on from the checkpoint."""
        path = self.plan.out / CHECKPOINT
        state = torch.load(path, map_location=self.plan.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]
        self.best_db = state["best_db"]

    def batches(self) -> Iterator[Targets]:
        """Yield mixes without end, of the songs as they are and shuffled in turn.

        Raises
        ------
        SourceNotFoundError
            If there are no songs yet.
        """
        plan = self.plan
        random = np.random.default_rng([plan.seed, self.step])
        while True:
            songs = self.songs.songs()
            if not songs:
                raise SourceNotFoundError(
                    f"There are no songs in {self.songs.folder}. Render some with "
                    f"`python -m bridge.training.songs --folder {plan.data}`."
                )
            crops = mixing.draw_crops(songs, plan.batch, plan.frames, random)
            spectra = mixing.spectra_of(crops)
            for turn in range(plan.mixes_per_crop):
                mixes = mixing.mix(spectra, self.network.shape.bands, random, shuffled=turn % 2 > 0)
                yield Targets.of(mixes, plan.device)

    def learn(self, targets: Targets) -> float:
        """Take one step and return the loss."""
        warm_up = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.learning_rate * warm_up * self._cosine()
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.plan.device, torch.bfloat16, enabled=self.plan.bfloat16):
            logits = self.network(targets.seen)
        found: Tensor = loss(logits, targets)
        found.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        if torch.isfinite(norm):  # a single batch must not spoil hours
            self.optimiser.step()
        self.step += 1
        follow(self.averaged, self.network, self.step, self.plan.ema_decay)
        return float(found.detach())

    def _cosine(self) -> float:
        share = min(1.0, self.elapsed_s / (60.0 * self.plan.minutes))
        return _SMALLEST_RATE + (1.0 - _SMALLEST_RATE) * (1.0 + math.cos(math.pi * share)) / 2.0

    def validate(self, report: tuple[KnownSong, ...]) -> dict[str, float]:
        """Score the averaged weights, export them if they are the best, and return a log row."""
        bag = bag_of(copy.deepcopy(self.averaged), self.plan.device)
        scored = mean_scores_db(rendered(self.valid.songs()), bag)
        reported = mean_scores_db(report, bag) if report else {}
        row = {
            "minutes": self.elapsed_s / 60.0,
            "step": self.step,
            "mixed_hours": self._mixed_hours(),
            "song_hours": self.songs.duration_s / 3600.0,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "loss": float(np.nanmean(self.losses)) if self.losses else math.nan,
        }
        self.losses.clear()
        for stem in (*FOUR_STEMS, "mean"):
            row[f"valid_{stem}_db"] = scored.get(stem, math.nan)
            row[f"report_{stem}_db"] = reported.get(stem, math.nan)
        mean_db = scored.get("mean", -math.inf)
        if mean_db >= self.best_db:
            self.best_db = mean_db
            self._keep(self.averaged, 1.0, scored, reported)
        return row

    def calibrate(self, report: tuple[KnownSong, ...]) -> None:
        """Make the best weights as sure of themselves as suits the validation songs."""
        path = self.plan.out / BEST
        songs = tuple(rendered(self.valid.songs()))
        found: dict[float, dict[str, float]] = {}
        for sharpness in SHARPNESSES:
            network = sharpened(read_network(path), sharpness)
            found[sharpness] = mean_scores_db(songs, bag_of(network, self.plan.device))
        best = max(found, key=lambda sharpness: found[sharpness].get("mean", -math.inf))
        network = sharpened(read_network(path), best)
        bag = bag_of(copy.deepcopy(network), self.plan.device)
        self._keep(network, best, found[best], mean_scores_db(report, bag) if report else {})

    def _keep(
        self,
        network: UNet,
        sharpness: float,
        scored: dict[str, float],
        reported: dict[str, float],
    ) -> None:
        """Export a network, with a card that tells how it was made and what it reached."""
        path = self.plan.out / BEST
        export(network, path)
        tables = card.made_with(network, self.songs)
        tables["training"] = {**self._told(), "sharpness": sharpness}
        tables["validation_global_sdr_db"] = dict(scored)
        if reported:
            tables["report_global_sdr_db"] = dict(reported)
        card.write(path, tables)

    def _mixed_hours(self) -> float:
        samples = self.step * self.plan.batch * self.plan.frames * HOP_SAMPLES
        return samples / SAMPLE_RATE / 3600.0

    def _told(self) -> dict[str, object]:
        """Return how long and by what rules the network has learnt."""
        plan = self.plan
        return {
            "steps": self.step,
            "batch": plan.batch,
            "frames": plan.frames,
            "mixed_hours": self._mixed_hours(),
            "minutes": self.elapsed_s / 60.0,
            "device": plan.device,
            "bfloat16": plan.bfloat16,
            "seed": plan.seed,
            "learning_rate": plan.learning_rate,
            **card.learnt_before(plan.start),
        }


def train(plan: Plan, *, resume: bool) -> None:
    """Train until the plan's time is over, validating now and then; Ctrl-C saves and ends.

    Raises
    ------
    SourceNotFoundError
        If there are no songs to train on, or to report on.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(plan)
    if resume and (plan.out / CHECKPOINT).is_file():
        trainer.resume()
    report: tuple[KnownSong, ...] = ()
    if plan.report is not None:
        folders = song_folders(plan.report, FOUR_STEMS)
        report = tuple(read_song(folder, FOUR_STEMS, plan.out) for folder in folders)
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=60.0 * plan.minutes, loss=math.nan)

        def say(elapsed_s: float, last_loss: float) -> None:
            progress.update(task, completed=elapsed_s, loss=last_loss)

        try:
            _run(trainer, report, console, say)
        finally:
            trainer.save()


def _run(
    trainer: Trainer,
    report: tuple[KnownSong, ...],
    console: Console,
    say: Callable[[float, float], None],
) -> None:
    plan, batches = trainer.plan, _ahead(trainer.batches())
    validated_s, before_s = trainer.elapsed_s, time.monotonic()
    while not trainer.is_finished:
        trainer.losses.append(trainer.learn(next(batches)))
        now_s = time.monotonic()
        trainer.elapsed_s += now_s - before_s
        before_s = now_s
        say(trainer.elapsed_s, trainer.losses[-1])
        is_due = trainer.elapsed_s - validated_s >= 60.0 * plan.validate_minutes
        if is_due or trainer.is_finished:
            validated_s = trainer.elapsed_s
            row = trainer.validate(report)
            _log(plan.out / LOG, row)
            console.print("  ".join(f"{name} {value:.4g}" for name, value in row.items()))
            trainer.save()
    trainer.calibrate(report)


def _ahead(batches: Iterator[Targets]) -> Iterator[Targets]:
    """Yield the batches; while one is learnt from, the next is mixed in another thread."""
    with ThreadPoolExecutor(1) as mixer:
        coming = mixer.submit(next, batches)
        while True:
            batch = coming.result()
            coming = mixer.submit(next, batches)
            yield batch


def _log(path: Path, row: dict[str, float]) -> None:
    is_new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
