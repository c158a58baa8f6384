"""`ask`: a request to the daemon and its answers as lines, for programs without sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bridge.cli.connection import (
    Failure,
    connect_or_leave,
    connect_or_start,
    faults_end_the_command,
    settings,
)
from bridge.cli.run import event_line, line_file
from bridge.osc.codec import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASKED = "/bridge/asked"
"""Ends the answers; no daemon sends it."""

_LISTS = frozenset({"/bridge/recipes", "/bridge/models", "/bridge/chains", "/bridge/jobs"})
_ANSWERED = frozenset({"/bridge/status"})


def ask(address: str, events: Path | None, config: Path | None) -> None:
    """Print the answers to a request, one a line; into a file also `ASKED` after the last.

    A fault goes into the file as ``/bridge/error`` with address, code and sentence.
    """
    with line_file(events) as write:
        try:
            with faults_end_the_command():
                for message in _answers(address, config):
                    typer.echo(event_line(message), nl=False)
                    write(message)
                write(Message(ASKED, (address,)))
        except Failure as exc:
            write(Message("/bridge/error", (address, exc.code, exc.sentence)))
            raise


def _answers(address: str, config: Path | None) -> Iterator[Message]:
    if address in _LISTS:
        with connect_or_start(settings(config), config) as client:
            yield from client.listing(address)
    elif address in _ANSWERED:
        with connect_or_leave(settings(config)) as client:
            yield client.request(address, answer=address)
    else:
        known = ", ".join(sorted(_LISTS | _ANSWERED))
        raise typer.BadParameter(f"{address} cannot be asked; what can be: {known}.")
