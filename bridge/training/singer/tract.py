"""The vocal tract as a chain of resonators, and what is said with it.

The tract is G. Fant's all-pole cascade ("Acoustic Theory of Speech Production", 1960) with as many
resonances as the band holds, so that no correction for higher poles is needed. The glottal pulse
is described by its spectrum rather than its shape, as the Liljencrants-Fant model is in B. Doval,
C. d'Alessandro and N. Henrich, "The spectrum of glottal flow models", Acta Acustica 92 (2006): a
glottal formant tied to the fundamental, and a tilt above the frequency of the return phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.training.singer.synthesis import BINS_HZ, FRAME_RATE, shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bridge.training.singer.performer import Performer
    from bridge.training.singer.phonemes import Phone
    from bridge.training.singer.synthesis import Curve

    Flags = NDArray[np.bool_]
    Frames = NDArray[np.intp]

MOVING_FORMANTS = 3
_BANDWIDTHS_HZ = (70.0, 95.0, 140.0)
_SPACING_HZ = 1000.0  # between the resonances of a tube of 17.5 cm
_HIGHEST_HZ = 26000.0
_EFFORT_HZ, _PRESENCE_HZ = 600.0, 3000.0


@dataclass(frozen=True)
class Spoken:
    """A phone at its place.

    Parameters
    ----------
    start_s, end_s
        Where it sounds.
    phone
        What sounds.
    """

    start_s: float
    end_s: float
    phone: Phone


@dataclass(frozen=True)
class TractTimbre:
    """Phones through one singer's tract, as a `synthesis.Timbre`.

    Parameters
    ----------
    singer
        Whose tract and glottis.
    formants_hz : np.ndarray [shape=(frames, 3)]
        The moving resonances.
    controls : np.ndarray [shape=(frames, 6)]
        Voicing, breath, hiss, its centre in Hz, its width in octaves, and nasality.
    pitch_hz, gain : np.ndarray [shape=(frames,)]
        Fundamental and level.
    upper : np.ndarray [shape=(BINS,)]
        What the resonances that stand still do.
    """

    singer: Performer
    formants_hz: Curve
    controls: Curve
    pitch_hz: Curve
    gain: Curve
    upper: Curve

    @classmethod
    def of(
        cls,
        spoken: Sequence[Spoken],
        singer: Performer,
        pitch_hz: NDArray[np.float64],
        level_db: NDArray[np.float64],
    ) -> TractTimbre:
        """Return the timbre of phones in their order.

        Parameters
        ----------
        spoken
            At least one; they may touch but not overlap.
        singer
            Who says them.
        pitch_hz, level_db : np.ndarray [shape=(frames,)]
            Fundamental, and level in decibels relative to an ordinary vowel.
        """
        from scipy import ndimage

        frames = len(pitch_hz)
        controls = np.zeros((frames, 6), dtype=np.float32)
        controls[:, 3:5] = (5000.0, 1.0)
        middles_s, targets = [], []
        for one in spoken:
            phone = one.phone
            first, last = (round(at_s * FRAME_RATE) for at_s in (one.start_s, one.end_s))
            controls[max(0, first) : max(first + 1, last)] = (
                phone.voicing, phone.breath, phone.hiss, phone.hiss_hz, phone.hiss_octaves,
                phone.nasal,
            )  # fmt: skip
            # Targets stand from a fifth to four fifths of a phone; between them they are joined.
            length_s = one.end_s - one.start_s
            edge_s = min(0.04, 0.3 * length_s)
            for at_s in (one.start_s + edge_s, one.end_s - edge_s):
                middles_s.append(at_s)
                targets.append(phone.formants_hz)
        at = np.arange(frames) / FRAME_RATE
        columns = np.array(targets).T
        formants = np.stack([np.interp(at, middles_s, column) for column in columns], axis=1)
        formants = ndimage.gaussian_filter1d(formants, 0.012 * FRAME_RATE, axis=0)
        formants *= singer.tract_scale
        # Sopranos open the mouth so that the first formant keeps up with the fundamental.
        formants[:, 0] = np.maximum(formants[:, 0], 1.05 * pitch_hz)
        formants[:, 1] = np.maximum(formants[:, 1], 1.3 * formants[:, 0])
        for column in (0, 1, 2, 5):
            controls[:, column] = np.convolve(controls[:, column], (0.2, 0.6, 0.2), mode="same")
        return cls(
            singer,
            formants.astype(np.float32),
            controls,
            pitch_hz.astype(np.float32),
            (10.0 ** (level_db / 20.0)).astype(np.float32),
            _upper_resonances(singer),
        )

    @property
    def sounds(self) -> Flags:
        """Which frames are not silent."""
        return np.asarray(self.controls[:, :3].sum(axis=1) > 1e-4)

    def envelopes(self, frames: Frames) -> tuple[Curve, Curve]:
        """Return the spectra of pulses and noise; see `synthesis.Timbre`."""
        voicing, breath, hiss, hiss_hz, hiss_octaves, nasal = self.controls[frames].T[..., None]
        tract = self._resonances(self.formants_hz[frames], nasal) * self.upper
        tract *= _nose(nasal)
        pulses = _even(tract * glottis(self.singer, self.pitch_hz[frames, None]))
        # Turbulence at the glottis hardly sounds below the first formant, and grows brighter.
        rush = _even(tract * np.minimum(1.0, BINS_HZ / 1200.0) * (1.0 + BINS_HZ / 2500.0))
        voice = self.singer
        spoken = voicing * voice.voicing
        whispered = voicing * (1.0 - voice.voicing) * voice.breath
        breathed = spoken * voice.breath + whispered + breath
        mouth = _hiss(hiss_hz * voice.tract_scale**0.5, hiss_octaves) * (hiss * voice.sibilance)
        noise = np.sqrt(np.square(rush * breathed) + np.square(mouth))
        gain = self.gain[frames, None]
        return pulses * (spoken * gain), np.asarray(noise * gain, dtype=np.float32)

    def _resonances(self, formants_hz: Curve, nasal: Curve) -> Curve:
        total = np.ones((len(formants_hz), len(BINS_HZ)), dtype=np.float32)
        for column, base_hz in enumerate(_BANDWIDTHS_HZ):
            width = base_hz * self.singer.bandwidth_scale * (1.0 + 2.0 * nasal)
            total *= _resonator(formants_hz[:, column, None], width)
        return np.asarray(np.sqrt(total), dtype=np.float32)


def glottis(singer: Performer, pitch_hz: Curve) -> Curve:
    """Return the spectrum of the glottal flow's derivative, 6 dB/oct up to its formant, then down.

    Parameters
    ----------
    singer
        Whose.
    pitch_hz : np.ndarray [shape=(frames, 1)]
        The fundamental.

    Returns
    -------
    np.ndarray [shape=(frames, BINS), dtype=float32]
    """
    square = np.square(BINS_HZ / (pitch_hz * np.float32(singer.glottal_ratio)))
    flow = square / (np.square(1.0 - square) + 0.8 * square + 1e-9)
    flow /= 1.0 + np.square(BINS_HZ / np.float32(singer.tilt_hz))
    shelves = shelf(singer.effort_db, _EFFORT_HZ) * shelf(singer.presence_db, _PRESENCE_HZ)
    return np.asarray(np.sqrt(flow) * shelves, dtype=np.float32)


def ring(singer: Performer) -> Curve:
    """Return the singer's formant, (BINS,)."""
    height = 10.0 ** (singer.ring_db / 20.0) - 1.0
    near = np.exp(-0.5 * np.square((BINS_HZ - 2900.0 * singer.tract_scale**0.5) / 350.0))
    return np.asarray(1.0 + height * near, dtype=np.float32)


