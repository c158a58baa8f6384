"""Writes the weights of a trained network as `engines.graphs.read_weights` reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_half(network: torch.nn.Module, facts: Mapping[str, str], path: Path) -> None:
    """Write weights in half precision, and facts in the header, as safetensors.

    Counts of batches, which only training needs, are left out. The file is there whole or not at
    all.
    """
    tensors = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }
    partial = path.with_suffix(".partial")
    partial.write_bytes(save(tensors, metadata=dict(facts)))
    partial.replace(path)
