"""What the basic-pitch network hears: the likelihood of notes, onsets and pitches over time.

The network is that of Bittner et al., "A Lightweight Instrument-Agnostic Model for Polyphonic Note
Transcription and Multipitch Estimation", ICASSP 2022, run from the ONNX file of the ``basic-pitch``
package. The package itself is never imported: that loads librosa and warns of missing runtimes.

Conventions
-----------
Frame ``f`` is centred on sample ``f * HOP_SAMPLES`` at `SAMPLE_RATE`, from the first to the last.
The network takes windows of 43,844 samples and answers 172 frames, of which the outer 15 on each
side lack context and are cut. We advance by 128 frames, a whole number of hops, and fade from each
window to the next over the 14 that both know: the network normalises every window for itself, and a
step at the joint would pass for an onset. (basic-pitch advances by 141.27 hops without a fade, so
that its frames do not lie on a grid and its times wander by ±10 ms.)
"""

from __future__ import annotations

import functools
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import EngineFailedError, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer

SAMPLE_RATE = 22_050
HOP_SAMPLES = 256
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES
LOWEST_PITCH = 21
PITCHES = 88
BINS_PER_SEMITONE = 3
CONTOUR_BINS = PITCHES * BINS_PER_SEMITONE

_WINDOW_SAMPLES = 43_844
_CUT_FRAMES = 15
_KEPT_FRAMES = 142
_ADVANCE_FRAMES = 128
_FADE_FRAMES = _KEPT_FRAMES - _ADVANCE_FRAMES
_MODEL = Path("saved_models", "icassp_2022", "nmp.onnx")
_INPUT = "serving_default_input_2:0"
_OUTPUTS = {
    "notes": "StatefulPartitionedCall:1",
    "onsets": "StatefulPartitionedCall:2",
    "contours": "StatefulPartitionedCall:0",
}
_MOST_THREADS = 2
_SILENCE = 1e-4
"""Peak below which a window is not listened to (-80 dBFS). The network normalises each window, so
that it would find notes in dither."""

Likelihoods = NDArray[np.float16]


@dataclass(frozen=True)
class Posteriors:
    """The network's answer for a whole region; half precision, 0.28 GB an hour.

    Attributes
    ----------
    notes : np.ndarray [shape=(frames, 88), dtype=float16]
        Likelihood that each pitch, from `LOWEST_PITCH` up, sounds.
    onsets : np.ndarray [shape=(frames, 88), dtype=float16]
        Likelihood that each pitch begins.
    contours : np.ndarray [shape=(frames, 264), dtype=float16]
        Likelihood of each third of a semitone; bin ``3 * (pitch - LOWEST_PITCH) + 1`` is in tune.
    """

    notes: Likelihoods
    onsets: Likelihoods
    contours: Likelihoods

    @classmethod
    def silent(cls, frames: int) -> Posteriors:
        """Make the answer to silence."""
        return cls(
            np.zeros((frames, PITCHES), np.float16),
            np.zeros((frames, PITCHES), np.float16),
            np.zeros((frames, CONTOUR_BINS), np.float16),
        )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return int(self.notes.shape[0])


def infer(buffer: DiskBuffer, progress: Callable[[float], None]) -> Posteriors:
    """Run the network over a region.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    progress
        Told the fraction done, 0…1, before each window of 1.5 s; what it raises is let through.

    Returns
    -------
    Posteriors
        One frame per `HOP_SAMPLES`, so that the last one lies within a hop of the region's end.

    Raises
    ------
    ModelUnavailableError
        basic-pitch's file is not installed.
    EngineFailedError
        onnxruntime refused to run it.
    """
    frames = -(-buffer.frames // HOP_SAMPLES)
    posteriors = Posteriors.silent(frames)
    for first in range(0, frames, _ADVANCE_FRAMES):
        progress(first / frames)
        audio = buffer.read((first - _CUT_FRAMES) * HOP_SAMPLES, _WINDOW_SAMPLES)
        window = audio.mean(axis=0, keepdims=True)
        if float(np.abs(window).max()) < _SILENCE:
            continue
        count = min(_KEPT_FRAMES, frames - first)
        weights = _fades(first == 0)[:count, np.newaxis]
        for name, block in _run(window).items():
            kept = block[_CUT_FRAMES : _CUT_FRAMES + count] * weights
            getattr(posteriors, name)[first : first + count] += kept.astype(np.float16)
    progress(1.0)
    return posteriors


def _fades(first_window: bool) -> NDArray[np.float32]:
    """Return the weights of a window's kept frames; those of neighbours add up to one."""
    weights = np.ones(_KEPT_FRAMES, np.float32)
    ramp = (np.arange(_FADE_FRAMES, dtype=np.float32) + 0.5) / _FADE_FRAMES
    weights[_ADVANCE_FRAMES:] = ramp[::-1]
    if not first_window:
        weights[:_FADE_FRAMES] = ramp
    return weights


def _run(window: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return the 172 frames of one ``(1, samples)`` window by the names of `Posteriors`."""
    session = _session()
    try:
        blocks = session.run(list(_OUTPUTS.values()), {_INPUT: window[:, :, np.newaxis]})
    except Exception as exc:
        raise EngineFailedError(f"The note transcription model failed: {exc}") from exc
    return {name: block[0] for name, block in zip(_OUTPUTS, blocks, strict=True)}


@functools.cache
def _session() -> Any:
    """Load the network; it stays loaded while the worker lives."""
    spec = importlib.util.find_spec("basic_pitch")
    places = spec.submodule_search_locations if spec else None
    path = Path(places[0]) / _MODEL if places else None
    if path is None or not path.is_file():
        raise ModelUnavailableError(
            "The note transcription model is missing: install basic-pitch 0.4.0 again."
        )
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    # Idle threads must not spin: the DAW plays on the same cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise EngineFailedError(f"The note transcription model cannot be loaded: {exc}") from exc
