"""The network's windows, its reach, and its weights' file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription.drums import activations, spectra
from bridge.engines.transcription.drums.kit import DRUMS, NAMES
from bridge.engines.transcription.drums.network import DrumNetwork, Shape
from bridge.errors import JobCancelled, ModelUnavailableError
from bridge.training.drums.export import export

TINY = Shape((2, 3), 4, (1, 2))


def network(shape: Shape = TINY) -> DrumNetwork:
    torch.manual_seed(1)
    made = DrumNetwork(shape)
    for module in made.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            torch.nn.init.uniform_(module.bias, -1.0, 1.0)
    return made.eval()


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


@pytest.mark.parametrize("window_frames", [7, 100, 333])
def test_windows_give_what_the_whole_gives(tmp_path: Path, window_frames: int) -> None:
    buffer = noise(tmp_path, 4.321)
    made = network()

    whole = activations.infer(buffer, made, lambda _: None, window_frames=10_000)
    parts = activations.infer(buffer, made, lambda _: None, window_frames=window_frames)

    assert len(whole) == -(-buffer.frames // spectra.HOP_SAMPLES)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_the_fader_does_not_matter(tmp_path: Path) -> None:
    buffer = noise(tmp_path, 2.0)
    quiet = DiskBuffer.of(tmp_path / "quiet.f32", 0.01 * buffer.read(), spectra.SAMPLE_RATE)
    made = network()

    loud_answer = activations.infer(buffer, made, lambda _: None)
    quiet_answer = activations.infer(quiet, made, lambda _: None)

    np.testing.assert_allclose(quiet_answer, loud_answer, atol=1e-4)


def test_silence_has_no_strokes(tmp_path: Path) -> None:
    silent = DiskBuffer.create(tmp_path / "silent.f32", 2, 50_000, spectra.SAMPLE_RATE)

    assert not activations.infer(silent, network(), lambda _: None).any()


def test_cancelling_between_windows(tmp_path: Path) -> None:
    told: list[float] = []

    def stop(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.0:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        activations.infer(noise(tmp_path, 3.0), network(), stop, window_frames=50)
    assert told[0] == 0.0
    assert 0.0 < told[-1] < 0.5


def test_exported_weights_come_back(tmp_path: Path) -> None:
    made = network()
    thresholds = {name: 0.1 + index / 20 for index, name in enumerate(NAMES)}
    export(made, thresholds, tmp_path / "drums.safetensors")

    read = activations.load(tmp_path / "drums.safetensors")

    levels = torch.randn(1, 40, spectra.BANDS)
    assert read.thresholds == pytest.approx(thresholds)
    assert read.network.shape == TINY
    with torch.inference_mode():
        np.testing.assert_allclose(read.network(levels), made(levels), atol=0.02, rtol=0.02)


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
