"""`dawbridge chains`: the effect chains, what is in them, and what they do to a signal.

Only `save` needs the daemon, which knows how its knobs were turned.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.config import Settings
    from bridge.core.presets import Presets
    from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
Name = Annotated[str, typer.Argument(help="A chain; `dawbridge chains` lists them.")]

group = typer.Typer(
    invoke_without_command=True, help="List the effect chains; show one; save turned knobs."
)


@group.callback()
def chains(
    context: typer.Context,
    effects: Annotated[bool, typer.Option("--effects", help="List the effects instead.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the effect chains, or the effects that they are made of."""
    if context.invoked_subcommand is not None:
        return
    if effects:
        _print_effects(as_json=as_json)
    else:
        _print_chains(_presets(_settings(config)), as_json=as_json)


@group.command()
def show(
    name: Name,
    plot: Annotated[
        Path | None, typer.Option(help="Draw what it does to a signal: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Print a chain's effects with their values; draw its response."""
    from bridge.cli.connection import faults_end_the_command

    chosen = _settings(config)
    with faults_end_the_command():
        chain = _parsed(name, chosen)
        if plot is not None:
            _draw(chain, plot, chosen)
    if as_json:
        typer.echo(json.dumps(chain.model_dump(mode="json"), indent=2))
    else:
        _print_chain(chain)


@group.command()
def save(
    name: Annotated[str, typer.Argument(help="The chain whose knobs were turned.")],
    as_name: Annotated[str, typer.Option("--as", help="What the new chain is called.")],
    config: Config = None,
) -> None:
    """Save a chain with its knobs as they were turned; prints the new file."""
    from bridge.cli import chain_knobs

    chain_knobs.save(name, as_name, config)


def _print_chains(presets: Presets, *, as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    found = presets.chains()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table("chain", "what it is for", "effects")
    for name, chain in found.items():
        rows = chain.get("effect", ())
        kinds = ", ".join(str(row.get("type") or row.get("include")) for row in rows)
        table.add_row(name, str(chain.get("description", "")), kinds)
    Console().print(table)


def _print_effects(*, as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from bridge.engines.effects.table import EFFECTS

    if as_json:
        typer.echo(json.dumps([asdict(effect) for effect in EFFECTS], indent=2))
        return
    table = Table("effect", "parameter", "unit", "range", "default", "what it does")
    for effect in EFFECTS:
        table.add_row(effect.name, "", "", "", "", effect.meaning)
        for knob in effect.parameters:
            default = "" if knob.unit == "file" else str(knob.default)
            table.add_row("", knob.name, knob.unit, knob.span, default, knob.meaning)
    Console().print(table)


def _print_chain(chain: ChainSpec) -> None:
    from rich.console import Console
    from rich.table import Table

    typer.echo(f"{chain.name}: {chain.description}")
    table = Table("place", "effect", "values")
    table.add_row("chain", "", _written(chain.model_dump(exclude=_NO_VALUES, exclude_none=True)))
    for place, effect, values in _rows(chain.effects, ""):
        table.add_row(place, effect, values)
    Console().print(table)


_NO_VALUES = {"name", "description", "effects"}


def _rows(effects: Sequence[EffectSpec], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield place, type and values of every effect and path; includes are resolved."""
    for number, effect in enumerate(effects):
        values = dict(effect.parameters)
        if effect.plugin is not None:
            values = {
                "plugin": effect.plugin.name or effect.plugin.path,
                **effect.plugin.parameters,
            }
        if effect.wet < 1.0:
            values["wet"] = effect.wet
        if effect.bypass:
            values["bypass"] = True
        yield f"{prefix}{number}", effect.type, _written(values)
        for index, path in enumerate(effect.paths):
            place = f"{prefix}{number}.{index}"
            yield place, "path", _written({"gain_db": path.gain_db})
            yield from _rows(path.effects, f"{place}.")


def _written(values: dict[str, bool | float | str]) -> str:
    return ", ".join(
        f"{name} {value:g}" if type(value) is float else f"{name} {value}"
        for name, value in values.items()
    )


def _draw(chain: ChainSpec, path: Path, chosen: Settings) -> None:
    import tempfile

    from bridge.cli.chain_picture import FORMATS, draw
    from bridge.cli.connection import fail
    from bridge.engines.effects.host import EffectsHost
    from bridge.engines.effects.response import measure

    if path.suffix.lower() not in FORMATS:
        fail(f"'{path}' must end in {', '.join(FORMATS)}.")
    host = EffectsHost()
    try:
        with tempfile.TemporaryDirectory() as folder:
            response = measure(
                chain,
                Path(folder),
                lambda bare, given, out: host.run(
                    bare, given, out, lambda _: None, chosen.plugin_timeout_s
                ),
            )
    finally:
        host.stop()
    try:
        draw(chain.name, response, path)
    except OSError as exc:
        fail(f"'{path}' cannot be written: {exc.strerror}.")


def _parsed(name: str, chosen: Settings) -> ChainSpec:
    from bridge.engines.effects.chain_file import parse_chain
    from bridge.engines.effects.plugins_library import PluginLibrary
    from bridge.engines.effects.plugins_planning import PluginFinder

    presets = _presets(chosen)
    finder = PluginFinder(PluginLibrary.below(chosen.data))
    return finder.settle(parse_chain(name, presets.chain(name), presets, finder.path_of))


def _presets(chosen: Settings) -> Presets:
    from bridge.core.presets import Presets
    from bridge.resources import shipped

    return Presets((chosen.presets, shipped("presets")))


def _settings(config: Path | None) -> Settings:
    from bridge.cli.connection import settings

    return settings(config)
