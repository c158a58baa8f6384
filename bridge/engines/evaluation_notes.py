"""How well a transcription preset finds the notes of a recording that somebody annotated.

Conventions
-----------
Annotations are text, one note a line: onset and offset in seconds, and a MIDI note number that may
lie between two keys; commas, semicolons, tabs or spaces part the columns. A first line that names
the columns may give them in another order; names that hold ``onset``/``start``, ``offset``/``end``,
``duration``, ``pitch``/``note``/``midi`` or ``hz``/``frequency`` are understood.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from bridge.engines.note_scores import NoteTable
from bridge.errors import SourceNotFoundError, UnsupportedAudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.transcription.settings import NetworkSettings

_COLUMNS = {
    "onset": ("onset", "start", "begin"),
    "offset": ("offset", "end", "stop"),
    "duration": ("duration", "length", "dur"),
    "frequency": ("hz", "freq"),
    "pitch": ("pitch", "note", "midi"),
}
_DEFAULT = {"onset": 0, "offset": 1, "pitch": 2}
_MOST_BYTES = 1 << 26


def read_notes(path: Path) -> NoteTable:
    """Read annotated notes.

    Raises
    ------
    SourceNotFoundError
        The file is not there.
    UnsupportedAudioError
        It does not hold notes.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnsupportedAudioError(f"'{path}' is too large for a list of notes.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as exc:
        raise SourceNotFoundError(f"The annotations '{path}' are not there.") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise UnsupportedAudioError(f"The annotations '{path}' cannot be read: {exc}.") from exc
    rows = [
        (number, _cells(line))
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    columns = _DEFAULT
    if rows and not _is_number(rows[0][1][0]):
        columns = _named(rows.pop(0)[1], path)
    return NoteTable.of(
        [_note(cells, columns, f"'{path}', line {number}") for number, cells in rows]
    )


def heard_notes(
    audio: Path, settings: NetworkSettings, scratch: Path, progress: Callable[[float], None]
) -> NoteTable:
    """Return the notes that a preset finds in a recording, as a job would.

    Raises
    ------
    SourceNotFoundError, UnsupportedAudioError
        The recording cannot be read.
    ModelUnavailableError, EngineFailedError
        The network failed.
    """
    from bridge.engines.audio_files import read_region
    from bridge.engines.resampling import resample
    from bridge.engines.transcription import network, pitched, upstream
    from bridge.models import Region

    source: DiskBuffer = read_region(Region(path=str(audio)), scratch, max_region_s=math.inf).audio
    if settings.decoder == "upstream":
        notes = upstream.hear_as_upstream(source, settings, progress)
    else:
        buffer = resample(source, network.SAMPLE_RATE, scratch / "heard.f32")
        notes = pitched.hear_notes(buffer, settings, progress)
    return NoteTable.of([(note.onset_s, note.offset_s, float(note.pitch)) for note in notes])


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in re.split(r"[,;\t]|\s+", line.strip())]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _named(cells: Sequence[str], path: Path) -> dict[str, int]:
    """Return the place of each column that a heading names."""
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        for column, names in _COLUMNS.items():
            if any(name in cell.lower() for name in names):
                columns.setdefault(column, place)
                break
    has_end = "offset" in columns or "duration" in columns
    has_pitch = "pitch" in columns or "frequency" in columns
    if "onset" not in columns or not has_end or not has_pitch:
        raise UnsupportedAudioError(
            f"The heading of '{path}' must name an onset, an offset and a pitch; it says "
            f"{', '.join(cells)}."
        )
    return columns


def _note(cells: Sequence[str], columns: dict[str, int], where: str) -> tuple[float, float, float]:
    try:
        numbers = {name: float(cells[place]) for name, place in columns.items()}
    except (ValueError, IndexError) as exc:
        raise UnsupportedAudioError(
            f"{where}: an onset and an offset in seconds and a MIDI note number are wanted."
        ) from exc
    onset_s = numbers["onset"]
    offset_s = numbers["offset"] if "offset" in numbers else onset_s + numbers["duration"]
    pitch = numbers.get("pitch", math.nan)
    if "pitch" not in numbers and numbers["frequency"] > 0.0:
        pitch = 69.0 + 12.0 * math.log2(numbers["frequency"] / 440.0)
    if not all(map(math.isfinite, (onset_s, offset_s, pitch))) or not 0.0 <= onset_s <= offset_s:
        raise UnsupportedAudioError(
            f"{where}: the onset must not be negative or after the offset, and the pitch a number."
        )
    return onset_s, offset_s, pitch
