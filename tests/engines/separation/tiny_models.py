"""Small Demucs networks with random weights, and how their files are written."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STEMS = ["drums", "bass", "other", "vocals"]


def tiny_htdemucs(
    seed: int = 0,
    stems: Sequence[str] = STEMS,
    sample_rate: int = 44_100,
    segment: Fraction = Fraction(1, 1),
) -> Any:
    """Return an HTDemucs of a quarter million weights, with a segment in seconds."""
    import torch
    from demucs.htdemucs import HTDemucs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return HTDemucs(
            sources=list(stems),
            channels=8,
            bottom_channels=16,
            t_layers=1,
            t_heads=2,
            t_hidden_scale=1.0,
            dconv_depth=1,
            segment=segment,
            samplerate=sample_rate,
        ).eval()


def tiny_hdemucs(seed: int = 0) -> Any:
    """Return an HDemucs with a segment of one second; it has no length of its own."""
    import torch
    from demucs.hdemucs import HDemucs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return HDemucs(sources=STEMS, channels=4, segment=1).eval()


def tiny_demucs(seed: int = 0) -> Any:
    """Return a time-domain Demucs, which pads to lengths of its own."""
    import torch
    from demucs.demucs import Demucs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Demucs(sources=STEMS, channels=8, depth=3, lstm_layers=1, segment=1).eval()


def noise(frames: int, channels: int = 2, seed: int = 0) -> NDArray[np.float32]:
    """Return noise of a level that music has."""
    random = np.random.default_rng(seed)
    return (0.2 * random.standard_normal((channels, frames))).astype(np.float32)


def save_safetensors(module: Any, path: Path, **metadata: str) -> Path:
    """Write a network as Demucs' own export does."""
    from safetensors.torch import save_file

    args, kwargs = module._init_args_kwargs
    described = {
        "klass": f"{type(module).__module__}.{type(module).__name__}",
        "args": json.dumps(args, default=_fraction),
        "kwargs": json.dumps(kwargs, default=_fraction),
        **metadata,
    }
    state = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    save_file(state, path, metadata=described)
    return path


def _fraction(value: Fraction) -> dict[str, Any]:
    return {
        "_type": "fraction",
        "numerator": value.numerator,
        "denominator": value.denominator,
    }


def fill_hub_cache(cache: Path, name: str, repository: str, modules: Sequence[Any]) -> Path:
    """Lay models down as the Hugging Face hub's library caches them."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0123abcd")
    names = [f"model{index}" for index in range(len(modules))]
    for file, module in zip(names, modules, strict=True):
        save_safetensors(module, snapshot / f"{file}.safetensors")
    (snapshot / f"{name}.yaml").write_text(f"models: {json.dumps(names)}\n")
    return snapshot


class Counter:
    """Counts how often a network runs."""

    def __init__(self, module: Any) -> None:
        self.runs = 0
        module.register_forward_pre_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.runs += 1
