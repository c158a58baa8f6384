"""The basic-pitch network: one window of audio in, likelihoods out.

It is the network of Bittner et al., "A Lightweight Instrument-Agnostic Model for Polyphonic Note
Transcription and Multipitch Estimation", ICASSP 2022, from the ONNX file of the ``basic-pitch``
package, with its sums in another order that needs 0.6 of the time (`rearranging`). The package
itself is never imported: that loads librosa and warns of missing runtimes.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import EngineFailedError, ModelUnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

SAMPLE_RATE = 22_050
HOP_SAMPLES = 256
WINDOW_SAMPLES = 43_844
WINDOW_FRAMES = 172
CUT_FRAMES = 15
"""Frames on each side of a window that lack context."""

VERSION = "basic-pitch-0.4.0"
"""Changes with whatever changes the network's answers."""

_ORIGINAL = Path("saved_models", "icassp_2022", "nmp.onnx")
_INPUT = "serving_default_input_2:0"
_OUTPUTS = {
    "notes": "StatefulPartitionedCall:1",
    "onsets": "StatefulPartitionedCall:2",
    "contours": "StatefulPartitionedCall:0",
}


def threads() -> int:
    """Return how many windows are heard at once: the DAW plays on the same cores."""
    return min(2, os.cpu_count() or 1)


def hear_window(
    window: NDArray[np.float32], network: Path | None = None, *, rearranged: bool = True
) -> dict[str, Frames]:
    """Run the network over one window.

    Parameters
    ----------
    window : np.ndarray [shape=(1, WINDOW_SAMPLES), dtype=float32]
        Mono audio at `SAMPLE_RATE`.
    network
        Its file, by default the package's; it stays loaded while the worker lives.
    rearranged
        Whether its sums are done in our order.

    Returns
    -------
    dict of str to np.ndarray [shape=(WINDOW_FRAMES, pitches), dtype=float32]
        ``notes`` and ``onsets`` with 88 pitches, ``contours`` with 264. Frame ``f`` is centred on
        sample ``f * HOP_SAMPLES``.

    Raises
    ------
    ModelUnavailableError
        The network's file is not there.
    EngineFailedError
        onnxruntime refused to run it.
    """
    session = _session(network or network_path(), rearranged=rearranged)
    try:
        blocks = session.run(list(_OUTPUTS.values()), {_INPUT: window[:, :, None]})
    except Exception as exc:
        raise EngineFailedError(f"The note transcription model failed: {exc}") from exc
    return {name: block[0] for name, block in zip(_OUTPUTS, blocks, strict=True)}


def network_path() -> Path:
    """Return where the ``basic-pitch`` package keeps its network.

    Raises
    ------
    ModelUnavailableError
        It is not installed.
    """
    spec = importlib.util.find_spec("basic_pitch")
    places = spec.submodule_search_locations if spec else None
    path = Path(places[0]) / _ORIGINAL if places else None
    if path is None or not path.is_file():
        raise ModelUnavailableError(
            "basic-pitch's own model is missing: install basic-pitch 0.4.0 again."
        )
    return path


@functools.cache
def _session(network: Path, *, rearranged: bool) -> Any:
    if not network.is_file():
        raise ModelUnavailableError(
            f"The note transcription model {network.name} is missing: install basic-pitch again."
        )
    import onnx
    import onnxruntime

    from bridge.engines.transcription import rearranging

    options = onnxruntime.SessionOptions()
    # Two windows at once use two cores better than two threads on one window.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        model = onnx.load(network)
        if rearranged:
            model = rearranging.rearranged(onnx.shape_inference.infer_shapes(model))
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as exc:
        raise EngineFailedError(f"The note transcription model cannot be loaded: {exc}") from exc
