"""Every format of the results: samples, length, alignment, time reference, measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.engines import disk, mp3
from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.audio_formats import open_audio
from bridge.engines.writing import Measures, write_audio
from bridge.errors import DiskFullError, EngineFailedError, ForbiddenPathError, JobCancelled
from bridge.models import AudioFormat
from tests.engines.takes import noise

RATE = 44_100
LOSSLESS = [AudioFormat.WAV16, AudioFormat.WAV24, AudioFormat.WAV32F, AudioFormat.FLAC]
TOLERANCE = {
    AudioFormat.WAV16: 2.0**-16,
    AudioFormat.WAV24: 2.0**-24,
    AudioFormat.WAV32F: 0.0,
    AudioFormat.FLAC: 2.0**-24,
}


def buffer_of(folder: Path, audio: Audio, sample_rate: int = RATE) -> DiskBuffer:
    return DiskBuffer.of(folder / "buffer.f32", audio, sample_rate)


def write(folder: Path, audio: Audio, audio_format: AudioFormat, **options: float) -> Measures:
    path = folder / f"a{audio_format.suffix}"
    return write_audio(buffer_of(folder, audio), path, audio_format, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("audio_format", LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 300_000])
def test_lossless_formats_give_the_samples_back(
    tmp_path: Path, audio_format: AudioFormat, channels: int, frames: int
) -> None:
    audio = noise(frames / RATE, channels=channels)
    write(tmp_path, audio, audio_format)
    read, rate = soundfile.read(
        tmp_path / f"a{audio_format.suffix}", dtype="float64", always_2d=True
    )
    assert rate == RATE
    assert read.shape == (frames, channels)
    np.testing.assert_allclose(read.T, audio, atol=TOLERANCE[audio_format] * 1.01)


@pytest.mark.parametrize("sample_rate", [8_000, 96_000, 192_000, 384_000])
@pytest.mark.parametrize("audio_format", LOSSLESS)
def test_lossless_formats_take_every_rate(
    tmp_path: Path, audio_format: AudioFormat, sample_rate: int
) -> None:
    path = tmp_path / f"a{audio_format.suffix}"
    write_audio(buffer_of(tmp_path, noise(0.1), sample_rate), path, audio_format)
    assert soundfile.info(path).samplerate == sample_rate


@pytest.mark.parametrize("sample_rate", mp3.SAMPLE_RATES)
@pytest.mark.parametrize("bitrate", [64, 320])
@pytest.mark.parametrize("frames", [1, 20_011])
def test_an_mp3_keeps_length_and_alignment(
    tmp_path: Path, sample_rate: int, bitrate: int, frames: int
) -> None:
    audio = noise(frames / sample_rate, sample_rate=sample_rate)
    path = tmp_path / "a.mp3"
    write_audio(buffer_of(tmp_path, audio, sample_rate), path, AudioFormat.MP3, bitrate=bitrate)
    reader = open_audio(path)
    read = np.concatenate(list(reader.blocks(0, frames + 5_000)), axis=1)
    reader.close()
    assert read.shape == audio.shape
    if frames > 1:
        lags = range(-5, 6)
        match = [np.dot(read[0, 50 + lag : 18_000 + lag], audio[0, 50:18_000]) for lag in lags]
        assert lags[int(np.argmax(match))] == 0


@pytest.mark.parametrize("bitrate", mp3.BITRATES)
def test_an_mp3_has_the_bitrate_that_was_asked_for(tmp_path: Path, bitrate: int) -> None:
    write(tmp_path, noise(4.0), AudioFormat.MP3, bitrate=bitrate)
    kbits = (tmp_path / "a.mp3").stat().st_size * 8 / 4.0 / 1_000
    assert kbits == pytest.approx(bitrate, rel=0.06)


@pytest.mark.parametrize(
    ("sample_rate", "result"),
    [
        (44_100, 44_100),
        (96_000, 48_000),
        (88_200, 44_100),
        (176_400, 44_100),
        (47_999, 48_000),
        (9_000, 11_025),
        (8_000, 8_000),
    ],
)
def test_the_rate_of_an_mp3(sample_rate: int, result: int) -> None:
    assert mp3.nearest_sample_rate(sample_rate) == result


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV16, AudioFormat.WAV24, AudioFormat.WAV32F])
@pytest.mark.parametrize("position_s", [0.0, 1.0 / 3.0, 7_200.25])
def test_the_time_reference_is_the_nearest_sample(
    tmp_path: Path, audio_format: AudioFormat, position_s: float
) -> None:
    write(tmp_path, noise(0.01), audio_format, position_s=position_s)
    data = (tmp_path / "a.wav").read_bytes()
    at = data.index(b"bext") + 8 + 338
    assert int.from_bytes(data[at : at + 8], "little") == round(position_s * RATE)


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_the_measures_are_those_of_the_audio(tmp_path: Path, audio_format: AudioFormat) -> None:
    t = np.arange(3 * RATE) / RATE
    tone = 10 ** (-20 / 20) * np.sin(2 * np.pi * 1_000.0 * t)
    measures = write(tmp_path, np.stack([tone, tone]).astype(np.float32), audio_format)
    assert measures.peak_dbfs == pytest.approx(-20.0, abs=0.01)
    assert measures.loudness_lufs == pytest.approx(-20.0, abs=0.05)
    assert not measures.silent
    assert not measures.clipped


def test_silence_is_measured_as_silence(tmp_path: Path) -> None:
    measures = write(tmp_path, np.zeros((2, RATE), dtype=np.float32), AudioFormat.WAV24)
    assert measures == Measures(peak_dbfs=-144.0, loudness_lufs=None, silent=True, clipped=False)


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_clipping_is_reported_by_the_formats_that_clip(
    tmp_path: Path, audio_format: AudioFormat
) -> None:
    audio = noise(0.5)
    audio[0, 1_000] = 1.5
    measures = write(tmp_path, audio, audio_format)
    assert measures.peak_dbfs == pytest.approx(3.52, abs=0.01)
    assert measures.clipped == (audio_format not in {AudioFormat.WAV32F, AudioFormat.MP3})


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_progress_may_cancel(tmp_path: Path, audio_format: AudioFormat) -> None:
    def cancel(fraction: float) -> None:
        raise JobCancelled

    path = tmp_path / f"a{audio_format.suffix}"
    with pytest.raises(JobCancelled):
        write_audio(buffer_of(tmp_path, noise(0.1)), path, audio_format, progress=cancel)


def test_a_full_disk_is_said_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError):
        write(tmp_path, noise(0.1), AudioFormat.WAV16)
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 0)
    with pytest.raises(DiskFullError, match="disk is full"):
        write_audio(buffer_of(tmp_path, noise(0.5)), Path("/dev/full"), AudioFormat.WAV32F)


def test_an_encoder_that_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineFailedError, match=r"a\.mp3.*could not be encoded"):
        write_audio(buffer_of(tmp_path, noise(0.1), 96_000), tmp_path / "a.mp3", AudioFormat.MP3)


def test_a_folder_that_may_not_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "said by the system")

    monkeypatch.setattr("bridge.engines.writing.WavWriter", refuse)
    with pytest.raises(ForbiddenPathError, match="may not be written"):
        write(tmp_path, noise(0.1), AudioFormat.WAV16)
