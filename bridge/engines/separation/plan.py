"""What a separation is told to do: the recipe's line and the run's options, settled and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from bridge.engines.separation import catalogue
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.models import Quality, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.models import RunOptions

Number = TypeVar("Number", int, float)

REST = "rest"
"""The stem that holds everything that was not named."""

WITHOUT = "-"
"""Before names of stems: everything but them, in one."""

RESIDUAL = "residual"
"""The stem that holds what the written stems leave out of the source."""


@dataclass(frozen=True)
class Effort:
    """What a quality settles where the recipe and the run do not.

    Parameters
    ----------
    overlap, shifts
        Of the windows; see `overlap_add.separate`.
    full_precision
        Whether the models multiply in float32 also where half of it is quicker.
    auto_model
        What the model `auto` means.
    """

    overlap: float
    shifts: int
    full_precision: bool
    auto_model: str = catalogue.AUTO


EFFORTS: dict[Quality, Effort] = {
    "draft": Effort(0.1, 0, full_precision=False, auto_model=catalogue.BUILT_INS[0].name),
    "normal": Effort(0.25, 0, full_precision=False),
    "best": Effort(0.5, 0, full_precision=True),
}


class RecipeLine(Value):
    """The options of the stage in a recipe."""

    model_config = ConfigDict(strict=True)

    model: str = "auto"
    stems: str = ""
    quality: Quality = "normal"
    shifts: int | None = Field(default=None, ge=0, le=20)
    overlap: float | None = Field(default=None, ge=0.0, le=0.95)
    residual: bool = False


class SeparationPlan(Value):
    """Everything settled.

    `stems` are the named ones; none means all. `rest` asks for the others in one, and
    `without_named` for nothing but them.
    """

    model: str
    stems: tuple[str, ...]
    rest: bool
    without_named: bool = False
    shifts: int
    overlap: float
    full_precision: bool
    residual: bool


def settle(options: Mapping[str, Any], request: RunOptions) -> SeparationPlan:
    """Settle a plan; the run's options win over the recipe's.

    Raises
    ------
    PresetError
        If the recipe's line has an unknown option or a value out of range.
    BadArgumentsError
        If the stems are not written as the contract says.
    """
    for name in options:
        if name not in RecipeLine.model_fields:
            raise PresetError(
                f"The stage 'separate' has no option '{name}'."
                f"{nearest(name, RecipeLine.model_fields)} "
                f"It has {', '.join(RecipeLine.model_fields)}."
            )
    try:
        line = RecipeLine.model_validate(dict(options))
    except ValidationError as exc:
        faults = "; ".join(f"{error['loc'][0]}: {error['msg']}" for error in exc.errors())
        raise PresetError(f"The stage 'separate' has a wrong option: {faults}.") from exc
    text = line.stems if request.stems is None else request.stems
    without_named = text.strip().startswith(WITHOUT)
    stems, rest = parse_stems(text)
    effort = EFFORTS[request.quality or line.quality]
    model = line.model if request.model is None else request.model
    return SeparationPlan(
        model=effort.auto_model if model == catalogue.AUTO else model,
        stems=stems,
        rest=rest,
        without_named=without_named,
        shifts=_first(request.shifts, line.shifts, effort.shifts),
        overlap=_first(request.overlap, line.overlap, effort.overlap),
        full_precision=effort.full_precision,
        residual=line.residual or request.residual,
    )


def _first(asked: Number | None, recipes: Number | None, otherwise: Number) -> Number:
    """Return what the run asks for, else the recipe, else the quality."""
    return next(value for value in (asked, recipes, otherwise) if value is not None)


def parse_stems(text: str) -> tuple[tuple[str, ...], bool]:
    """Read ``"vocals,drums"``, ``"vocals+rest"`` or ``"-vocals"``.

    Returns
    -------
    stems : tuple of str
        The named stems in order, each once; none for an empty text, which asks for all.
    rest : bool
        Whether everything else is asked for in one.

    Raises
    ------
    BadArgumentsError
        If it is written otherwise.
    """
    text = text.strip()
    if not text:
        return (), False
    if text.startswith(WITHOUT):
        text = f"{text.removeprefix(WITHOUT)}+{REST}"
    named, plus, rest = (part.strip() for part in text.partition("+"))
    stems = tuple(dict.fromkeys(name.strip() for name in named.split(",")))
    if (plus and rest != REST) or "" in stems:
        raise BadArgumentsError(
            f"The stems '{text}' are not understood. Write names with commas, as in "
            "'vocals,drums', 'vocals+rest' for the vocals and everything else in one, or "
            "'-vocals' for everything but the vocals."
        )
    return stems, bool(plus)


def check_stems(plan: SeparationPlan, available: Sequence[str], model: str) -> None:
    """Check that a model has the stems that are asked for.

    Raises
    ------
    BadArgumentsError
        If it lacks one, or has no further one for the rest.
    """
    for name in plan.stems:
        if name not in available:
            raise BadArgumentsError(
                f"The model {model} has no stem '{name}'.{nearest(name, available)} "
                f"It has {', '.join(available)}."
            )
    if plan.rest and set(plan.stems) == set(available):
        raise BadArgumentsError(
            f"All stems of the model {model} are named, so nothing is left for 'rest'."
        )
