"""Clips of a take: their tempo and meter, their place in the project, and their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.take import MIX
from bridge.models import ClipsFile, MidiClip, TempoChange, Timing

if TYPE_CHECKING:
    from bridge.core.ports import Report
    from bridge.engines.midi import ClipTrack
    from bridge.engines.placement import ClipFrame
    from bridge.engines.take import Take
    from bridge.engines.timing.hearing import HeardTempo
    from bridge.engines.transcription.notes import Note
    from bridge.engines.transcription.settings import Listening
    from bridge.models import RunOptions

DEFAULT_TEMPO = 120.0
DEFAULT_METER = "4/4"

ALL = "all"
"""What stands for a stem's name in the name of the file with all clips."""

MIN_SIGNATURE_CONFIDENCE = 0.5
"""How sure a key must be for a key signature; the manifest says it anyway."""


@dataclass
class ClipWriter:
    """Writes a take's clips one by one, and at last all of them into one file.

    Parameters
    ----------
    take, report
        Whose clips, and who is told.
    frame
        Where they lie.
    """

    take: Take
    report: Report
    frame: ClipFrame
    _tracks: list[ClipTrack] = field(default_factory=list)

    @classmethod
    def begin(cls, take: Take, report: Report) -> ClipWriter:
        """Settle the take's tempo, meter and key if nothing did before, and say them.

        Raises
        ------
        EngineFailedError
            A library failed.
        """
        take.timing = take.timing or timing(take, report)
        report.timing(take.timing)
        options = take.order.job.options
        if options.swing and options.quantize.endswith("t"):
            report.warning(
                "ignored_option",
                f"Triplets do not swing, so 'swing' has no use with the grid {options.quantize}; "
                f"it was ignored.",
            )
        return cls(take, report, frame(take, take.timing))

    def write(self, stem: str, notes: list[Note], listening: Listening) -> None:
        """Write a stem's clip beside its audio and announce it.

        Raises
        ------
        DiskFullError, ForbiddenPathError
            The clip cannot be written.
        """
        from bridge.engines.midi import ClipTrack, clip_notes
        from bridge.engines.placement import place

        track = ClipTrack(
            track_name(self.take, stem),
            place(notes, self.frame),
            listening.instrument,
            self.take.order.job.options.mpe,
        )
        path = self._write_file(stem, [track])
        self._tracks.append(track)
        self.report.midi(
            MidiClip(
                stem=stem,
                path=str(path),
                notes=clip_notes(track),
                tempo=self.frame.tempo,
                track_name=track.name,
                instrument_role=listening.instrument.role,
                color=listening.instrument.color,
            )
        )

    def finish(self) -> None:
        """Write the file with all clips, if there are several, and announce it.

        Raises
        ------
        DiskFullError, ForbiddenPathError
            The file cannot be written.
        """
        if len(self._tracks) < 2:
            return
        path = self._write_file(ALL, self._tracks)
        count = sum(len(track.notes) for track in self._tracks)
        self.report.clips_file(
            ClipsFile(path=str(path), clip_count=len(self._tracks), note_count=count)
        )

    def _write_file(self, name: str, tracks: list[ClipTrack]) -> Path:
        from bridge.engines.midi import write_clips
        from bridge.engines.naming import finished, result_path

        assert self.take.timing is not None
        sure = (self.take.timing.key_confidence or 0.0) >= MIN_SIGNATURE_CONFIDENCE
        key = self.take.timing.key if sure else None
        path = result_path(self.take, name, ".mid")
        with finished(path) as temporary:
            write_clips(temporary, tracks, self.frame, key)
        return path


def timing(take: Take, report: Report) -> Timing:
    """Return tempo and meter as the DAW said them, or as they can be heard; the key is heard.

    Raises
    ------
    EngineFailedError
        A library failed.
    """
    from bridge.engines.timing.hearing import hear

    options = take.order.job.options
    heard = hear(take.original, tempo=options.tempo, meter=options.meter)
    if heard.tempo is None and options.tempo is None:
        report.warning(
            "no_tempo",
            f"No tempo was given and none could be heard, so the clips are written at "
            f"{DEFAULT_TEMPO:g}. Set the option 'tempo' to the project's.",
        )
    said = _said(options)
    found = _found(heard.tempo, options) if heard.tempo else {}
    key = {"key": heard.key.name, "key_confidence": heard.key.confidence} if heard.key else {}
    return Timing.model_validate({**said, **found, **key})


def _said(options: RunOptions) -> dict[str, object]:
    """Return what the DAW says, and the defaults for what it does not."""
    return {
        "tempo": options.tempo or DEFAULT_TEMPO,
        "tempo_from": "host" if options.tempo else "default",
        "meter": options.meter or DEFAULT_METER,
        "meter_from": "host" if options.meter else "default",
    }


def _found(heard: HeardTempo, options: RunOptions) -> dict[str, object]:
    """Return what was heard and the DAW did not say."""
    found: dict[str, object] = {"downbeat_s": heard.downbeat_s}
    if options.tempo is None:
        found |= {
            "tempo": heard.tempo,
            "tempo_from": "estimated",
            "tempo_confidence": heard.confidence,
            "tempo_map": tuple(
                TempoChange(time_s=change.time_s, quarters=change.quarters, tempo=change.tempo)
                for change in heard.changes
            ),
        }
    if options.meter is None and heard.meter is not None:
        found |= {
            "meter": heard.meter,
            "meter_from": "estimated",
            "meter_confidence": heard.meter_confidence,
        }
    return found


def frame(take: Take, settled: Timing) -> ClipFrame:
    """Return where the take's clips lie in the project."""
    from bridge.engines.placement import ClipFrame

    options = take.order.job.options
    heard = settled.tempo_from == "estimated"
    return ClipFrame(
        duration_s=take.original.duration_s,
        tempo=settled.tempo,
        meter=settled.meter,
        position_s=options.position,
        quantize=options.quantize,
        strength=options.quantize_strength,
        swing=options.swing,
        changes=settled.tempo_map,
        downbeat_s=settled.downbeat_s if heard else None,
        whole_bars=options.bars,
    )


def track_name(take: Take, stem: str) -> str:
    """Return the source track's name with the stem's; the source's own if it was not separated."""
    track = take.order.job.options.track
    if stem == MIX:
        return track or Path(take.source.path).stem
    return f"{track} {stem}" if track else stem
