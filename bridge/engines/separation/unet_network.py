"""The network of the built-in separator: band powers in, one mask per stem, channel and band out.

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

Conventions
-----------
Spectra are complex tensors of shape ``(…, bins, frames)``, band maps ``(…, bands, frames)``.
Powers are those of the short-time spectrum, summed over a band's bins.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

SAMPLE_RATE = 44_100
FRAME_SAMPLES = 4096
HOP_SAMPLES = 1024
BINS = FRAME_SAMPLES // 2 + 1
STEMS = 4
CHANNELS = 2

FLOOR = 1e-7
"""Band powers are compressed above this share of the window's mean power: 70 dB below it."""

_PLANES = 3
"""What the network sees: the levels of both channels, and how wide the band is between them."""
_KERNEL = 5
_LEAK = 0.2
_DROPOUT = 0.25
_DROPOUT_LAYERS = 2
_NARROWEST_MIX = 8


@dataclass(frozen=True)
class Shape:
    """The sizes of a network, stored with its weights.

    Parameters
    ----------
    bands
        Of the frequency axis; a multiple of `stride`.
    channels
        Feature maps of the encoder's layers, from the outermost in.
    full_channels
        Feature maps of the decoder's last layer, at full resolution.
    """

    bands: int = 256
    channels: tuple[int, ...] = (24, 48, 96, 192, 256)
    full_channels: int = 24

    @property
    def stride(self) -> int:
        """What bands and frames are divided by on the way in."""
        return 1 << len(self.channels)

    def to_json(self) -> str:
        """Return the sizes as text, for the weights' header."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shape:
        """Return the sizes that `to_json` wrote."""
        sizes = json.loads(text)
        return cls(**{**sizes, "channels": tuple(sizes["channels"])})


def band_edges(bands: int) -> list[int]:
    """Return the first bin of every band, and after the last the number of bins.

    A band is one bin wide or a constant fraction of its frequency, whichever is wider; the
    fraction is the one that gives this many bands.

    Raises
    ------
    ValueError
        If there are more bands than bins, or too few for the highest to be resolved.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        fraction = (low + high) / 2
        edges = [0.0]
        while edges[-1] < BINS and len(edges) <= bands:
            edges.append(edges[-1] + max(1.0, fraction * edges[-1]))
        low, high = (fraction, high) if edges[-1] < BINS else (low, fraction)
    firsts = [round(edge) for edge in edges[:bands]]
    if len(set(firsts)) != bands or firsts[-1] >= BINS:
        raise ValueError(f"{BINS} bins cannot be divided into {bands} bands")
    return [*firsts, BINS]


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
        outer = (_PLANES, *shape.channels[:-1])
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
        self.head = nn.Conv2d(shape.full_channels + _PLANES, STEMS * CHANNELS, 3, padding=1)

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
        nn.LeakyReLU(_LEAK, inplace=True),
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
