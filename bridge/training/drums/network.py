"""The network that is trained: mel levels in, the likelihood of a stroke of each drum out.

Convolutions over time and frequency, then dilated ones over time alone: the convolutional front of
R. Vogl et al., "Drum Transcription via Joint Beat and Drum Modeling Using Convolutional Recurrent
Neural Networks", ISMIR 2017, with the recurrent layers replaced by the dilated convolutions of
S. Bai, J. Z. Kolter and V. Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent
Networks for Sequence Modeling", 2018. Their reach is finite, so that a recording heard in windows
gives what it gives as a whole, and memory stays flat. Nothing is padded in time: the output is
shorter than the input by `Shape.context` frames at each end.

The transcriber runs it without torch, see `engines.transcription.drums.graph`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bridge.engines.transcription.drums.kit import DRUMS
from bridge.engines.transcription.drums.spectra import BANDS

if TYPE_CHECKING:
    from bridge.engines.transcription.drums.layout import Shape

_KERNEL = 3


class _Dilated(nn.Module):
    """Adds to every frame what it, one before and one after it tell together."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.gather = nn.Conv1d(width, width, _KERNEL, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Take ``(batch, width, frames)``; return it with `dilation` frames less at each end."""
        inner = frames[..., self.dilation : frames.shape[-1] - self.dilation]
        kept: Tensor = self.mix(torch.relu(self.norm(self.gather(frames))))
        return inner + kept


class DrumNetwork(nn.Module):
    """The network.

    Parameters
    ----------
    shape
        Its sizes.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.level_norm = nn.BatchNorm1d(BANDS)
        layers: list[nn.Module] = []
        before, bands = 1, BANDS
        for after in shape.channels:
            layers += [
                nn.Conv2d(before, after, _KERNEL, (1, 2), (0, 1), bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before, bands = after, -(-bands // 2)
        self.front = nn.Sequential(*layers)
        self.squeeze = nn.Sequential(
            nn.Conv1d(before * bands, shape.width, 1, bias=False),
            nn.BatchNorm1d(shape.width),
            nn.ReLU(),
            nn.Dropout(0.2),
        )
        self.context = nn.Sequential(*(_Dilated(shape.width, d) for d in shape.dilations))
        self.strokes = nn.Conv1d(shape.width, len(DRUMS), 1)

    def forward(self, levels: Tensor) -> Tensor:
        """Return logits of strokes.

        Parameters
        ----------
        levels
            As `spectra.levels` returns them, ``(batch, frames, bands)``.

        Returns
        -------
        Tensor
            Of shape ``(batch, frames - 2 * context, drums)``.
        """
        normal = self.level_norm(levels.transpose(1, 2)).transpose(1, 2)
        maps = self.front(normal[:, None])  # (batch, channels, frames, bands)
        features = self.squeeze(maps.permute(0, 1, 3, 2).flatten(1, 2))
        logits: Tensor = self.strokes(self.context(features))
        return logits.transpose(1, 2)
