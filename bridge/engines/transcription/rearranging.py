"""Another order for the sums of the basic-pitch network, in which vector units are not idle.

Conventions
-----------
Tensors are ``(batch, channels, time, frequency)`` as ONNX has them. Processors compute 8 or 16
output channels of a convolution at once; one that has a single output channel leaves the other
lanes idle. Here neighbouring places along the last axis become channels: with `p` phases the
convolution gives the outputs at ``p * n + 0 … p * n + p - 1`` as `p` channels, from one kernel that
is longer by ``(p - 1) * stride`` and filled up with zeros. It is the polyphase form of a filter
(M. Bellanger, G. Bonnerot and M. Coudreuse, "Digital Filtering by Polyphase Network", IEEE
TASSP 24(2), 1976), used the other way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

Model = Any
"""An ``onnx.ModelProto``; the package carries no types."""

_LANES = 16
_HARMONICS = 8
_FREQUENCIES = 264
_BINS = 309
_FRAMES = 172
_WIDTHS = {(8, 8, 3, 39): 264, (1, 8, 5, 5): 264, (1, 32, 7, 3): 88, (1, 33, 3, 3): 88}
"""Frequencies that a convolution of a kernel gives, where ONNX cannot tell from the graph."""


def rearranged(model: Model) -> Model:
    """Return the network with its sums in another order.

    Parameters
    ----------
    model
        ``nmp.onnx`` of basic-pitch 0.4.0, with its shapes inferred.

    Returns
    -------
    onnx.ModelProto
        The same inputs, outputs and weights.

    Raises
    ------
    ValueError
        It is another network: a part that is to be rearranged is not there.
    """
    graph = _Graph(model)
    _normalise_whole_rows(graph)
    _stack_as_channels(graph)
    for node in [node for node in graph.nodes if node.op_type == "Conv"]:
        phases = _LANES // graph.arrays[node.input[1]].shape[0]
        if phases > 1:
            _fold(graph, node, phases)
    return graph.finished()


class _Graph:
    """A graph that is being changed."""

    def __init__(self, model: Model) -> None:
        from onnx import numpy_helper

        self._model = model
        self.nodes: list[Any] = list(model.graph.node)
        self.arrays: dict[str, NDArray[Any]] = {
            item.name: numpy_helper.to_array(item) for item in model.graph.initializer
        }
        self._widths = {
            item.name: item.type.tensor_type.shape.dim[-1].dim_value
            for item in (*model.graph.value_info, *model.graph.output)
        }
        self._made = 0

    def constant(self, values: NDArray[Any] | Sequence[int]) -> str:
        """Add a constant; whole numbers are 64-bit."""
        name = self.name()
        array = np.asarray(values)
        self.arrays[name] = array if array.dtype == np.float32 else array.astype(np.int64)
        return name

    def name(self) -> str:
        """Return a name that nothing carries."""
        self._made += 1
        return f"rearranged_{self._made}"

    def node(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> Any:
        """Make a node."""
        from onnx import helper

        return helper.make_node(operation, list(inputs), [output], name=output, **attributes)

    def replace(self, node: Any, *others: Any) -> None:
        """Put nodes in the place of another."""
        place = next(index for index, here in enumerate(self.nodes) if here is node)
        self.nodes[place : place + 1] = others

    def width(self, node: Any) -> int:
        """Return how many places the last axis of a convolution's output has."""
        return _WIDTHS.get(self.arrays[node.input[1]].shape) or self._widths[node.output[0]]

    def first(self, operation: str, is_it: Callable[[Any], bool]) -> Any:
        """Return the first node of an operation that is the one."""
        for node in self.nodes:
            if node.op_type == operation and is_it(node):
                return node
        raise ValueError(f"The network has no {operation} where one is expected.")

    def taking(self, value: str) -> Any:
        """Return the first node that takes a value."""
        return next(node for node in self.nodes if value in node.input)

    def array_of(self, node: Any) -> str:
        """Return the name of the constant that a node takes."""
        return str(next(name for name in node.input if name in self.arrays))

    def finished(self) -> Model:
        """Return the model, without the constants that nothing takes any more."""
        import onnx
        from onnx import numpy_helper

        taken = {name for node in self.nodes for name in node.input}
        graph = self._model.graph
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self.nodes)
        graph.initializer.extend(
            numpy_helper.from_array(array, name)
            for name, array in self.arrays.items()
            if name in taken
        )
        onnx.checker.check_model(self._model)
        return self._model


