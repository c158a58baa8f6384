"""How much each pitch class sounds: a constant-Q transform, folded into one octave.

J. C. Brown and M. S. Puckette, "An Efficient Algorithm for the Calculation of a Constant Q
Transform", JASA 92(5), 1992: every bin's window holds the same number of its periods, and is
correlated with the audio in the frequency domain (equation 5), where it is a few values wide. As
in C. Schörkhuber and A. Klapuri, "Constant-Q Transform Toolbox for Music Processing", SMC 2010, the
kernels of one octave serve all; here not the audio is halved from octave to octave but the length
of the Fourier transform.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 22_050
CHROMA_HOP_SAMPLES = 2048
CHROMA_PER_SECOND = SAMPLE_RATE / CHROMA_HOP_SAMPLES

MARGIN_SAMPLES = 16_384
"""How far the lowest octave's frames reach before and after their centre."""

_LOWEST_HZ = 65.406
"""C2: the octave below holds kick drums, and the bass is heard by its harmonics."""

_OCTAVES = 6
_BINS = 36
"""Of an octave: three a semitone."""

_PERIODS = (2.0 ** (2.0 / _BINS) + 1.0) / (2.0 ** (2.0 / _BINS) - 1.0)
"""Q: a window holds so many periods, which tells a bin from the next but one."""

_LOBES = 6.0
"""How far a kernel reaches in frequency, in inverse lengths of its window."""

_FRAMES_AT_ONCE = 64


def chroma(audio: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    """Return how much each pitch class sounds, tuned to A4 = 440 Hz.

    Parameters
    ----------
    audio : np.ndarray [shape=(samples,)]
        At `SAMPLE_RATE`; the first frame is centred on sample `MARGIN_SAMPLES`, and so many samples
        must follow the last frame's centre.
    frames
        How many, `CHROMA_HOP_SAMPLES` apart.

    Returns
    -------
    np.ndarray [shape=(12, frames)]
        From C up: amplitudes, summed over three bins and six octaves. A bin's weight is the square
        root of its window's length, so that noise counts alike in all.
    """
    from scipy.fft import rfft

    size = 2 * MARGIN_SAMPLES
    first, kernels = _kernels(size)
    bins = np.zeros((frames, _BINS))
    for start in range(0, frames, _FRAMES_AT_ONCE):
        count = min(_FRAMES_AT_ONCE, frames - start)
        for octave in range(_OCTAVES):
            length = size >> octave
            places = np.arange(start, start + count) * CHROMA_HOP_SAMPLES
            places += MARGIN_SAMPLES - length // 2
            windows = np.lib.stride_tricks.sliding_window_view(audio, length)[places]
            spectra = rfft(windows, axis=1)[:, first : first + len(kernels)]
            # A window half as long has half the weight in power.
            bins[start : start + count] += np.abs(spectra @ kernels) * 2.0 ** (octave / 2.0)
    # A semitone is its middle bin and those on either side.
    return np.asarray(np.roll(bins, 1, axis=1).reshape(frames, 12, 3).sum(axis=2).T)


@cache
def _kernels(size: int) -> tuple[int, NDArray[np.complex64]]:
    """Return the lowest octave's kernels of shape ``(values, bins)``, and their first value.

    Transforms of half the size have the same kernels an octave higher.
    """
    centres_hz = _LOWEST_HZ * 2.0 ** (np.arange(_BINS) / _BINS)
    time_s = (np.arange(size) - size // 2) / SAMPLE_RATE
    lengths_s = (_PERIODS / centres_hz)[:, np.newaxis]
    inside = np.abs(time_s) < lengths_s / 2.0
    tapers = np.where(inside, 0.5 + 0.5 * np.cos(2.0 * np.pi * time_s / lengths_s), 0.0)
    tapers *= np.sqrt(lengths_s * SAMPLE_RATE) / tapers.sum(axis=1, keepdims=True)
    waves = tapers * np.exp(2j * np.pi * centres_hz[:, np.newaxis] * time_s)
    reach_hz = _LOBES * centres_hz / _PERIODS
    low = int((centres_hz - reach_hz)[0] * size / SAMPLE_RATE)
    high = int((centres_hz + reach_hz)[-1] * size / SAMPLE_RATE) + 2
    spectra = np.fft.fft(waves, axis=1)[:, low:high].conj() / size
    return low, np.ascontiguousarray(spectra.T, dtype=np.complex64)
