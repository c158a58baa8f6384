"""The stage ``transcribe``: every stem of the take becomes a MIDI clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.engines.take import MIX
from bridge.engines.transcription.settings import (
    AUTO,
    DrumSettings,
    Listening,
    TranscriptionPlan,
    settle,
)
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.models import MidiClip, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.core.ports import PresetLibrary, Report
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.placement import ClipFrame
    from bridge.engines.take import Take
    from bridge.engines.transcription.notes import Note
    from bridge.models import RunOptions

RESIDUAL = "residual"
"""What the stems leave out is written but not transcribed."""

DEFAULT_TEMPO = 120.0
DEFAULT_METER = "4/4"

_TEMPO_SHARE = 0.05
_RESAMPLING_SHARE = 0.1


class TranscribeStage:
    """Writes a MIDI clip for each stem, or for the whole take if it was not separated."""

    name = "transcribe"
    takes = frozenset({"audio"})
    makes = frozenset({"clips"})
    answers = frozenset({"transcription", "quantize", "tempo", "meter", "notes"})
    share = 0.4

    def plan(
        self, options: Mapping[str, Any], request: RunOptions, presets: PresetLibrary
    ) -> dict[str, Any]:
        """Settle preset and instrument of every stem that can come.

        Parameters
        ----------
        options
            ``preset``: as the run's option ``transcription``, which wins; ``auto`` by default.
        request
            What the musician asked for.
        presets
            Where presets and instruments are.

        Raises
        ------
        PresetError
            The recipe's line, a preset or an instrument is wrong.
        BadArgumentsError
            The run's `transcription` cannot be read or names a preset that does not exist.
        """
        for key in options:
            if key != "preset":
                raise PresetError(
                    f"The stage 'transcribe' has no option '{key}', only 'preset'."
                    f"{nearest(key, ['preset'])}"
                )
        if request.transcription is not None:
            return settle(request.transcription, presets).model_dump(mode="json")
        choice = options.get("preset", AUTO)
        if not isinstance(choice, str):
            raise PresetError("The option 'preset' of the stage 'transcribe' must be a text.")
        try:
            return settle(choice, presets).model_dump(mode="json")
        except BadArgumentsError as exc:
            raise PresetError(f"The stage 'transcribe' of the recipe: {exc}") from exc

    def run(self, take: Take, plan: Mapping[str, Any], report: Report) -> None:
        """Transcribe each stem and announce its clip as soon as the file is complete.

        The stems are heard dry, before the post chains. A silent stem gets an empty clip, so that
        every stem has its track. Tempo and meter are settled for the take if nothing did before.

        Raises
        ------
        ModelUnavailableError
            The network's file is not installed.
        EngineFailedError
            A library failed.
        DiskFullError, ForbiddenPathError
            A clip cannot be written.
        """
        settled = TranscriptionPlan.model_validate(dict(plan))
        stems = {
            name: buffer for name, buffer in (take.dry or take.stems).items() if name != RESIDUAL
        }
        for name in settled.named:
            if name not in stems:
                report.warning(
                    "unknown_stem",
                    f"The transcription names the stem '{name}', but the stems are "
                    f"{', '.join(stems)}.{nearest(name, stems)}",
                )
        report.progress(0.0, "tempo")
        take.timing = take.timing or _timing(take, report)
        frame = _frame(take, take.timing)
        for index, (name, buffer) in enumerate(stems.items()):

            def progress(fraction: float, index: int = index, name: str = name) -> None:
                done = (index + fraction) / len(stems)
                report.progress(_TEMPO_SHARE + (1.0 - _TEMPO_SHARE) * done, name)

            listening = settled.by_stem.get(name, settled.otherwise)
            notes = _hear(take, buffer, index, listening, progress)
            report.midi(_write(take, name, notes, listening, frame))
        report.progress(1.0)


def _timing(take: Take, report: Report) -> Timing:
    """Return tempo and meter as the DAW said them, or as they can be heard."""
    from bridge.engines.tempo import estimate_tempo

    options = take.order.job.options
    meter = options.meter or DEFAULT_METER
    meter_from: Any = "host" if options.meter else "default"
    if options.tempo:
        return Timing(tempo=options.tempo, meter=meter, tempo_from="host", meter_from=meter_from)
    heard = estimate_tempo(take.original)
    if heard is None:
        report.warning(
            "no_tempo",
            f"No tempo was given and none could be heard, so the clips are written at "
            f"{DEFAULT_TEMPO:g}. Set the option 'tempo' to the project's.",
        )
    return Timing(
        tempo=heard.tempo if heard else DEFAULT_TEMPO,
        meter=meter,
        tempo_from="estimated" if heard else "default",
        meter_from=meter_from,
    )


def _hear(
    take: Take,
    buffer: DiskBuffer,
    index: int,
    listening: Listening,
    progress: Callable[[float], None],
) -> list[Note]:
    """Transcribe one stem at the rate that its engine listens at."""
    from bridge.engines.resampling import resample
    from bridge.engines.transcription import drums, pitched, posteriors

    def resampled(fraction: float) -> None:
        progress(_RESAMPLING_SHARE * fraction)

    def heard(fraction: float) -> None:
        progress(_RESAMPLING_SHARE + (1.0 - _RESAMPLING_SHARE) * fraction)

    settings = listening.settings
    percussive = isinstance(settings, DrumSettings)
    rate = drums.SAMPLE_RATE if percussive else posteriors.SAMPLE_RATE
    path = take.work_folder / f"transcribe-{index}.f32"
    resampled_buffer = resample(buffer, rate, path, progress=resampled)
    try:
        if isinstance(settings, DrumSettings):
            return drums.hear_drums(resampled_buffer, drums.kit(settings), heard)
        return pitched.hear_notes(resampled_buffer, settings, heard)
    finally:
        path.unlink(missing_ok=True)


def _write(
    take: Take,
    name: str,
    notes: list[Note],
    listening: Listening,
    frame: ClipFrame,
) -> MidiClip:
    """Write one clip beside the stems."""
    from bridge.engines.midi import clip_notes, write_clip
    from bridge.engines.naming import finished, result_path
    from bridge.engines.placement import place

    placed = place(notes, frame)
    track_name = _track_name(take, name)
    path = result_path(take, name, ".mid")
    with finished(path) as temporary:
        write_clip(temporary, placed, frame, listening.instrument, track_name)
    return MidiClip(
        stem=name,
        path=str(path),
        notes=clip_notes(placed, listening.instrument),
        tempo=frame.tempo,
        track_name=track_name,
        instrument_role=listening.instrument.role,
    )


def _frame(take: Take, timing: Timing) -> ClipFrame:
    from bridge.engines.placement import ClipFrame

    options = take.order.job.options
    return ClipFrame(
        duration_s=take.original.duration_s,
        tempo=timing.tempo,
        meter=timing.meter,
        position_s=options.position,
        quantize=options.quantize,
    )


def _track_name(take: Take, stem: str) -> str:
    """Return the source track's name with the stem's; the source's own if it was not separated."""
    track = take.order.job.options.track
    if stem == MIX:
        return track or Path(take.source.path).stem
    return f"{track} {stem}" if track else stem
