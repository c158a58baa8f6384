"""What the network shall answer to a clip, and how far off it is.

A stroke is a bump around its onset rather than one frame: three frames carry the gradient in place
of one, and where between frames the onset lies can be read from the bump's height on either side
(see `bridge.engines.transcription.drums.peaks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.transcription.drums.kit import DRUMS
from bridge.engines.transcription.drums.peaks import BUMP_FRAMES
from bridge.training.drums.examples import frames_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_REACH = 5
_STROKE_WEIGHT = 4.0
"""How much more a missed stroke costs than a false one: strokes are rare."""


def bumps(strokes: NDArray[np.float64], frames: int) -> NDArray[np.float32]:
    """Return targets of shape ``(frames, drums)``, 0..1.

    Parameters
    ----------
    strokes
        As `examples.Example` holds them.
    frames
        Length of the clip; frame 0 is centred on its first sample.
    """
    targets = np.zeros((frames, len(DRUMS)), dtype=np.float32)
    for place, drum in zip(frames_of(strokes[:, 0]), strokes[:, 1].astype(int), strict=True):
        near = np.arange(max(0, int(place) - _REACH), min(frames, int(place) + _REACH + 1))
        bump = np.exp(-0.5 * np.square((near - place) / BUMP_FRAMES))
        targets[near, drum] = np.maximum(targets[near, drum], bump)
    return targets


def loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy between likelihoods and targets, strokes weighted up."""
    weights = 1.0 + (_STROKE_WEIGHT - 1.0) * targets
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, weights)
