"""One function for each row of `spec.REQUESTS`: converted arguments in, packets out.

A handler makes one call to the core and returns its replies. It never sends and never catches: the
dispatcher turns what it raises into `/bridge/error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge import PROTOCOL_VERSION, __version__
from bridge.errors import BadArgumentsError
from bridge.osc.arguments import parse_option, parse_options, region, run_options
from bridge.osc.clients import event_packets
from bridge.osc.codec import encode
from bridge.osc.converters import boolean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bridge.core.service import Service
    from bridge.models import ModelInfo
    from bridge.osc.clients import Clients, Peer

CLIENT_KINDS = ("reaper", "ableton", "ardour", "controller", "other")
DEFAULT_LISTED = 20
MOST_LISTED = 500


@dataclass(frozen=True)
class Call:
    """One request on its way: who asked, what for, and what it can reach.

    Parameters
    ----------
    service, clients
        The core, and who listens.
    models
        Lists the separation models.
    status
        Tells how the daemon is, as names and values.
    peer
        Who asked; its replies go there.
    replies_to
        Where the replies go.
    address
        What was sent.
    """

    service: Service
    clients: Clients
    models: Callable[[], Sequence[ModelInfo]]
    status: Callable[[], Mapping[str, Any]]
    peer: Peer
    replies_to: Peer
    address: str


HANDLERS: dict[str, Callable[..., list[bytes]]] = {}


def handles(address: str) -> Callable[[Callable[..., list[bytes]]], Callable[..., list[bytes]]]:
    """Register a function for a row of the contract; gives the function back."""

    def register(function: Callable[..., list[bytes]]) -> Callable[..., list[bytes]]:
        HANDLERS[address] = function
        return function

    return register


@handles("/bridge/ping")
def ping(_call: Call, *sent: Any) -> list[bytes]:
    """Answer with the versions and what was sent."""
    return [encode("/bridge/pong", (__version__, PROTOCOL_VERSION, *sent))]


@handles("/bridge/hello")
def hello(call: Call, name: str, kind: str, port: int | None = None) -> list[bytes]:
    """List the client; its welcome goes to the port that it named."""
    if kind not in CLIENT_KINDS:
        raise BadArgumentsError(f"A client's kind is one of {', '.join(CLIENT_KINDS)}.")
    if port is not None and not 0 < port < 65536:
        raise BadArgumentsError(f"{port} is no port; ports are 1 to 65535.")
    replies_to = call.clients.hello(call.peer, name[:64], kind, port)
    replies_to.send([encode("/bridge/welcome", (__version__, PROTOCOL_VERSION))])
    return []


@handles("/bridge/bye")
def bye(call: Call) -> list[bytes]:
    """Forget the client."""
    call.clients.forget(call.peer)
    return []


@handles("/bridge/select")
def select(
    call: Call, path: str, start_s: float, length_s: float, options: dict[str, Any]
) -> list[bytes]:
    """Make this the selected region."""
    chosen = call.service.select(
        region(path, start_s, length_s), run_options(_without_region(options))
    )
    return [encode("/bridge/selected", (chosen.path, chosen.start_s, chosen.length_s), tags="sdd")]


@handles("/bridge/run")
def run(call: Call, recipe: str, options: dict[str, Any]) -> list[bytes]:
    """Run a recipe; the job's events follow on their own, or again if the job is known."""
    asked_region = None
    if "path" in options:
        asked_region = region(
            options["path"], options.get("start", 0.0), options.get("length", 0.0)
        )
    elif "start" in options or "length" in options:
        raise BadArgumentsError("'start' and 'length' need the 'path' that they belong to.")
    job_id = options.get("id") or call.service.new_id()
    if call.service.knows(job_id):
        return _replay(call, job_id)
    call.clients.follow(job_id, call.replies_to)
    try:
        call.service.run(
            recipe,
            asked_region,
            run_options(options),
            job_id,
            call.clients.defaults(call.peer.host),
        )
    except Exception:
        call.clients.unfollow(job_id)
        raise
    return []


