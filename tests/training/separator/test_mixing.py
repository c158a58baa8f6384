"""Mixing in the spectrum: what it says about masks holds for audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from bridge.engines.separation import unet_layout
from bridge.training.separator import mixing, network
from bridge.training.separator.cache import SongCache
from bridge.training.separator.loss import Targets, loss
from tests.training.separator.tiny_songs import write_songs

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

BANDS = 64
FRAMES = 8


def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch off what happens to stems at random, except their gains."""
    for name in vars(mixing):
        if name.startswith("P_"):
            monkeypatch.setattr(mixing, name, 0.0)


def spectra(batch: int = 3) -> mixing.Spectra:
    samples = mixing.samples_of(FRAMES)
    noise = np.random.default_rng(5).standard_normal((batch, 4, 2, samples))
    return mixing.spectra_of((0.1 * noise).astype(np.float32))


def test_the_three_sums_tell_the_error_of_a_masked_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    plain(monkeypatch)
    monkeypatch.setattr(mixing, "GAIN_DB", 0.0)
    found = spectra()
    mixes = mixing.mix(found, BANDS, np.random.default_rng(0), shuffled=False)
    # Without gains the polarity alone is random; the same seed tells it.
    signs = np.sign(mixing_gains(np.random.default_rng(0), len(found)))
    stems = found * signs[..., None, None, None]
    mix = stems.sum(axis=1, keepdims=True)
    masks = np.random.default_rng(1).random((*stems.shape[:4], BANDS)).astype(np.float32)
    bands = network.band_of_bin(BANDS).numpy()
    error = np.square(np.abs(masks[..., bands] * mix - stems))
    expected = np.add.reduceat(error, unet_layout.band_edges(BANDS)[:-1], axis=-1)
    m = masks.swapaxes(-1, -2)
    told = m**2 * mixes.power[:, None, :2] - 2 * m * mixes.cross + mixes.stem_power
    np.testing.assert_allclose(told, expected.swapaxes(-1, -2), rtol=1e-3, atol=1e-5)


def mixing_gains(random: np.random.Generator, batch: int) -> np.ndarray:
    return np.array([[mixing._stereo_gain(random)[0, 0] for _ in range(4)] for _ in range(batch)])


def test_shuffled_mixes_take_stems_from_different_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    plain(monkeypatch)
    found = spectra(6)
    found *= np.arange(1, 7)[:, None, None, None, None]
    as_they_are = mixing.mix(found, BANDS, np.random.default_rng(2), shuffled=False)
    shuffled = mixing.mix(found, BANDS, np.random.default_rng(2), shuffled=True)
    assert not np.allclose(as_they_are.stem_power, shuffled.stem_power)


def test_a_mix_folded_to_mono_has_no_side(monkeypatch: pytest.MonkeyPatch) -> None:
    plain(monkeypatch)
    monkeypatch.setattr(mixing, "P_MONO_MIX", 1.0)
    mixes = mixing.mix(spectra(), BANDS, np.random.default_rng(0), shuffled=True)
    np.testing.assert_allclose(mixes.power[:, 0], mixes.power[:, 1], rtol=1e-5)
    assert mixes.power[:, 2].max() < 1e-6 * mixes.power[:, 0].max()


def test_a_crop_at_another_speed_is_of_another_pitch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain(monkeypatch)
    songs = write_songs(tmp_path, 1)
    straight = mixing.draw_crops(songs, 1, FRAMES, np.random.default_rng(0))
    monkeypatch.setattr(mixing, "P_SPEED", 1.0)
    monkeypatch.setattr(mixing, "SPEEDS", (1.15, 1.15))
    faster = mixing.draw_crops(songs, 1, FRAMES, np.random.default_rng(0))
    assert straight.shape == faster.shape
    bass = 1
    peaks = [np.abs(np.fft.rfft(crop[0, bass, 0])).argmax() for crop in (straight, faster)]
    assert abs(peaks[1] / peaks[0] - 1.15) < 0.05


def test_perfect_masks_cost_least() -> None:
    mixes = mixing.mix(spectra(), BANDS, np.random.default_rng(3), shuffled=True)
    targets = Targets.of(mixes, "cpu")
    # The best masks without the constraint to a sum of one are the Wiener gains.
    best = (targets.cross / targets.power.clamp(min=1e-9)).clamp(min=1e-4)
    assert loss(best.log(), targets) < loss(torch.zeros_like(best), targets) - 0.01


def test_songs_are_noticed_when_they_appear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.training.separator.cache._LOOK_AGAIN_S", 0.0)
    write_songs(tmp_path, 1)
    cache = SongCache(tmp_path)
    assert len(cache.songs()) == 1
    write_songs(tmp_path, 2)
    assert len(cache.songs()) == 2
    (tmp_path / "00002.partial").mkdir()
    assert len(cache.songs()) == 2


def test_a_missing_stem_and_what_lies_beyond_the_end_are_silent(tmp_path: Path) -> None:
    (song,) = write_songs(tmp_path, 1)
    (song.folder / "vocals.i16").unlink()
    crop = song.crop(song.frames - 10, 100)
    assert crop.shape == (4, 2, 100)
    assert crop[:3, :, :10].any()
    assert not crop[3].any()
    assert not crop[..., 10:].any()
