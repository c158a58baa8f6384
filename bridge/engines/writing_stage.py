"""The stage ``write``: every stem of the take becomes a file of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.engines import mp3
from bridge.errors import BadArgumentsError, PresetError
from bridge.models import AudioFormat, SampleRate, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.core.ports import PresetLibrary, Report
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.take import Take
    from bridge.models import RunOptions


class WritePlan(Value):
    """What is written."""

    format: AudioFormat
    bitrate: int
    rate: SampleRate | None
    position_s: float


class WriteStage:
    """Writes the take's stems, or its mix if it was not separated."""

    name = "write"
    takes = frozenset({"audio"})
    makes = frozenset({"files"})
    answers = frozenset({"format", "bitrate", "rate", "position", "output", "track"})
    share = 0.05

    def plan(
        self,
        options: Mapping[str, Any],
        request: RunOptions,
        presets: PresetLibrary,  # noqa: ARG002 - every stage is asked the same way
    ) -> dict[str, Any]:
        """Settle format, bitrate, rate and position.

        Raises
        ------
        PresetError
            The recipe sets something here; all choices are the run's.
        BadArgumentsError
            A bitrate that MP3 does not have, or that loses the alignment.
        """
        if options:
            raise PresetError(
                f"The stage 'write' has no options of its own, but the recipe sets "
                f"{', '.join(sorted(options))}. Format, bitrate and rate are options of the run."
            )
        if request.format is AudioFormat.MP3 and request.bitrate not in mp3.BITRATES:
            near = min(mp3.BITRATES, key=lambda known: abs(known - request.bitrate))
            raise BadArgumentsError(
                f"MP3 files are not written at {request.bitrate} kbit/s. The nearest is {near}."
            )
        plan = WritePlan(
            format=request.format,
            bitrate=request.bitrate,
            rate=request.rate,
            position_s=request.position,
        )
        return plan.model_dump(mode="json")

    def run(self, take: Take, plan: Mapping[str, Any], report: Report) -> None:
        """Write each stem and announce it as soon as its file is complete.

        Raises
        ------
        DiskFullError, ForbiddenPathError
            A file cannot be written.
        EngineFailedError
            An encoder refused.
        """
        settled = WritePlan.model_validate(dict(plan))
        _say_rate(take, settled, report)
        for index in range(len(take.stems)):
            _write_stem(take, settled, report, index)
        report.progress(1.0)


def _write_stem(take: Take, plan: WritePlan, report: Report, index: int) -> None:
    """Write the stem at this place of the take and announce it."""
    from bridge.engines.naming import finished, result_path
    from bridge.engines.resampling import resample
    from bridge.engines.writing import write_audio
    from bridge.models import Stem

    name, buffer = list(take.stems.items())[index]

    def progress(fraction: float) -> None:
        report.progress((index + fraction) / len(take.stems), name)

    buffer = resample(
        buffer,
        _result_rate(plan, buffer),
        take.work_folder / f"write-{index}.f32",
        progress=lambda _: progress(0.0),
    )
    path = result_path(take, name, plan.format.suffix)
    with finished(path) as temporary:
        measures = write_audio(
            buffer,
            temporary,
            plan.format,
            position_s=plan.position_s,
            bitrate=plan.bitrate,
            description=name,
            created_at=take.order.job.created_at,
            progress=progress,
        )
    if measures.clipped:
        report.warning(
            "clipped_output",
            f"'{name}' peaks at {measures.peak_dbfs:+.1f} dBFS and was clipped by "
            f"{plan.format.value}. Use wav32f to keep it, or lower the source.",
        )
    report.stem(
        Stem(
            name=name,
            path=str(path),
            frames=buffer.frames,
            sample_rate=buffer.sample_rate,
            channels=buffer.channels,
            peak_dbfs=measures.peak_dbfs,
            loudness_lufs=measures.loudness_lufs,
            silent=measures.silent,
        )
    )


def _result_rate(plan: WritePlan, buffer: DiskBuffer) -> int:
    """Return the rate in Hz that was asked for and that the format can hold."""
    rate = plan.rate or buffer.sample_rate
    return mp3.nearest_sample_rate(rate) if plan.format is AudioFormat.MP3 else rate


def _say_rate(take: Take, plan: WritePlan, report: Report) -> None:
    """Warn if the files cannot have the rate that they should."""
    buffer = next(iter(take.stems.values()))
    wanted, result = plan.rate or buffer.sample_rate, _result_rate(plan, buffer)
    if wanted != result:
        report.warning("mp3_rate", f"MP3 cannot hold {wanted} Hz; the files have {result} Hz.")
