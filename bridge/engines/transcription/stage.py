"""The stage ``transcribe``: every stem of the take becomes a MIDI clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.engines.transcription.clips import ClipWriter
from bridge.engines.transcription.settings import (
    AUTO,
    DrumSettings,
    Listening,
    NetworkSettings,
    TranscriptionPlan,
    settle,
)
from bridge.errors import BadArgumentsError, PresetError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.core.ports import PresetLibrary, Report
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.take import Take
    from bridge.engines.transcription.notes import Note
    from bridge.models import RunOptions

RESIDUAL = "residual"
"""What the stems leave out is written but not transcribed."""

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
        clips = ClipWriter.begin(take, report)
        for index, (name, buffer) in enumerate(stems.items()):

            def progress(fraction: float, index: int = index, name: str = name) -> None:
                done = (index + fraction) / len(stems)
                report.progress(_TEMPO_SHARE + (1.0 - _TEMPO_SHARE) * done, name)

            listening = settled.by_stem.get(name, settled.otherwise)
            notes = _hear(take, buffer, index, listening, progress)
            clips.write(name, notes, listening)
        clips.finish()
        report.progress(1.0)


def _hear(
    take: Take,
    buffer: DiskBuffer,
    index: int,
    listening: Listening,
    progress: Callable[[float], None],
) -> list[Note]:
    """Transcribe one stem at the rate that its engine listens at."""
    from bridge.engines.resampling import resample
    from bridge.engines.transcription import drums, network, pitched, upstream
    from bridge.engines.transcription.posterior_store import PosteriorStore

    def resampled(fraction: float) -> None:
        progress(_RESAMPLING_SHARE * fraction)

    def heard(fraction: float) -> None:
        progress(_RESAMPLING_SHARE + (1.0 - _RESAMPLING_SHARE) * fraction)

    settings = listening.settings
    if isinstance(settings, NetworkSettings) and settings.decoder == "upstream":
        return upstream.hear_as_upstream(buffer, settings, progress)
    rate = drums.SAMPLE_RATE if isinstance(settings, DrumSettings) else network.SAMPLE_RATE
    path = take.work_folder / f"transcribe-{index}.f32"
    resampled_buffer = resample(buffer, rate, path, progress=resampled)
    try:
        if isinstance(settings, DrumSettings):
            return drums.hear_drums(resampled_buffer, settings, heard)
        job = take.order.job
        store = PosteriorStore(Path(job.folder), recalls=job.options.reuse)
        return pitched.hear_notes(resampled_buffer, settings, heard, store)
    finally:
        path.unlink(missing_ok=True)
