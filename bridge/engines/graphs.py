"""Networks as ONNX graphs, made in memory from their weights, and the sessions that run them.

onnxruntime runs our small networks in a fraction of the memory and start-up time that torch takes.
Weights go by the names that torch gave them in training.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bridge.errors import EngineFailedError, ModelUnavailableError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = Mapping[str, Array]

Network = TypeVar("Network")

_OPSET = 17
_IR_VERSION = 8
_EPSILON = 1e-5
"""Added to variances by torch's normalisation."""
_MOST_THREADS = 4
"""The DAW plays on the same processors."""


@dataclass
class GraphBuilder:
    """Nodes and constants as they are added.

    Parameters
    ----------
    weights
        Of the network, float32.
    """

    weights: Weights
    _nodes: list[Any] = field(default_factory=list)
    _constants: list[Any] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, output: str | None = None, **settings: Any) -> str:
        """Add a node and return the name of what it gives."""
        from onnx import helper

        name = output or f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **settings))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add an array and return its name."""
        from onnx import numpy_helper

        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def normalisation(self, name: str) -> tuple[Array, Array]:
        """Return what a normalisation in evaluation mode multiplies by and what it adds."""
        mean, variance = (self.weights[f"{name}.running_{part}"] for part in ("mean", "var"))
        scale = self.weights[f"{name}.weight"] / np.sqrt(variance + np.float32(_EPSILON))
        return scale, self.weights[f"{name}.bias"] - mean * scale

    def convolution(self, maps: str, kernel: Array, bias: Array, **settings: Any) -> str:
        """Convolve; the settings are those of ONNX."""
        return self.node("Conv", maps, self.constant(kernel), self.constant(bias), **settings)

    def normalised_convolution(
        self, maps: str, kernel_name: str, norm_name: str, **settings: Any
    ) -> str:
        """Convolve without bias and normalise what comes of it, in one."""
        scale, shift = self.normalisation(norm_name)
        kernel = self.weights[kernel_name]
        per_output = scale.reshape(-1, *(1,) * (kernel.ndim - 1))
        return self.convolution(maps, kernel * per_output, shift, **settings)

    def model(
        self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]
    ) -> bytes:
        """Return the graph as a serialised ONNX model.

        Parameters
        ----------
        inputs, outputs
            Shapes by name; a name in a shape stands for any size.
        """
        from onnx import TensorProto, helper

        def infos(shapes: Mapping[str, Sequence[int | str]]) -> list[Any]:
            return [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
                for name, shape in shapes.items()
            ]

        graph = helper.make_graph(
            self._nodes, "network", infos(inputs), infos(outputs), self._constants
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised


def session(model: bytes) -> Any:
    """Return an onnxruntime session on the processor whose threads sleep while they wait.

    Raises
    ------
    ValueError
        The model cannot be run.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, settings, ["CPUExecutionProvider"])
    except Exception as exc:  # onnxruntime's own exceptions share no base but this
        raise ValueError(f"the network cannot be built: {exc}") from exc


def answer(session: Any, output: str, inputs: Mapping[str, NDArray[Any]], whose: str) -> Array:
    """Run a session and return one of its outputs.

    Parameters
    ----------
    session
        onnxruntime's.
    output
        Name of what is wanted.
    inputs
        Arrays by name.
    whose
        What fails where it fails, such as "the drum transcriber".

    Raises
    ------
    OutOfMemoryError, EngineFailedError
        The network failed.
    """
    try:
        (found,) = session.run([output], inputs)
    except MemoryError as exc:
        raise OutOfMemoryError(
            f"There is not enough memory for {whose}. Close other programs or choose a shorter "
            "region."
        ) from exc
    except Exception as exc:  # onnxruntime's own exceptions share no base but this
        raise EngineFailedError(f"{whose[0].upper()}{whose[1:]} failed: {exc}") from exc
    return np.asarray(found, dtype=np.float32)


def load_network(
    path: Path, whose: str, build: Callable[[dict[str, str], dict[str, Array]], Network]
) -> Network:
    """Return what is built of a safetensors file's header and weights.

    Parameters
    ----------
    path
        The file.
    whose
        Whose weights they are, such as "the drum transcriber".
    build
        Makes the network; RuntimeError, KeyError, TypeError and ValueError mean that the file is
        not right.

    Raises
    ------
    ModelUnavailableError
        The file is missing or damaged.
    """
    try:
        return build(*read_weights(path))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as exc:
        raise ModelUnavailableError(
            f"The weights of {whose}, {path}, are missing or damaged ({exc}). Install dawbridge "
            "again."
        ) from exc


def read_weights(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    """Return a safetensors file's header and its tensors in float32.

    Raises
    ------
    OSError, ValueError
        The file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            names = file.keys()
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in names}
            return dict(file.metadata() or {}), tensors
    except SafetensorError as exc:
        raise ValueError(str(exc)) from exc
