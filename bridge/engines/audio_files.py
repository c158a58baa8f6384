"""Reading: one region of an audio file becomes a `DiskBuffer`, and what is odd about it is said.

The file is read block by block from the region's first sample, so that memory stays flat and the
rest of the file is left alone; MP3, whose seeks are not exact, is decoded from its beginning.

A region that reaches beyond the end of the file is cut there, with the warning ``region_clipped``;
`engines.findings` holds the other warnings.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.audio import DiskBuffer
from bridge.engines.audio_formats import open_audio
from bridge.engines.disk import disk_faults, need_space
from bridge.engines.findings import Findings, warnings_of
from bridge.engines.folding import MAX_CHANNELS, fold
from bridge.engines.resampling import resample
from bridge.errors import SourceNotFoundError, TooLongError, UnsupportedAudioError
from bridge.models import JobWarning, Source
from bridge.units import seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio_formats import AudioReader
    from bridge.models import Region

_READ_SHARE = 0.8
"""How much of the progress is reading, where the region is resampled afterwards."""


@dataclass(frozen=True)
class Reading:
    """A region that was read.

    Parameters
    ----------
    source
        Where it came from: length, rate and channels of the region in the file, before folding
        and resampling.
    audio
        The region, mono or stereo, at the rate that was asked for.
    warnings
        What the musician should know.
    """

    source: Source
    audio: DiskBuffer
    warnings: tuple[JobWarning, ...]


def read_region(
    region: Region,
    folder: Path,
    *,
    max_region_s: float,
    sample_rate: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Reading:
    """Read a region of an audio file into a folder.

    Start and length are taken to the nearest sample of the file. The content hash is BLAKE2b over
    sample rate, channels and the decoded float32 samples of the region, as the file holds them.

    Parameters
    ----------
    region
        File, start and length in seconds; length 0 means to the end.
    folder
        Existing scratch folder.
    max_region_s
        The longest region that the settings allow, in seconds.
    sample_rate
        Rate of the result in Hz; None keeps the file's.
    progress
        Called with 0…1 after every block; what it raises is let through.

    Raises
    ------
    SourceNotFoundError
        The file is not there, or went away while it was read.
    UnsupportedAudioError
        Not audio, nothing in it, more than eight channels, a start beyond the end, or a file
        that changed while it was read.
    TooLongError
        More than `max_region_s`.
    DiskFullError
        No room for the region.
    """
    path = Path(region.path)
    before = _identity(path)
    with closing(open_audio(path)) as reader:
        start, frames, warnings = _stretch(region, reader, max_region_s)
        channels = min(2, reader.channels)
        rate = sample_rate or reader.sample_rate
        resampled = rate != reader.sample_rate
        result_frames = round(frames * rate / reader.sample_rate) if resampled else 0
        need_space(folder, (frames + result_frames) * channels * 4)
        read_progress = _part(progress, 0.0, _READ_SHARE if resampled else 1.0)
        buffer, findings = _copy(reader, start, frames, folder / "region.f32", read_progress)
        warnings += warnings_of(reader, findings, start, frames)
        source = Source(
            path=region.path,
            start_s=start / reader.sample_rate,
            length_s=buffer.frames / reader.sample_rate,
            frames=buffer.frames,
            sample_rate=reader.sample_rate,
            channels=reader.channels,
            content_hash=findings.digest,
        )
    if _identity(path) != before:
        raise UnsupportedAudioError(
            f"'{path.name}' changed while it was being read. Let the DAW finish writing it, then "
            "run it again."
        )
    if resampled:
        read, path = buffer, folder / "region-resampled.f32"
        with disk_faults(path):
            buffer = resample(read, rate, path, progress=_part(progress, _READ_SHARE, 1.0))
            read.path.unlink()
    return Reading(source, buffer, warnings)


def _identity(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced."""
    try:
        if not path.is_file():
            if path.exists():
                raise UnsupportedAudioError(f"'{path}' is not a file. Select an audio file.")
            raise SourceNotFoundError(
                f"There is no file '{path}'. It may have been moved, renamed or not yet recorded."
            )
        state = path.stat()
        with path.open("rb"):
            pass
    except (OSError, ValueError) as exc:
        raise SourceNotFoundError(f"'{path}' cannot be opened: {exc}.") from exc
    if state.st_size == 0:
        raise UnsupportedAudioError(f"'{path.name}' is empty: the file has no bytes.")
    return state.st_size, state.st_mtime_ns, state.st_ino


