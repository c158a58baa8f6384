"""An exponential mean of weights, which generalises better than the last step's.

B. T. Polyak and A. B. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J.
Control Optim. 30 (1992), with a mean that forgets.
"""

from __future__ import annotations

import torch

_HORIZON = 10.0


@torch.no_grad()
def follow(averaged: torch.nn.Module, network: torch.nn.Module, step: int, decay: float) -> None:
    """Move averaged weights towards those of the network in training.

    Parameters
    ----------
    averaged
        Changed in place.
    network
        Of the same shape.
    step
        How many steps were taken; at first the mean follows closely, since weights begin at random.
    decay
        How much of the mean stays in a step, later on.
    """
    keep = min(decay, (1.0 + step) / (_HORIZON + step))
    current = network.state_dict()
    for name, value in averaged.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name], 1.0 - keep)
