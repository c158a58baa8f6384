"""What there is to describe now: recipes, models, chains with their knobs, values."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.core.knobs import ShownKnob
    from bridge.core.ports import Knob
    from bridge.core.presets import Presets
    from bridge.osc.dispatch import Dispatcher

log = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class PresentChain:
    """An effect chain and its knobs as they stand."""

    description: str
    knobs: tuple[tuple[Knob, ShownKnob], ...]


@dataclass(frozen=True)
class Present:
    """What the addresses with names stand for, and present values.

    Parameters
    ----------
    recipes
        Descriptions by name.
    models
        Names of separation models.
    chains
        By name.
    values
        Arguments by address: the selection, the status, and each event that was told last.
    """

    recipes: Mapping[str, str]
    models: tuple[str, ...]
    chains: Mapping[str, PresentChain]
    values: Mapping[str, tuple[Any, ...]]


def present(dispatcher: Dispatcher, told: Mapping[str, tuple[Any, ...]]) -> Present:
    """Look at what there is.

    Parameters
    ----------
    dispatcher
        Knows the service and everything that it can list.
    told
        Arguments of the last event at each address.
    """
    service = dispatcher.service
    values = dict(told)
    values["/bridge/status"] = tuple(part for pair in dispatcher.status().items() for part in pair)
    if service.selection is not None:
        region = service.selection.region
        values["/bridge/select"] = (region.path, region.start_s, region.length_s)
    return Present(
        recipes={recipe.name: recipe.description for recipe in service.presets.recipes()},
        models=tuple(model.name for model in dispatcher.models()),
        chains=_chains(dispatcher),
        values=values,
    )


def _chains(dispatcher: Dispatcher) -> dict[str, PresentChain]:
    service, found = dispatcher.service, {}
    for name, table in service.presets.chains().items():
        try:
            knobs = tuple(service.knobs.described(name))
        except BridgeError as exc:
            log.warning("left out of OSCQuery: %s", exc)
            continue
        found[name] = PresentChain(str(table.get("description", "")), knobs)
    return found


def stamp(presets: Presets) -> Stamp:
    """Return what changes when a recipe's or a chain's file does; reads no file."""
    found = []
    for folder in presets.folders:
        for kind in ("recipes", "chains"):
            for path in (folder / kind).glob("*.toml"):
                try:
                    status = path.stat()
                except OSError:
                    continue  # deleted just now
                found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
