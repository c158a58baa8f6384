"""What a training is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.engines.separation.unet_layout import Shape

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """What a training is told.

    Parameters
    ----------
    data
        The cache of rendered songs, with ``train`` and ``valid`` in it.
    out
        Folder of checkpoint, log and weights.
    minutes
        Of training in all, over every time it is resumed; the learning rate falls to its end.
    report
        Songs that are scored for the log alone, or None.
    start
        Exported weights to begin with instead of random ones; their sizes win over `shape`.
    shape
        Sizes of the network.
    device
        A device that is there.
    bfloat16
        Whether the network computes in bfloat16 while it learns; its weights stay in float32.
    seed
        Of the first weights and of the mixes.
    batch, frames
        Mixes in a step, and spectral frames of each; a multiple of the shape's stride.
    mixes_per_crop
        How often crops are mixed before others are read: as they are and shuffled in turn.
    learning_rate, weight_decay
        Of AdamW; the rate's peak.
    ema_decay
        How slowly the weights that are validated and exported follow those in training.
    validate_minutes
        How often they are scored.
    """

    data: Path
    out: Path
    minutes: float
    report: Path | None = None
    start: Path | None = None
    shape: Shape = field(default_factory=Shape)
    device: str = "cpu"
    bfloat16: bool = False
    seed: int = 0
    batch: int = 12
    frames: int = 160
    mixes_per_crop: int = 4
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.999
    validate_minutes: float = 5.0
