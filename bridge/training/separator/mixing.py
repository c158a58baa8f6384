r"""Mixes: from crops of songs to what the network sees and what its masks are judged by.

The short-time spectra of a batch of crops are computed once and mixed several times, as the songs
are and with stems of different songs (S. Uhlich et al., "Improving Music Source Separation Based
on Deep Neural Networks through Data Augmentation and Network Blending", ICASSP 2017). What can be
done to a stem linearly is done while they are summed: gain, polarity, panorama, swapped or folded
channels, equalisation.

A mask is constant within a band, so three sums over the band's bins tell exactly how much power
the masked mix lacks: with the mix :math:`X` and the stem :math:`S`,

.. math:: \sum |m X - S|^2 = m^2 \sum |X|^2 - 2 m \sum \Re(S X^*) + \sum |S|^2 .

So the loss hears phase, although the network works on bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numba
import numpy as np
import torch

from bridge.engines.separation.unet_layout import (
    BINS,
    CHANNELS,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    STEMS,
    band_edges,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bridge.training.separator.cache import Song

    Map = NDArray[np.float32]
    Spectra = NDArray[np.complex64]  # (batch, stems, channels, frames, bins)

GAIN_DB = 8.0
"""Stems are turned up or down by as much as this."""
EQ_DB = 6.0
"""Standard deviation of a random curve at its knots, which lie about an octave apart."""
SPEEDS = (0.87, 1.15)
"""A crop may be played slower or faster, pitch and all."""
P_EQ, P_PAN, P_SWAP, P_MONO_STEM, P_MONO_MIX = 0.5, 0.25, 0.5, 0.2, 0.5
P_DROP, P_SPEED, P_DRIVE, P_NOISE = 0.12, 0.3, 0.1, 0.25
P_FILL = 0.8
"""How often a stem that is silent in its own crop is taken from another."""
P_DARK_STEM, P_DARK_MIX = 0.2, 0.25
"""How often there are no highs, as in old records and with closed tone controls."""
DARK_FROM_HZ = (1_500.0, 12_000.0)
_EQ_KNOTS = 9
_SILENT_RMS = 1e-4


@dataclass(frozen=True)
class Mixes:
    """A batch of mixes, in bands.

    Parameters
    ----------
    power : np.ndarray [shape=(batch, 3, bands, frames)]
        Of left, right, and left less right.
    cross, stem_power : np.ndarray [shape=(batch, stems, channels, bands, frames)]
        The sums over each band of the real part of stem times conjugate mix, and of the stem's
        power.
    """

    power: Map
    cross: Map
    stem_power: Map


def samples_of(frames: int) -> int:
    """Return how many samples so many spectral frames cover."""
    return FRAME_SAMPLES + (frames - 1) * HOP_SAMPLES


def draw_crops(songs: Sequence[Song], batch: int, frames: int, random: np.random.Generator) -> Map:
    """Return audio of shape ``(batch, stems, channels, samples)`` from random places of songs."""
    samples = samples_of(frames)
    crops = np.empty((batch, STEMS, CHANNELS, samples), dtype=np.float32)
    for crop in crops:
        song = songs[int(random.integers(len(songs)))]
        speed = random.uniform(*SPEEDS) if random.random() < P_SPEED else 1.0
        wanted = int(np.ceil(samples * speed)) + 1 if speed != 1.0 else samples
        start = int(random.integers(max(1, song.frames - wanted)))
        crop[:] = _at_speed(song.crop(start, wanted), speed, samples)
        for stem in crop:
            if random.random() < P_DRIVE:
                _drive(stem, random.uniform(1.0, 6.0))
    return crops


def _at_speed(crop: NDArray[np.int16], speed: float, samples: int) -> Map:
    """Return the crop as float, interpolated linearly where it is played at another speed."""
    scale = np.float32(1.0 / 32768.0)
    if speed == 1.0:
        return np.asarray(crop * scale)
    places = np.arange(samples) * speed
    whole = places.astype(np.int64)
    part = (places - whole).astype(np.float32)
    here = crop[..., whole].astype(np.float32)
    return np.asarray((here + (crop[..., whole + 1] - here) * part) * scale)


def _drive(stem: Map, drive: float) -> None:
    """Saturate a stem in place; `drive` is how far its peak exceeds the bend of the curve."""
    peak = np.abs(stem).max()
    if peak > _SILENT_RMS:
        stem[:] = np.tanh(stem * (drive / peak)) * (peak / np.tanh(drive))


def spectra_of(crops: Map) -> Spectra:
    """Return short-time spectra of shape ``(batch, stems, channels, frames, bins)``."""
    windowed = torch.from_numpy(crops).unfold(-1, FRAME_SAMPLES, HOP_SAMPLES)
    found: Spectra = torch.fft.rfft(windowed * torch.hann_window(FRAME_SAMPLES)).numpy()
    return found


def mix(spectra: Spectra, bands: int, random: np.random.Generator, *, shuffled: bool) -> Mixes:
    """Mix a batch.

    Parameters
    ----------
    spectra
        Of shape ``(batch, stems, channels, frames, bins)``.
    bands
        Of the network.
    shuffled
        Whether each mix takes its stems from different crops.
    """
    batch = len(spectra)
    source = np.tile(np.arange(batch)[:, None], STEMS)
    if shuffled:
        source = random.permuted(source, axis=0)
    rms = _rms(spectra)
    _fill(source, rms > _SILENT_RMS, random)
    gains = np.stack([[_stereo_gain(random) for _ in range(STEMS)] for _ in range(batch)])
    for one in gains:
        if random.random() < P_MONO_MIX:
            one[:] = one.mean(axis=1, keepdims=True)
    if shuffled:
        gains *= _evened_levels(rms, source)[..., None, None]
    curves = np.stack([[_eq_curve(random) for _ in range(STEMS)] for _ in range(batch)])
    curves *= np.stack([_dark_curve(random, P_DARK_MIX) for _ in range(batch)])[:, None]
    noise = np.where(random.random(batch) < P_NOISE, 10 ** random.uniform(-4.5, -2.5, batch), 0.0)
    sums = _summing()(
        spectra,
        source,
        gains.astype(np.float32),
        curves.astype(np.float32),
        np.array(band_edges(bands)),
    )
    power, cross, stem_power = sums
    _add_noise(power, noise, bands)
    return Mixes(power, cross, stem_power)


def _stereo_gain(random: np.random.Generator) -> NDArray[np.float64]:
    """Return a random matrix from a stem's two channels to the mix's."""
    if random.random() < P_DROP:
        return np.zeros((CHANNELS, CHANNELS))
    matrix = np.eye(CHANNELS)
    if random.random() < P_MONO_STEM:
        matrix = np.full((CHANNELS, CHANNELS), 0.5)
    if random.random() < P_SWAP:
        matrix = matrix[::-1]
    if random.random() < P_PAN:
        angle = random.uniform(0.0, np.pi / 2)
        matrix = np.diag([np.cos(angle), np.sin(angle)]) @ matrix * np.sqrt(2.0)
    gain = 10 ** (random.uniform(-GAIN_DB, GAIN_DB) / 20)
    return np.asarray(matrix * gain * random.choice([-1.0, 1.0]))


def _rms(spectra: Spectra) -> Map:
    """Return the level of every crop's stems, ``(batch, stems)``."""
    # Every eighth bin tells it well enough.
    return np.asarray(np.sqrt(np.square(np.abs(spectra[..., ::8])).mean(axis=(2, 3, 4))))


