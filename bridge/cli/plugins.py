"""`dawbridge plugins`: which plugins there are, what they can do, and which are not to be trusted.

None of it needs a daemon; a running one reads what a scan found at its next job.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.engines.effects.plugins_library import PluginInfo, PluginLibrary, PluginParameter

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
Plugin = Annotated[str, typer.Argument(help="Its name, or the path of its file.")]

group = typer.Typer(no_args_is_help=True, help="List, scan and describe VST3 and AU plugins.")


@group.command(name="list")
def list_plugins(as_json: AsJson = False, config: Config = None) -> None:
    """List the plugins that the last scan found, and those in quarantine."""
    from rich.console import Console
    from rich.table import Table

    library, _ = _library(config)
    contents = library.contents()
    if as_json:
        rows = [info.model_dump(mode="json", exclude={"parameters"}) for info in library.plugins()]
        bad = {path: row.model_dump(mode="json") for path, row in contents.quarantine.items()}
        typer.echo(json.dumps({"plugins": rows, "quarantine": bad}, indent=2))
        return
    table = Table("plugin", "vendor", "version", "category", "knobs", "path")
    for info in library.plugins():
        category = f"{info.category} (instrument)" if info.is_instrument else info.category
        knobs = str(len(info.parameters))
        table.add_row(info.name, info.vendor, info.version, category, knobs, info.path)
    Console().print(table)
    if contents.quarantine:
        table = Table("in quarantine", "since", "why", "path")
        for path, row in contents.quarantine.items():
            table.add_row(Path(path).stem, row.date[:10], row.reason, path)
        Console().print(table)


@group.command()
def scan(as_json: AsJson = False, config: Config = None) -> None:
    """Look for plugins; those that are new or have changed are loaded, each in its own process."""
    from dataclasses import asdict

    from bridge.cli.connection import faults_end_the_command
    from bridge.engines.effects.plugins_library import standard_folders
    from bridge.engines.effects.plugins_scan import scan as look

    library, chosen = _library(config)
    with faults_end_the_command():
        result = look(
            library,
            (*standard_folders(), *chosen.plugin_folders),
            chosen.plugin_timeout_s,
            lambda path: typer.echo(f"loading {path}", err=True),
        )
    if as_json:
        typer.echo(json.dumps(asdict(result), indent=2))
        return
    quarantine = library.contents().quarantine
    for path in result.quarantined:
        typer.echo(f"in quarantine: {quarantine[path].reason}")
    typer.echo(
        f"{len(result.loaded)} loaded, {len(result.unchanged)} known and unchanged, "
        f"{len(result.quarantined)} put into quarantine, {len(result.avoided)} left there, "
        f"{len(result.gone)} gone"
    )


@group.command()
def params(plugin: Plugin, as_json: AsJson = False, config: Config = None) -> None:
    """List a plugin's parameters, as [effect.parameters] of a chain takes them."""
    from rich.console import Console
    from rich.table import Table

    library, chosen = _library(config)
    infos = _found(plugin, library, chosen)
    if as_json:
        typer.echo(json.dumps([info.model_dump(mode="json") for info in infos], indent=2))
        return
    for info in infos:
        table = Table("parameter", "value", "range", "unit", title=f"{info.name} ({info.path})")
        for knob in info.parameters:
            table.add_row(knob.name, knob.value, _range(knob), knob.unit)
        Console().print(table)


@group.command()
def forget(plugin: Plugin, config: Config = None) -> None:
    """Take a plugin out of quarantine and out of the list: the next scan tries it anew."""
    from bridge.cli.connection import fail, faults_end_the_command
    from bridge.engines.effects.plugins_library import Contents
    from bridge.errors import nearest

    library, _ = _library(config)
    contents = library.contents()
    known = {**contents.scanned, **contents.quarantine}
    meant = {path for path in known if plugin == path or _is_called(path, plugin)}
    meant |= {info.path for info in library.plugins() if info.is_called(plugin)}
    if not meant:
        names = [info.name for info in library.plugins()] + [Path(path).stem for path in known]
        fail(f"There is no plugin '{plugin}' in the list.{nearest(plugin, names)}")
    with faults_end_the_command():
        library.keep(
            Contents(
                scanned={k: v for k, v in contents.scanned.items() if k not in meant},
                quarantine={k: v for k, v in contents.quarantine.items() if k not in meant},
            )
        )
    for path in sorted(meant):
        typer.echo(f"forgotten: {path}")


def _is_called(path: str, name: str) -> bool:
    return Path(path).stem.casefold() == name.casefold()


def _library(config: Path | None) -> tuple[PluginLibrary, Settings]:
    from bridge.cli.connection import faults_end_the_command, settings
    from bridge.engines.effects.plugins_library import PluginLibrary

    chosen = settings(config)
    library = PluginLibrary.below(chosen.data)
    with faults_end_the_command():
        library.contents()
    return library, chosen


def _found(plugin: str, library: PluginLibrary, chosen: Settings) -> list[PluginInfo]:
    """Return what is known of a plugin; a file that no scan has seen is loaded now."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.engines.effects.host import EffectsHost
    from bridge.engines.effects.plugins_planning import PluginFinder

    path = Path(plugin).expanduser()
    infos = [i for i in library.plugins() if i.path == str(path) or i.is_called(plugin)]
    if infos:
        return infos
    with faults_end_the_command():
        if not path.exists():
            PluginFinder(library).path_of(plugin)  # which says what is wrong with the name
        host = EffectsHost()
        try:
            return list(host.inspect(path.resolve(), chosen.plugin_timeout_s))
        finally:
            host.stop()


def _range(knob: PluginParameter) -> str:
    if knob.kind == "switch":
        return "true or false"
    if knob.kind == "choice":
        return ", ".join(knob.choices)
    return f"{knob.low:g} … {knob.high:g}"
