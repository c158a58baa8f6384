"""A separator without a trained model: median filters, repetition, bands and panorama.

The honest baseline, and what `auto` falls back to. Soft masks on the short-time spectrum of the
mix, made one after another, each from what the one before left:

1. *Drums* are ridges across frequency, everything else ridges along time: D. FitzGerald,
   "Harmonic/Percussive Separation using Median Filtering", DAFx 2010, with the Wiener-like mask of
   its equations 7 and 8. A separation factor leaves what is not clearly percussive to the rest:
   J. Driedger, M. Müller and S. Disch, "Extending Harmonic-Percussive Separation of Audio
   Signals", ISMIR 2014.
2. *Bass* is what lies below the crossover.
3. *Vocals* are what does not repeat (Z. Rafii and B. Pardo, "Music/Voice Separation using the
   Similarity Matrix", ISMIR 2012), in the voice's band, and, in stereo, in the middle (similarity
   of the channels as in C. Avendano, "Frequency-domain source identification and manipulation in
   stereo mixes", WASPAA 2003).
4. *Other* is the mix less these three, so that the stems sum to the mix.

The masks do not depend on the level, and both channels get the same ones, so that nothing moves
in the panorama.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.separation.catalogue import FOUR_STEMS
from bridge.engines.separation.window_model import Bag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio

    Spectrum = NDArray[np.complex64]  # (channels, bins, frames)
    Map = NDArray[np.float32]  # (bins, frames)

SEGMENT_S = 10.0
FRAME_S = 0.093
HARMONIC_PAIRS = 5
"""Length of the median filter along time in pairs of frames: about 0.23 s."""
PERCUSSIVE_PAIRS = 15
"""Length of the median filter along frequency in pairs of bins: about 320 Hz."""
SEPARATION_FACTOR = 2.5
"""By how much the percussive part must exceed the harmonic one to be half drums."""
BASS_CROSSOVER_HZ = 150.0
VOICE_BAND_HZ = (220.0, 6000.0)
REPETITIONS = 11
"""How many similar frames stand for what repeats."""
REPETITION_GAP_S = 0.5
"""A frame nearer than this is the same note, not its repetition."""

_TINY = np.float32(1e-30)


def build(sample_rate: int, channels: int, device: str) -> Bag:  # noqa: ARG001 - runs on the CPU
    """Return the separator for a sample rate in Hz and channels; more than two are folded."""
    return Bag.of(DspModel(sample_rate, min(channels, 2)), normalised=False)


@dataclass(frozen=True)
class DspModel:
    """The separator as a `WindowModel`, at any sample rate, mono or stereo.

    Parameters
    ----------
    sample_rate
        Rate in Hz; frames and bands keep their length in seconds and their place in Hz.
    channels
        1 or 2.
    """

    sample_rate: int
    channels: int
    stems: tuple[str, ...] = FOUR_STEMS

    @property
    def segment_frames(self) -> int:
        """Length of a window in samples: long enough for a bar to repeat."""
        return round(SEGMENT_S * self.sample_rate)

    def window_frames(self, frames: int) -> int:
        """Return a full window: what surrounds a short chunk shows what repeats."""
        return max(frames, self.segment_frames)

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window; see `WindowModel.forward`."""
        from scipy import signal

        size = 2 ** round(np.log2(FRAME_S * self.sample_rate))
        frame = {"fs": self.sample_rate, "nperseg": size, "noverlap": size * 3 // 4}
        bins_hz, _, spectrum = signal.stft(window, **frame)
        masks = _masks(spectrum, bins_hz.astype(np.float32)[:, None], size // 4 / self.sample_rate)
        masked = np.stack([spectrum * mask for mask in masks])
        drums, bass, vocals = signal.istft(masked, **frame)[1][..., : window.shape[1]]
        other = window - drums - bass - vocals
        return np.stack([drums, bass, other, vocals]).astype(np.float32)


def _masks(spectrum: Spectrum, bins_hz: Map, hop_s: float) -> tuple[Map, Map, Map]:
    """Return the masks of drums, bass and vocals; what they leave of 1 is other."""
    power = np.square(np.abs(spectrum)).mean(axis=0)
    magnitude = np.sqrt(power)
    drums = _percussive(magnitude)
    rest = 1.0 - drums
    bass = rest * _low_pass(bins_hz, BASS_CROSSOVER_HZ)
    voice_low_hz, voice_high_hz = VOICE_BAND_HZ
    vocals = (rest - bass) * _foreground(magnitude, hop_s)
    vocals *= (1.0 - _low_pass(bins_hz, voice_low_hz)) * _low_pass(bins_hz, voice_high_hz)
    if len(spectrum) == 2:
        left, right = spectrum
        in_phase = (left * right.conj()).real / (power + _TINY)
        vocals *= np.square(np.square(np.clip(in_phase, 0.0, 1.0)))  # to the fourth: narrow
    return drums, bass, vocals


def _percussive(magnitude: Map) -> Map:
    from scipy import ndimage

    harmonic = ndimage.median_filter(_pairs(magnitude.T).T, size=(1, HARMONIC_PAIRS))
    percussive = ndimage.median_filter(_pairs(magnitude), size=(PERCUSSIVE_PAIRS, 1))
    harmonic = harmonic.repeat(2, axis=1)[:, : magnitude.shape[1]]
    percussive = percussive.repeat(2, axis=0)[: magnitude.shape[0]]
    return _wiener(percussive, harmonic * np.float32(SEPARATION_FACTOR))


def _pairs(values: Map) -> Map:
    """Return the means of neighbouring rows, the last row with itself if it has no neighbour.

    A median this long hardly differs on them, and costs a quarter.
    """
    odd = np.concatenate([values[1::2], values[len(values) // 2 * 2 :]])
    return np.asarray((values[::2] + odd) / 2, dtype=np.float32)


def _foreground(magnitude: Map, hop_s: float) -> Map:
    """Return the mask of what rises above the median of the most similar other frames."""
    frames = np.ascontiguousarray(magnitude.T)
    unit = frames / (np.linalg.norm(frames, axis=1, keepdims=True) + _TINY)
    similarity = unit @ unit.T
    index = np.arange(len(frames))
    near = np.abs(index[:, None] - index) < REPETITION_GAP_S / hop_s
    similarity[near] = -1.0
    similar = np.argpartition(-similarity, REPETITIONS, axis=1)[:, :REPETITIONS]
    middle = REPETITIONS // 2
    repeating = np.stack([np.partition(frames[rows], middle, axis=0)[middle] for rows in similar])
    repeating = np.minimum(repeating, frames).T
    return _wiener(magnitude - repeating, repeating)


def _low_pass(bins_hz: Map, cutoff_hz: float) -> Map:
    """Return the squared response of a second-order Butterworth low-pass."""
    return np.asarray(1.0 / (1.0 + (bins_hz / np.float32(cutoff_hz)) ** 4), dtype=np.float32)


def _wiener(wanted: Map, unwanted: Map) -> Map:
    """Return the share of the first magnitude's power in both."""
    share = np.square(wanted) / (np.square(wanted) + np.square(unwanted) + _TINY)
    return np.asarray(share, dtype=np.float32)
