"""What a URL is answered with: a status of HTTP and JSON. No sockets here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bridge.osc.oscquery.nodes import ATTRIBUTES, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.osc.oscquery.nodes import Node

NAME = "dawbridge"
HOST_INFO = "HOST_INFO"

EXTENSIONS = (
    "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "OVERLOADS",
    "LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED",
)  # fmt: skip
"""The optional parts of the proposal that are here."""


@dataclass(frozen=True)
class Answer:
    """A status of HTTP and what is told; None tells nothing."""

    status: int
    told: Any = None

    @cached_property
    def body(self) -> bytes:
        """The JSON."""
        if self.told is None:
            return b""
        return json.dumps(self.told, allow_nan=False).encode()


@dataclass(frozen=True)
class Whereabouts:
    """Where OSC and WebSocket are to be had, seen from whoever asks."""

    osc_ip: str
    osc_port: int
    ws_ip: str
    ws_port: int

    @property
    def json(self) -> dict[str, Any]:
        """The HOST_INFO."""
        return {
            "NAME": NAME,
            "OSC_IP": self.osc_ip,
            "OSC_PORT": self.osc_port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": self.ws_ip,
            "WS_PORT": self.ws_port,
            "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
        }


def answer(target: str, nodes: Callable[[], Mapping[str, Node]], where: Whereabouts) -> Answer:
    """Answer a request for a URL.

    Parameters
    ----------
    target
        Path and query, as HTTP has them.
    nodes
        Makes every node by its address; not called for the HOST_INFO.
    where
        For the HOST_INFO.

    Returns
    -------
    Answer
        200 with a node, or with the attributes that were asked for; 204 if the node has none of
        them; 400 for an attribute that is not known, 404 for an address that is not there.
    """
    path, _, query = target.partition("#")[0].partition("?")
    asked = [part.partition("=")[0] for part in query.split("&") if part]
    if HOST_INFO in asked:
        return Answer(200, where.json)
    unknown = [name for name in asked if name not in ATTRIBUTES]
    if unknown:
        known = ", ".join((*ATTRIBUTES, HOST_INFO))
        return _fault(400, f"There is no attribute '{unknown[0][:64]}'; there are {known}.")
    known_nodes, path = nodes(), unquote(path).rstrip("/") or "/"
    node = known_nodes.get(path)
    if node is None:
        return _fault(404, f"There is no address '{path[:200]}'.")
    if not asked:
        return Answer(200, tree(known_nodes, path))
    told = tree(known_nodes, path) if "CONTENTS" in asked else node.json
    found = {name: told[name] for name in asked if name in told}
    if found:
        return Answer(200, found)
    # The proposal tells what has no value yet from what never has one.
    return Answer(200, {}) if asked == ["VALUE"] and node.is_readable else Answer(204)


def _fault(status: int, sentence: str) -> Answer:
    return Answer(status, {"ERROR": sentence})
