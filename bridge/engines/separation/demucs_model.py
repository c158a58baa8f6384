"""Demucs' torch models as window models, and the device that they run on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.separation.window_model import Bag, Member
from bridge.errors import EngineFailedError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio

_SHORTEST_FRAMES = 64
"""HDemucs fails on fewer than 4 samples, which the last window of a region can have."""


@dataclass(frozen=True)
class DemucsModel:
    """One Demucs network as a `WindowModel`.

    Parameters
    ----------
    module
        An HTDemucs, HDemucs or Demucs in evaluation mode, on its device.
    device
        Name of that device.
    """

    module: Any
    device: str

    @property
    def sample_rate(self) -> int:
        """Rate in Hz."""
        return int(self.module.samplerate)

    @property
    def channels(self) -> int:
        """How many channels it takes and gives."""
        return int(self.module.audio_channels)

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems."""
        return tuple(self.module.sources)

    @property
    def segment_frames(self) -> int:
        """Longest window in samples."""
        return int(self.module.samplerate * self.module.segment)

    def window_frames(self, frames: int) -> int:
        """Return the length the network asks for; HDemucs asks for none but needs a few samples."""
        if hasattr(self.module, "valid_length"):
            return int(self.module.valid_length(frames))
        return max(frames, _SHORTEST_FRAMES)

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window; see `WindowModel.forward`."""
        import torch

        with torch_errors("The model", self.device), torch.inference_mode():
            estimate = self.module(
                torch.from_numpy(np.ascontiguousarray(window))[None].to(self.device)
            )
            return np.asarray(estimate[0].to("cpu", torch.float32).numpy())


def bag_of(modules: Sequence[Any], weights: Sequence[Sequence[float]] | None, device: str) -> Bag:
    """Put torch models on a device, in evaluation mode, as a bag.

    Parameters
    ----------
    modules
        HTDemucs, HDemucs or Demucs networks.
    weights
        For every network its weight for every stem; None weighs all the same.
    device
        A device that is there.

    Raises
    ------
    ValueError
        If networks and weights do not fit together; see `Bag`.
    OutOfMemoryError
        If the networks do not fit into the device's memory.
    """
    import torch

    # The fast path of attention is slower than the fused kernel and gives the same numbers.
    torch.backends.mha.set_fastpath_enabled(False)
    with torch_errors("The model", device):
        for module in modules:
            module.to(device).eval()
    models = [DemucsModel(module, device) for module in modules]
    if weights is None:
        weights = [[1.0] * len(model.stems) for model in models]
    if len(weights) != len(models):
        raise ValueError(f"it has {len(models)} models and weights for {len(weights)}")
    return Bag(tuple(Member(model, tuple(row)) for model, row in zip(models, weights, strict=True)))


def usable_device(asked: str) -> tuple[str, str | None]:
    """Settle the device.

    Parameters
    ----------
    asked
        ``auto`` (the first of cuda, mps and cpu that is there), ``cpu``, ``mps``, ``cuda`` or
        ``cuda:1``.

    Returns
    -------
    device : str
    problem : str or None
        A sentence, if the device that was asked for is not there and the processor stands in.
    """
    import torch

    cuda_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    has_mps = torch.backends.mps.is_available()
    if asked == "auto":
        return ("cuda" if cuda_devices else "mps" if has_mps else "cpu"), None
    kind, _, index = asked.partition(":")
    if (
        asked == "cpu"
        or (kind == "cuda" and int(index or 0) < cuda_devices)
        or (asked == "mps" and has_mps)
    ):
        return asked, None
    return "cpu", f"The device {asked} is not there or not usable; the processor is used instead."


@contextlib.contextmanager
def torch_errors(what: str, device: str) -> Iterator[None]:
    """Turn torch's errors into ours.

    Raises
    ------
    OutOfMemoryError
        The device's memory is full.
    EngineFailedError
        Anything else that torch or the network raised.
    """
    try:
        yield
    except MemoryError as exc:
        raise OutOfMemoryError(_out_of_memory(what, device)) from exc
    except (RuntimeError, ValueError, AssertionError, IndexError) as exc:
        text = str(exc).lower()
        # torch.OutOfMemoryError is of the graphics card only, and a RuntimeError like the others.
        if "out of memory" in text or "can't allocate memory" in text:
            raise OutOfMemoryError(_out_of_memory(what, device)) from exc
        raise EngineFailedError(f"{what} failed on {device}: {exc}") from exc


def _out_of_memory(what: str, device: str) -> str:
    advice = (
        "Close other programs" if device == "cpu" else "Close other programs or use the device cpu"
    )
    return f"{what} does not fit into the memory of {device}. {advice}, or choose a smaller model."
