"""The network's windows, its reach, and its weights' file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription.drums import activations, spectra
from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.layout import Shape
from bridge.errors import JobCancelled, ModelUnavailableError
from bridge.training.drums.export import export
from bridge.training.drums.network import DrumNetwork

TINY = Shape((2, 3), 4, (1, 2))


def network(shape: Shape = TINY) -> DrumNetwork:
    torch.manual_seed(1)
    made = DrumNetwork(shape)
    for module in made.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            torch.nn.init.uniform_(module.bias, -1.0, 1.0)
    return made.eval()


def model(shape: Shape = TINY) -> activations.DrumModel:
    weights = {name: value.numpy() for name, value in network(shape).state_dict().items()}
    return activations.DrumModel.of(shape, weights)


def noise(folder: Path, seconds: float, channels: int = 2) -> DiskBuffer:
    rng = np.random.default_rng(5)
    audio = 0.1 * rng.normal(size=(channels, round(seconds * spectra.SAMPLE_RATE)))
    return DiskBuffer.of(folder / "noise.f32", audio.astype(np.float32), spectra.SAMPLE_RATE)


def test_each_frame_depends_on_its_context_and_on_nothing_else() -> None:
    made = network()
    context = TINY.context
    levels = torch.randn(1, 61, spectra.BANDS, requires_grad=True)

    answer = made(levels)
    answer[0, 20].sum().backward()

    assert answer.shape == (1, 61 - 2 * context, len(DRUMS))
    assert levels.grad is not None
    used = torch.nonzero(levels.grad[0].abs().sum(dim=1)).flatten()
    assert (int(used[0]), int(used[-1])) == (20, 20 + 2 * context)


@pytest.mark.parametrize("shape", [TINY, Shape()])
def test_the_graph_computes_what_was_trained(shape: Shape) -> None:
    levels = torch.randn(2 * shape.context + 9, spectra.BANDS)

    with torch.inference_mode():
        expected = torch.sigmoid(network(shape)(levels[None]))[0]

    found = model(shape).likelihoods(levels.numpy())
    assert found.shape == (9, len(DRUMS))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_weights_of_another_network_are_refused() -> None:
    weights = {name: value.numpy() for name, value in network().state_dict().items()}
    with pytest.raises(ValueError, match="are not those of"):
        activations.DrumModel.of(Shape((2, 4), 4, (1, 2)), weights)


def test_drums_are_heard_without_torch() -> None:
    program = (
        "import sys, numpy as np; from bridge.engines.transcription.drums import activations;"
        "activations.load().model.likelihoods(np.zeros((90, 80), np.float32));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("window_frames", [7, 100, 333])
def test_windows_give_what_the_whole_gives(tmp_path: Path, window_frames: int) -> None:
    buffer = noise(tmp_path, 4.321)
    made = model()

    whole = activations.infer(buffer, made, lambda _: None, window_frames=10_000)
    parts = activations.infer(buffer, made, lambda _: None, window_frames=window_frames)

    assert len(whole) == -(-buffer.frames // spectra.HOP_SAMPLES)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_the_fader_does_not_matter(tmp_path: Path) -> None:
    buffer = noise(tmp_path, 2.0)
    quiet = DiskBuffer.of(tmp_path / "quiet.f32", 0.01 * buffer.read(), spectra.SAMPLE_RATE)
    made = model()

    loud_answer = activations.infer(buffer, made, lambda _: None)
    quiet_answer = activations.infer(quiet, made, lambda _: None)

    np.testing.assert_allclose(quiet_answer, loud_answer, atol=1e-4)


def test_silence_has_no_strokes(tmp_path: Path) -> None:
    silent = DiskBuffer.create(tmp_path / "silent.f32", 2, 50_000, spectra.SAMPLE_RATE)

    assert not activations.infer(silent, model(), lambda _: None).any()


def test_cancelling_between_windows(tmp_path: Path) -> None:
    told: list[float] = []

    def stop(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.0:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        activations.infer(noise(tmp_path, 3.0), model(), stop, window_frames=50)
    assert told[0] == 0.0
    assert 0.0 < told[-1] < 0.5


def test_exported_weights_come_back(tmp_path: Path) -> None:
    made = network()
    thresholds = {name: 0.1 + index / 20 for index, name in enumerate(NAMES)}
    export(made, thresholds, tmp_path / "drums.safetensors")

    read = activations.load(tmp_path / "drums.safetensors")

    levels = torch.randn(40, spectra.BANDS)
    assert read.thresholds == pytest.approx(thresholds)
    assert read.model.shape == TINY
    with torch.inference_mode():
        expected = torch.sigmoid(made(levels[None]))[0]
    np.testing.assert_allclose(read.model.likelihoods(levels.numpy()), expected, atol=0.005)


@pytest.mark.parametrize("content", [None, b"", b"not weights at all"])
def test_weights_that_are_missing_or_damaged(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "drums.safetensors"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelUnavailableError, match="missing or damaged"):
        activations.load(path)


def test_levels_follow_the_mel_bands() -> None:
    samples = 20 * spectra.HOP_SAMPLES + spectra.FRAME_SAMPLES
    time_s = np.arange(samples) / spectra.SAMPLE_RATE
    loudest = []
    for hertz in (60.0, 200.0, 1_000.0, 8_000.0):
        tone = (0.5 * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)
        levels = spectra.levels(tone, 20)
        assert levels.shape == (20, spectra.BANDS)
        loudest.append(int(levels[10].argmax()))

    assert loudest == sorted(set(loudest))
    bands = spectra.filterbank()
    assert (bands.sum(axis=0) > 0.0).all()
    for band, hertz in zip(loudest, (60.0, 200.0, 1_000.0, 8_000.0), strict=True):
        nearest = round(hertz * spectra.FRAME_SAMPLES / spectra.SAMPLE_RATE)
        assert bands[max(0, nearest - 1) : nearest + 2, band].max() > 0.3
