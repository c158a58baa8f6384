"""The network's answer: where its frames lie, what it costs, what stops it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription import network, posteriors
from bridge.engines.transcription.network import HOP_SAMPLES, SAMPLE_RATE
from bridge.engines.transcription.posteriors import infer
from bridge.errors import JobCancelled
from tests.engines.transcription.tones import melody, tone


def ignore(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


def buffer_of(folder: Path, audio: np.ndarray) -> DiskBuffer:
    return DiskBuffer.of(folder / "heard.f32", np.atleast_2d(audio), SAMPLE_RATE)


@pytest.mark.parametrize("frames", [1, 255, 256, 257, 43_844, 128 * 256, 128 * 256 + 1])
def test_every_sample_belongs_to_a_frame(tmp_path: Path, frames: int) -> None:
    heard = infer(buffer_of(tmp_path, np.zeros(frames, np.float32)), ignore)

    assert heard.frames == -(-frames // HOP_SAMPLES)
    assert heard.notes.shape == heard.onsets.shape == (heard.frames, 88)
    assert heard.contours.shape == (heard.frames, 264)


def test_an_empty_buffer_has_no_frames(tmp_path: Path) -> None:
    assert infer(buffer_of(tmp_path, np.zeros(0, np.float32)), ignore).frames == 0


def test_frames_lie_where_the_sound_is_wherever_the_windows_join(tmp_path: Path) -> None:
    onsets = [0.5 + 0.617 * number for number in range(40)]
    audio = melody(26.0, [(onset, 0.4, 57) for onset in onsets])

    heard = infer(buffer_of(tmp_path, audio), ignore)

    row = heard.onsets[:, 57 - posteriors.LOWEST_PITCH].astype(np.float32)
    for onset in onsets:
        near = round(onset * posteriors.FRAMES_PER_SECOND)
        peak = near - 8 + int(row[near - 8 : near + 9].argmax())
        assert row[peak] > 0.5
        assert abs(peak / posteriors.FRAMES_PER_SECOND - onset) < 0.016


def test_a_tone_in_the_last_tenth_of_a_second_is_there(tmp_path: Path) -> None:
    audio = melody(65.0, [(64.9, 0.1, 69)])

    heard = infer(buffer_of(tmp_path, audio), ignore)

    row = heard.notes[:, 69 - posteriors.LOWEST_PITCH]
    assert row[-6:].max() > 0.3
    assert row[:-20].max() < 0.1


def test_a_held_tone_has_no_step_where_windows_join(tmp_path: Path) -> None:
    heard = infer(buffer_of(tmp_path, tone(60.4, 8.0, decay=0.3)), ignore)

    row = heard.notes[:, 60 - posteriors.LOWEST_PITCH].astype(np.float32)
    held = row[40:-40]
    assert np.abs(np.diff(held)).max() < 0.12
    assert heard.onsets[40:-40, 60 - posteriors.LOWEST_PITCH].max() < 0.4


def test_the_first_window_is_the_network_s_own_answer(tmp_path: Path) -> None:
    audio = melody(1.2, [(0.1, 0.5, 60), (0.5, 0.6, 64)])
    heard = infer(buffer_of(tmp_path, audio), ignore)

    window = np.zeros((1, network.WINDOW_SAMPLES), np.float32)
    window[0, 15 * 256 : 15 * 256 + len(audio)] = audio
    own = network.hear_window(window)
    for name, block in own.items():
        kept = block[15 : 15 + heard.frames]
        np.testing.assert_allclose(getattr(heard, name), kept, atol=1e-3)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left = tone(60, 1.0)
    folder = tmp_path / "mono"
    folder.mkdir()

    stereo = infer(buffer_of(tmp_path, np.stack([left, np.zeros_like(left)])), ignore)
    mono = infer(buffer_of(folder, 0.5 * left), ignore)

    np.testing.assert_allclose(stereo.notes, mono.notes, atol=2e-3)


def test_silence_costs_no_inference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("silence went through the network")

    monkeypatch.setattr(network, "hear_window", refuse)
    hiss = np.random.default_rng(1).normal(0.0, 1e-5, 5 * SAMPLE_RATE).astype(np.float32)

    heard = infer(buffer_of(tmp_path, hiss), ignore)

    assert not heard.notes.any()


def test_it_can_be_cancelled_at_any_window(tmp_path: Path) -> None:
    told: list[float] = []

    def stop(fraction: float) -> None:
        told.append(fraction)
        if len(told) == 3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        infer(buffer_of(tmp_path, tone(60, 20.0)), stop)
    assert told == sorted(told)
    assert len(told) == 3
