"""The built-in separator with trained weights: masks of a U-Net on the mix's spectrum.

The weights lie in ``bridge/engines/weights``, beside a card that tells how `bridge.training` made
them. Stereo at 44.1 kHz; regions of other rates and channels are brought there by the stage and
the runner. It runs on the processor whatever the device: a preview needs no GPU, nor the seconds
that torch takes to be imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bridge.engines.graphs import answer, load_network, session
from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.unet_graph import MASKS, SEEN, graph
from bridge.engines.separation.unet_layout import (
    CHANNELS,
    FLOOR,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    Shape,
    band_edges,
)
from bridge.engines.separation.window_model import Bag, Member

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.engines.graphs import Weights

    Map = NDArray[np.float32]
    Spectrum = NDArray[np.complex64]

NAME = "the built-in model unet"
WEIGHTS = Path(__file__).parents[1] / "weights" / "unet.safetensors"
SEGMENT_FRAMES = 255
"""Hops of a window, 5.9 s: 256 spectral frames, a multiple of the network's stride. Twice as many
separate no better and need more memory."""

_PAD = FRAME_SAMPLES // 2
"""Silence before the first sample, so that the first frame is centred on it."""
_QUARTERS = FRAME_SAMPLES // HOP_SAMPLES


def build(sample_rate: int, channels: int, device: str) -> Bag:  # noqa: ARG001 - always the same
    """Return the separator; rate and channels of the region, and the device, do not matter.

    Raises
    ------
    ModelUnavailableError
        If the weights are missing or damaged.
    """
    return load(WEIGHTS)


def load(path: Path) -> Bag:
    """Return a separator with the weights of a file that `bridge.training.separator` exported.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """
    return load_network(
        path, NAME, lambda facts, weights: bag_of(Shape.from_json(facts["shape"]), weights)
    )


def bag_of(shape: Shape, weights: Weights) -> Bag:
    """Return a separator with float32 weights, by the names that torch gives them.

    Raises
    ------
    KeyError, ValueError
        The weights are not those of a network of this shape.
    """
    separator = UNetModel(session(graph(shape, weights)), shape)
    return Bag((Member(separator, (1.0,) * len(FOUR_STEMS)),), normalised=False, device="cpu")


class Windows:
    """What a `WindowModel` says of its windows: those of the separator."""

    sample_rate: ClassVar[int] = SAMPLE_RATE
    channels: ClassVar[int] = CHANNELS
    stems: ClassVar[tuple[str, ...]] = FOUR_STEMS
    segment_frames: ClassVar[int] = SEGMENT_FRAMES * HOP_SAMPLES

    def window_frames(self, frames: int) -> int:
        """Return a full window: the network was trained on seconds, not on scraps."""
        return max(frames, self.segment_frames)


@dataclass(frozen=True)
class UNetModel(Windows):
    """The separator as a `WindowModel`.

    Parameters
    ----------
    session
        onnxruntime's, of `unet_graph.graph`.
    shape
        The network's sizes.
    """

    session: Any
    shape: Shape

    @cached_property
    def _edges(self) -> list[int]:
        return band_edges(self.shape.bands)

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window into stems that sum to it; see `WindowModel.forward`."""
        spectrum = spectrum_of(window)
        drums, bass, _, vocals = self._masks(spectrum)
        widths = np.diff(self._edges)
        masks = np.repeat(np.stack([drums, bass, vocals]), widths, axis=2)
        drums, bass, vocals = audio_of(masks * spectrum, window.shape[1])
        return np.stack([drums, bass, window - drums - bass - vocals, vocals])

    def _masks(self, spectrum: Spectrum) -> Map:
        """Return masks of shape ``(stems, channels, bands, frames)``."""
        frames = spectrum.shape[-1]
        spectra = np.concatenate([spectrum, spectrum[:1] - spectrum[1:]])
        power = np.add.reduceat(
            np.square(spectra.real) + np.square(spectra.imag), self._edges[:-1], axis=1
        )
        padded = np.pad(power, ((0, 0), (0, 0), (0, -frames % self.shape.stride)))
        return answer(self.session, MASKS, {SEEN: planes(padded)[None]}, NAME)[..., :frames]


def planes(power: Map) -> Map:
    """Return what the network sees of a stereo mix; its level does not matter.

    Parameters
    ----------
    power
        Band powers of left, of right, and of left less right: ``(3, bands, frames)``.

    Returns
    -------
    np.ndarray [shape=(3, bands, frames)]
        The decimal logarithms of the powers of left and right relative to the mean of the window,
        and the share of the side in the power of middle and side.
    """
    mean = power[:CHANNELS].mean(dtype=np.float64)
    levels = np.log10(power[:CHANNELS] / max(mean, 1e-20) + FLOOR)
    both = 2.0 * power[:CHANNELS].sum(axis=0)
    width = power[CHANNELS] / (both + 1e-6 * mean + 1e-30)
    return np.concatenate([levels, width[None]]).astype(np.float32)


def spectrum_of(audio: Audio) -> Spectrum:
    """Return the short-time spectrum ``(channels, bins, frames)`` under Hann windows."""
    from scipy import fft

    padded = np.pad(audio, ((0, 0), (_PAD, _PAD)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES, axis=1)
    spectrum = fft.rfft(frames[:, ::HOP_SAMPLES] * _hann(), axis=-1)
    return np.asarray(spectrum.transpose(0, 2, 1), dtype=np.complex64)


def audio_of(spectra: Spectrum, samples: int) -> Audio:
    """Return the audio ``(…, samples)`` whose spectra are nearest to ``(…, bins, frames)``.

    D. Griffin and J. Lim, "Signal Estimation from Modified Short-Time Fourier Transform", IEEE
    TASSP 1984, equation 6.
    """
    from scipy import fft

    frames = fft.irfft(np.moveaxis(spectra, -1, -2), FRAME_SAMPLES, axis=-1)
    frames *= _hann()
    audio = _overlapped(frames)
    weight = _overlapped_weight(frames.shape[-2])
    inside = slice(_PAD, _PAD + samples)
    return np.asarray(audio[..., inside] / weight[inside], dtype=np.float32)


def _overlapped(frames: Map) -> Audio:
    """Return the sum of frames ``(…, count, FRAME_SAMPLES)``, each a hop after the last."""
    *whole, count, _ = frames.shape
    hops = np.zeros((*whole, count + _QUARTERS - 1, HOP_SAMPLES), dtype=np.float32)
    for quarter in range(_QUARTERS):
        part = slice(quarter * HOP_SAMPLES, (quarter + 1) * HOP_SAMPLES)
        hops[..., quarter : quarter + count, :] += frames[..., part]
    return hops.reshape(*whole, -1)


@lru_cache(maxsize=4)
def _overlapped_weight(count: int) -> Map:
    """Return the sum of so many frames' squared windows."""
    return _overlapped(np.broadcast_to(np.square(_hann()), (count, FRAME_SAMPLES)))


@cache
def _hann() -> Map:
    """Return the periodic Hann window of a frame."""
    phase = np.arange(FRAME_SAMPLES, dtype=np.float32) / np.float32(FRAME_SAMPLES)
    return np.asarray(np.square(np.sin(np.pi * phase)), dtype=np.float32)
