"""Which audio files can be read, and the readers that decode them.

libsndfile reads what it knows, on every platform. What it does not know is tried with pedalboard,
which uses the decoders of macOS and Windows. `FORMATS` is the one table of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bridge.errors import UnsupportedAudioError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.engines.audio import Audio

DECODE_FRAMES = 1 << 16
"""How many samples are decoded at a time."""

_OGG_PAGE_FRAMES = 1 << 20
"""An Ogg page ends at most 255 packets, a Vorbis packet at most 4096 samples."""

_OGG_PAGE_BYTES = 1 << 16
_OGG_END_OF_STREAM = 0x04

_UNKNOWN_LENGTH = 0x7FFFFF00
"""Sizes from here on are what programs write that stream a WAV without knowing its length."""


@dataclass(frozen=True)
class FileFormat:
    """A kind of audio file.

    Parameters
    ----------
    name
        What musicians call it.
    suffixes
        Usual endings of the file name, with their dots.
    platforms
        Where it can be read.
    libsndfile
        libsndfile's name of the format; None where pedalboard reads it.
    """

    name: str
    suffixes: tuple[str, ...]
    platforms: tuple[str, ...] = ("Linux", "macOS", "Windows")
    libsndfile: tuple[str, ...] | None = None


FORMATS = (
    FileFormat("WAV, Broadcast Wave", (".wav", ".bwf"), libsndfile=("WAV", "WAVEX")),
    FileFormat("RF64", (".rf64", ".wav"), libsndfile=("RF64",)),
    FileFormat("Sony Wave64", (".w64",), libsndfile=("W64",)),
    FileFormat("AIFF, AIFF-C", (".aiff", ".aif", ".aifc"), libsndfile=("AIFF",)),
    FileFormat("Core Audio Format", (".caf",), libsndfile=("CAF",)),
    FileFormat("Sun AU", (".au", ".snd"), libsndfile=("AU",)),
    FileFormat("FLAC", (".flac",), libsndfile=("FLAC",)),
    FileFormat("Ogg Vorbis, Opus, FLAC", (".ogg", ".oga", ".opus"), libsndfile=("OGG",)),
    FileFormat("MP3", (".mp3",), libsndfile=("MP3", "MPEG")),
    FileFormat("AAC, Apple Lossless", (".m4a", ".mp4", ".aac", ".m4b"), ("macOS",)),
    FileFormat("Dolby Digital", (".ac3", ".ec3"), ("macOS",)),
    FileFormat("QuickTime sound", (".mov", ".qt"), ("macOS",)),
    FileFormat("Windows Media Audio", (".wma",), ("Windows",)),
)
"""Every readable format and where; the README's table is printed from this."""

_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_FLOAT = {"FLOAT", "DOUBLE"}


class AudioReader(Protocol):
    """An open audio file."""

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def channels(self) -> int:
        """How many."""

    @property
    def frames(self) -> int:
        """Samples per channel, as far as the file can tell before it is decoded."""

    @property
    def cut_off(self) -> bool:
        """Whether the file is known to be shorter than its own header says."""

    @property
    def vorbis_order(self) -> bool:
        """Whether the channels are in Vorbis' order instead of WAV's."""

    @property
    def full_scale(self) -> float | None:
        """The largest sample that the encoding holds; None for lossy ones, which overshoot."""

    def blocks(self, start: int, frames: int) -> Iterator[Audio]:
        """Yield ``(channels, n)`` blocks of a stretch; ends early where the data ends.

        An empty block says that time was spent on decoding what lies before the stretch.
        """

    def close(self) -> None:
        """Close the file."""


def open_audio(path: Path) -> AudioReader:
    """Open an audio file.

    Raises
    ------
    UnsupportedAudioError
        If neither library can read it.
    """
    import soundfile

    class OnwardFile(soundfile.SoundFile):  # type: ignore[misc]
        """A file that is read onward without soundfile seeking after every block.

        It seeks to where it already is, which in a variable-bitrate MP3 and on the last page of
        an Ogg file leads elsewhere.
        """

        def seekable(self) -> bool:
            return False

    try:
        file = OnwardFile(path)
    except (soundfile.SoundFileError, TypeError) as exc:
        # soundfile raises TypeError for a headerless format, of which it guesses by the ending.
        reader = _with_pedalboard(path)
        if reader is None:
            raise UnsupportedAudioError(_refusal(path)) from exc
        return reader
    known = {name for row in FORMATS for name in row.libsndfile or ()}
    if file.format not in known:
        file.close()
        raise UnsupportedAudioError(_refusal(path))
    return _SoundFileReader(path, file)


