"""Which of the networks is shipped: the one that hears held-out kits best, alone and separated."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bridge.engines.transcription.drums.activations import WEIGHTS
from bridge.training.drums.export import export, write_drum_card
from bridge.training.drums.validation import activations, at_thresholds, best_thresholds, mean_f

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bridge.training.drums.examples import Example
    from bridge.training.drums.training import Trainer
    from bridge.training.drums.validation import Tuned


def export_better(
    folder: Path,
    trainers: Mapping[str, Trainer],
    heard: Mapping[str, Sequence[Example]],
    facts: Mapping[str, object],
) -> str:
    """Write every network with the thresholds that serve all clips best, and return the better one.

    The better one's weights are written under the shipped name too, with a card that tells how all
    of them did on the same clips.

    Parameters
    ----------
    folder
        Where the weights go: ``<name>.safetensors`` each.
    trainers
        By name.
    heard
        Clips that no network was trained on, by what they are.
    facts
        What else the card tells of the training.
    """
    together = [clip for clips in heard.values() for clip in clips]
    scored: dict[str, dict[str, Tuned]] = {}
    compared: dict[str, dict[str, object]] = {}
    for name, trainer in trainers.items():
        network = trainer.averaged
        tuned = best_thresholds(activations(network, together), together)
        thresholds = {drum: threshold for drum, (threshold, _) in tuned.items()}
        export(network, thresholds, folder / f"{name}.safetensors")
        scored[name] = {
            title: at_thresholds(activations(network, clips), clips, thresholds)
            for title, clips in heard.items()
        }
        compared[name] = {"steps": trainer.step, "minutes": trainer.plan.minutes}
        compared[name] |= {
            f"f_measure_{title}": mean_f(each) for title, each in scored[name].items()
        }
    better = max(scored, key=lambda name: sum(mean_f(each) for each in scored[name].values()))
    weights = folder / WEIGHTS.name
    shutil.copyfile(folder / f"{better}.safetensors", weights)
    training = {"shipped": better, **facts, "bytes": weights.stat().st_size}
    told: dict[str, Mapping[str, object]] = {"training": training, **compared}
    write_drum_card(weights, trainers[better].averaged, told, scored[better])
    return better
