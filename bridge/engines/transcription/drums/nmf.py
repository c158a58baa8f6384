r"""Drums by partially fixed non-negative matrix factorisation.

C.-W. Wu and A. Lerch, "Drum Transcription Using Partially Fixed Non-Negative Matrix Factorization",
EUSIPCO 2015. A magnitude spectrogram is explained as the sum of drum templates, which are given,
and of a few harmonic ones, which are found and take what is not drums:

.. math:: V \\approx \\alpha W_D H_D + \\beta W_H H_H,

with :math:`\\alpha = (r_H + r_D) / r_D` and :math:`\\beta = r_H / (r_H + r_D)` for
:math:`r_D` drum and :math:`r_H` free templates (section 2.2). The generalised Kullback-Leibler
divergence is made smaller by the multiplicative updates of D. D. Lee and H. S. Seung, "Algorithms
for Non-negative Matrix Factorization", NIPS 2000. The rows of :math:`H_D` are the activations.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.engines.transcription.drums.attacks import attack_before
from bridge.engines.transcription.drums.kit import NAMES
from bridge.engines.transcription.drums.peaks import PeakRule, find_peaks
from bridge.errors import ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer

SAMPLE_RATE = 44_100
FRAME_SAMPLES = 2048
HOP_SAMPLES = 512
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES
BINS = FRAME_SAMPLES // 2 + 1

TEMPLATES = Path(__file__).parents[2] / "weights" / "drum_templates.safetensors"

WINDOW_FRAMES = 1024
"""Frames that are factorised together: 12 s. The free templates are found anew in each window."""

_CONTEXT_FRAMES = 43
_MOST_ITERATIONS = 300
_RELATIVE_CHANGE = 1e-3
_LOOK_EVERY = 10
_TINY = 1e-9
_SEED = 0
_MEDIAN_FRAMES = round(0.1 * FRAMES_PER_SECOND)
_APART_FRAMES = round(0.03 * FRAMES_PER_SECOND)
_BOOM_FRAMES = round(0.08 * FRAMES_PER_SECOND)

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Factors:
    """How a spectrogram was explained.

    Parameters
    ----------
    activations : np.ndarray [shape=(drums, frames)]
        :math:`H_D`.
    iterations
        How many updates it took.
    """

    activations: Matrix
    iterations: int


def spectrogram(audio: NDArray[np.float32], frames: int) -> Matrix:
    """Return magnitudes of shape ``(BINS, frames)``; frame 0 is centred on ``FRAME_SAMPLES / 2``.

    Parameters
    ----------
    audio : np.ndarray [shape=(samples,)]
    frames
        How many.
    """
    windows = np.lib.stride_tricks.sliding_window_view(audio, FRAME_SAMPLES)[::HOP_SAMPLES]
    taper = np.hanning(FRAME_SAMPLES).astype(np.float32)
    magnitudes = np.abs(np.fft.rfft(windows[:frames] * taper, axis=1))
    return np.asarray(magnitudes.T, dtype=np.float32)


def factorise(spectra: Matrix, templates: Matrix, free: int) -> Factors:
    """Explain a spectrogram with given templates and as many free ones as wanted.

    Parameters
    ----------
    spectra : np.ndarray [shape=(BINS, frames)]
        :math:`V`.
    templates : np.ndarray [shape=(BINS, drums)]
        :math:`W_D`; columns sum to 1.
    free
        :math:`r_H`.
    """
    rng = np.random.default_rng(_SEED)
    drums, frames = templates.shape[1], spectra.shape[1]
    alpha = np.float32((free + drums) / drums)
    beta = np.float32(free / (free + drums))
    harmonic = _normalised(rng.random((BINS, free), dtype=np.float32) + np.float32(_TINY))
    struck = rng.random((drums, frames), dtype=np.float32)
    held = rng.random((free, frames), dtype=np.float32)
    drum_sums = alpha * templates.sum(axis=0)[:, None]
    last = np.inf
    iteration = 0
    for iteration in range(1, _MOST_ITERATIONS + 1):
        ratio = spectra / (alpha * templates @ struck + beta * harmonic @ held + _TINY)
        harmonic = harmonic * (ratio @ held.T) / (held.sum(axis=1) + _TINY)
        struck *= alpha * (templates.T @ ratio) / (drum_sums + _TINY)
        held *= harmonic.T @ ratio / (harmonic.sum(axis=0)[:, None] + _TINY)
        # The free templates' sizes belong into their activations, or either could grow for ever.
        sizes = harmonic.sum(axis=0)
        harmonic, held = _normalised(harmonic), held * sizes[:, None]
        if iteration % _LOOK_EVERY == 0:
            found = alpha * templates @ struck + beta * harmonic @ held
            error = _divergence(spectra, found)
            if last - error < _LOOK_EVERY * _RELATIVE_CHANGE * error:
                break
            last = error
    return Factors(struck, iteration)


def _normalised(templates: Matrix) -> Matrix:
    return np.asarray(templates / (templates.sum(axis=0) + _TINY), dtype=np.float32)


def _divergence(seen: Matrix, found: Matrix) -> float:
    """Return the generalised Kullback-Leibler divergence per unit of the spectrogram's sum."""
    logs = np.log((seen + _TINY) / (found + _TINY))
    return float((seen * logs - seen + found).sum() / (seen.sum() + _TINY))