def _fill(
    source: NDArray[np.int64], sounds: NDArray[np.bool_], random: np.random.Generator
) -> None:
    """Let other crops' stems play in place of most that are silent.

    Whoever separates a song expects its four stems in it; a network that rarely hears a voice takes
    voices for instruments.
    """
    for stem in range(STEMS):
        playing = np.flatnonzero(sounds[:, stem])
        silent = np.flatnonzero(~sounds[source[:, stem], stem])
        for item in silent:
            if playing.size and random.random() < P_FILL:
                source[item, stem] = random.choice(playing)


def _evened_levels(rms: Map, source: NDArray[np.int64]) -> Map:
    """Return gains that take half of the level differences (in dB) between foreign stems away."""
    chosen = rms[source, np.arange(STEMS)]
    heard = np.maximum(chosen, _SILENT_RMS)
    middle = np.exp(np.log(heard).mean())
    return np.where(chosen > _SILENT_RMS, np.clip(middle / heard, 0.1, 10.0) ** 0.5, 1.0)


def _eq_curve(random: np.random.Generator) -> Map:
    """Return a smooth random gain for every bin, of mean 0 dB over the knots, dark at times."""
    dark = _dark_curve(random, P_DARK_STEM)
    if random.random() >= P_EQ:
        return dark
    knots_hz = np.geomspace(60.0, 16_000.0, _EQ_KNOTS)
    knots_db = random.normal(0.0, EQ_DB / 2, _EQ_KNOTS)
    bins_hz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / SAMPLE_RATE)
    curve_db = np.interp(np.log(bins_hz.clip(20.0)), np.log(knots_hz), knots_db - knots_db.mean())
    return np.asarray(dark * 10 ** (curve_db / 20), dtype=np.float32)