def _refusal(path: Path) -> str:
    suffix = path.suffix.lower()
    for row in FORMATS:
        if suffix in row.suffixes and row.libsndfile is None:
            return (
                f"'{path.name}' cannot be read here: {row.name} is read on "
                f"{' and '.join(row.platforms)} only. Convert it to WAV or FLAC."
            )
    return f"'{path.name}' is not audio that can be read, or it is damaged. Use WAV or FLAC."


class _SoundFileReader:
    """A file that libsndfile decodes."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path = path
        self._file = file
        self.sample_rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.frames = int(file.frames)
        self.vorbis_order = file.format == "OGG"

    @property
    def full_scale(self) -> float | None:
        if self._file.subtype in _FLOAT:
            return 1.0
        bits = _BITS.get(self._file.subtype)
        return None if bits is None else 1.0 - 2.0 ** (1 - min(bits, 24))

    @property
    def cut_off(self) -> bool:
        if self._file.format == "OGG":
            return not _ogg_is_whole(self._path)
        # libsndfile's log is the only place where a header's false size is told.
        sizes = re.findall(r"(\d+) \(should be (\d+)\)", self._file.extra_info)
        return any(
            int(said) - int(real) > 8 and int(said) < _UNKNOWN_LENGTH for said, real in sizes
        )

    def blocks(self, start: int, frames: int) -> Iterator[Audio]:
        position = self._seek_exactly(start)
        while position < start:
            skipped = self._decode(min(DECODE_FRAMES, start - position))
            if not skipped.shape[1]:
                return
            position += skipped.shape[1]
            yield skipped[:, :0]
        left = frames
        while left:
            wanted = min(DECODE_FRAMES, left)
            block = self._decode(wanted)
            if block.shape[1]:
                yield block
            if block.shape[1] < wanted:
                return
            left -= wanted

    def close(self) -> None:
        self._file.close()

    def _seek_exactly(self, start: int) -> int:
        """Seek to the nearest position at or before `start` that libsndfile really reaches."""
        import soundfile

        if self._file.format in {"MP3", "MPEG"}:
            # mpg123 guesses where a frame of a variable-bitrate file lies and lands up to a
            # quarter of a second away. Decoding from the beginning is exact, and takes about
            # four seconds for an hour of music.
            return 0
        if self._file.format == "OGG":
            # libsndfile 1.2 lands late in the last page when the encoder cut that page short.
            start = min(start, max(0, self.frames - _OGG_PAGE_FRAMES))
        try:
            self._file.seek(start)
        except soundfile.SoundFileError as exc:
            raise UnsupportedAudioError(
                f"'{self._path.name}' is damaged: the place where the region begins cannot be "
                "reached. Export it again."
            ) from exc
        return start

    def _decode(self, frames: int) -> Audio:
        """Return the next samples; fewer than asked for where the data ends or is damaged."""
        import soundfile

        # On an error libsndfile has filled the array as far as it came but does not say how far.
        audio = np.full((frames, self.channels), np.inf, dtype=np.float32)
        try:
            decoded = len(self._file.read(out=audio))
        except soundfile.SoundFileError:
            filled = ~np.isposinf(audio).all(axis=1)
            decoded = int(filled.sum())
        return np.ascontiguousarray(audio[:decoded].T)


def _ogg_is_whole(path: Path) -> bool:
    """Whether an Ogg file's last page says that it is the last (RFC 3533, section 6)."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 2 * _OGG_PAGE_BYTES))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return page < 0 or page + 5 >= len(tail) or bool(tail[page + 5] & _OGG_END_OF_STREAM)


class _PedalboardReader:
    """A file that pedalboard decodes with the operating system's codecs."""

    cut_off = False
    vorbis_order = False
    full_scale = None

    def __init__(self, file: Any) -> None:
        self._file = file
        self.sample_rate = round(file.samplerate)
        self.channels = int(file.num_channels)
        self.frames = int(file.frames)

    def blocks(self, start: int, frames: int) -> Iterator[Audio]:
        self._file.seek(start)
        left = min(frames, self.frames - start)
        while left > 0:
            try:
                block = self._file.read(min(DECODE_FRAMES, left))
            except (RuntimeError, ValueError):  # the data ends before the header's length
                return
            if not block.shape[1]:
                return
            yield block
            left -= block.shape[1]

    def close(self) -> None:
        self._file.close()


def _with_pedalboard(path: Path) -> AudioReader | None:
    """Open what only the operating system's codecs can read; None if they cannot either."""
    suffixes = {suffix for row in FORMATS if row.libsndfile is None for suffix in row.suffixes}
    if path.suffix.lower() not in suffixes:
        return None
    from pedalboard.io import AudioFile

    try:
        return _PedalboardReader(AudioFile(str(path)))
    except (RuntimeError, ValueError):
        return None
