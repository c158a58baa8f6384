"""Scores: the figures of museval, songs as folders of files, and the command that prints them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.engines.audio import Audio
from bridge.engines.evaluation import (
    KnownSong,
    estimate,
    global_sdr_db,
    mixture_as_estimate,
    read_song,
    scores,
    song_folders,
)
from bridge.engines.separation import dsp
from bridge.errors import SourceNotFoundError, UnsupportedAudioError

RATE = 8_000
STEMS = ("drums", "bass", "other", "vocals")


def noise(seed: int, frames: int, channels: int = 2) -> Audio:
    made = np.random.default_rng(seed).standard_normal((channels, frames))
    return (0.1 * made).astype(np.float32)


def song_of(frames: int = 5 * RATE + 300) -> KnownSong:
    return KnownSong("noise", {s: noise(i, frames) for i, s in enumerate(STEMS)}, RATE)


def write(folder: Path, stem: str, audio: Audio, rate: int = RATE) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{stem}.wav", audio.T, rate, subtype="FLOAT")


def test_the_global_ratio() -> None:
    reference = noise(0, 1_000)
    assert global_sdr_db(reference, 0.9 * reference) == pytest.approx(20.0, abs=1e-4)
    assert global_sdr_db(reference, 0.0 * reference) == pytest.approx(0.0, abs=1e-6)
    assert global_sdr_db(reference, reference) == math.inf
    assert math.isnan(global_sdr_db(0.0 * reference, reference))


def test_the_median_ratio_is_that_of_museval() -> None:
    """The expected figures are those of museval 0.4.1's `bss_eval`, windows of one second."""
    random = np.random.default_rng(3)
    frames = RATE * 5 + 300
    stems = {s: (random.standard_normal((2, frames)) * 0.1).astype(np.float32) for s in STEMS}
    stems["vocals"][:, RATE : 2 * RATE] = 0
    ramp = 0.05 * np.linspace(0.2, 1.5, frames)
    estimates = {
        stem: (audio + random.standard_normal(audio.shape) * ramp).astype(np.float32)
        for stem, audio in stems.items()
    }
    found = scores(KnownSong("noise", stems, RATE), estimates)
    museval_db = {
        "drums": 6.23137712,
        "bass": 6.30284448,
        "other": 6.27053205,
        "vocals": 6.31506197,
    }
    for stem, expected in museval_db.items():
        assert found[stem].median_sdr_db == pytest.approx(expected, abs=1e-5)


def test_a_stem_that_is_never_heard_has_no_score() -> None:
    song = song_of()
    song.stems["vocals"][:] = 0.0
    found = scores(song, mixture_as_estimate(song))
    assert math.isnan(found["vocals"].global_sdr_db)
    assert math.isnan(found["drums"].median_sdr_db)  # museval leaves out such windows
    assert math.isfinite(found["drums"].global_sdr_db)


def test_a_song_shorter_than_a_window_is_one_window() -> None:
    song = song_of(RATE // 2)
    found = scores(song, mixture_as_estimate(song))
    assert found["bass"].median_sdr_db == pytest.approx(found["bass"].global_sdr_db)


def test_songs_are_folders_of_stems(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, "drums", noise(0, 100))
        write(tmp_path / name, "vocals", noise(1, 100))
    write(tmp_path / "notes", "piano", noise(0, 100))
    assert song_folders(tmp_path, STEMS) == (tmp_path / "a", tmp_path / "b")
    assert song_folders(tmp_path / "a", STEMS) == (tmp_path / "a",)
    for wrong in (tmp_path / "notes", tmp_path / "nowhere"):
        with pytest.raises(SourceNotFoundError, match=r"one file for each stem: drums\.wav"):
            song_folders(wrong, STEMS)


def test_stems_of_different_lengths_and_channels_are_evened(tmp_path: Path) -> None:
    write(tmp_path / "song", "drums", noise(0, 300, channels=1))
    write(tmp_path / "song", "bass", noise(1, 200))
    song = read_song(tmp_path / "song", STEMS, tmp_path)
    assert {audio.shape for audio in song.stems.values()} == {(2, 300)}
    assert not song.stems["vocals"].any()
    assert not song.stems["bass"][:, 200:].any()
    np.testing.assert_allclose(song.mix, sum(song.stems.values()), atol=1e-7)


def test_stems_of_different_rates_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "song", "drums", noise(0, 300))
    write(tmp_path / "song", "bass", noise(1, 300), rate=16_000)
    with pytest.raises(UnsupportedAudioError, match="drums 8000 Hz, bass 16000 Hz"):
        read_song(tmp_path / "song", STEMS, tmp_path)


def test_a_model_is_run_at_its_own_rate(tmp_path: Path) -> None:
    time_s = np.arange(2 * RATE) / RATE
    tones = {
        s: np.tile(0.2 * np.sin(2 * np.pi * hz * time_s), (2, 1))
        for s, hz in zip(STEMS, (700, 60, 1000, 1500), strict=True)
    }
    song = KnownSong("tones", {s: t.astype(np.float32) for s, t in tones.items()}, RATE)
    found = estimate(song, dsp.build(16_000, 2, "cpu"), tmp_path)
    assert tuple(found) == STEMS
    assert global_sdr_db(song.stems["bass"], found["bass"]) > 10.0
    assert global_sdr_db(song.mix, np.asarray(sum(found.values()))) > 30.0


def test_the_command_scores_the_baseline_above_the_floor(tmp_path: Path) -> None:
    time_s = np.arange(3 * RATE) / RATE
    clicks = 0.3 * np.exp(-60 * (time_s % 0.25)) * noise(0, time_s.size) / 0.1
    write(tmp_path / "song", "drums", clicks.astype(np.float32))
    tone = np.tile(0.2 * np.sin(2 * np.pi * 60 * time_s), (2, 1))
    write(tmp_path / "song", "bass", tone.astype(np.float32))
    arguments = ["evaluate", str(tmp_path), "--model", "dsp"]
    told = CliRunner().invoke(app, [*arguments, "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    floor, baseline = found["(the mix)"]["song"], found["dsp"]["song"]
    for stem in ("drums", "bass"):
        assert baseline[stem]["global_sdr_db"] > floor[stem]["global_sdr_db"] + 3.0
    assert baseline["vocals"]["global_sdr_db"] is None
    table = CliRunner().invoke(app, arguments)
    assert "whole songs (mean of 1)" in table.stdout


def test_the_command_knows_its_models(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["evaluate", str(tmp_path), "--model", "dps"])
    assert told.exit_code != 0
    assert "Did you mean 'dsp'?" in told.stderr
