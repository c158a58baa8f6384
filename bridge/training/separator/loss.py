"""What the masks are judged by: the power that masked mixes lack, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bridge.engines.separation.unet_layout import CHANNELS
from bridge.training.separator.network import planes

if TYPE_CHECKING:
    from torch import Tensor

    from bridge.training.separator.mixing import Mixes

RATIO_WEIGHT = 0.2
"""How much the signal-to-distortion ratio of whole crops counts beside the amplitudes."""
PATCH = 8
"""Bands and frames over which the power of errors is averaged before its root is taken."""
_SOFT = 1e-5
"""Below this power, relative to the mean of the mix, an error no longer matters."""
_FLOOR = 0.01
"""A stem below this share of the mix (-20 dB) is not worth a better ratio."""


@dataclass(frozen=True)
class Targets:
    """A batch of mixes as tensors, each at a mean power of 1.

    Parameters
    ----------
    seen
        What the network sees, see `network.planes`.
    power : Tensor [shape=(batch, 1, channels, bands, frames)]
        Of the mix.
    cross, stem_power : Tensor [shape=(batch, stems, channels, bands, frames)]
        See `mixing.Mixes`.
    """

    seen: Tensor
    power: Tensor
    cross: Tensor
    stem_power: Tensor

    @classmethod
    def of(cls, mixes: Mixes, device: str) -> Targets:
        """Put a batch on a device and even its levels."""
        power, cross, stem_power = (
            torch.from_numpy(array).to(device)
            for array in (mixes.power, mixes.cross, mixes.stem_power)
        )
        seen = planes(power[:, :CHANNELS], power[:, CHANNELS])
        mix_power = power[:, None, :CHANNELS]
        level = mix_power.mean(dim=(1, 2, 3, 4), keepdim=True).clamp(min=1e-12)
        return cls(seen, mix_power / level, cross / level, stem_power / level)


def loss(logits: Tensor, targets: Targets) -> Tensor:
    """Return the mean amplitude of the errors, and the ratio of errors to stems in bels.

    The first is the L1 distance of Jansson et al. with the phase heard, between patches instead of
    single bins: a patch's root mean square lets quiet places count as theirs does, but where the
    network is not sure it gives each stem its likely share, while the L1 distance of bins gives
    everything to the likeliest stem. The second is the negative ratio that separation is scored by.

    Parameters
    ----------
    logits : Tensor [shape=(batch, stems, channels, bands, frames)]
        What the network found.
    targets
        What it was shown and should have found.
    """
    masks = torch.softmax(logits.float(), dim=1)
    error = masks * (masks * targets.power - 2.0 * targets.cross) + targets.stem_power
    error = error.clamp(min=0.0)
    patches = torch.nn.functional.avg_pool2d(error.flatten(0, 2)[:, None], PATCH)
    amplitude = torch.sqrt(patches + _SOFT).mean()
    whole = (2, 3, 4)
    floor = _FLOOR * targets.power.sum(dim=whole) + _SOFT
    stem_power = targets.stem_power.sum(dim=whole) + floor
    ratio = torch.log10((error.sum(dim=whole) + floor) / stem_power).mean()
    return amplitude + RATIO_WEIGHT * ratio
