"""The built-in separator with trained weights: masks of `unet_network` on the mix's spectrum.

The weights lie in ``bridge/engines/weights``, beside a card that tells how `bridge.training` made
them. Stereo at 44.1 kHz; regions of other rates and channels are brought there by the stage and
the runner.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.demucs_model import torch_errors, usable_device
from bridge.engines.separation.unet_network import (
    CHANNELS,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    Shape,
    UNet,
    band_of_bin,
    planes,
)
from bridge.engines.separation.window_model import Bag, Member
from bridge.errors import ModelUnavailableError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from bridge.engines.audio import Audio

WEIGHTS = Path(__file__).parents[1] / "weights" / "unet.safetensors"
SEGMENT_FRAMES = 256
"""Spectral frames of a window: 5.9 s; twice as many separate no better and need more memory."""


def build(sample_rate: int, channels: int, device: str) -> Bag:  # noqa: ARG001 - always the same
    """Return the separator on a device; rate and channels of the region do not matter.

    Raises
    ------
    ModelUnavailableError
        If the weights are missing or damaged.
    """
    return load(WEIGHTS, device)


def load(path: Path, device: str) -> Bag:
    """Return a separator with the weights of a file that `bridge.training.separator` exported.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """
    return bag_of(read_network(path), usable_device(device)[0])


def read_network(path: Path) -> UNet:
    """Return a network with exported weights, in float32.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            shape = Shape.from_json(file.metadata()["shape"])
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        network = UNet(shape)
        # How many batches trained a normalisation is not stored; nothing asks for it here.
        counts = {name: torch.tensor(0) for name in network.state_dict() if name not in weights}
        network.load_state_dict({**weights, **counts}, assign=True)
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as exc:
        raise ModelUnavailableError(
            f"The weights of the built-in model unet, {path}, are missing or damaged ({exc}). "
            "Install dawbridge again."
        ) from exc
    return network


def bag_of(network: UNet, device: str) -> Bag:
    """Return a separator that uses a network, which is put on the device in evaluation mode."""
    with torch_errors("The model", device):
        network.to(device).to(memory_format=torch.channels_last).eval()
    model = UNetModel(network, device)
    return Bag((Member(model, (1.0,) * len(FOUR_STEMS)),), normalised=False, device=device)


@dataclass(frozen=True)
class UNetModel:
    """The separator as a `WindowModel`.

    Parameters
    ----------
    network
        In evaluation mode, on its device.
    device
        Name of that device.
    """

    network: UNet
    device: str
    sample_rate: int = SAMPLE_RATE
    channels: int = CHANNELS
    stems: tuple[str, ...] = FOUR_STEMS

    @property
    def segment_frames(self) -> int:
        """Length of a window in samples."""
        return SEGMENT_FRAMES * HOP_SAMPLES

    def window_frames(self, frames: int) -> int:
        """Return a full window: the network was trained on seconds, not on scraps."""
        return max(frames, self.segment_frames)

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window; see `WindowModel.forward`."""
        with torch_errors("The model", self.device), torch.inference_mode():
            mix = torch.from_numpy(np.ascontiguousarray(window)).to(self.device)
            return np.asarray(separate(self.network, mix).to("cpu", torch.float32).numpy())


def separate(network: UNet, mix: Tensor) -> Tensor:
    """Separate audio of shape ``(2, samples)`` into ``(4, 2, samples)``, which sum to it."""
    frame = torch.hann_window(FRAME_SAMPLES, device=mix.device)
    spectrum = torch.stft(
        mix, FRAME_SAMPLES, HOP_SAMPLES, window=frame, pad_mode="constant", return_complex=True
    )
    bands = band_of_bin(network.shape.bands).to(mix.device)
    masks = _masks(network, spectrum, bands)
    first_three = (masks[:3].index_select(2, bands) * spectrum).flatten(0, 1)
    samples = mix.shape[1]
    stems = torch.istft(first_three, FRAME_SAMPLES, HOP_SAMPLES, window=frame, length=samples)
    drums, bass, vocals = stems.reshape(3, CHANNELS, samples)
    other = mix - drums - bass - vocals
    return torch.stack([drums, bass, other, vocals])


def _masks(network: UNet, spectrum: Tensor, band_of: Tensor) -> Tensor:
    """Return the masks of drums, bass, vocals and other: ``(4, 2, bands, frames)``."""
    frames, stride = spectrum.shape[-1], network.shape.stride
    left_right_side = torch.cat([spectrum, spectrum[:1] - spectrum[1:]])
    bin_power = left_right_side.real.square() + left_right_side.imag.square()
    power = bin_power.new_zeros(CHANNELS + 1, network.shape.bands, frames)
    power.index_add_(1, band_of, bin_power)
    padded = torch.nn.functional.pad(power, (0, -frames % stride))[None]
    logits = network(planes(padded[:, :CHANNELS], padded[:, CHANNELS]))[0, ..., :frames]
    return torch.softmax(logits, dim=0)[[0, 1, 3, 2]]
