"""Tempo of clicks, songs, and of what has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.tempo import TempoEstimate, estimate_tempo

RECORDINGS = Path(__file__).resolve().parents[2] / "../shared/data/mdb"
RATE = 22_050


def estimated(folder: Path, audio: np.ndarray, sample_rate: int = RATE) -> TempoEstimate | None:
    shaped = np.atleast_2d(audio).astype(np.float32)
    return estimate_tempo(DiskBuffer.of(folder / "heard.f32", shaped, sample_rate))


def clicks(tempo: float, duration_s: float, sample_rate: int = RATE, seed: int = 7) -> np.ndarray:
    generator = np.random.default_rng(seed)
    audio = generator.normal(0.0, 1e-3, round(duration_s * sample_rate))
    fade = np.exp(-np.arange(round(0.05 * sample_rate)) / (0.015 * sample_rate))
    for beat in np.arange(0.3, duration_s - 0.1, 60.0 / tempo):
        start = round(beat * sample_rate)
        audio[start : start + len(fade)] += fade * generator.normal(0.0, 0.3, len(fade))
    return audio


@pytest.mark.parametrize("tempo", [80.0, 97.5, 120.0, 128.0, 143.2])
def test_clicks(tmp_path: Path, tempo: float) -> None:
    heard = estimated(tmp_path, clicks(tempo, 20.0))

    assert heard is not None
    assert heard.tempo == pytest.approx(tempo, abs=0.05)
    assert 0.5 < heard.confidence <= 1.0


def test_four_bars_are_enough(tmp_path: Path) -> None:
    heard = estimated(tmp_path, clicks(98.0, 16 * 60.0 / 98.0))

    assert heard is not None
    assert heard.tempo == pytest.approx(98.0, abs=0.3)


def test_any_rate_and_channel_count(tmp_path: Path) -> None:
    audio = clicks(110.0, 15.0, 48_000)

    heard = estimated(tmp_path, np.stack([audio, 0.2 * audio]), 48_000)

    assert heard is not None
    assert heard.tempo == 110.0


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(5 * RATE),
        clicks(120.0, 0.8),
        np.random.default_rng(2).normal(0.0, 0.1, 15 * RATE),
        0.5 * np.sin(0.05 * np.arange(10 * RATE)),
    ],
    ids=["empty", "one sample", "silence", "less than a bar", "noise", "a held tone"],
)
def test_what_has_no_tempo(tmp_path: Path, audio: np.ndarray) -> None:
    assert estimated(tmp_path, audio) is None


def test_free_onsets_have_no_tempo(tmp_path: Path) -> None:
    generator = np.random.default_rng(11)
    audio = generator.normal(0.0, 1e-3, 25 * RATE)
    fade = np.exp(-np.arange(1_000) / 300.0)
    for onset in generator.uniform(0.0, 24.5, 45):
        start = round(onset * RATE)
        audio[start : start + 1_000] += fade * generator.normal(0.0, 0.3, 1_000)

    assert estimated(tmp_path, audio) is None


def test_only_the_first_minutes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = DiskBuffer.read

    def counting(self: DiskBuffer, start: int = 0, frames: int | None = None) -> np.ndarray:
        assert frames is not None
        asked.append(frames)
        return read(self, start, min(frames, 10 * RATE))

    monkeypatch.setattr(DiskBuffer, "read", counting)
    estimate_tempo(DiskBuffer.create(tmp_path / "hour.f32", 1, 3600 * RATE, RATE))

    assert asked == [180 * RATE]


@pytest.mark.parametrize("song", ["Britpop", "Rockabilly"])
def test_songs(tmp_path: Path, song: str) -> None:
    folder = RECORDINGS / song
    if not folder.is_dir():
        pytest.skip("the shared recordings are not here")
    import soundfile

    parts = [
        soundfile.read(folder / f"{stem}.ogg", dtype="float32")[0]
        for stem in ("drums", "bass", "other", "vocals")
    ]
    lines = (folder / "beats.txt").read_text().splitlines()
    beats = np.array([float(line.split()[0]) for line in lines])

    heard = estimated(tmp_path, np.sum(parts, axis=0), 44_100)

    assert heard is not None
    assert heard.tempo == pytest.approx(60.0 * (len(beats) - 1) / (beats[-1] - beats[0]), rel=0.005)
