"""The built-in network as an ONNX graph, made in memory from its weights.

onnxruntime runs it in a fraction of the memory and start-up time that torch takes. The graph
computes what `bridge.training.separator.network` computes in evaluation mode, with two changes of
form: each normalisation is folded into the convolution before it, and each transposed convolution
of stride 2 is a plain one that gives the four interleaved quarters of its output (W. Shi et al.,
"Is the Deconvolution Layer the Same as a Convolutional Layer?", 2016), which runs several times as
fast here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.separation.unet_layout import CHANNELS, LEAK, PLANES, STEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bridge.engines.separation.unet_layout import Shape

    Array = NDArray[np.float32]
    Weights = Mapping[str, Array]

SEEN, MASKS = "seen", "masks"
"""Names of the graph's input and output."""

_OPSET = 17
_IR_VERSION = 8
_EPSILON = 1e-5
"""Added to variances by torch's normalisation."""


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
    from onnx import TensorProto, helper

    _check(shape, weights)
    made = _Graph(weights)
    seen = made.normalised_levels(SEEN, shape)
    maps, skips = seen, []
    for depth in range(len(shape.channels)):
        maps = made.encoder_layer(maps, f"encoder.{depth}")
        skips.append(maps)
    maps = skips.pop()
    for depth in range(len(shape.channels)):
        maps = made.decoder_layer(maps, f"decoder.{depth}")
        maps = made.node("Concat", maps, skips.pop() if skips else seen, axis=1)
    maps = made.convolution(maps, weights["head.weight"], weights["head.bias"])
    split = made.constant(np.array([STEMS, CHANNELS, shape.bands, -1], dtype=np.int64))
    made.node("Softmax", made.node("Reshape", maps, split), axis=0, output=MASKS)
    floats = TensorProto.FLOAT
    whole = helper.make_graph(
        made.nodes,
        "unet",
        [helper.make_tensor_value_info(SEEN, floats, [1, PLANES, shape.bands, "frames"])],
        [helper.make_tensor_value_info(MASKS, floats, [STEMS, CHANNELS, shape.bands, "frames"])],
        made.constants,
    )
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(whole, opset_imports=[opset], ir_version=_IR_VERSION)
    serialised: bytes = model.SerializeToString()
    return serialised


def _check(shape: Shape, weights: Weights) -> None:
    """Raise ValueError if the weights are those of another network."""
    found = tuple(len(weights[f"encoder.{depth}.0.weight"]) for depth in range(len(shape.channels)))
    full = weights["head.weight"].shape[1] - PLANES
    bands = len(weights["level_norm.weight"])
    if (bands, found, full) != (shape.bands, shape.channels, shape.full_channels):
        raise ValueError(f"sizes {bands}, {found}, {full} are not those of {shape}")


@dataclass
class _Graph:
    """Nodes and constants as they are added."""

    weights: Weights
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, output: str | None = None, **settings: Any) -> str:
        """Add a node and return the name of what it gives."""
        from onnx import helper

        name = output or f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **settings))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add an array and return its name."""
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def normalisation(self, name: str) -> tuple[Array, Array]:
        """Return what a normalisation multiplies by and what it adds."""
        here = {part: self.weights[f"{name}.{part}"] for part in ("weight", "bias")}
        mean = self.weights[f"{name}.running_mean"]
        scale = here["weight"] / np.sqrt(self.weights[f"{name}.running_var"] + _EPSILON)
        return scale, here["bias"] - mean * scale

    def normalised_levels(self, seen: str, shape: Shape) -> str:
        """Normalise the levels band by band; the planes after them stay."""
        scale, shift = self.normalisation("level_norm")
        factors = np.ones((1, PLANES, shape.bands, 1), dtype=np.float32)
        terms = np.zeros_like(factors)
        factors[0, :CHANNELS], terms[0, :CHANNELS] = scale[:, None], shift[:, None]
        return self.node(
            "Add", self.node("Mul", seen, self.constant(factors)), self.constant(terms)
        )

    def convolution(self, maps: str, kernel: Array, bias: Array, stride: int = 1) -> str:
        """Convolve with a padding that keeps the size, but for the stride."""
        return self.node(
            "Conv",
            maps,
            self.constant(kernel),
            self.constant(bias),
            strides=[stride, stride],
            pads=[kernel.shape[-1] // 2] * 4,
        )

    def encoder_layer(self, maps: str, name: str) -> str:
        """Halve bands and frames."""
        scale, shift = self.normalisation(f"{name}.1")
        kernel = self.weights[f"{name}.0.weight"] * scale[:, None, None, None]
        maps = self.convolution(maps, kernel, shift, stride=2)
        maps = self.node("LeakyRelu", maps, alpha=LEAK)
        return self.band_mixing(maps, f"{name}.3")

    def decoder_layer(self, maps: str, name: str) -> str:
        """Double bands and frames."""
        scale, shift = self.normalisation(f"{name}.1")
        kernel = self.weights[f"{name}.0.weight"] * scale[None, :, None, None]
        maps = self.convolution(maps, quarters(kernel), np.tile(shift, 4))
        maps = self.node("DepthToSpace", maps, blocksize=2, mode="DCR")
        return self.band_mixing(self.node("Relu", maps), f"{name}.3")

    def band_mixing(self, maps: str, name: str) -> str:
        """Add to every band what two matrices make of all bands of the same frame."""
        gather = self.constant(self.weights[f"{name}.gather"])
        scatter = self.constant(self.weights[f"{name}.scatter"])
        inner = self.node("Relu", self.node("MatMul", gather, maps))
        return self.node("Add", maps, self.node("MatMul", scatter, inner))


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
