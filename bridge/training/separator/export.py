"""Writes weights as the engine reads them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bridge.engines.separation.unet import WEIGHTS
from bridge.training.weights import write_half

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.training.separator.network import UNet


def export(network: UNet, path: Path) -> None:
    """Write a network's weights and its sizes."""
    write_half(network, {"shape": network.shape.to_json()}, path)


def install(weights: Path) -> None:
    """Put weights and their card into the package, where the engine looks for them."""
    WEIGHTS.parent.mkdir(exist_ok=True)
    for path in (weights, weights.with_suffix(".toml")):
        shutil.copyfile(path, WEIGHTS.with_suffix(path.suffix))
