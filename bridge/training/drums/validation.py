"""How well strokes are found in clips whose truth is known, and which thresholds serve best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.note_scores import score_onsets
from bridge.engines.transcription.drums.activations import rule_of
from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.peaks import find_peaks, refine
from bridge.engines.transcription.drums.spectra import FLOOR, FRAMES_PER_SECOND
from bridge.training.drums.examples import CLIP_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bridge.engines.note_scores import OnsetScores
    from bridge.training.drums.examples import Example
    from bridge.training.drums.network import DrumNetwork

    Curves = NDArray[np.float32]
    Tuned = Mapping[str, tuple[float, OnsetScores]]

THRESHOLDS = tuple(np.round(np.arange(0.10, 0.81, 0.05), 2).tolist())
_GAP_S = 1.0
"""Clips are scored in a row, this far apart, so that no stroke is matched across them."""


def activations(network: DrumNetwork, examples: Sequence[Example]) -> list[Curves]:
    """Return the network's answer to each example, of shape ``(frames, drums)``."""
    context = network.shape.context
    answers = []
    with torch.inference_mode():
        for example in examples:
            ends = ((context, context), (0, 0))
            levels = np.pad(
                example.levels.astype(np.float32), ends, constant_values=np.log10(FLOOR)
            )
            answers.append(torch.sigmoid(network(torch.from_numpy(levels)[None]))[0].numpy())
    return answers


def score(
    answers: Sequence[Curves], examples: Sequence[Example], drum: int, threshold: float
) -> OnsetScores:
    """Score one drum over all examples."""
    rule = rule_of(drum, threshold)
    played, heard = [], []
    for index, (answer, example) in enumerate(zip(answers, examples, strict=True)):
        start_s = index * (CLIP_S + _GAP_S)
        curve = np.ascontiguousarray(answer[:, drum])
        frames = refine(curve, find_peaks(curve, rule))
        heard.append(start_s + frames / FRAMES_PER_SECOND)
        played.append(start_s + example.strokes[example.strokes[:, 1] == drum, 0])
    return score_onsets(np.concatenate(played), np.concatenate(heard))


def best_thresholds(answers: Sequence[Curves], examples: Sequence[Example]) -> Tuned:
    """Return, by drum, the threshold with the highest F-measure, and its scores."""
    found = {}
    for index, drum in enumerate(DRUMS):
        scored = [(score(answers, examples, index, value), value) for value in THRESHOLDS]
        best, threshold = max(scored, key=lambda pair: pair[0].f_measure)
        found[drum.name] = (threshold, best)
    return found


def at_thresholds(
    answers: Sequence[Curves], examples: Sequence[Example], thresholds: Mapping[str, float]
) -> Tuned:
    """Return, by drum, its threshold and the scores that it leads to."""
    return {
        drum: (threshold, score(answers, examples, NAMES.index(drum), threshold))
        for drum, threshold in thresholds.items()
    }


def mean_f(tuned: Tuned) -> float:
    """Return the mean F-measure over the drums."""
    return sum(found.f_measure for _, found in tuned.values()) / len(tuned)
