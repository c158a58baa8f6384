"""The trained network's answer to a recording, window by window."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.graphs import answer, load_network, session
from bridge.engines.transcription.drums import spectra
from bridge.engines.transcription.drums.graph import LEVELS, LIKELIHOODS, graph
from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.layout import Shape
from bridge.engines.transcription.drums.peaks import PeakRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.graphs import Weights

WEIGHTS = Path(__file__).parents[2] / "weights" / "drums.safetensors"
_NAME = "the drum transcriber"
WINDOW_FRAMES = 2000
"""Frames that are heard at a time: 20 s."""


@dataclass(frozen=True)
class DrumModel:
    """A network that can be run.

    Parameters
    ----------
    session
        onnxruntime's, of `graph.graph`.
    shape
        The network's sizes.
    """

    session: Any
    shape: Shape

    @classmethod
    def of(cls, shape: Shape, weights: Weights) -> DrumModel:
        """Return a network with float32 weights, by the names that torch gives them.

        Raises
        ------
        KeyError, ValueError
            The weights are not those of a network of this shape.
        """
        return cls(session(graph(shape, weights)), shape)

    def likelihoods(self, levels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``(frames - 2 * context, drums)`` for levels ``(frames, bands)``.

        Raises
        ------
        OutOfMemoryError, EngineFailedError
            The network failed.
        """
        return answer(self.session, LIKELIHOODS, {LEVELS: levels}, _NAME)


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and how sure it must be.

    Parameters
    ----------
    model
        The network.
    thresholds
        Likelihood that makes a stroke, by drum, as tuned on kits that it was not trained on.
    """

    model: DrumModel
    thresholds: dict[str, float]


def load(path: Path = WEIGHTS) -> TrainedNetwork:
    """Return the network with exported weights.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """

    def build(facts: dict[str, str], weights: Weights) -> TrainedNetwork:
        model = DrumModel.of(Shape.from_json(facts["shape"]), weights)
        thresholds = json.loads(facts["thresholds"])
        return TrainedNetwork(model, {name: float(thresholds[name]) for name in NAMES})

    return load_network(path, _NAME, build)


def infer(
    buffer: DiskBuffer,
    model: DrumModel,
    progress: Callable[[float], None],
    window_frames: int = WINDOW_FRAMES,
) -> NDArray[np.float32]:
    """Return the likelihood of a stroke of each drum in each frame.

    Parameters
    ----------
    buffer
        At `spectra.SAMPLE_RATE`.
    model
        The network.
    progress
        Told the fraction done, 0…1, once a window; what it raises is let through.
    window_frames
        Frames that are heard at a time; the answer does not depend on it.

    Returns
    -------
    np.ndarray [shape=(frames, drums), dtype=float32]

    Raises
    ------
    OutOfMemoryError, EngineFailedError
        The network failed.
    """
    frames = -(-buffer.frames // spectra.HOP_SAMPLES)
    answers = np.zeros((frames, len(DRUMS)), dtype=np.float32)
    gain = spectra.playing_gain(block for _, block in buffer.blocks(spectra.BLOCK_SAMPLES))
    if gain == 0.0:
        progress(1.0)
        return answers
    context = model.shape.context
    for first in range(0, frames, window_frames):
        progress(first / frames)
        count = min(window_frames, frames - first)
        levels = spectra.levels_of(buffer, first - context, count + 2 * context, gain)
        answers[first : first + count] = model.likelihoods(levels)
    progress(1.0)
    return answers


def rule_of(drum: int, threshold: float) -> PeakRule:
    """Return when a maximum of a drum's likelihood is a stroke."""
    apart = round(DRUMS[drum].apart_s * spectra.FRAMES_PER_SECOND)
    return PeakRule(threshold, 0, max(1, apart - 1))