@handles("/bridge/run/RECIPE")
def press(call: Call, arguments: Sequence[Any]) -> list[bytes]:
    """Run the recipe that the address names, unless a button was let go."""
    recipe = call.address.rpartition("/")[2]
    if len(arguments) == 1:
        is_pressed = boolean(arguments[0])
        return run(call, recipe, {}) if is_pressed else []
    return run(call, recipe, parse_options(arguments))


@handles("/bridge/cancel")
def cancel(call: Call, job_id: str | None = None) -> list[bytes]:
    """Stop a job; one that has ended already tells its end again."""
    job = call.service.job(job_id) if job_id else call.service.newest_unfinished()
    if not call.service.is_unfinished(job.id):
        return event_packets(call.service.history(job.id)[-1])
    call.clients.follow(job.id, call.replies_to)
    call.service.cancel(job.id)
    return []


@handles("/bridge/jobs")
def jobs(call: Call, most: int = DEFAULT_LISTED) -> list[bytes]:
    """List the newest jobs."""
    shown = call.service.jobs(min(max(most, 0), MOST_LISTED))
    packets = [packet for state in shown for packet in event_packets(state)]
    return [*packets, encode("/bridge/jobs/end", (len(shown),))]


@handles("/bridge/job")
def job_again(call: Call, job_id: str) -> list[bytes]:
    """Tell a job's events again; if it runs, the asker gets the further ones too."""
    return _replay(call, job_id)


@handles("/bridge/recipes")
def recipes(call: Call) -> list[bytes]:
    """List the recipes."""
    found = call.service.presets.recipes()
    packets = [encode("/bridge/recipe", (r.name, r.description)) for r in found]
    return [*packets, encode("/bridge/recipes/end", (len(found),))]


@handles("/bridge/models")
def models(call: Call) -> list[bytes]:
    """List the separation models."""
    found = call.models()
    packets = [
        encode("/bridge/model", (m.name, m.description, ",".join(m.stems), m.weights_here))
        for m in found
    ]
    return [*packets, encode("/bridge/models/end", (len(found),))]


@handles("/bridge/chains")
def chains(call: Call) -> list[bytes]:
    """List the effect chains."""
    found = call.service.presets.chains()
    packets = [
        encode(
            "/bridge/chain", (name, str(table.get("description", "")), len(table.get("effect", ())))
        )
        for name, table in found.items()
    ]
    return [*packets, encode("/bridge/chains/end", (len(found),))]


@handles("/bridge/set")
def set_default(call: Call, option: str, value: Any) -> list[bytes]:
    """Set an option for the next runs of this host."""
    if option in {"id", "path", "start", "length"}:
        raise BadArgumentsError(f"'{option}' belongs to one run and has no default.")
    taken = None if value == "default" else parse_option(option, value)
    call.clients.set_default(call.peer.host, option, taken)
    return [encode("/bridge/set", (option, "default" if taken is None else taken))]


@handles("/bridge/chain/NAME/INDEX/PARAM")
def turn(call: Call, value: float) -> list[bytes]:
    """Turn the knob that the address names; every client hears the value as taken."""
    *_, name, index, parameter = call.address.split("/")
    if not index.isdecimal():
        raise BadArgumentsError(f"'{index}' is no effect's number; the first effect has 0.")
    taken = call.service.turn(name, int(index), parameter, value)
    packet = encode(call.address, (taken,), tags="f")
    for client in call.clients.listed:
        if client.replies_to.key != call.replies_to.key:
            client.replies_to.send([packet])
    return [packet]


@handles("/bridge/status")
def status(call: Call) -> list[bytes]:
    """Tell how the daemon is."""
    pairs = [part for name, value in call.status().items() for part in (name, value)]
    return [encode("/bridge/status", pairs)]


def _replay(call: Call, job_id: str) -> list[bytes]:
    told = call.service.history(job_id)
    if call.service.is_unfinished(job_id):
        call.clients.follow(job_id, call.replies_to)
    return [packet for event in told for packet in event_packets(event)]


def _without_region(options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in options.items() if k not in {"id", "path", "start", "length"}}
