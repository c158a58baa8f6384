"""A WAV writer that streams: PCM or float, with a broadcast-wave time reference, past 4 GB.

libsndfile can write the ``bext`` chunk and RF64, but Python's soundfile hands over neither, so
the few chunks that a DAW reads are written here.

Layout: ``RIFF``, a ``JUNK`` chunk that becomes ``ds64`` when the file outgrows 32 bits (EBU Tech
3306, section 4), ``fmt``, ``fact`` for float, ``bext`` (EBU Tech 3285 version 1), ``data``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio

Encoding = Literal["pcm16", "pcm24", "float32"]

RIFF_LIMIT_BYTES = 0xFFFFFFFF
"""The largest size that a RIFF header can state."""

_FOLLOWS_IN_DS64 = 0xFFFFFFFF
_DS64_BYTES = 28
_FORMAT_PCM = 0x0001
_FORMAT_FLOAT = 0x0003
_FORMAT_EXTENSIBLE = 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000AA00389B71")
_BITS: dict[Encoding, int] = {"pcm16": 16, "pcm24": 24, "float32": 32}
_SPEAKERS = {1: 0x4, 2: 0x3}


@dataclass(frozen=True)
class Broadcast:
    """The fields of a ``bext`` chunk that we know.

    Parameters
    ----------
    time_reference
        Samples from the timeline's beginning to the first sample.
    description
        What the sound is; ASCII is kept, at most 256 characters.
    created_at
        Seconds since the epoch, written as UTC.
    """

    time_reference: int
    description: str = ""
    created_at: float = 0.0

    def chunk(self) -> bytes:
        """Return the chunk's content, 602 bytes."""
        moment = datetime.fromtimestamp(self.created_at, timezone.utc)
        return struct.pack(
            "<256s32s32s10s8sQH64s190s",
            self.description.encode("ascii", "replace")[:256],
            b"dawbridge",
            b"",
            moment.strftime("%Y-%m-%d").encode("ascii"),
            moment.strftime("%H:%M:%S").encode("ascii"),
            self.time_reference,
            1,
            b"",
            b"",
        )


def pcm_integers(audio: Audio, bits: int) -> NDArray[np.int32]:
    """Return audio as integers of a bit depth: rounded to the nearest, clipped at full scale.

    Parameters
    ----------
    audio
        Any shape; ±1 is full scale.
    bits
        16 or 24.

    Returns
    -------
    np.ndarray [same shape, dtype=int32]
        From ``-2**(bits-1)`` to ``2**(bits-1) - 1``.
    """
    full = 2 ** (bits - 1)
    # float64: a float32 near full scale cannot hold 24 bits and the half that rounding needs.
    scaled = np.rint(audio.astype(np.float64) * full)
    integers: NDArray[np.int32] = np.clip(scaled, -full, full - 1).astype(np.int32)
    return integers


class WavWriter:
    """A WAV file that grows block by block.

    Parameters
    ----------
    path
        The file; what it held before is lost.
    encoding
        How samples are stored.
    channels, sample_rate
        Shape and rate in Hz.
    broadcast
        Content of the ``bext`` chunk; None leaves it out.
    riff_limit_bytes
        A larger file is closed as RF64.
    """

    def __init__(
        self,
        path: Path,
        encoding: Encoding,
        channels: int,
        sample_rate: int,
        *,
        broadcast: Broadcast | None = None,
        riff_limit_bytes: int = RIFF_LIMIT_BYTES,
    ) -> None:
        self._encoding: Encoding = encoding
        self._bits = _BITS[encoding]
        self._channels = channels
        self._sample_rate = sample_rate
        self._limit = riff_limit_bytes
        self._frames = 0
        self._fact_at: int | None = None
        self._file = path.open("wb")
        self._write_head(broadcast)

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    def write(self, audio: Audio) -> None:
        """Append a block of shape ``(channels, n)``."""
        interleaved = np.ascontiguousarray(audio.T)
        if self._encoding == "float32":
            data = interleaved.astype("<f4").tobytes()
        elif self._encoding == "pcm16":
            data = pcm_integers(interleaved, 16).astype("<i2").tobytes()
        else:
            bytes4 = pcm_integers(interleaved, 24).astype("<i4").view(np.uint8)
            data = bytes4.reshape(-1, 4)[:, :3].tobytes()
        self._file.write(data)
        self._frames += audio.shape[1]

    def close(self) -> None:
        """Pad the data to an even length, state the sizes, and close."""
        with self._file:
            data_bytes = self._frames * self._frame_bytes
            if data_bytes % 2:
                self._file.write(b"\0")
            riff_bytes = self._file.tell() - 8
            if riff_bytes > self._limit:
                self._state_sizes_in_ds64(riff_bytes, data_bytes)
            else:
                self._patch(4, struct.pack("<I", riff_bytes))
                self._patch(self._data_at - 4, struct.pack("<I", data_bytes))
            if self._fact_at is not None:
                self._patch(self._fact_at, struct.pack("<I", min(self._frames, _FOLLOWS_IN_DS64)))

    @property
    def _frame_bytes(self) -> int:
        return self._channels * self._bits // 8

    def _write_head(self, broadcast: Broadcast | None) -> None:
        self._file.write(b"RIFF\0\0\0\0WAVE")
        self._chunk(b"JUNK", bytes(_DS64_BYTES))
        self._chunk(b"fmt ", self._format())
        if self._encoding == "float32":
            self._chunk(b"fact", bytes(4))
            self._fact_at = self._file.tell() - 4
        if broadcast is not None:
            self._chunk(b"bext", broadcast.chunk())
        self._file.write(b"data\0\0\0\0")
        self._data_at = self._file.tell()

    def _chunk(self, name: bytes, content: bytes) -> None:
        self._file.write(name + struct.pack("<I", len(content)) + content)

    def _format(self) -> bytes:
        tag = _FORMAT_FLOAT if self._encoding == "float32" else _FORMAT_PCM
        # Microsoft asks for the extensible form beyond two channels or 16 bits of PCM.
        extensible = self._channels > 2 or self._encoding == "pcm24"
        fields = struct.pack(
            "<HHIIHH",
            _FORMAT_EXTENSIBLE if extensible else tag,
            self._channels,
            self._sample_rate,
            self._sample_rate * self._frame_bytes,
            self._frame_bytes,
            self._bits,
        )
        if extensible:
            speakers = _SPEAKERS.get(self._channels, 0)
            return fields + struct.pack("<HHIH", 22, self._bits, speakers, tag) + _SUBFORMAT_TAIL
        return fields if tag == _FORMAT_PCM else fields + struct.pack("<H", 0)

    def _state_sizes_in_ds64(self, riff_bytes: int, data_bytes: int) -> None:
        self._patch(0, b"RF64" + struct.pack("<I", _FOLLOWS_IN_DS64))
        sizes = struct.pack("<QQQI", riff_bytes, data_bytes, self._frames, 0)
        self._patch(12, b"ds64" + struct.pack("<I", _DS64_BYTES) + sizes)
        self._patch(self._data_at - 4, struct.pack("<I", _FOLLOWS_IN_DS64))

    def _patch(self, at: int, content: bytes) -> None:
        self._file.seek(at)
        self._file.write(content)
