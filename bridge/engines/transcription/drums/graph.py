"""The network that hears drums as an ONNX graph.

It computes the likelihoods of `bridge.training.drums.network` in evaluation mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.graphs import GraphBuilder
from bridge.engines.transcription.drums.kit import DRUMS
from bridge.engines.transcription.drums.spectra import BANDS

if TYPE_CHECKING:
    from bridge.engines.graphs import Weights
    from bridge.engines.transcription.drums.layout import Shape

LEVELS, LIKELIHOODS = "levels", "likelihoods"
"""Names of the graph's input and output."""


def graph(shape: Shape, weights: Weights) -> bytes:
    """Return the network as a serialised ONNX model.

    Its input is `LEVELS`, ``(frames, bands)``; its output `LIKELIHOODS`, ``(frames - 2 * context,
    drums)``, each 0 to 1.

    Raises
    ------
    KeyError, ValueError
        The weights are not those of such a network.
    """
    _check(shape, weights)
    builder = GraphBuilder(weights)
    scale, shift = builder.normalisation("level_norm")
    scaled = builder.node("Mul", LEVELS, builder.constant(scale))
    normal = builder.node("Add", scaled, builder.constant(shift))
    image = builder.constant(np.array([1, 1, -1, BANDS], dtype=np.int64))
    maps = builder.node("Reshape", normal, image)
    for layer in range(len(shape.channels)):
        name = f"front.{3 * layer}.weight", f"front.{3 * layer + 1}"
        maps = builder.normalised_convolution(maps, *name, strides=[1, 2], pads=[0, 1, 0, 1])
        maps = builder.node("Relu", maps)
    inner = weights["squeeze.0.weight"].shape[1]
    flat = builder.constant(np.array([1, inner, -1], dtype=np.int64))
    features = builder.node("Reshape", builder.node("Transpose", maps, perm=[0, 1, 3, 2]), flat)
    features = builder.normalised_convolution(features, "squeeze.0.weight", "squeeze.1")
    features = builder.node("Relu", features)
    for layer, dilation in enumerate(shape.dilations):
        features = _dilated(builder, features, f"context.{layer}", dilation)
    logits = builder.convolution(features, weights["strokes.weight"], weights["strokes.bias"])
    likelihoods = builder.node("Sigmoid", logits)
    row = builder.constant(np.array([len(DRUMS), -1], dtype=np.int64))
    builder.node(
        "Transpose", builder.node("Reshape", likelihoods, row), perm=[1, 0], output=LIKELIHOODS
    )
    return builder.model({LEVELS: ("frames", BANDS)}, {LIKELIHOODS: ("heard", len(DRUMS))})


def _dilated(builder: GraphBuilder, features: str, name: str, dilation: int) -> str:
    """Add to every frame what it, one before and one after it tell together."""
    bounds = (np.array([place], dtype=np.int64) for place in (dilation, -dilation, 2))
    inner = builder.node("Slice", features, *(builder.constant(bound) for bound in bounds))
    gathered = builder.normalised_convolution(
        features, f"{name}.gather.weight", f"{name}.norm", dilations=[dilation]
    )
    mix = builder.weights[f"{name}.mix.weight"], builder.weights[f"{name}.mix.bias"]
    told = builder.convolution(builder.node("Relu", gathered), *mix)
    return builder.node("Add", inner, told)


def _check(shape: Shape, weights: Weights) -> None:
    """Raise ValueError if the weights are those of another network."""
    layers = range(len(shape.channels))
    channels = tuple(len(weights[f"front.{3 * layer}.weight"]) for layer in layers)
    width = len(weights["squeeze.0.weight"])
    if (channels, width) != (shape.channels, shape.width):
        raise ValueError(f"sizes {channels}, {width} are not those of {shape}")
