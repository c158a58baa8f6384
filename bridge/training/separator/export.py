"""Writes weights as the engine reads them, and the card that tells how they were made."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from bridge.engines.separation.unet import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.engines.separation.unet_network import UNet

    Facts = Mapping[str, object]


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


def write_card(path: Path, tables: Mapping[str, Facts]) -> None:
    """Write the card: TOML tables of numbers, text and lists; what is not a number is left out."""
    lines = []
    for title, facts in tables.items():
        lines.append(f"[{title}]")
        for name, fact in facts.items():
            if isinstance(fact, float):
                if math.isfinite(fact):
                    lines.append(f"{name} = {round(fact, 3)}")
            else:  # JSON writes whole numbers, text and lists as TOML does
                lines.append(f"{name} = {json.dumps(fact, ensure_ascii=False)}")
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def install(weights: Path) -> None:
    """Put weights and their card into the package, where the engine looks for them."""
    WEIGHTS.parent.mkdir(exist_ok=True)
    for path in (weights, weights.with_suffix(".toml")):
        shutil.copyfile(path, WEIGHTS.with_suffix(path.suffix))