def _stretch(
    region: Region, reader: AudioReader, max_region_s: float
) -> tuple[int, int, tuple[JobWarning, ...]]:
    """Return first sample and length of the region in the file, and a warning if it was cut."""
    name, rate, total = Path(region.path).name, reader.sample_rate, reader.frames
    if not 1 <= reader.channels <= MAX_CHANNELS:
        raise UnsupportedAudioError(
            f"'{name}' has {reader.channels} channels; up to {MAX_CHANNELS} can be read."
        )
    if total == 0:
        raise UnsupportedAudioError(f"'{name}' holds no audio: its length is zero.")
    start = seconds_to_samples(region.start_s, rate)
    if start >= total:
        raise UnsupportedAudioError(
            f"The region starts at {region.start_s:.3f} s, but '{name}' ends at "
            f"{total / rate:.3f} s. Select a part that lies within the file."
        )
    frames = total - start
    warnings: tuple[JobWarning, ...] = ()
    if region.length_s:
        wanted = seconds_to_samples(region.length_s, rate)
        if wanted == 0:
            raise UnsupportedAudioError(
                f"The region is {region.length_s:.3g} s long, which is less than one sample of "
                f"'{name}'. Select a longer part."
            )
        # Start and length are rounded separately: one sample too many is no fault of the region.
        if wanted > frames + 1:
            warnings = (_cut(name, rate, start, wanted, frames),)
        frames = min(frames, wanted)
    if frames > max_region_s * rate:
        raise TooLongError(
            f"The region lasts {frames / rate:.0f} s; the settings allow {max_region_s:.0f} s. "
            "Select fewer bars or raise the limit in the settings."
        )
    return start, frames, warnings


def _cut(name: str, rate: int, start: int, wanted: int, frames: int) -> JobWarning:
    return JobWarning(
        code="region_clipped",
        message=(
            f"The region ends at {(start + wanted) / rate:.3f} s, but '{name}' ends at "
            f"{(start + frames) / rate:.3f} s; the results end there too."
        ),
    )


def _copy(
    reader: AudioReader,
    start: int,
    frames: int,
    path: Path,
    progress: Callable[[float], None] | None,
) -> tuple[DiskBuffer, Findings]:
    """Decode, check, fold and store a stretch, block by block."""
    findings = Findings(reader.full_scale)
    findings.hash.update(f"{reader.sample_rate} {reader.channels} ".encode())
    channels = min(2, reader.channels)
    with disk_faults(path):
        buffer = DiskBuffer.create(path, channels, frames, reader.sample_rate)
        for block in reader.blocks(start, frames):
            at = findings.frames
            audio = fold(findings.take(block), vorbis_order=reader.vorbis_order)
            buffer.write(at, audio)
            if progress is not None:
                progress(findings.frames / frames)
        if not findings.frames:
            raise UnsupportedAudioError(
                f"'{Path(path).name}' holds no audio that can be decoded where the region lies."
            )
        if findings.frames < frames:
            buffer = DiskBuffer(path, channels, findings.frames, reader.sample_rate)
    return buffer, findings


def _part(
    progress: Callable[[float], None] | None, first: float, last: float
) -> Callable[[float], None] | None:
    """Return a progress report of which 0…1 is only a part of the whole."""
    if progress is None:
        return None
    return lambda fraction: progress(first + (last - first) * fraction)
