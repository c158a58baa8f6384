"""What a controller shows: the recipes, choices and knobs of the very daemon that it talks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bridge.core.knobs import WHOLE_CHAIN, KnobBoard, row_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from bridge.core.knobs import ShownKnob
    from bridge.core.ports import KnobTable
    from bridge.core.presets import Presets
    from bridge.models import ModelInfo

DEFAULT = "default"
"""The value that takes an option back."""

HELLO_INTERVAL_S = 60
"""How often controllers say hello: within the daemon's ten minutes, and soon after it starts."""


@dataclass(frozen=True)
class SurfaceKnob:
    """One knob of an effect chain.

    Parameters
    ----------
    chain, place, name
        Which, as its address has it.
    effect
        What it belongs to, such as ``Compressor``; ``Chain`` for the chain's own.
    kind
        A number has a fader, a switch two states, a choice its texts.
    choices
        The texts of a choice.
    fader
        Where a fader stands for its present value, 0…1.
    """

    chain: str
    place: str
    name: str
    effect: str
    kind: Literal["number", "switch", "choice"]
    choices: tuple[str, ...]
    fader: float

    @property
    def address(self) -> str:
        """Where it is turned by its value; with ``/fader`` behind it by 0…1."""
        return f"/bridge/chain/{self.chain}/{self.place}/{self.name}"


@dataclass(frozen=True)
class Choice:
    """An option with the values that a controller offers; the first takes it back."""

    option: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Surface:
    """Everything that a controller shows.

    Parameters
    ----------
    host, port
        Where the daemon listens.
    recipes
        Their names.
    choices
        Model, stems and chain of the next runs.
    chains
        The knobs of every chain by its name.
    """

    host: str
    port: int
    recipes: tuple[str, ...]
    choices: tuple[Choice, ...]
    chains: Mapping[str, tuple[SurfaceKnob, ...]]

    @property
    def knobs(self) -> tuple[SurfaceKnob, ...]:
        """The knobs of all chains."""
        return tuple(knob for knobs in self.chains.values() for knob in knobs)


def surface(
    presets: Presets, models: Sequence[ModelInfo], table: KnobTable, host: str, port: int
) -> Surface:
    """Return what a controller shows of these presets and models."""
    board = KnobBoard(presets, table)
    chains = {
        name: tuple(_knob(name, chain, knob, table) for knob in board.shown(name))
        for name, chain in presets.chains().items()
    }
    return Surface(
        host=host,
        port=port,
        recipes=tuple(recipe.name for recipe in presets.recipes()),
        choices=(
            Choice("model", (DEFAULT, *(model.name for model in models))),
            Choice("stems", (DEFAULT, *_stem_choices(models))),
            Choice("pre", (DEFAULT, "none", *chains)),
            Choice("post", (DEFAULT, "none", *chains)),
        ),
        chains=chains,
    )


def _stem_choices(models: Iterable[ModelInfo]) -> list[str]:
    """Return each stem alone, then with everything else in one, then what is left without it."""
    stems = list(dict.fromkeys(stem for model in models for stem in model.stems))
    return [*stems, *(f"{stem}+rest" for stem in stems), *(f"-{stem}" for stem in stems)]


def _knob(chain: str, rows: Mapping[str, Any], shown: ShownKnob, table: KnobTable) -> SurfaceKnob:
    knob = table.parameter_at(rows, shown.place, shown.name)
    row = {} if shown.place == WHOLE_CHAIN else row_at(rows, shown.place) or {}
    effect = "Chain" if shown.place == WHOLE_CHAIN else str(row.get("type", "Path"))
    kind: Literal["number", "switch", "choice"] = "number"
    if knob.choices:
        kind = "choice"
    elif isinstance(knob.default, bool):
        kind = "switch"
    return SurfaceKnob(chain, shown.place, shown.name, effect, kind, knob.choices, shown.fader)
