"""Writes weights as the engine reads them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from bridge.engines.separation.unet import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.training.separator.network import UNet


def export(network: UNet, path: Path) -> None:
    """Write a network's weights in half precision, with its sizes, as safetensors.

    Counts of batches, which only training needs, are left out.
    """
    tensors = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }
    partial = path.with_suffix(".partial")
    partial.write_bytes(save(tensors, metadata={"shape": network.shape.to_json()}))
    partial.replace(path)


def install(weights: Path) -> None:
    """Put weights and their card into the package, where the engine looks for them."""
    WEIGHTS.parent.mkdir(exist_ok=True)
    for path in (weights, weights.with_suffix(".toml")):
        shutil.copyfile(path, WEIGHTS.with_suffix(path.suffix))
