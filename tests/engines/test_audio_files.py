"""Reading a region: exact samples, every odd file, and what is said about it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.engines import disk
from bridge.engines.audio import Audio
from bridge.engines.audio_files import Reading, read_region
from bridge.errors import (
    DiskFullError,
    JobCancelled,
    SourceNotFoundError,
    TooLongError,
    UnsupportedAudioError,
)
from bridge.models import Region
from tests.engines.takes import noise

RATE = 44_100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return work


def wav(path: Path, audio: Audio, sample_rate: int = RATE, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, audio.T, sample_rate, subtype=subtype)
    return path


def read(
    path: Path,
    folder: Path,
    start_s: float = 0.0,
    length_s: float = 0.0,
    sample_rate: int | None = None,
) -> Reading:
    region = Region(path=str(path), start_s=start_s, length_s=length_s)
    return read_region(region, folder, max_region_s=600.0, sample_rate=sample_rate)


def codes(reading: Reading) -> list[str]:
    return [warning.code for warning in reading.warnings]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    frames=st.integers(1, 9_000),
    rate=st.sampled_from([8_000, 22_050, 44_100, 96_000]),
    channels=st.integers(1, 2),
    where=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.5)),
)
def test_a_region_holds_the_files_samples(
    tmp_path: Path,
    folder: Path,
    *,
    frames: int,
    rate: int,
    channels: int,
    where: tuple[float, float],
) -> None:
    audio = np.random.default_rng(frames).uniform(-0.9, 0.9, (channels, frames)).astype(np.float32)
    path = wav(tmp_path / "a.wav", audio, rate)
    start = int(where[0] * (frames - 1))
    wanted = max(1, int(where[1] * (frames - start)))
    reading = read(path, folder, start / rate, wanted / rate)
    np.testing.assert_array_equal(reading.audio.read(), audio[:, start : start + wanted])
    assert reading.source.frames == reading.audio.frames == min(wanted, frames - start)
    assert reading.source.start_s == pytest.approx(start / rate)
    assert ("region_clipped" in codes(reading)) == (wanted > frames - start + 1)


def test_length_zero_reads_to_the_end(tmp_path: Path, folder: Path) -> None:
    audio = noise(1.0)
    reading = read(wav(tmp_path / "a.wav", audio), folder, start_s=0.25)
    np.testing.assert_array_equal(reading.audio.read(), audio[:, 11_025:])
    assert reading.source.length_s == 0.75
    assert codes(reading) == []


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_every_named_format_is_read_at_its_place(tmp_path: Path, folder: Path, suffix: str) -> None:
    t = np.arange(4 * RATE) / RATE
    audio = (0.5 * np.sin(2 * np.pi * 330.0 * t) * (t > 2.0))[np.newaxis].astype(np.float32)
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, audio.T, RATE)
    reading = read(path, folder, 1.5, 1.0)
    assert reading.audio.frames == RATE
    heard = reading.audio.read()[0]
    assert np.sqrt(np.mean(heard[: RATE // 2 - 2_000] ** 2)) < 0.01
    np.testing.assert_allclose(
        heard[RATE // 2 + 2_000 :], audio[0, 2 * RATE + 2_000 : 110_250], atol=0.03
    )


def test_long_files_are_read_in_blocks_that_join(tmp_path: Path, folder: Path) -> None:
    audio = noise(20.0, channels=1)
    fractions: list[float] = []
    region = Region(path=str(wav(tmp_path / "a.wav", audio)), start_s=1.0)
    reading = read_region(region, folder, max_region_s=60.0, progress=fractions.append)
    np.testing.assert_array_equal(reading.audio.read(), audio[:, RATE:])
    assert len(fractions) > 10
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_progress_may_cancel(tmp_path: Path, folder: Path) -> None:
    def cancel(fraction: float) -> None:
        raise JobCancelled

    region = Region(path=str(wav(tmp_path / "a.wav", noise(1.0))))
    with pytest.raises(JobCancelled):
        read_region(region, folder, max_region_s=60.0, progress=cancel)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_the_region_comes_at_the_rate_that_is_asked_for(
    tmp_path: Path, folder: Path, rate: int
) -> None:
    t = np.arange(RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 440.0 * t))[np.newaxis].astype(np.float32)
    fractions: list[float] = []
    region = Region(path=str(wav(tmp_path / "a.wav", tone)))
    reading = read_region(
        region, folder, max_region_s=9.0, sample_rate=rate, progress=fractions.append
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert (reading.audio.sample_rate, reading.audio.frames) == (rate, rate)
    assert (reading.source.sample_rate, reading.source.frames) == (RATE, RATE)
    there = 0.5 * np.sin(2 * np.pi * 440.0 * np.arange(rate) / rate)
    assert list(folder.iterdir()) == [reading.audio.path]
    np.testing.assert_allclose(
        reading.audio.read()[0, 2_000:-2_000], there[2_000:-2_000], atol=1e-3
    )


def test_one_sample_is_a_region(tmp_path: Path, folder: Path) -> None:
    audio = np.full((2, 1), 0.5, dtype=np.float32)
    reading = read(wav(tmp_path / "a.wav", audio), folder)
    np.testing.assert_array_equal(reading.audio.read(), audio)


def test_eight_channels_are_folded_and_said(tmp_path: Path, folder: Path) -> None:
    audio = np.zeros((8, 100), dtype=np.float32)
    audio[0], audio[2], audio[3], audio[7] = 0.25, 0.1, 0.9, 0.2
    reading = read(wav(tmp_path / "a.wav", audio), folder)
    left, right = reading.audio.read()
    np.testing.assert_allclose(left, 0.25 + 0.1 * np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(right, (0.1 + 0.2) * np.sqrt(0.5), rtol=1e-6)
    assert codes(reading) == ["folded"]
    assert reading.source.channels == 8


def test_nine_channels_are_too_many(tmp_path: Path, folder: Path) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((9, 100), dtype=np.float32))
    with pytest.raises(UnsupportedAudioError, match="9 channels"):
        read(path, folder)


def test_what_is_not_a_number_becomes_silence(tmp_path: Path, folder: Path) -> None:
    audio = noise(0.1)
    audio[0, 10], audio[1, 20], audio[1, 21] = np.nan, np.inf, -np.inf
    reading = read(wav(tmp_path / "a.wav", audio), folder)
    heard = reading.audio.read()
    assert heard[0, 10] == heard[1, 20] == heard[1, 21] == 0.0
    audio[~np.isfinite(audio)] = 0.0
    np.testing.assert_array_equal(heard, audio)
    assert codes(reading) == ["not_finite"]
    assert reading.warnings[0].message.startswith("3 samples")


def test_silence_is_said(tmp_path: Path, folder: Path) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((2, 1_000), dtype=np.float32))
    assert codes(read(path, folder)) == ["silent_source"]


def test_float_audio_above_full_scale_is_said_and_kept(tmp_path: Path, folder: Path) -> None:
    audio = noise(0.1)
    audio[1, 100] = 1.6
    reading = read(wav(tmp_path / "a.wav", audio), folder)
    np.testing.assert_array_equal(reading.audio.read(), audio)
    assert codes(reading) == ["clipped_input"]
    assert "+4.1 dBFS" in reading.warnings[0].message


@pytest.mark.parametrize(("drive", "clips"), [(0.95, False), (1.6, True)])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24"])
def test_runs_at_full_scale_mean_clipping(
    tmp_path: Path, folder: Path, subtype: str, drive: float, clips: bool
) -> None:
    t = np.arange(RATE) / RATE
    tone = np.clip(drive * np.sin(2 * np.pi * 220.0 * t), -1.0, 1.0)
    audio = tone[np.newaxis].astype(np.float32)
    reading = read(wav(tmp_path / "a.wav", audio, subtype=subtype), folder)
    assert codes(reading) == (["clipped_input"] if clips else [])


def test_a_run_across_two_blocks_is_clipping(tmp_path: Path, folder: Path) -> None:
    audio = noise(4.0, channels=1)
    audio[0, (1 << 16) - 2 : (1 << 16) + 2] = 1.0
    assert codes(read(wav(tmp_path / "a.wav", audio), folder)) == ["clipped_input"]


def test_a_normalised_peak_is_not_clipping(tmp_path: Path, folder: Path) -> None:
    audio = noise(0.5, channels=1)
    audio[0, 500] = 1.0
    assert codes(read(wav(tmp_path / "a.wav", audio, subtype="PCM_16"), folder)) == []


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
def test_a_cut_off_file_is_said(tmp_path: Path, folder: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(4.0).T, RATE)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    reading = read(path, folder, start_s=0.5)
    assert codes(reading) == ["truncated_source"]
    assert 1.0 < reading.audio.duration_s < 2.0
    assert reading.audio.frames == reading.source.frames
    assert np.abs(reading.audio.read(reading.audio.frames - 2_000)).max() > 0.01


def test_a_region_before_the_cut_is_whole(tmp_path: Path, folder: Path) -> None:
    path = wav(tmp_path / "a.wav", noise(4.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert codes(read(path, folder, 0.5, 1.0)) == []


@pytest.mark.parametrize(
    ("start_s", "length_s", "message"),
    [(1.0, 0.0, r"starts at 1\.000 s.*ends at 1\.000 s"), (0.0, 1e-6, "less than one sample")],
)
def test_a_region_outside_the_file_is_refused(
    tmp_path: Path, folder: Path, start_s: float, length_s: float, message: str
) -> None:
    path = wav(tmp_path / "a.wav", noise(1.0))
    with pytest.raises(UnsupportedAudioError, match=message):
        read(path, folder, start_s, length_s)


def test_a_region_beyond_the_end_is_cut_and_said(tmp_path: Path, folder: Path) -> None:
    reading = read(wav(tmp_path / "a.wav", noise(1.0)), folder, 0.5, 2.0)
    assert reading.audio.frames == RATE // 2
    assert codes(reading) == ["region_clipped"]
    assert "2.500 s" in reading.warnings[0].message


def test_one_sample_too_many_is_no_fault(tmp_path: Path, folder: Path) -> None:
    """Start and length are rounded separately, so that a region to the end may ask for it."""
    path = wav(tmp_path / "a.wav", noise(1.0))
    assert codes(read(path, folder, 0.5, (RATE // 2 + 1) / RATE)) == []
    assert codes(read(path, folder, 0.5, (RATE // 2 + 2) / RATE)) == ["region_clipped"]


def test_a_missing_file_is_not_found(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no file"):
        read(tmp_path / "gone.wav", folder)


def test_a_folder_is_not_audio(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UnsupportedAudioError, match="not a file"):
        read(tmp_path, folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path, folder: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UnsupportedAudioError, match="not a file"):
        read(tmp_path / "pipe.wav", folder)


@pytest.mark.parametrize("size", [0, 3, 30, 44])
def test_a_file_without_audio_is_refused(tmp_path: Path, folder: Path, size: int) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((1, 0), dtype=np.float32), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UnsupportedAudioError, match=r"empty|not audio|holds no audio"):
        read(path, folder)


def test_too_long_a_region_is_refused_before_it_is_read(tmp_path: Path, folder: Path) -> None:
    path = wav(tmp_path / "a.wav", noise(2.0))
    with pytest.raises(TooLongError, match="2 s; the settings allow 1 s"):
        read_region(Region(path=str(path)), folder, max_region_s=1.0)
    assert list(folder.iterdir()) == []


def test_no_space_is_said_before_reading(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError, match="Free some space"):
        read(wav(tmp_path / "a.wav", noise(0.1)), folder)


@pytest.mark.parametrize("change", ["written", "deleted"])
def test_a_file_that_changes_meanwhile_is_refused(
    tmp_path: Path, folder: Path, change: str
) -> None:
    path = wav(tmp_path / "a.wav", noise(4.0))

    def disturb(fraction: float) -> None:
        if not path.exists():
            return
        if change == "deleted":
            path.unlink()
        else:
            with path.open("ab") as file:
                file.write(b"more")

    if change == "deleted" and os.name == "nt":
        pytest.skip("Windows does not delete an open file")
    with pytest.raises((SourceNotFoundError, UnsupportedAudioError), match=r"no file|changed"):
        read_region(Region(path=str(path)), folder, max_region_s=60.0, progress=disturb)


def test_names_of_every_script_are_read(tmp_path: Path, folder: Path) -> None:
    path = wav(tmp_path / "Größe 歌 🎤.wav", noise(0.1))
    assert read(path, folder).audio.frames == 4_410


def test_the_hash_is_that_of_the_content(tmp_path: Path, folder: Path) -> None:
    audio = noise(1.0)
    here = read(wav(tmp_path / "a.wav", audio), folder).source.content_hash
    assert here == read(wav(tmp_path / "b.wav", audio), folder).source.content_hash
    assert here == read(tmp_path / "a.wav", folder, sample_rate=22_050).source.content_hash
    padded = np.concatenate([noise(0.5, seed=9), audio], axis=1)
    part = read(wav(tmp_path / "c.wav", padded), folder, 0.5, 1.0)
    assert here == part.source.content_hash
    others = [
        read(wav(tmp_path / "d.wav", audio, 48_000), folder).source.content_hash,
        read(wav(tmp_path / "e.wav", audio[:1]), folder).source.content_hash,
        read(wav(tmp_path / "f.wav", audio * 0.5), folder).source.content_hash,
    ]
    assert len({here, *others}) == 4