def _resonator(centre_hz: Curve, width_hz: Curve | np.float32) -> Curve:
    """Return the squared response of conjugate poles, 1 at zero frequency."""
    half = np.square(np.asarray(width_hz, dtype=np.float32) / 2)
    below = np.square(BINS_HZ - centre_hz) + half
    above = np.square(BINS_HZ + centre_hz) + half
    return np.asarray(np.square(np.square(centre_hz) + half) / (below * above), dtype=np.float32)


def _upper_resonances(singer: Performer) -> Curve:
    """Return the response of the fourth and all higher resonances, and the singer's formant."""
    total = np.ones((1, len(BINS_HZ)), dtype=np.float32)
    scale = singer.tract_scale
    index = np.arange(3, int(_HIGHEST_HZ / _SPACING_HZ))
    for centre_hz in (index + 0.5) * _SPACING_HZ:
        width_hz = singer.bandwidth_scale * (100.0 + 0.045 * centre_hz)
        total *= _resonator(
            np.array([[centre_hz * scale]], dtype=np.float32), np.float32(width_hz * scale)
        )
    return np.asarray(np.sqrt(total[0]) * ring(singer), dtype=np.float32)


def _nose(nasal: Curve) -> Curve:
    """Return what the nose takes away: a zero near 1 kHz, and the highs."""
    notch = 1.0 - 0.85 * nasal * np.exp(-0.5 * np.square((BINS_HZ - 1000.0) / 300.0))
    return np.asarray(notch / (1.0 + nasal * BINS_HZ / 1500.0), dtype=np.float32)


def _hiss(centre_hz: Curve, octaves: Curve) -> Curve:
    """Return bands of unit power."""
    distance = np.log2(np.maximum(BINS_HZ, 20.0) / centre_hz) / octaves
    band = np.exp(-0.5 * np.square(distance)) + 0.02
    return np.asarray(band / np.sqrt(np.square(band).mean(axis=1, keepdims=True)), dtype=np.float32)


def _even(envelope: Curve) -> Curve:
    """Return envelopes of unit power, so that levels come from the phones alone."""
    power = np.square(envelope).mean(axis=1, keepdims=True) + np.float32(1e-12)
    return np.asarray(envelope / np.sqrt(power), dtype=np.float32)
