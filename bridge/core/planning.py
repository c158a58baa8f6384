"""From a recipe and the musician's options to stages with everything settled."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from bridge import __version__
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.models import Job, PlannedStage, Recipe, RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.core.ports import PresetLibrary, StageKind

GENERAL_OPTIONS = frozenset(
    {
        "output",
        "tempo",
        "meter",
        "position",
        "track",
        "rate",
        "format",
        "bitrate",
        "device",
        "notes",
        "reuse",
        "quantize",
        "quantize_strength",
        "swing",
        "bars",
        "mpe",
    }
)
"""Options that a DAW sends with every run, so that no recipe is wrong for not needing them."""

FIRST_MATERIAL = "audio"
"""What every recipe starts with: the region."""

STEMS, CLIPS, FILES = "stems", "clips", "files"
"""Materials that the core itself looks for; see `ports.StageKind.makes`."""


def plan(
    recipe: Recipe,
    options: RunOptions,
    kinds: Mapping[str, StageKind],
    presets: PresetLibrary,
) -> tuple[tuple[PlannedStage, ...], frozenset[str]]:
    """Settle what every stage of a recipe will do.

    Returns
    -------
    stages
        In the recipe's order.
    ignored
        Options that were given but that no stage of this recipe obeys.

    Raises
    ------
    PresetError
        The recipe names an unknown kind of stage, or a stage lacks what it works on.
    BridgeError
        Whatever a stage finds wrong with the options.
    """
    materials = {FIRST_MATERIAL}
    obeyed: set[str] = set(GENERAL_OPTIONS)
    stages = []
    for number, spec in enumerate(recipe.stages, start=1):
        where = f"Recipe '{recipe.name}', stage {number}"
        kind = kinds.get(spec.kind)
        if kind is None:
            raise PresetError(
                f"{where}: there is no kind of stage '{spec.kind}'.{nearest(spec.kind, kinds)}"
            )
        missing = kind.takes - materials
        if missing:
            raise PresetError(
                f"{where}: '{spec.kind}' needs {', '.join(missing)} from a stage before."
            )
        stages.append(PlannedStage(kind=spec.kind, plan=kind.plan(spec.options, options, presets)))
        materials |= kind.makes
        obeyed |= kind.answers
    return tuple(stages), frozenset(options.model_fields_set - obeyed)


def without_clips(recipe: Recipe, kinds: Mapping[str, StageKind]) -> Recipe:
    """Return a recipe without the stages that make MIDI clips.

    Raises
    ------
    BadArgumentsError
        What is left makes no files.
    """
    kept = tuple(
        spec
        for spec in recipe.stages
        if spec.kind not in kinds or CLIPS not in kinds[spec.kind].makes
    )
    if not any(spec.kind in kinds and FILES in kinds[spec.kind].makes for spec in kept):
        raise BadArgumentsError(
            f"The recipe '{recipe.name}' makes no audio that a knob could change. Name another "
            "job, or run a recipe that makes audio first."
        )
    return recipe.model_copy(update={"stages": kept})


def stems_key(job: Job, stages: int, content_hash: str) -> str:
    """Return what two jobs share if and only if they separate into the same stems.

    Parameters
    ----------
    job
        Whose.
    stages
        How many of its stages it takes until there are stems.
    content_hash
        Of the audio that was read.
    """
    basis = {
        "content": content_hash,
        "stages": [stage.model_dump(mode="json") for stage in job.stages[:stages]],
        "rate": job.options.rate,
        "device": job.device,
        "version": __version__,
    }
    return _digest(basis)


def result_key(job: Job, content_hash: str) -> str:
    """Return what two jobs share if and only if they give the same files.

    It covers the audio's content, every stage with the content of its presets, the options that
    shape the files, and the program's version; not where the files go.
    """
    shaping = job.options.model_dump(mode="json", exclude={"output", "reuse", "notes"})
    basis = {
        "content": content_hash,
        "stages": [stage.model_dump(mode="json") for stage in job.stages],
        "options": shaping,
        "device": job.device,
        "version": __version__,
    }
    return _digest(basis)


def _digest(basis: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()