def _attributes(node: Any) -> dict[str, Any]:
    """Return a node's attributes by name."""
    from onnx import helper

    return {item.name: helper.get_attribute_value(item) for item in node.attribute}


def _fold(graph: _Graph, node: Any, phases: int) -> None:
    """Compute neighbouring outputs of a convolution as channels."""
    given = _attributes(node)
    stride = given["strides"][1]
    top, left, bottom, right = given.get("pads", [0, 0, 0, 0])
    kernel, bias = graph.arrays[node.input[1]], graph.arrays[node.input[2]]
    channels, inputs, height, width = kernel.shape
    long = np.zeros((channels, phases, inputs, height, width + (phases - 1) * stride), np.float32)
    for phase in range(phases):
        long[:, phase, ..., phase * stride : phase * stride + width] = kernel
    outputs = graph.width(node)
    blocks = -(-outputs // phases)
    frames = _FRAMES if height > 1 else 1
    parts, whole, turned = graph.name(), graph.name(), graph.name()
    graph.replace(
        node,
        graph.node(
            "Conv",
            [
                node.input[0],
                graph.constant(long.reshape(channels * phases, inputs, height, -1)),
                graph.constant(np.repeat(bias, phases)),
            ],
            parts,
            strides=[1, stride * phases],
            kernel_shape=[height, long.shape[-1]],
            pads=[top, left, bottom, right + (blocks * phases - outputs) * stride],
        ),
        graph.node(
            "Reshape",
            [parts, graph.constant([-1, phases, frames, blocks])],
            whole,
        ),
        graph.node("Transpose", [whole], turned, perm=[0, 2, 3, 1]),
        *_cut(graph, turned, node.output[0], (channels, frames, blocks * phases), outputs),
    )


def _cut(
    graph: _Graph, value: str, output: str, shape: tuple[int, int, int], width: int
) -> Iterator[Any]:
    """Yield the nodes that bring a value into a shape and cut its last axis to a width."""
    reshaped = output if shape[2] == width else graph.name()
    yield graph.node("Reshape", [value, graph.constant([-1, *shape])], reshaped)
    if shape[2] != width:
        ends = [graph.constant([number]) for number in (0, width, 3)]
        yield graph.node("Slice", [reshaped, *ends], output)


def _normalise_whole_rows(graph: _Graph) -> None:
    """Scale the spectrogram by its batch norm before it gets a channel axis of one.

    With such an axis last, onnxruntime works through it one number at a time.
    """
    expand = graph.first("Unsqueeze", lambda node: "expand_dims_1" in node.name)
    scale = graph.taking(expand.output[0])
    shift = graph.taking(scale.output[0])
    scaled, shifted = graph.name(), graph.name()
    graph.replace(
        expand,
        graph.node("Mul", [expand.input[0], graph.array_of(scale)], scaled),
        graph.node("Add", [scaled, graph.array_of(shift)], shifted),
        graph.node("Unsqueeze", [shifted, expand.input[1]], shift.output[0]),
    )
    graph.replace(scale)
    graph.replace(shift)


def _stack_as_channels(graph: _Graph) -> None:
    """Stack the harmonics as channels from the start, not as a last axis that is turned later."""
    stack = graph.first("Concat", lambda node: len(node.input) == _HARMONICS)
    cut = graph.taking(stack.output[0])
    turn = graph.taking(cut.output[0])
    rows = [graph.name() for _ in stack.input]
    shape = graph.constant([-1, 1, _FRAMES, _BINS])
    stacked = graph.name()
    graph.replace(
        stack,
        *(
            graph.node("Reshape", [value, shape], row)
            for value, row in zip(stack.input, rows, strict=True)
        ),
        graph.node("Concat", rows, stacked, axis=1),
    )
    ends = [graph.constant([number]) for number in (0, _FREQUENCIES, 3)]
    graph.replace(cut, graph.node("Slice", [stacked, *ends], turn.output[0]))
    graph.replace(turn)
