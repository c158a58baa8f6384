"""The network that is trained: band powers in, one mask per stem, channel and band out.

A U-Net over time and frequency after A. Jansson et al., "Singing Voice Separation with Deep U-Net
Convolutional Networks", ISMIR 2017: strided 5x5 convolutions, batch normalisation, leaky ReLU of
0.2, a mirrored decoder with skips, and dropout in its first layers. What differs, and why:

- The frequency axis is compressed to bands, one bin wide where harmonics lie close and a constant
  fraction of their frequency wide above, so that two processor cores suffice for 44.1 kHz.
- After each layer a pair of matrices mixes the bands of a frame, as the time-distributed fully
  connected blocks of W. Choi et al., "Investigating U-Nets with Various Intermediate Blocks for
  Spectrogram-based Singing Voice Separation", ISMIR 2020: the partials of a note lie further
  apart than convolutions reach.
- One encoder and decoder serve all stems, and a softmax over them replaces the sigmoid, so that
  the stems sum to the mix.

The separator runs the same network without torch, see `engines.separation.unet_graph`. Conventions
are those of `engines.separation.unet_layout`; spectra are complex tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from bridge.engines.graphs import load_network
from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.unet import NAME, Windows
from bridge.engines.separation.unet_layout import (
    CHANNELS,
    FLOOR,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    LEAK,
    PLANES,
    STEMS,
    Shape,
    band_edges,
)
from bridge.engines.separation.window_model import Bag, Member

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.graphs import Weights

_KERNEL = 5
_DROPOUT = 0.25
_DROPOUT_LAYERS = 2
_NARROWEST_MIX = 8


def band_of_bin(bands: int) -> Tensor:
    """Return the band of every bin: integers of shape ``(bins,)``."""
    edges = torch.tensor(band_edges(bands))
    return torch.repeat_interleave(torch.arange(bands), edges.diff())


def planes(power: Tensor, side_power: Tensor) -> Tensor:
    """Return what the network sees of a stereo mix; its level does not matter.

    Parameters
    ----------
    power
        Band powers of left and right, ``(batch, 2, bands, frames)``.
    side_power
        Band powers of left less right, ``(batch, bands, frames)``.

    Returns
    -------
    Tensor
        Of shape ``(batch, 3, bands, frames)``: the decimal logarithms of the powers relative to
        the mean of the window, and the share of the side in the power of middle and side.
    """
    mean = power.mean(dim=(1, 2, 3), keepdim=True)
    levels = torch.log10(power / mean.clamp(min=1e-20) + FLOOR)
    both = 2.0 * power.sum(dim=1)
    width = side_power / (both + 1e-6 * mean[:, 0] + 1e-30)
    return torch.cat([levels, width[:, None]], dim=1)


class BandMixing(nn.Module):
    """Adds to every band what two matrices make of all bands of the same frame."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        inner = max(_NARROWEST_MIX, bands // 4)
        self.gather = nn.Parameter(torch.randn(inner, bands) / bands**0.5)
        self.scatter = nn.Parameter(torch.randn(bands, inner) / (4.0 * inner**0.5))

    def forward(self, maps: Tensor) -> Tensor:
        """Take and return maps of shape ``(batch, channels, bands, frames)``."""
        batch, channels, bands, frames = maps.shape
        # A view, since the maps lie channels-last.
        rows = maps.permute(0, 2, 3, 1).reshape(batch, bands, frames * channels)
        mixed = self.scatter @ torch.relu(self.gather @ rows)
        return maps + mixed.reshape(batch, bands, frames, channels).permute(0, 3, 1, 2)


class UNet(nn.Module):
    """The network.

    Parameters
    ----------
    shape
        Its sizes.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.level_norm = nn.BatchNorm1d(shape.bands)
        outer = (PLANES, *shape.channels[:-1])
        self.encoder = nn.ModuleList(
            _encoder_layer(before, after, shape.bands >> (depth + 1))
            for depth, (before, after) in enumerate(zip(outer, shape.channels, strict=True))
        )
        depths = range(len(shape.channels) - 1, -1, -1)
        wanted = (shape.full_channels, *shape.channels[:-1])
        self.decoder = nn.ModuleList(
            _decoder_layer(
                shape.channels[depth] * (1 if depth == depths[0] else 2),
                wanted[depth],
                shape.bands >> depth,
                dropout=_DROPOUT if depths[0] - depth < _DROPOUT_LAYERS else 0.0,
            )
            for depth in depths
        )
        self.head = nn.Conv2d(shape.full_channels + PLANES, STEMS * CHANNELS, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        """Return the logarithms of the masks, up to a constant.

        Parameters
        ----------
        seen
            Of shape ``(batch, 3, bands, frames)``, as `planes` gives them; frames a multiple of
            the shape's stride.

        Returns
        -------
        Tensor
            Of shape ``(batch, stems, channels, bands, frames)``; a softmax over the stems makes
            masks of it.
        """
        batch, _, bands, frames = seen.shape
        levels = self.level_norm(seen[:, :CHANNELS].reshape(batch * CHANNELS, bands, frames))
        seen = torch.cat([levels.reshape(batch, CHANNELS, bands, frames), seen[:, CHANNELS:]], 1)
        seen = seen.contiguous(memory_format=torch.channels_last)
        maps, skips = seen, []
        for layer in self.encoder:
            maps = layer(maps)
            skips.append(maps)
        maps = skips.pop()
        for layer in self.decoder:
            maps = layer(maps)
            maps = torch.cat([maps, skips.pop() if skips else seen], dim=1)
        found: Tensor = self.head(maps)
        return found.reshape(batch, STEMS, CHANNELS, bands, frames)


def _encoder_layer(before: int, after: int, bands: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, _KERNEL, stride=2, padding=_KERNEL // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.LeakyReLU(LEAK, inplace=True),
        BandMixing(bands),
    )


def _decoder_layer(before: int, after: int, bands: int, *, dropout: float) -> nn.Sequential:
    """Return a layer that doubles bands and frames; `bands` counts those of its output."""
    return nn.Sequential(
        nn.ConvTranspose2d(
            before,
            after,
            _KERNEL,
            stride=2,
            padding=_KERNEL // 2,
            output_padding=1,
            bias=False,
        ),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        BandMixing(bands),
        nn.Dropout2d(dropout),
    )


def read_network(path: Path) -> UNet:
    """Return a network with exported weights, in float32.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """

    def build(facts: dict[str, str], weights: Weights) -> UNet:
        network = UNet(Shape.from_json(facts["shape"]))
        tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
        # How many batches trained a normalisation is not stored; nothing asks for it here.
        counts = {name: torch.tensor(0) for name in network.state_dict() if name not in tensors}
        network.load_state_dict({**tensors, **counts}, assign=True)
        return network

    return load_network(path, NAME, build)


def bag_of(network: UNet, device: str) -> Bag:
    """Return a separator for scores in training, with the network in evaluation mode."""
    model = TorchModel(network.to(device).to(memory_format=torch.channels_last).eval(), device)
    return Bag((Member(model, (1.0,) * len(FOUR_STEMS)),), normalised=False, device=device)


@dataclass(frozen=True)
class TorchModel(Windows):
    """A network as a `WindowModel`.

    Parameters
    ----------
    network
        In evaluation mode, on its device.
    device
        Name of that device.
    """

    network: UNet
    device: str

    @torch.inference_mode()
    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window; see `WindowModel.forward`."""
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
