"""The built-in network: its contract as a window model, its bands, its weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.separation import catalogue, unet
from bridge.engines.separation.overlap_add import separate
from bridge.engines.separation.unet_layout import BINS, Shape, band_edges
from bridge.engines.separation.window_model import Bag, WindowModel
from bridge.errors import ModelUnavailableError
from bridge.training.separator import network as trained
from bridge.training.separator.export import export
from bridge.training.separator.network import UNet

RATE = 44_100
TINY = Shape(bands=32, channels=(4, 4), full_channels=4)


def made(shape: Shape) -> UNet:
    """A network with nothing at its starting value, so that no part of it can be left out."""
    random = torch.Generator().manual_seed(0)
    network = UNet(shape).eval()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            drawn = torch.randn(value.shape, generator=random)
            value.copy_(1.0 + 0.3 * drawn.abs() if "var" in name else value + 0.2 * drawn)
    return network


@pytest.fixture
def network() -> UNet:
    return made(TINY)


def engine(network: UNet) -> Bag:
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    return unet.bag_of(network.shape, weights)


def model_of(bag: Bag) -> WindowModel:
    return bag.members[0].model


def noise(channels: int, frames: int, gain: float = 0.3) -> Audio:
    made = np.random.default_rng(0).standard_normal((channels, frames))
    return (gain * made).astype(np.float32)


def separated(bag: Bag, mix: Audio, folder: Path) -> dict[str, Audio]:
    buffer = DiskBuffer.of(folder / "mix.f32", mix, RATE)
    found = separate(bag, buffer, {stem: (stem,) for stem in bag.stems}, folder)
    return {stem: audio.read() for stem, audio in found.items()}


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 1_000, 13 * RATE + 7])
def test_the_stems_have_the_mixs_shape_and_sum_to_it(
    network: UNet, tmp_path: Path, channels: int, frames: int
) -> None:
    mix = noise(channels, frames)
    found = separated(engine(network), mix, tmp_path)
    assert tuple(found) == catalogue.FOUR_STEMS
    assert all(audio.shape == mix.shape for audio in found.values())
    np.testing.assert_allclose(sum(found.values()), mix, atol=2e-6)


def test_level_does_not_matter(network: UNet) -> None:
    model = model_of(engine(network))
    loud = noise(2, RATE)
    quiet = np.asarray(loud * np.float32(0.01), dtype=np.float32)
    np.testing.assert_allclose(100 * model.forward(quiet), model.forward(loud), atol=1e-4)


def test_silence_stays_silent(network: UNet) -> None:
    model = model_of(engine(network))
    assert not model.forward(np.zeros((2, RATE), dtype=np.float32)).any()


def test_bands_are_single_bins_below_and_cover_every_bin_once() -> None:
    edges = band_edges(256)
    widths = np.diff(edges)
    assert (edges[0], edges[-1], len(widths)) == (0, BINS, 256)
    assert set(widths[:40]) == {1}
    assert 20 < widths[-1] < 60
    assert np.bincount(trained.band_of_bin(256)).tolist() == widths.tolist()
    with pytest.raises(ValueError, match="cannot be divided"):
        band_edges(BINS + 1)


def test_planes_tell_mono_from_wide() -> None:
    power = np.random.default_rng(0).random((3, 32, 8), dtype=np.float32) + np.float32(0.1)
    for share in (0.0, 0.5):
        power[2] = share * 2.0 * power[:2].sum(axis=0)
        assert unet.planes(power)[2].mean() == pytest.approx(share, abs=1e-3)


def test_planes_are_those_of_the_training() -> None:
    power = np.random.default_rng(0).random((3, 32, 8), dtype=np.float32)
    heard = torch.from_numpy(power)[None]
    expected = trained.planes(heard[:, :2], heard[:, 2])[0].numpy()
    np.testing.assert_allclose(unet.planes(power), expected, atol=1e-5)


def test_spectrum_and_back_are_those_of_the_training() -> None:
    audio = noise(2, 10_007)
    frame = torch.hann_window(4096)
    expected = torch.stft(
        torch.from_numpy(audio), 4096, 1024, window=frame, pad_mode="constant", return_complex=True
    )
    spectrum = unet.spectrum_of(audio)
    np.testing.assert_allclose(spectrum, expected.numpy(), atol=1e-3)
    np.testing.assert_allclose(unet.audio_of(spectrum, 10_007), audio, atol=1e-6)


@pytest.mark.parametrize("shape", [TINY, Shape(bands=64, channels=(6, 8, 10), full_channels=5)])
@pytest.mark.parametrize("frames", [1_000, 300_000])
def test_the_graph_computes_what_was_trained(shape: Shape, frames: int) -> None:
    network, window = made(shape), noise(2, frames)
    expected = model_of(trained.bag_of(network, "cpu")).forward(window)
    found = model_of(engine(network)).forward(window)
    assert 0.0 < np.square(found[0]).sum() < np.square(window).sum()
    error = np.square(found - expected).sum() / np.square(expected).sum()
    assert error < 1e-9  # 90 dB


def test_it_separates_without_torch() -> None:
    program = (
        "import sys, numpy as np; from bridge.engines.separation import unet;"
        "unet.build(44100, 2, 'cpu').members[0].model.forward(np.ones((2, 9000), np.float32));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_weights_survive_the_file_to_60_db(network: UNet, tmp_path: Path) -> None:
    export(network, tmp_path / "tiny.safetensors")
    window = noise(2, RATE)
    exact = model_of(engine(network)).forward(window)
    halved = model_of(unet.load(tmp_path / "tiny.safetensors")).forward(window)
    error = np.square(exact - halved).sum() / np.square(exact).sum()
    assert 0.0 < error < 1e-6


def test_damaged_weights_say_what_to_do(network: UNet, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    export(network, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelUnavailableError, match="Install dawbridge again"):
        unet.load(path)
    with pytest.raises(ModelUnavailableError, match="missing or damaged"):
        unet.load(tmp_path / "nothing.safetensors")


def test_weights_of_another_network_are_refused(network: UNet, tmp_path: Path) -> None:
    network.shape = Shape(bands=32, channels=(4, 8), full_channels=4)
    export(network, tmp_path / "wrong.safetensors")
    with pytest.raises(ModelUnavailableError, match="missing or damaged"):
        unet.load(tmp_path / "wrong.safetensors")


def test_the_shipped_weights_find_the_parts_of_our_own_song(tmp_path: Path) -> None:
    """The song was never trained on; a stem that is heard beats the mix in its place by far."""
    from bridge.engines.demo_song import render_demo_song
    from bridge.engines.evaluation import global_sdr_db

    song = render_demo_song()
    mix = np.asarray(sum(song.values()), dtype=np.float32)
    found = separated(unet.build(RATE, 2, "cpu"), mix, tmp_path)
    for stem, reference in song.items():
        gain_db = global_sdr_db(reference, found[stem]) - global_sdr_db(reference, mix)
        assert gain_db > 2.0, stem


def test_the_shipped_weights_are_small_and_have_a_card() -> None:
    assert unet.WEIGHTS.stat().st_size < 20_000_000
    assert "[validation_global_sdr_db]" in unet.WEIGHTS.with_suffix(".toml").read_text()
