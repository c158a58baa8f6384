"""The built-in network as an ONNX graph.

It computes what `bridge.training.separator.network` computes in evaluation mode. Each transposed
convolution of stride 2 is a plain one that gives the four interleaved quarters of its output (W.
Shi et al., "Is the Deconvolution Layer the Same as a Convolutional Layer?", 2016), which runs
several times as fast here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.graphs import GraphBuilder
from bridge.engines.separation.unet_layout import CHANNELS, LEAK, PLANES, STEMS

if TYPE_CHECKING:
    from bridge.engines.graphs import Array, Weights
    from bridge.engines.separation.unet_layout import Shape

SEEN, MASKS = "seen", "masks"
"""Names of the graph's input and output."""


def graph(shape: Shape, weights: Weights) -> bytes:
    """Return the network as a serialised ONNX model.

    Its input is `SEEN`, ``(1, 3, bands, frames)`` with frames a multiple of the shape's stride; its
    output `MASKS`, ``(stems, channels, bands, frames)``, which sum to 1 over the stems.

    Parameters
    ----------
    shape
        The network's sizes.
    weights
        By the names that torch gives them, float32.

    Raises
    ------
    KeyError, ValueError
        The weights are not those of such a network.
    """
    _check(shape, weights)
    builder = GraphBuilder(weights)
    seen = _normalised_levels(builder, shape)
    maps, skips = seen, []
    for depth in range(len(shape.channels)):
        maps = _encoder_layer(builder, maps, f"encoder.{depth}")
        skips.append(maps)
    maps = skips.pop()
    for depth in range(len(shape.channels)):
        maps = _decoder_layer(builder, maps, f"decoder.{depth}")
        maps = builder.node("Concat", maps, skips.pop() if skips else seen, axis=1)
    maps = builder.convolution(maps, weights["head.weight"], weights["head.bias"], pads=[1] * 4)
    sizes = np.array([STEMS, CHANNELS, shape.bands, -1], dtype=np.int64)
    split = builder.node("Reshape", maps, builder.constant(sizes))
    builder.node("Softmax", split, axis=0, output=MASKS)
    return builder.model(
        {SEEN: (1, PLANES, shape.bands, "frames")},
        {MASKS: (STEMS, CHANNELS, shape.bands, "frames")},
    )


def _check(shape: Shape, weights: Weights) -> None:
    """Raise ValueError if the weights are those of another network."""
    found = tuple(len(weights[f"encoder.{depth}.0.weight"]) for depth in range(len(shape.channels)))
    full = weights["head.weight"].shape[1] - PLANES
    bands = len(weights["level_norm.weight"])
    if (bands, found, full) != (shape.bands, shape.channels, shape.full_channels):
        raise ValueError(f"sizes {bands}, {found}, {full} are not those of {shape}")


def _normalised_levels(builder: GraphBuilder, shape: Shape) -> str:
    """Normalise the levels band by band; the plane after them stays."""
    scale, shift = builder.normalisation("level_norm")
    factors = np.ones((1, PLANES, shape.bands, 1), dtype=np.float32)
    terms = np.zeros_like(factors)
    factors[0, :CHANNELS], terms[0, :CHANNELS] = scale[:, None], shift[:, None]
    scaled = builder.node("Mul", SEEN, builder.constant(factors))
    return builder.node("Add", scaled, builder.constant(terms))


def _encoder_layer(builder: GraphBuilder, maps: str, name: str) -> str:
    """Halve bands and frames."""
    maps = builder.normalised_convolution(
        maps, f"{name}.0.weight", f"{name}.1", strides=[2, 2], pads=[2] * 4
    )
    maps = builder.node("LeakyRelu", maps, alpha=LEAK)
    return _band_mixing(builder, maps, f"{name}.3")


def _decoder_layer(builder: GraphBuilder, maps: str, name: str) -> str:
    """Double bands and frames."""
    scale, shift = builder.normalisation(f"{name}.1")
    kernel = builder.weights[f"{name}.0.weight"] * scale[:, None, None]
    maps = builder.convolution(maps, quarters(kernel), np.tile(shift, 4), pads=[1] * 4)
    maps = builder.node("DepthToSpace", maps, blocksize=2, mode="DCR")
    return _band_mixing(builder, builder.node("Relu", maps), f"{name}.3")


def _band_mixing(builder: GraphBuilder, maps: str, name: str) -> str:
    """Add to every band what two matrices make of all bands of the same frame."""
    gather = builder.constant(builder.weights[f"{name}.gather"])
    scatter = builder.constant(builder.weights[f"{name}.scatter"])
    inner = builder.node("Relu", builder.node("MatMul", gather, maps))
    return builder.node("Add", maps, builder.node("MatMul", scatter, inner))


def quarters(kernel: Array) -> Array:
    """Return the kernel of a plain convolution that does a transposed one's work.

    Parameters
    ----------
    kernel
        Of a transposed convolution of stride 2, padding 2 and output padding 1:
        ``(before, after, 5, 5)``.

    Returns
    -------
    np.ndarray [shape=(4 * after, before, 3, 3)]
        Its outputs are those at even rows and columns, at even rows and odd columns, at odd rows
        and even columns, and at odd rows and columns, in this order.
    """
    before, after, _, _ = kernel.shape
    # Output 2m + a takes input m + d through tap a + 2 - 2d, for d in -1, 0, 1.
    taps = {0: (4, 2, 0), 1: (5, 3, 1)}
    padded = np.zeros((before, after, 6, 6), dtype=np.float32)
    padded[..., :5, :5] = kernel
    parts = [
        padded[:, :, taps[row]][:, :, :, taps[column]].transpose(1, 0, 2, 3)
        for row in (0, 1)
        for column in (0, 1)
    ]
    return np.concatenate(parts)