def _dark_curve(random: np.random.Generator, probability: float) -> Map:
    """Return a low-pass of random corner and order, so often; else ones."""
    if random.random() >= probability:
        return np.ones(BINS, dtype=np.float32)
    corner_hz = np.exp(random.uniform(*np.log(DARK_FROM_HZ)))
    order = float(random.choice([1.0, 2.0, 4.0]))
    bins_hz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / SAMPLE_RATE)
    return np.asarray(1.0 / np.sqrt(1.0 + (bins_hz / corner_hz) ** (2.0 * order)), dtype=np.float32)


def _add_noise(power: Map, noise: NDArray[np.float64], bands: int) -> None:
    """Lay a floor of white noise under the mixes, `noise` relative to their mean amplitude."""
    widths = np.diff(band_edges(bands)) / BINS
    level = noise**2 * power[:, :CHANNELS].mean(axis=(1, 2, 3)) * bands
    floor = (level[:, None] * widths)[:, None, :, None].astype(np.float32)
    power[:, :CHANNELS] += floor
    power[:, CHANNELS:] += 2.0 * floor


@cache
def _summing() -> Callable[..., tuple[Map, Map, Map]]:
    """Compile the sum over stems and bins, which would otherwise cost as much as the network."""

    @numba.njit(parallel=True, fastmath=True)
    def summing(spectra, source, gains, curves, edges):  # type: ignore[no-untyped-def]
        batch, stems, _, frames, _ = spectra.shape
        bands = edges.size - 1
        power = np.zeros((batch, 3, bands, frames), np.float32)
        cross = np.zeros((batch, stems, 2, bands, frames), np.float32)
        stem_power = np.zeros((batch, stems, 2, bands, frames), np.float32)
        for item in numba.prange(batch * frames):
            b, t = item // frames, item % frames
            left = np.zeros(stems, np.complex64)
            right = np.zeros(stems, np.complex64)
            for band in range(bands):
                for k in range(edges[band], edges[band + 1]):
                    mix_left, mix_right = np.complex64(0), np.complex64(0)
                    for s in range(stems):
                        gain, curve = gains[b, s], curves[b, s, k]
                        a = spectra[source[b, s], s, 0, t, k] * curve
                        c = spectra[source[b, s], s, 1, t, k] * curve
                        left[s] = gain[0, 0] * a + gain[0, 1] * c
                        right[s] = gain[1, 0] * a + gain[1, 1] * c
                        mix_left += left[s]
                        mix_right += right[s]
                    for s in range(stems):
                        a, c = left[s], right[s]
                        cross[b, s, 0, band, t] += a.real * mix_left.real + a.imag * mix_left.imag
                        cross[b, s, 1, band, t] += c.real * mix_right.real + c.imag * mix_right.imag
                        stem_power[b, s, 0, band, t] += a.real**2 + a.imag**2
                        stem_power[b, s, 1, band, t] += c.real**2 + c.imag**2
                    side = mix_left - mix_right
                    power[b, 0, band, t] += mix_left.real**2 + mix_left.imag**2
                    power[b, 1, band, t] += mix_right.real**2 + mix_right.imag**2
                    power[b, 2, band, t] += side.real**2 + side.imag**2
        return power, cross, stem_power

    compiled: Callable[..., tuple[Map, Map, Map]] = summing
    return compiled
