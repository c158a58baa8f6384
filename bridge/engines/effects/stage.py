"""The stage ``effects``: a chain on the mix before separation, or on each stem after it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.chain_spec import ChainSpec
from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.plugins_library import PluginLibrary, Stamp
from bridge.engines.effects.plugins_planning import PluginFinder
from bridge.errors import BadArgumentsError, PresetError, nearest
from bridge.models import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bridge.core.ports import PresetLibrary, Report
    from bridge.engines.take import Take
    from bridge.models import RunOptions

NONE = "none"
"""A chain's name that means no chain."""

_RESIDUAL = "residual"
_OPTIONS = ("slot", "chain")

Slot = Literal["pre", "post"]


class EffectsPlan(Value):
    """Which chain every stem goes through.

    `by_stem` wins over `every`; None in either means that the stem stays as it is.
    """

    slot: Slot
    every: ChainSpec | None = None
    by_stem: dict[str, ChainSpec | None] = Field(default_factory=dict)
    files: dict[str, Stamp] = Field(
        default_factory=dict, description="plugins and other files of the chains, as they were"
    )

    def chain_of(self, stem: str) -> ChainSpec | None:
        """Return a stem's chain; the residual has none, so that it keeps its meaning."""
        if stem == _RESIDUAL:
            return None
        return self.by_stem.get(stem, self.every)


@dataclass
class EffectsStage:
    """Runs effect chains, in a process that has the plugins.

    Parameters
    ----------
    plugins
        What the last scan found: `plan` knows plugins by name from it.
    host
        Where `run` has the chains done.

    A recipe's line has the options ``slot`` (``pre`` or ``post``) and ``chain``. Slot ``pre``
    obeys the run's option `pre`, slot ``post`` its option `post`; both are answered here, because
    one recipe may hold both slots.
    """

    plugins: PluginLibrary = field(default_factory=PluginLibrary)
    host: EffectsHost = field(default_factory=EffectsHost)
    name = "effects"
    takes = frozenset({"audio"})
    makes = frozenset({"audio"})
    answers = frozenset({"pre", "post"})
    share = 0.05

    def plan(
        self, options: Mapping[str, Any], request: RunOptions, presets: PresetLibrary
    ) -> dict[str, Any]:
        """Settle the chains and embed what they hold.

        Raises
        ------
        PresetError
            The recipe's line or a chain file is wrong.
        PluginFailedError
            A plugin of the chain is in quarantine.
        BadArgumentsError
            `post` names a stem twice or without a chain.
        UnknownChainError
            No chain has the name.
        """
        slot, default = _recipe_line(options)
        asked = request.pre if slot == "pre" else request.post
        text = default if asked is None else asked
        finder = PluginFinder(self.plugins)
        every, by_stem = None, {}
        if slot == "post" and ":" in text:
            by_stem = {stem: _chain(name, presets, finder) for stem, name in _pairs(text)}
        else:
            every = _chain(text, presets, finder)
        plan = EffectsPlan(slot=slot, every=every, by_stem=by_stem, files=finder.stamps)
        return plan.model_dump(mode="json")

    def run(self, take: Take, plan: Mapping[str, Any], report: Report) -> None:
        """Process the take's stems; `take.dry` stays as it is.

        Raises
        ------
        PluginFailedError
            An effect or a plugin failed, hung or crashed.
        OutOfMemoryError, DiskFullError
            No room for what it did.
        """
        settled = EffectsPlan.model_validate(dict(plan))
        for stem in sorted(settled.by_stem.keys() - take.stems.keys()):
            report.warning(
                "no_such_stem",
                f"There is no stem '{stem}' to put a chain on; there are {', '.join(take.stems)}.",
            )
        chains = {stem: settled.chain_of(stem) for stem in take.stems}
        wanted = {stem: chain for stem, chain in chains.items() if chain is not None}
        for index, (stem, chain) in enumerate(wanted.items()):
            first = index / len(wanted)
            take.stems[stem] = self.host.run(
                chain,
                take.stems[stem],
                _scratch(take.work_folder),
                lambda fraction, first=first, stem=stem: report.progress(  # type: ignore[misc]
                    first + fraction / len(wanted), stem
                ),
                take.order.plugin_timeout_s,
            )
        report.progress(1.0)


def _recipe_line(options: Mapping[str, Any]) -> tuple[Slot, str]:
    for key in options:
        if key not in _OPTIONS:
            raise PresetError(f"The stage 'effects' has no option '{key}'.{nearest(key, _OPTIONS)}")
    slot, chain = options.get("slot"), options.get("chain", "")
    if slot not in {"pre", "post"}:
        raise PresetError(
            'The stage \'effects\' needs slot = "pre" (before separation) or "post" (after it)'
            + (f", not {slot!r}." if slot is not None else ".")
        )
    if not isinstance(chain, str):
        raise PresetError(f"The stage 'effects' needs a chain's name, not {chain!r}.")
    return slot, chain


def _chain(name: str, presets: PresetLibrary, finder: PluginFinder) -> ChainSpec | None:
    name = name.strip()
    if name in {"", NONE}:
        return None
    return finder.settle(parse_chain(name, presets.chain(name), presets, finder.path_of))


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the pairs of ``vocals:plate,drums:glue``."""
    pairs: dict[str, str] = {}
    for part in text.split(","):
        stem, colon, chain = (piece.strip() for piece in part.partition(":"))
        if not stem or not colon or not chain:
            raise BadArgumentsError(
                f"'{text}' is not a list of stems with their chains. Write it like "
                "'vocals:plate,drums:glue'."
            )
        if stem in pairs:
            raise BadArgumentsError(f"'{text}' names the stem '{stem}' twice.")
        pairs[stem] = chain
    return list(pairs.items())


def _scratch(folder: Path) -> Path:
    """Return a scratch path that no earlier stage has used."""
    paths = (folder / f"effects-{number}.f32" for number in itertools.count())
    return next(path for path in paths if not path.exists())
