"""`chains save`: the knobs as they were turned become a chain of the musician's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bridge.cli.connection import connect_or_leave, faults_end_the_command, settings

if TYPE_CHECKING:
    from pathlib import Path


def save(name: str, as_name: str, config: Path | None) -> None:
    """Have the daemon write a chain with its knobs as they are now.

    The knobs live in the daemon, so that without one there is nothing to save and the command
    ends with a sentence.

    Parameters
    ----------
    name
        The chain whose knobs were turned.
    as_name
        What the new chain is called; it lies in the musician's presets folder.
    config
        Settings file.
    """
    chosen = settings(config)
    with faults_end_the_command(), connect_or_leave(chosen) as client:
        client.request("/bridge/chains/save", name, as_name, answer="/bridge/chain")
    typer.echo(chosen.presets / "chains" / f"{as_name}.toml")
