"""One function for each row of `spec.REQUESTS`: converted arguments in, packets out.

Those of effect chains are in `chain_handlers`.

A handler makes one call to the core and returns its replies. It never sends and never catches: the
dispatcher turns what it raises into `/bridge/error`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge import PROTOCOL_VERSION, __version__
from bridge.errors import BadArgumentsError
from bridge.osc.arguments import parse_option, region, run_options
from bridge.osc.calls import registering
from bridge.osc.clients import event_packets
from bridge.osc.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.models import Job, Region
    from bridge.osc.calls import Call, Handler

_REGION = frozenset({"path", "start", "length"})
CLIENT_KINDS = ("reaper", "ableton", "ardour", "controller", "other")
DEFAULT_LISTED = 20
MOST_LISTED = 500


HANDLERS: dict[str, Handler] = {}
handles = registering(HANDLERS)


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
    present = _present_state(call) if kind == "controller" else []
    replies_to.send([encode("/bridge/welcome", (__version__, PROTOCOL_VERSION)), *present])
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
    packets = [_selected_packet(chosen)]
    call.clients.tell_others(packets, call.replies_to)
    return packets


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
    asked, defaults = run_options(options), call.clients.defaults(call.peer.host)

    def start(job_id: str) -> Job:
        return call.service.run(recipe, asked_region, asked, job_id, defaults)

    return _start(call, options.get("id"), start)


@handles("/bridge/run/RECIPE")
def press(call: Call, options: dict[str, Any]) -> list[bytes]:
    """Run the recipe that the address names."""
    return run(call, call.names["RECIPE"], options)


@handles("/bridge/again")
def again(call: Call, earlier: str | None, options: dict[str, Any]) -> list[bytes]:
    """Run a job once more with the knobs as they are."""
    if options.keys() & _REGION:
        raise BadArgumentsError("The region is the earlier job's; use /bridge/run for another.")
    asked = run_options(options)

    def start(job_id: str) -> Job:
        return call.service.again(earlier, asked, job_id)

    return _start(call, options.get("id"), start)


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


@handles("/bridge/set")
def set_default(call: Call, option: str, value: Any) -> list[bytes]:
    """Set an option for the next runs of this host."""
    if option in {"id", *_REGION}:
        raise BadArgumentsError(f"'{option}' belongs to one run and has no default.")
    taken = None if value == "default" else parse_option(option, value)
    call.clients.set_default(call.peer.host, option, taken)
    packets = [encode("/bridge/set", (option, "default" if taken is None else taken))]
    call.clients.tell_others(packets, call.replies_to, call.peer.host)
    return packets


@handles("/bridge/status")
def status(call: Call) -> list[bytes]:
    """Tell how the daemon is."""
    pairs = [part for name, value in call.status().items() for part in (name, value)]
    return [encode("/bridge/status", pairs)]


def _start(call: Call, asked_id: str | None, start: Callable[[str], Job]) -> list[bytes]:
    """Start a job that the asker follows; one that is known already tells itself again."""
    job_id = asked_id or call.service.new_id()
    if call.service.knows(job_id):
        return _replay(call, job_id)
    call.clients.follow(job_id, call.replies_to)
    try:
        start(job_id)
    except Exception:
        call.clients.unfollow(job_id)
        raise
    return []


def _present_state(call: Call) -> list[bytes]:
    """Return what a controller that comes late has missed: selection, options, unfinished jobs."""
    packets = []
    if call.service.selection is not None:
        packets.append(_selected_packet(call.service.selection.region))
    set_options = call.clients.set_options(call.peer.host)
    packets += [encode("/bridge/set", (option, value)) for option, value in set_options.items()]
    return [*packets, *(p for event in call.service.unfinished() for p in event_packets(event))]


def _selected_packet(chosen: Region) -> bytes:
    values = (chosen.path, chosen.start_s, chosen.length_s)
    return encode("/bridge/selected", values, tags="sdd")


def _replay(call: Call, job_id: str) -> list[bytes]:
    told = call.service.history(job_id)
    if call.service.is_unfinished(job_id):
        call.clients.follow(job_id, call.replies_to)
    return [packet for event in told for packet in event_packets(event)]


def _without_region(options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in options.items() if k not in {"id", *_REGION}}
