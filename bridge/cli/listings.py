"""What there is: models, recipes, the contract, the settings. None of it needs a daemon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.connection import faults_end_the_command
from bridge.cli.connection import settings as load
from bridge.config import load_settings
from bridge.core.presets import Presets
from bridge.resources import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.config import Settings


def models(fetch: str | None, config: Path | None, *, as_json: bool) -> None:
    """List the models, or fetch one."""
    from bridge.engines.separation.catalogue import catalogue

    chosen = load(config)
    with faults_end_the_command():
        if fetch is not None:
            _fetch(fetch, chosen)
        found = catalogue(chosen.models, allow_pickle=chosen.allow_pickle)
    if as_json:
        typer.echo(json.dumps([model.model_dump() for model in found], indent=2))
        return
    table = Table("model", "stems", "weights", "what it is")
    for model in found:
        where = "built in" if model.built_in else "here" if model.weights_here else "not here"
        table.add_row(model.name, ", ".join(model.stems), where, model.description)
    Console().print(table)


def recipes(config: Path | None, *, as_json: bool) -> None:
    """List the recipes."""
    found = _presets(config).recipes()
    if as_json:
        typer.echo(json.dumps([recipe.model_dump() for recipe in found], indent=2))
        return
    table = Table("recipe", "what it gives", "stages")
    for recipe in found:
        table.add_row(recipe.name, recipe.description, ", ".join(s.kind for s in recipe.stages))
    Console().print(table)


def protocol() -> None:
    """Print the contract."""
    from bridge.osc.spec import markdown

    typer.echo(markdown(), nl=False)


def schema() -> None:
    """Print the manifest's schema."""
    from bridge.models import Manifest

    typer.echo(json.dumps(Manifest.model_json_schema(), indent=2))


def settings(config: Path | None, *, as_json: bool) -> None:
    """Print the settings in force."""
    with faults_end_the_command():
        chosen, origins = load_settings(file=config)
    values = chosen.model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    table = Table("setting", "value", "from", "what it is")
    for name, field in type(chosen).model_fields.items():
        value = json.dumps(values[name], ensure_ascii=False)
        table.add_row(name, value, origins.get(name, "default"), field.description)
    Console().print(table)


def _fetch(name: str, chosen: Settings) -> None:
    from bridge.engines.separation.fetching import fetch

    with Console(stderr=True).status(f"fetching {name} …") as shown:
        fetch(
            name,
            timeout_s=chosen.fetch_timeout_s,
            offline=chosen.offline,
            progress=lambda size: shown.update(f"fetching {name}: {size / 1e6:.0f} MB"),
        )


def _presets(config: Path | None) -> Presets:
    return Presets((load(config).presets, shipped("presets")))
