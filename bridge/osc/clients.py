"""Who listens: clients that said hello, and whoever asked for a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bridge.core import events as ev
from bridge.errors import QueueFullError
from bridge.osc import spec
from bridge.osc.arguments import run_options
from bridge.osc.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bridge.models import RunOptions

EXPIRY_S = 600.0
"""A client that said nothing for this long is gone."""

_FINAL = (ev.Finished, ev.Failed, ev.Cancelled)


class Peer(Protocol):
    """The other end of a socket."""

    @property
    def key(self) -> str:
        """What tells it from others, such as ``udp 127.0.0.1:9000``."""

    @property
    def host(self) -> str:
        """Its address, without the port."""

    def send(self, packets: Iterable[bytes]) -> None:
        """Send packets in order; never blocks, never raises."""

    def at_port(self, port: int) -> Peer:
        """Return the same host at another port, if the transport has ports to choose from."""


@dataclass
class Client:
    """A program that said hello."""

    name: str
    kind: str
    replies_to: Peer
    heard_s: float


@dataclass
class Clients:
    """The registry, and the sink of all events.

    Parameters
    ----------
    most
        How many clients may say hello.
    clock
        Monotonic seconds.
    """

    most: int
    clock: Callable[[], float]
    _clients: dict[str, Client] = field(default_factory=dict)
    _followers: dict[str, dict[str, Peer]] = field(default_factory=dict)
    _defaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def listed(self) -> tuple[Client, ...]:
        """The clients that said hello and were heard of since."""
        self._expire()
        return tuple(self._clients.values())

    def hello(self, peer: Peer, name: str, kind: str, port: int | None) -> Peer:
        """List a client; return where its replies go. `QueueFullError` if there are too many."""
        self._expire()
        if peer.key not in self._clients and len(self._clients) >= self.most:
            raise QueueFullError(f"{self.most} clients are connected already; close one of them.")
        replies_to = peer.at_port(port) if port else peer
        self._clients[peer.key] = Client(name, kind, replies_to, self.clock())
        return replies_to

    def forget(self, peer: Peer) -> None:
        """Drop a client and what it follows."""
        client = self._clients.pop(peer.key, None)
        gone = {peer.key} | ({client.replies_to.key} if client else set())
        for followers in self._followers.values():
            for key in gone:
                followers.pop(key, None)

    def heard(self, peer: Peer) -> Peer:
        """Note that a peer spoke; return where its replies go."""
        client = self._clients.get(peer.key)
        if client is None:
            return peer
        client.heard_s = self.clock()
        return client.replies_to

    def follow(self, job_id: str, peer: Peer) -> None:
        """Send a job's events to a peer until the job ends."""
        self._followers.setdefault(job_id, {})[peer.key] = peer

    def unfollow(self, job_id: str) -> None:
        """Drop a job's followers."""
        self._followers.pop(job_id, None)

    def defaults(self, host: str) -> RunOptions:
        """Return the options that a host set for all its runs."""
        return run_options(self._defaults.get(host, {}))

    def set_default(self, host: str, option: str, value: Any) -> None:
        """Set an option for all runs of a host; None takes it back."""
        options = {**self._defaults.get(host, {}), option: value}
        if value is None:
            del options[option]
        run_options(options)
        self._defaults[host] = options

    def publish(self, event: ev.JobEvent) -> None:
        """Send an event to its job's followers and to every client."""
        listeners = dict(self._followers.get(event.job, {}))
        listeners |= {client.replies_to.key: client.replies_to for client in self.listed}
        packets = event_packets(event)
        for peer in listeners.values():
            peer.send(packets)
        if isinstance(event, _FINAL):
            self.unfollow(event.job)

    def tell_others(self, packets: list[bytes], sender: Peer) -> None:
        """Send packets to every client but the one that gets them as its reply."""
        for client in self.listed:
            if client.replies_to.key != sender.key:
                client.replies_to.send(packets)

    def _expire(self) -> None:
        latest = self.clock() - EXPIRY_S
        self._clients = {k: c for k, c in self._clients.items() if c.heard_s >= latest}


def event_packets(event: ev.JobEvent) -> list[bytes]:
    """Return an event as packets: one, and one more for each note that was asked for."""
    row = spec.EVENTS[type(event)]
    packets = [encode(row.address, row.values(event), row.tags)]
    if isinstance(event, ev.ClipReady) and event.with_notes:
        packets += [
            encode(
                spec.NOTE.address,
                (
                    event.job,
                    event.clip.stem,
                    note.start_quarters,
                    note.length_quarters,
                    note.pitch,
                    note.velocity,
                    note.channel,
                ),
                spec.NOTE.tags,
            )
            for note in event.clip.notes
        ]
    return packets
