"""Every container that libsndfile reads, seeks that must be exact, files that are cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.engines.audio import Audio
from bridge.engines.audio_formats import FORMATS, open_audio
from bridge.errors import UnsupportedAudioError

RATE = 44_100

WRITTEN = [
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "RF64", "FLOAT"),
    ("w64", "W64", "PCM_24"),
    ("aiff", "AIFF", "PCM_24"),
    ("caf", "CAF", "PCM_24"),
    ("au", "AU", "PCM_24"),
    ("flac", "FLAC", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
]


def music(seconds: float) -> Audio:
    """A sweep with noise bursts: no two stretches of it are alike."""
    rng = np.random.default_rng(5)
    t = np.arange(round(seconds * RATE)) / RATE
    sweep = 0.3 * np.sin(2 * np.pi * (150.0 + 40.0 * t) * t)
    bursts = 0.06 * rng.standard_normal(t.size) * (np.sin(5.0 * t) > 0.3)
    return np.stack([sweep + bursts, sweep - bursts]).astype(np.float32)


def stretch(path: Path, start: int, frames: int) -> Audio:
    reader = open_audio(path)
    blocks = list(reader.blocks(start, frames))
    reader.close()
    return np.concatenate(blocks, axis=1)


@pytest.mark.parametrize(("suffix", "container", "subtype"), WRITTEN)
def test_any_stretch_equals_that_of_the_whole_file(
    tmp_path: Path, suffix: str, container: str, subtype: str
) -> None:
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, music(30.0).T, RATE, format=container, subtype=subtype)
    whole = stretch(path, 0, 30 * RATE)
    assert whole.shape == (2, 30 * RATE)
    for start in (0, 1, 4_607, 12 * RATE + 17, 29 * RATE, 30 * RATE - 500, 30 * RATE - 1):
        part = stretch(path, start, 3_000)
        np.testing.assert_allclose(part, whole[:, start : start + 3_000], atol=2e-5)


def test_variable_bitrate_mp3_is_read_where_the_region_lies(tmp_path: Path) -> None:
    """mpg123's own seek lands thousands of samples away in such a file."""
    path = tmp_path / "song.mp3"
    audio = music(60.0)
    with soundfile.SoundFile(
        path, "w", RATE, 2, format="MP3", bitrate_mode="VARIABLE", compression_level=0.3
    ) as file:
        file.write(audio.T)
    start = 41 * RATE + 123
    part = stretch(path, start, RATE)
    heard = np.corrcoef(part[0], audio[0, start : start + RATE])[0, 1]
    assert heard > 0.9


def test_a_variable_bitrate_mp3_has_no_gaps_where_blocks_meet(tmp_path: Path) -> None:
    """soundfile seeks after every read, which left silence of up to a block in such a file."""
    path = tmp_path / "song.mp3"
    audio = music(20.0)
    with soundfile.SoundFile(
        path, "w", RATE, 2, format="MP3", bitrate_mode="VARIABLE", compression_level=0.3
    ) as file:
        file.write(audio.T)
    at_once, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(stretch(path, 0, 20 * RATE), at_once.T)


def test_an_mp3_keeps_the_length_and_the_time_that_it_was_made_with(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    audio = music(5.0)
    soundfile.write(path, audio.T, RATE, format="MP3", subtype="MPEG_LAYER_III")
    whole = stretch(path, 0, 10 * RATE)
    assert whole.shape == audio.shape
    lags = range(-3, 4)
    match = [np.dot(whole[0, 900 + lag : 99_000 + lag], audio[0, 900:99_000]) for lag in lags]
    assert lags[int(np.argmax(match))] == 0


@pytest.mark.parametrize(
    ("suffix", "container", "subtype", "told_by_the_header"),
    [
        ("wav", "WAV", "PCM_16", True),
        ("wav", "RF64", "FLOAT", True),
        ("w64", "W64", "FLOAT", True),
        ("aiff", "AIFF", "PCM_24", True),
        ("au", "AU", "FLOAT", True),
        ("ogg", "OGG", "VORBIS", True),
        ("flac", "FLAC", "PCM_24", False),
        ("mp3", "MP3", "MPEG_LAYER_III", False),
    ],
)
def test_a_cut_off_file_is_read_as_far_as_it_goes(
    tmp_path: Path, suffix: str, container: str, subtype: str, told_by_the_header: bool
) -> None:
    path = tmp_path / f"song.{suffix}"
    audio = music(5.0)
    soundfile.write(path, audio.T, RATE, format=container, subtype=subtype)
    assert not open_audio(path).cut_off
    data = path.read_bytes()
    path.write_bytes(data[: int(0.6 * len(data))])
    reader = open_audio(path)
    assert reader.cut_off == told_by_the_header
    whole = np.concatenate(list(reader.blocks(0, audio.shape[1])), axis=1)
    assert 0.4 < whole.shape[1] / audio.shape[1] < 0.7
    if subtype not in {"VORBIS", "MPEG_LAYER_III"}:
        np.testing.assert_allclose(whole, audio[:, : whole.shape[1]], atol=1e-4)


def test_a_streamed_wav_without_a_length_is_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(0.5).T, RATE, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    reader = open_audio(path)
    assert reader.frames == RATE // 2
    assert not reader.cut_off


@pytest.mark.parametrize(
    "name", ["notes.wav", "notes.au", "notes.gsm", "notes.raw", "notes", "x.mp3"]
)
def test_what_is_not_audio_is_refused(tmp_path: Path, name: str) -> None:
    """libsndfile takes any bytes for headerless audio if the ending says .au or .gsm."""
    path = tmp_path / name
    path.write_bytes(b"these are notes about the song, not the song. " * 50)
    with pytest.raises(UnsupportedAudioError, match="not audio that can be read"):
        open_audio(path)


def test_a_format_of_another_platform_says_where_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "song.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(UnsupportedAudioError, match=r"AAC.*on macOS only.*WAV or FLAC"):
        open_audio(path)


def test_what_libsndfile_cannot_read_is_tried_with_the_systems_codecs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pedalboard.io

    wav = tmp_path / "song.wav"
    audio = music(3.0)
    soundfile.write(wav, audio.T, RATE, subtype="PCM_24")
    real = pedalboard.io.AudioFile
    monkeypatch.setattr(pedalboard.io, "AudioFile", lambda _: real(str(wav)))
    path = tmp_path / "song.m4a"
    path.write_bytes(b"only the system's codec can read this")
    reader = open_audio(path)
    assert (reader.sample_rate, reader.channels, reader.frames) == (RATE, 2, 3 * RATE)
    part = np.concatenate(list(reader.blocks(RATE, 5 * RATE)), axis=1)
    reader.close()
    np.testing.assert_allclose(part, audio[:, RATE:], atol=1e-6)


def test_the_table_holds_what_the_libraries_read() -> None:
    import pedalboard.io

    names = {name for row in FORMATS for name in row.libsndfile or ()}
    assert names - set(soundfile.available_formats()) <= {"MPEG"}
    here = {suffix for row in FORMATS if "Linux" in row.platforms for suffix in row.suffixes}
    assert {".wav", ".aiff", ".flac", ".ogg", ".mp3"} <= here
    assert set(pedalboard.io.get_supported_read_formats()) <= {
        suffix for row in FORMATS for suffix in row.suffixes
    } | {
        ".3g2",
        ".3gp",
        ".adts",
        ".amr",
        ".latm",
        ".loas",
        ".m4r",
        ".mp1",
        ".mp2",
        ".mpa",
        ".mpeg",
        ".sd2",
        ".xhe",
    }