def infer(
    buffer: DiskBuffer, templates: Matrix, free: int, progress: Callable[[float], None]
) -> Matrix:
    """Return the activations of a whole recording, window by window.

    Parameters
    ----------
    buffer
        At `SAMPLE_RATE`; its channels are averaged.
    templates, free
        As `factorise` takes them.
    progress
        Told the fraction done, 0…1, once a window; what it raises is let through.

    Returns
    -------
    np.ndarray [shape=(frames, drums), dtype=float32]
        Frame ``f`` is centred on sample ``f * HOP_SAMPLES``.
    """
    frames = -(-buffer.frames // HOP_SAMPLES)
    answers = np.zeros((frames, templates.shape[1]), dtype=np.float32)
    for first in range(0, frames, WINDOW_FRAMES):
        progress(first / frames)
        count = min(WINDOW_FRAMES, frames - first)
        padded = count + 2 * _CONTEXT_FRAMES
        start = (first - _CONTEXT_FRAMES) * HOP_SAMPLES - FRAME_SAMPLES // 2
        audio = buffer.read(start, (padded - 1) * HOP_SAMPLES + FRAME_SAMPLES).mean(axis=0)
        seen = spectrogram(audio, padded)
        if seen.any():
            found = factorise(seen, templates, free).activations
            answers[first : first + count] = found[:, _CONTEXT_FRAMES:-_CONTEXT_FRAMES].T
    progress(1.0)
    return answers


def load_templates(path: Path = TEMPLATES) -> tuple[tuple[str, ...], Matrix]:
    """Return the drums that have a template, and the templates: ``(BINS, drums)``.

    Raises
    ------
    ModelUnavailableError
        If the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as exc:
        raise ModelUnavailableError(
            f"The templates of the drum transcriber, {path}, are missing or damaged ({exc}). "
            "Install dawbridge again."
        ) from exc
    names = tuple(name for name in NAMES if name in tensors)
    columns = [tensors[name].astype(np.float32) for name in names]
    return names, _normalised(np.stack(columns, axis=1))


def _steepest(curve: Matrix, rise: Matrix, frame: int) -> int:
    """Return where a curve rose most on its way from half a maximum to the maximum."""
    first = max(0, frame - _BOOM_FRAMES)
    low = np.flatnonzero(curve[first:frame] < 0.5 * curve[frame])
    since = first + (int(low[-1]) if low.size else 0)
    return since + int(np.argmax(rise[since : frame + 1]))


def find_onsets(curve: Matrix, threshold: float, rises: Matrix) -> list[tuple[float, float]]:
    """Return the strokes of one drum: onset in seconds, and height over threshold.

    A maximum is a stroke by the rule of the paper (section 3.3). Its onset is the attack before the
    place where the activation rose most since it was half as high: the click of a drum that booms
    is explained by other templates, and its own activation is highest some time after. Two maxima
    after one attack are one stroke.

    Parameters
    ----------
    curve : np.ndarray [shape=(frames,)]
        The drum's activation.
    threshold
        How far a maximum must exceed the moving median, as a share of the highest.
    rises
        As `attacks.strength` returned them.
    """
    least = threshold * float(curve.max(initial=0.0))
    if least <= 0.0:
        return []
    rise = np.maximum(0.0, np.diff(curve, prepend=np.float32(0.0)))
    sureness: dict[float, float] = {}
    for frame in find_peaks(curve, PeakRule(least, _MEDIAN_FRAMES, _APART_FRAMES)).tolist():
        heard_s = _steepest(curve, rise, frame) / FRAMES_PER_SECOND
        onset_s = attack_before(rises, heard_s)
        if onset_s is not None:
            sureness[onset_s] = max(sureness.get(onset_s, 0.0), float(curve[frame]) / least)
    return sorted(sureness.items())
