"""What came of a job, gathered from its events and printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from bridge.cli import CANCELLED, DONE, FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.osc.codec import Message

_STEM = ("stem", "path", "seconds", "sample_rate", "peak_dbfs")
_CLIPS_FILE = ("path", "clips", "notes")
_TIMING = ("tempo", "tempo_from", "tempo_confidence", "meter", "meter_from", "meter_confidence",
           "key", "key_confidence", "downbeat", "tempo_changes")  # fmt: skip
_CLIP = ("stem", "path", "notes", "tempo", "track", "instrument")


@dataclass
class Outcome:
    """What came of a job, gathered from its events."""

    job: str
    status: int = FAILED
    stems: list[dict[str, Any]] = field(default_factory=list)
    clips: list[dict[str, Any]] = field(default_factory=list)
    clips_file: dict[str, Any] | None = None
    timing: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    manifest: str | None = None
    seconds: float | None = None
    error: dict[str, str] | None = None

    def take(self, message: Message) -> None:
        """Add an event."""
        _, *rest = message.arguments
        kind = message.address.rpartition("/")[2]
        if kind == "stem":
            self.stems.append(dict(zip(_STEM, rest, strict=True)))
        elif kind == "midi":
            self.clips.append(dict(zip(_CLIP, rest, strict=True)))
        elif kind == "clips":
            self.clips_file = dict(zip(_CLIPS_FILE, rest, strict=True))
        elif kind == "timing":
            self.timing = dict(zip(_TIMING, rest, strict=True))
        elif kind == "warning":
            self.warnings.append(dict(zip(("code", "message"), rest, strict=True)))
        elif kind == "done":
            self.status, (self.manifest, self.seconds) = DONE, rest
        elif kind == "failed":
            self.error = dict(zip(("code", "message"), rest, strict=True))
        elif kind == "cancelled":
            self.status = CANCELLED


def show(outcome: Outcome, scores_db: Mapping[str, float] = MappingProxyType({})) -> None:
    """Print what came back, beside how near each stem is to the true one where that is known."""
    console, errors = Console(), Console(stderr=True)
    for warning in outcome.warnings:
        errors.print(f"note: {warning['message']}", highlight=False, markup=False, soft_wrap=True)
    if outcome.error is not None:
        sentence = f"{outcome.error['message']} [{outcome.error['code']}]"
        errors.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if outcome.status == CANCELLED:
        errors.print("cancelled")
    if outcome.status == DONE:
        console.print(_table(outcome, scores_db))
        folders = {str(PurePath(part["path"]).parent) for part in (*outcome.stems, *outcome.clips)}
        said = [_timing_line(outcome.timing)] if outcome.timing else []
        for line in (*said, f"{outcome.seconds:.1f} s", *sorted(folders)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _timing_line(timing: Mapping[str, Any]) -> str:
    """Return tempo, meter and key, each estimate with how sure it is."""
    tempo = f"{timing['tempo']:.6g} quarter notes a minute"
    if timing["tempo_changes"]:
        tempo = f"about {timing['tempo']:.4g} quarter notes a minute, drifting"
    parts = [(tempo, "tempo"), (timing["meter"], "meter"), (timing["key"], "key")]
    return ", ".join(
        text if timing[f"{name}_confidence"] < 0 else f"{text} ({timing[f'{name}_confidence']:.0%})"
        for text, name in parts
        if text
    )


def _table(outcome: Outcome, scores_db: Mapping[str, float]) -> Table:
    """Return one row for each stem: level, score if it is known, notes, files."""
    table = Table("stem", "level", *(["SDR"] if scores_db else []), "notes", "files")
    clips = {clip["stem"]: clip for clip in outcome.clips}
    audio = {stem["stem"]: stem for stem in outcome.stems}
    for name in dict.fromkeys([*audio, *clips]):
        stem, clip = audio.get(name), clips.get(name)
        cells = [name, f"{stem['peak_dbfs']:.1f} dBFS" if stem else ""]
        if scores_db:
            cells.append(f"{scores_db[name]:.1f} dB" if name in scores_db else "")
        cells += [str(clip["notes"]) if clip else "", _files(stem, clip)]
        table.add_row(*cells)
    return table


def _files(*parts: dict[str, Any] | None) -> str:
    """Return the files' names, the second only by its ending where the rest is the same."""
    paths = [PurePath(part["path"]) for part in parts if part]
    if len({path.stem for path in paths}) > 1:
        return ", ".join(path.name for path in paths)
    return ", ".join([paths[0].name, *(path.suffix for path in paths[1:])])
