"""A finished job's results, as its manifest lists them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from .errors import BridgeError
from .jobs import Clip, Job, Stem


class TempoChange(NamedTuple):
    """A tempo from a moment on: seconds and quarter notes from the region's beginning."""

    time_s: float
    quarters: float
    tempo: float


class Results(NamedTuple):
    """What a job made.

    Attributes
    ----------
    stems, clips
        In the order of the stems.
    tempo
        Of the clips, quarter notes a minute.
    changes
        For clips whose tempo drifts; none if it is steady.
    """

    stems: list[Stem]
    clips: list[Clip]
    tempo: float
    changes: list[TempoChange]

    def seconds(self, quarters: float) -> float:
        """Return when a place of a clip sounds, from the region's beginning."""
        latest = TempoChange(0.0, 0.0, self.tempo)
        for change in self.changes:
            if change.quarters > quarters:
                break
            latest = change
        return latest.time_s + (quarters - latest.quarters) * 60.0 / latest.tempo


def read(job: Job) -> Results:
    """Return a job's results; events may have been lost, the manifest holds them all.

    Raises
    ------
    BridgeError
        The manifest cannot be read.
    """
    try:
        table = json.loads(Path(job.manifest).read_text(encoding="utf-8"))
        stems = [_stem(each) for each in table["stems"]]
        clips = [_clip(each, table["timing"]["tempo"]) for each in table["clips"]]
        timing = table["timing"]
        changes = [
            TempoChange(each["time_s"], each["quarters"], each["tempo"])
            for each in timing["tempo_map"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BridgeError(f"its manifest {job.manifest} cannot be read: {fault}") from fault
    return Results(stems, clips, timing["tempo"], changes)


def _stem(table: dict[str, Any]) -> Stem:
    return Stem(table["name"], table["path"], table["frames"] / table["sample_rate"])


def _clip(table: dict[str, Any], tempo: float) -> Clip:
    return Clip(
        table["stem"],
        table["path"],
        tempo,
        table["track_name"],
        table["instrument_role"],
        table.get("color"),
    )
