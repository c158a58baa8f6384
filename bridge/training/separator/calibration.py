"""How sure of itself a trained network should be.

A network that has seen its training songs often is surer than it should be of songs that it has not
seen. One number mends much of that: what its masks are the softmax of is multiplied with a
sharpness below 1, the reciprocal of the temperature of C. Guo et al., "On Calibration of Modern
Neural Networks", ICML 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from bridge.training.separator.network import UNet

SHARPNESSES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""What is tried."""


@torch.no_grad()
def sharpened(network: UNet, sharpness: float) -> UNet:
    """Return the network after its last layer was scaled in place."""
    for parameter in network.head.parameters():
        parameter.mul_(sharpness)
    return network
