"""Writing: a `DiskBuffer` becomes an audio file, and is measured in the same pass.

WAV comes from `engines.wav`; FLAC (24 bits) and MP3 (constant bitrate) from libsndfile. MP3 is
libsndfile's LAME rather than the lameenc that Demucs installs, because only the former writes the
LAME tag with encoder delay and padding: players and DAWs that honour it, as libsndfile does, get
the very length and alignment back. Those that do not hear the file 1105 samples (25 ms) late.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.disk import disk_faults, need_space
from bridge.engines.levels import LoudnessMeter, is_silent
from bridge.engines.mp3 import compression_level
from bridge.engines.wav import Broadcast, Encoding, WavWriter, pcm_integers
from bridge.errors import EngineFailedError
from bridge.models import AudioFormat
from bridge.units import amplitude_to_db, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bridge.engines.audio import Audio, DiskBuffer

_WAV_ENCODINGS: dict[AudioFormat, Encoding] = {
    AudioFormat.WAV16: "pcm16",
    AudioFormat.WAV24: "pcm24",
    AudioFormat.WAV32F: "float32",
}
_BYTES_PER_SAMPLE = {AudioFormat.WAV16: 2, AudioFormat.WAV32F: 4}


@dataclass(frozen=True)
class Measures:
    """What was found in a buffer while it was written, before any loss of the format.

    Parameters
    ----------
    peak_dbfs
        Largest sample.
    loudness_lufs
        Integrated loudness; None if too short or too quiet to have one.
    silent
        Whether the peak counts as silence.
    clipped
        Whether the format cut samples off at full scale.
    """

    peak_dbfs: float
    loudness_lufs: float | None
    silent: bool
    clipped: bool


def write_audio(
    buffer: DiskBuffer,
    path: Path,
    audio_format: AudioFormat,
    *,
    position_s: float = 0.0,
    bitrate: int = 256,
    description: str = "",
    created_at: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> Measures:
    """Write a buffer as an audio file, block by block.

    Parameters
    ----------
    buffer
        Mono or stereo. For MP3 at one of `mp3.SAMPLE_RATES`.
    path
        The file; what it held before is lost.
    audio_format
        PCM formats round to the nearest step and clip at full scale; no dither is added.
    position_s
        Seconds on the timeline, for the WAV's time reference, which is the nearest sample.
    bitrate
        kbit/s of an MP3, one of `mp3.BITRATES`.
    description, created_at
        For the WAV's ``bext`` chunk; seconds since the epoch.
    progress
        Called with 0…1 after every block; what it raises is let through.

    Raises
    ------
    DiskFullError, ForbiddenPathError
        The file cannot be written.
    EngineFailedError
        The encoder refused.
    """
    size_bytes = buffer.frames * buffer.channels * _BYTES_PER_SAMPLE.get(audio_format, 3)
    need_space(path.parent, size_bytes)
    meter = LoudnessMeter(buffer.channels, buffer.sample_rate)
    peak = 0.0
    writer = _writer(
        buffer,
        path,
        audio_format,
        position_s=position_s,
        bitrate=bitrate,
        description=description,
        created_at=created_at,
    )
    with disk_faults(path), writer as write:
        for start, block in buffer.blocks():
            write(block)
            meter.add(block)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            if progress is not None:
                progress((start + block.shape[1]) / buffer.frames)
    integer = audio_format in {AudioFormat.WAV16, AudioFormat.WAV24, AudioFormat.FLAC}
    return Measures(
        peak_dbfs=amplitude_to_db(peak),
        loudness_lufs=meter.integrated_lufs(),
        silent=is_silent(peak),
        clipped=integer and peak > 1.0,
    )


@contextmanager
def _writer(
    buffer: DiskBuffer,
    path: Path,
    audio_format: AudioFormat,
    *,
    position_s: float,
    bitrate: int,
    description: str,
    created_at: float,
) -> Iterator[Callable[[Audio], None]]:
    """Open the file and give the function that takes its blocks."""
    if audio_format in _WAV_ENCODINGS:
        reference = seconds_to_samples(position_s, buffer.sample_rate)
        with WavWriter(
            path,
            _WAV_ENCODINGS[audio_format],
            buffer.channels,
            buffer.sample_rate,
            broadcast=Broadcast(reference, description, created_at),
        ) as wav:
            yield wav.write
        return
    import soundfile

    options: dict[str, Any] = {"format": "FLAC", "subtype": "PCM_24"}
    if audio_format is AudioFormat.MP3:
        options = {
            "format": "MP3",
            "subtype": "MPEG_LAYER_III",
            "bitrate_mode": "CONSTANT",
            "compression_level": compression_level(bitrate, buffer.sample_rate),
        }
    try:
        with soundfile.SoundFile(path, "w", buffer.sample_rate, buffer.channels, **options) as file:
            if audio_format is AudioFormat.FLAC:
                # libsndfile takes the upper 24 of 32 bits.
                yield lambda block: file.write(pcm_integers(block.T, 24) << 8)
            else:
                yield lambda block: file.write(block.T)
    except soundfile.SoundFileError as exc:
        # libsndfile says no more than "System error" when the disk is full.
        need_space(path.parent, 0)
        raise EngineFailedError(f"'{path.name}' could not be encoded: {exc}") from exc
