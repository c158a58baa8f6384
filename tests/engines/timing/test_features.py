"""Onset strength and chroma are what librosa makes of the same audio."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest

from bridge.engines.timing import chroma, features
from tests.engines.timing.sounds import RATE, buffer, constant, groove


def chords(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(11)
    time_s = np.arange(round(seconds * RATE)) / RATE
    audio = rng.normal(0.0, 3e-3, len(time_s))
    for _ in range(round(4 * seconds)):
        start_s, pitch = rng.uniform(0.0, seconds), int(rng.integers(36, 100))
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
        partials = [number for number in range(1, 6) if number * hertz < 0.45 * RATE]
        wave = np.sum([np.sin(2 * np.pi * n * hertz * time_s) / n for n in partials], axis=0)
        audio += 0.1 * wave * np.exp(-3.0 * np.maximum(time_s - start_s, 0.0)) * (time_s > start_s)
    return audio.astype(np.float32)


def test_chroma_is_librosa_s() -> None:
    audio = chords(8.0)
    frames = len(audio) // chroma.CHROMA_HOP_SAMPLES
    margin = chroma.MARGIN_SAMPLES

    ours = chroma.chroma(np.pad(audio, (margin, margin + chroma.CHROMA_HOP_SAMPLES)), frames)

    theirs = librosa.feature.chroma_cqt(
        y=audio,
        sr=RATE,
        hop_length=chroma.CHROMA_HOP_SAMPLES,
        fmin=librosa.note_to_hz("C2"),
        n_octaves=6,
        norm=None,
        tuning=0.0,
    )[:, :frames]
    assert ours.shape == (12, frames)
    assert np.abs(ours - theirs).max() < 0.01 * theirs.max()


@pytest.mark.parametrize("pitch", [37, 48, 57, 71, 94, 106])
def test_a_tone_is_in_its_pitch_class(pitch: int) -> None:
    time_s = np.arange(3 * RATE) / RATE
    tone = np.sin(2 * np.pi * 440.0 * 2.0 ** ((pitch - 69) / 12.0) * time_s).astype(np.float32)

    heard = chroma.chroma(tone, 10).mean(axis=1)

    assert heard.argmax() == pitch % 12
    assert np.sort(heard)[-2] < 0.2 * heard.max()


def test_mel_filters_are_librosa_s() -> None:
    ours = np.concatenate(features._mel_weights())

    theirs = librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=64, fmin=30.0)
    theirs = theirs[theirs.any(axis=1)]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = buffer(tmp_path, groove(constant(112.0), 3))
    whole = features.extract(taken)
    monkeypatch.setattr(features, "_BLOCK_SAMPLES", 13 * chroma.CHROMA_HOP_SAMPLES)
    joined = features.extract(taken)

    assert whole is not None
    assert joined is not None
    np.testing.assert_allclose(joined.bands, whole.bands, atol=1e-3)
    np.testing.assert_allclose(joined.chroma, whole.chroma, atol=1e-3)
    assert joined.chroma.shape[1] == -(-taken.frames // chroma.CHROMA_HOP_SAMPLES)


def test_librosa_is_not_loaded(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from pathlib import Path;"
        "from bridge.engines.audio import DiskBuffer;"
        "from bridge.engines.timing.hearing import hear;"
        "audio = np.random.default_rng(1).normal(0.0, 0.1, (1, 66_150)).astype(np.float32);"
        f"hear(DiskBuffer.of(Path({str(tmp_path / 'a.f32')!r}), audio, 22_050));"
        "assert not {'librosa', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
