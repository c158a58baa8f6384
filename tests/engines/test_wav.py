"""Our WAV files, chunk by chunk and through two other readers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from pedalboard.io import AudioFile

from bridge.engines.audio import Audio
from bridge.engines.wav import Broadcast, Encoding, WavWriter, pcm_integers
from tests.engines.takes import noise

ENCODINGS: list[Encoding] = ["pcm16", "pcm24", "float32"]
SUBTYPES = {"pcm16": "PCM_16", "pcm24": "PCM_24", "float32": "FLOAT"}
STEP = {"pcm16": 2.0**-15, "pcm24": 2.0**-23, "float32": 0.0}


def write(
    path: Path,
    encoding: Encoding,
    audio: Audio,
    *,
    sample_rate: int = 48_000,
    broadcast: Broadcast | None = None,
    limit: int = 0xFFFFFFFF,
    block: int = 1_000,
) -> Path:
    with WavWriter(
        path, encoding, audio.shape[0], sample_rate, broadcast=broadcast, riff_limit_bytes=limit
    ) as wav:
        for start in range(0, audio.shape[1], block):
            wav.write(audio[:, start : start + block])
    return path


def chunks(path: Path) -> dict[bytes, tuple[int, bytes]]:
    """Return each chunk's stated size and content, in the file's order."""
    data = path.read_bytes()
    assert data[8:12] == b"WAVE"
    found, at = {}, 12
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        real = min(size, len(data) - at - 8)
        found[name] = (size, data[at + 8 : at + 8 + real])
        at += 8 + real + real % 2
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [0, 1, 777, 2_500])
def test_soundfile_and_pedalboard_read_it(
    tmp_path: Path, encoding: Encoding, channels: int, frames: int
) -> None:
    audio = noise(frames / 48_000, channels=channels, sample_rate=48_000)
    path = write(tmp_path / "a.wav", encoding, audio, broadcast=Broadcast(5))
    info = soundfile.info(path)
    assert (info.frames, info.channels, info.samplerate) == (frames, channels, 48_000)
    assert info.subtype == SUBTYPES[encoding]
    read, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_allclose(read.T, audio, atol=STEP[encoding] / 1.9)
    if frames:
        with AudioFile(str(path)) as file:
            assert file.frames == frames
            # JUCE takes 32767 for full scale where everyone else takes 32768.
            np.testing.assert_allclose(file.read(frames), read.T, rtol=4e-5, atol=1e-7)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_sizes_are_stated_and_even(tmp_path: Path, encoding: Encoding) -> None:
    path = write(tmp_path / "a.wav", encoding, noise(777 / 48_000, channels=1, sample_rate=48_000))
    data = path.read_bytes()
    assert len(data) % 2 == 0
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    found = chunks(path)
    assert found[b"data"][0] == 777 * {"pcm16": 2, "pcm24": 3, "float32": 4}[encoding]
    assert (b"fact" in found) == (encoding == "float32")
    if encoding == "float32":
        assert struct.unpack("<I", found[b"fact"][1]) == (777,)


@pytest.mark.parametrize(
    ("encoding", "channels", "tag", "size"),
    [
        ("pcm16", 2, 1, 16),
        ("pcm24", 2, 0xFFFE, 40),
        ("float32", 2, 3, 18),
        ("pcm16", 6, 0xFFFE, 40),
        ("float32", 6, 0xFFFE, 40),
    ],
)
def test_the_extensible_format_is_used_where_it_is_due(
    tmp_path: Path, encoding: Encoding, channels: int, tag: int, size: int
) -> None:
    content = chunks(write(tmp_path / "a.wav", encoding, noise(0.01, channels=channels)))[b"fmt "]
    assert content[0] == size
    assert struct.unpack_from("<H", content[1]) == (tag,)


def test_the_time_reference_stands_before_the_audio(tmp_path: Path) -> None:
    reference = 3 * 3_600 * 96_000 + 17
    moment = Broadcast(reference, "bass Größe", created_at=1_700_000_000.0)
    found = chunks(write(tmp_path / "a.wav", "pcm24", noise(0.01), broadcast=moment))
    assert list(found) == [b"JUNK", b"fmt ", b"bext", b"data"]
    size, content = found[b"bext"]
    assert size == len(content) == 602
    assert content[:256].rstrip(b"\0") == b"bass Gr??e"
    assert content[256:288].rstrip(b"\0") == b"dawbridge"
    assert content[320:338] == b"2023-11-1422:13:20"
    assert struct.unpack_from("<QH", content, 338) == (reference, 1)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_past_the_limit_becomes_rf64(tmp_path: Path, encoding: Encoding) -> None:
    audio = noise(1.0, sample_rate=48_000)
    path = write(tmp_path / "a.wav", encoding, audio, limit=10_000, broadcast=Broadcast(9))
    data = path.read_bytes()
    assert data[:8] == b"RF64\xff\xff\xff\xff"
    found = chunks(path)
    assert next(iter(found)) == b"ds64"
    data_bytes = len(data) - path.read_bytes().index(b"data") - 8
    sizes = struct.unpack("<QQQI", found[b"ds64"][1])
    assert sizes == (len(data) - 8, data_bytes, 48_000, 0)
    assert found[b"data"][0] == 0xFFFFFFFF
    assert soundfile.info(path).format == "RF64"
    read, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_allclose(read.T, audio, atol=STEP[encoding] / 1.9)
    with AudioFile(str(path)) as file:
        np.testing.assert_allclose(file.read(48_000), read.T, rtol=4e-5, atol=1e-7)


def test_just_below_the_limit_stays_riff(tmp_path: Path) -> None:
    audio = noise(0.01)
    size = write(tmp_path / "a.wav", "pcm16", audio).stat().st_size
    assert write(tmp_path / "b.wav", "pcm16", audio, limit=size - 8).read_bytes()[:4] == b"RIFF"
    assert write(tmp_path / "c.wav", "pcm16", audio, limit=size - 9).read_bytes()[:4] == b"RF64"


@given(
    samples=st.lists(st.floats(-4.0, 4.0, width=32), min_size=1, max_size=50),
    bits=st.sampled_from([16, 24]),
)
def test_pcm_rounds_to_the_nearest_and_never_wraps(samples: list[float], bits: int) -> None:
    full = 2 ** (bits - 1)
    audio = np.array([samples], dtype=np.float32)
    for sample, integer in zip(samples, pcm_integers(audio, bits)[0].tolist(), strict=True):
        assert -full <= integer <= full - 1
        nearest = min(max(sample * full, -full), full - 1)
        assert abs(integer - nearest) <= 0.5


def test_full_scale_does_not_wrap_in_the_file(tmp_path: Path) -> None:
    audio = np.array([[1.0, -1.0, 1.5, -1.5]], dtype=np.float32)
    for encoding in ("pcm16", "pcm24"):
        read, _ = soundfile.read(write(tmp_path / "a.wav", encoding, audio))
        assert np.all(np.sign(read) == [1, -1, 1, -1])
        assert np.abs(read).min() > 0.9999
