"""The trained network's answer to a recording, window by window."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.transcription.drums import spectra
from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.network import DrumNetwork, Shape
from bridge.engines.transcription.drums.peaks import PeakRule
from bridge.errors import EngineFailedError, ModelUnavailableError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bridge.engines.audio import DiskBuffer

WEIGHTS = Path(__file__).parents[2] / "weights" / "drums.safetensors"
WINDOW_FRAMES = 2000
"""Frames that are heard at a time: 20 s."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and how sure it must be.

    Parameters
    ----------
    network
        In evaluation mode.
    thresholds
        Likelihood that makes a stroke, by drum, as tuned on kits that it was not trained on.
    """

    network: DrumNetwork
    thresholds: dict[str, float]


def load(path: Path = WEIGHTS) -> TrainedNetwork:
    """Return the network with exported weights, in float32.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata()
            network = DrumNetwork(Shape.from_json(facts["shape"]))
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            thresholds = {name: float(json.loads(facts["thresholds"])[name]) for name in NAMES}
        # How many batches trained a normalisation is not stored; nothing asks for it here.
        counts = {name: torch.tensor(0) for name in network.state_dict() if name not in weights}
        network.load_state_dict({**weights, **counts}, assign=True)
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as exc:
        raise ModelUnavailableError(
            f"The weights of the drum transcriber, {path}, are missing or damaged ({exc}). "
            "Install dawbridge again."
        ) from exc
    return TrainedNetwork(network.eval(), thresholds)


def infer(
    buffer: DiskBuffer,
    network: DrumNetwork,
    progress: Callable[[float], None],
    window_frames: int = WINDOW_FRAMES,
) -> NDArray[np.float32]:
    """Return the likelihood of a stroke of each drum in each frame.

    Parameters
    ----------
    buffer
        At `spectra.SAMPLE_RATE`.
    network
        In evaluation mode.
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
    context = network.shape.context
    for first in range(0, frames, window_frames):
        progress(first / frames)
        count = min(window_frames, frames - first)
        levels = spectra.levels_of(buffer, first - context, count + 2 * context, gain)
        try:
            with torch.inference_mode():
                logits = network(torch.from_numpy(levels)[None])[0]
                answers[first : first + count] = torch.sigmoid(logits).numpy()
        except MemoryError as exc:
            raise OutOfMemoryError(
                "There is not enough memory to transcribe the drums. Close other programs or "
                "choose a shorter region."
            ) from exc
        except RuntimeError as exc:
            raise EngineFailedError(f"The drum transcriber failed: {exc}") from exc
    progress(1.0)
    return answers


def rule_of(drum: int, threshold: float) -> PeakRule:
    """Return when a maximum of a drum's likelihood is a stroke."""
    apart = round(DRUMS[drum].apart_s * spectra.FRAMES_PER_SECOND)
    return PeakRule(threshold, 0, max(1, apart - 1))
