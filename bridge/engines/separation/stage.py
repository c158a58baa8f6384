"""The stage ``separate``: the mix of a take becomes stems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.engines.separation import catalogue
from bridge.engines.separation.plan import (
    RESIDUAL,
    REST,
    SeparationPlan,
    check_stems,
    settle,
)
from bridge.engines.take import MIX
from bridge.errors import OutOfMemoryError, PresetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bridge.core.ports import PresetLibrary, Report
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.separation.choice import Choice
    from bridge.engines.separation.window_model import Bag
    from bridge.engines.take import Take
    from bridge.models import RunOptions

_RESAMPLING_SHARE = 0.03
_SUBTRACTION_SHARE = 0.02


@dataclass
class SeparateStage:
    """Separates the mix into stems with a model of the catalogue.

    Parameters
    ----------
    models_folder, allow_pickle
        The settings that `plan` knows the musician's own models by; `run` has them from the
        work order.
    """

    models_folder: Path | None = None
    allow_pickle: bool = False
    name = "separate"
    takes = frozenset({"audio"})
    makes = frozenset({"stems"})
    answers = frozenset({"model", "stems", "quality", "residual", "shifts", "overlap", "device"})
    share = 1.0
    _choice: Choice | None = None

    def plan(
        self,
        options: Mapping[str, Any],
        request: RunOptions,
        presets: PresetLibrary,  # noqa: ARG002 - every stage is asked the same way
    ) -> dict[str, Any]:
        """Settle model, stems, windows, precision and residual.

        Raises
        ------
        PresetError
            The recipe's line has an unknown option or a wrong value.
        UnknownModelError, ModelUnavailableError
            There is no such model, or it is a pickle that is not allowed.
        BadArgumentsError
            The stems are not understood, or the model does not have them.
        """
        plan = settle(options, request)
        stems: tuple[str, ...] = catalogue.FOUR_STEMS
        if plan.model != catalogue.AUTO:
            found = catalogue.find(plan.model, self.models_folder, allow_pickle=self.allow_pickle)
            stems = found.stems
        if stems:  # a pickle's are not known before it is loaded
            check_stems(plan, stems, plan.model)
        return plan.model_dump(mode="json")

    def run(self, take: Take, plan: Mapping[str, Any], report: Report) -> None:
        """Replace the mix by its stems, each of the take's length and rate.

        Mono stays mono and stereo stays stereo.

        Raises
        ------
        ModelUnavailableError
            The model's weights are not here and cannot be fetched, or cannot be used.
        OutOfMemoryError, EngineFailedError
            The model failed.
        DiskFullError
            There is no room for the stems.
        """
        from bridge.engines.disk import disk_faults
        from bridge.engines.separation.choice import Choice

        settled = SeparationPlan.model_validate(dict(plan))
        if MIX not in take.stems:
            raise PresetError("The recipe separates twice; only a mix can be separated.")
        if self._choice is None:
            self._choice = Choice()
        try:
            take.model, bag = self._choice.choose(
                settled.model, take.order, take.stems[MIX], report
            )
            check_stems(settled, bag.stems, take.model)
            take.device = bag.device
            with disk_faults(take.work_folder / "stems"):
                _separate(take, settled, bag, report)
        except OutOfMemoryError:
            self._choice.warm.clear()  # so that the next job finds room
            raise
        report.progress(1.0)


def _separate(take: Take, plan: SeparationPlan, bag: Bag, report: Report) -> None:
    from bridge.engines.disk import need_space
    from bridge.engines.separation.demucs_model import lean
    from bridge.engines.separation.subtraction import subtract

    mix, folder = take.stems[MIX], take.work_folder
    outputs, is_rest_subtracted = _outputs(plan, bag)
    if not plan.full_precision:
        bag = lean(bag, {stem for stems in outputs.values() for stem in stems})
    take.precision = bag.precision
    subtractions = plan.residual + is_rest_subtracted
    buffers = len(outputs) + subtractions + (mix.sample_rate != bag.sample_rate)
    need_space(folder, 4 * buffers * mix.frames * mix.channels)
    done = 1.0 - _SUBTRACTION_SHARE * subtractions

    def progress(begin: float, end: float, fraction: float) -> None:
        report.progress(done * (begin + (end - begin) * fraction))

    stems = _at_models_rate(mix, bag, outputs, plan, folder=folder, progress=progress)

    def left_over(name: str, whole: DiskBuffer) -> None:
        stems[name] = subtract(
            whole, stems.values(), folder / f"stem-{name}.f32", lambda _: report.progress(done)
        )

    if is_rest_subtracted:
        left_over(REST, mix)
    if plan.without_named:
        stems = {REST: stems[REST]}
    take.dry = dict(stems)
    if plan.residual:
        left_over(RESIDUAL, take.original)
    take.stems = stems
    if mix.path != take.original.path:
        mix.path.unlink()


def _outputs(plan: SeparationPlan, bag: Bag) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Return the wanted outputs as sums of stems, and whether the rest is to be subtracted.

    The rest is the sum of the stems that are not named. Where models of the bag would have to
    run for it alone, it is the mix less the named stems instead: with `htdemucs_ft` that is a
    quarter of the work.
    """
    named = plan.stems or bag.stems
    outputs: dict[str, tuple[str, ...]] = {stem: (stem,) for stem in named}
    if not plan.rest:
        return outputs, False
    if len(bag.members_for(named)) < len(bag.members_for(bag.stems)):
        return outputs, True
    rest = {REST: tuple(stem for stem in bag.stems if stem not in named)}
    return (rest if plan.without_named else {**outputs, **rest}), False


def _at_models_rate(
    mix: DiskBuffer,
    bag: Bag,
    outputs: Mapping[str, tuple[str, ...]],
    plan: SeparationPlan,
    *,
    folder: Path,
    progress: Callable[[float, float, float], None],
) -> dict[str, DiskBuffer]:
    """Separate at the models' sample rate and bring the outputs back to the mix's.

    `progress` takes where a step begins and ends, 0…1, and how much of it is done.
    """
    from bridge.engines.resampling import resample, resampled_frames
    from bridge.engines.separation.overlap_add import separate

    begin = _RESAMPLING_SHARE if mix.sample_rate != bag.sample_rate else 0.0
    end = 1.0 - begin
    frames = max(1, resampled_frames(mix.frames, mix.sample_rate, bag.sample_rate))
    heard = resample(
        mix, bag.sample_rate, folder / "heard.f32", frames, partial(progress, 0.0, begin)
    )
    found = separate(
        bag,
        heard,
        outputs,
        folder,
        overlap=plan.overlap,
        shifts=plan.shifts,
        progress=partial(progress, begin, end),
    )
    if heard is mix:
        return found
    heard.path.unlink()
    stems = {}
    for index, (name, buffer) in enumerate(found.items()):
        share = begin / len(found)
        say = partial(progress, end + share * index, end + share * (index + 1))
        path = folder / f"stem-{index}.f32"
        stems[name] = resample(buffer, mix.sample_rate, path, mix.frames, say)
        buffer.path.unlink()
    return stems
