"""Only the network that the rearrangement was made for is rearranged."""

from __future__ import annotations

import onnx
import pytest

from bridge.engines.transcription.rearranging import rearranged


def test_another_network_is_refused() -> None:
    helper = onnx.helper
    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "other", [value], [out])

    with pytest.raises(ValueError, match="no Unsqueeze"):
        rearranged(helper.make_model(graph))
