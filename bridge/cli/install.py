"""`install` and `uninstall`: scripts into DAWs, and out again; `reapack-index`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.daws.installation import Installation

install_group = typer.Typer(no_args_is_help=True, help="Put scripts into a DAW, or repair them.")
uninstall_group = typer.Typer(no_args_is_help=True, help="Take scripts out of a DAW.")

To = Annotated[
    Path | None, typer.Option(help="Resource folder of REAPER; all that can be found without.")
]
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
