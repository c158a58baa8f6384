"""`install` and `uninstall`: scripts into DAWs, and out again; `reapack-index`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.daws.installation import Installation

install_group = typer.Typer(no_args_is_help=True, help="Put scripts into a DAW, or repair them.")
uninstall_group = typer.Typer(no_args_is_help=True, help="Take scripts out of a DAW.")

To = Annotated[
    Path | None, typer.Option(help="Resource folder of REAPER; all that can be found without.")
]
ToLibrary = Annotated[
    Path | None, typer.Option("--to", help="User Library of Live; all that can be found without.")
]
ToConfig = Annotated[
    Path | None,
    typer.Option("--to", help="Configuration folder of Ardour; all that can be found without."),
]
ToFolder = Annotated[Path, typer.Option("--to", help="Folder to put them into, or take them from.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@install_group.command(name="reaper")
def install_reaper(to: To = None, dry_run: DryRun = False) -> None:
    """Put the actions into REAPER, also a portable or Flatpak one; run again, it repairs."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.reaper import plan_install
    from bridge.resources import shipped

    scripts = shipped("daw_scripts") / "reaper"
    with faults_end_the_command():
        for folder in _folders(to):
            _carry_out(plan_install(folder, scripts), dry_run=dry_run)


@uninstall_group.command(name="reaper")
def uninstall_reaper(to: To = None, dry_run: DryRun = False) -> None:
    """Take the actions out of REAPER; what is not ours stays."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.reaper import plan_uninstall, remove_job_folders

    with faults_end_the_command():
        for folder in _folders(to):
            _carry_out(plan_uninstall(folder), dry_run=dry_run)
            if not dry_run:
                remove_job_folders(folder)


@install_group.command(name="ardour")
def install_ardour(to: ToConfig = None, dry_run: DryRun = False) -> None:
    """Put the actions into Ardour's menu; run again, it repairs."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.core.presets import Presets
    from bridge.daws.ardour import plan_install
    from bridge.resources import shipped

    with faults_end_the_command():
        instruments = Presets((_settings().presets, shipped("presets"))).instruments()
        for folder in _configs(to):
            planned = plan_install(folder, shipped("daw_scripts"), instruments)
            _carry_out(planned, dry_run=dry_run)


@uninstall_group.command(name="ardour")
def uninstall_ardour(to: ToConfig = None, dry_run: DryRun = False) -> None:
    """Take the actions out of Ardour; other scripts stay."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.ardour import plan_uninstall

    with faults_end_the_command():
        for folder in _configs(to):
            _carry_out(plan_uninstall(folder), dry_run=dry_run)


@install_group.command(name="ableton")
def install_ableton(to: ToLibrary = None, dry_run: DryRun = False) -> None:
    """Put the remote script into Live's User Library; run again, it repairs."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.core.presets import Presets
    from bridge.daws.ableton import plan_install
    from bridge.resources import shipped

    with faults_end_the_command():
        chosen = _settings()
        instruments = Presets((chosen.presets, shipped("presets"))).instruments()
        for library in _libraries(to):
            planned = plan_install(library, _live_script(), chosen, instruments)
            _carry_out(planned, dry_run=dry_run)


@uninstall_group.command(name="ableton")
def uninstall_ableton(to: ToLibrary = None, dry_run: DryRun = False) -> None:
    """Take the remote script out of Live; settings that you changed stay."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.ableton import plan_uninstall, remove_state

    with faults_end_the_command():
        for library in _libraries(to):
            _carry_out(plan_uninstall(library, _live_script()), dry_run=dry_run)
        if not dry_run:
            remove_state(_settings())


@install_group.command(name="controllers")
def install_controllers(to: ToFolder, dry_run: DryRun = False) -> None:
    """Put files for TouchOSC, Open Stage Control, Pure Data and SuperCollider into a folder."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.controllers import plan_install, surface_of
    from bridge.engines.effects import knobs
    from bridge.engines.separation.catalogue import catalogue
    from bridge.resources import shipped

    with faults_end_the_command():
        chosen = _settings()
        models = catalogue(chosen.models, allow_pickle=chosen.allow_pickle)
        shown = surface_of(chosen, shipped("presets"), models, knobs)
        place = to.expanduser().resolve()
        planned = plan_install(place, shipped("daw_scripts") / "controllers", shown)
        _carry_out(planned, dry_run=dry_run)


@uninstall_group.command(name="controllers")
def uninstall_controllers(to: ToFolder, dry_run: DryRun = False) -> None:
    """Take the controllers' files out of a folder; what is not ours stays."""
    from bridge.cli.connection import faults_end_the_command
    from bridge.daws.controllers import plan_uninstall

    with faults_end_the_command():
        _carry_out(plan_uninstall(to.expanduser().resolve()), dry_run=dry_run)


def reapack_index(url: str, output: Path) -> None:
    """Write the index for ReaPack."""
    from datetime import datetime, timezone

    from bridge.cli.connection import fail, faults_end_the_command
    from bridge.daws.reapack import index
    from bridge.resources import shipped

    released = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with faults_end_the_command():
        text = index(shipped("daw_scripts") / "reaper", url, released)
    try:
        output.write_bytes(text)
    except OSError as exc:
        fail(f"{output} cannot be written: {exc.strerror}.")
    typer.echo(output)


def _folders(to: Path | None) -> list[Path]:
    import os

    from bridge.daws.reaper import find_resource_folders, resource_folder
    from bridge.errors import SettingsError

    if to is not None:
        return [resource_folder(to)]
    found = find_resource_folders(Path.home(), os.environ)
    if not found:
        raise SettingsError(
            "No REAPER was found. Start it once, or name its resource folder with --to; in REAPER, "
            "Options > Show REAPER resource path shows it."
        )
    return found


def _configs(to: Path | None) -> list[Path]:
    import os

    from bridge.daws.ardour import config_folder, find_config_folders
    from bridge.errors import SettingsError

    if to is not None:
        return [config_folder(to)]
    found = find_config_folders(Path.home(), os.environ)
    if not found:
        raise SettingsError(
            "No Ardour was found. Start it once, or name its configuration folder with --to, such "
            "as ~/.config/ardour7."
        )
    return found


def _libraries(to: Path | None) -> list[Path]:
    import os

    from bridge.daws.ableton import find_user_libraries, user_library
    from bridge.errors import SettingsError

    if to is not None:
        return [user_library(to)]
    found = find_user_libraries(Path.home(), os.environ)
    if not found:
        raise SettingsError(
            "No User Library of Live was found. Start Live once, or name the library with --to; in "
            "Live, Settings > Library > Location of User Library shows it."
        )
    return found


def _live_script() -> Path:
    from bridge.daws.ableton import SCRIPT
    from bridge.resources import shipped

    return shipped("daw_scripts") / "ableton" / SCRIPT


def _settings() -> Settings:
    from bridge.config import load_settings

    return load_settings()[0]


def _carry_out(installation: Installation, *, dry_run: bool) -> None:
    typer.echo(installation.place)
    for change in installation.changes if dry_run else ():
        name = change.path.relative_to(installation.place)
        typer.echo(f"  {'remove' if change.content is None else 'write'} {name}")
    if not installation.changes:
        typer.echo("  nothing to change")
    elif not dry_run:
        installation.carry_out()
        removed = sum(change.content is None for change in installation.changes)
        written = len(installation.changes) - removed
        typer.echo(f"  {written} files written, {removed} removed")
    for step in installation.steps:
        typer.echo(f"  → {step}")
