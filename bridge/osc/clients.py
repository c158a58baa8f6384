"""Who listens: clients that said hello, and whoever asked for a job."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bridge.core import events as ev
from bridge.errors import QueueFullError
from bridge.osc import spec
from bridge.osc.arguments import run_options
from bridge.osc.codec import encode
from bridge.osc.plain import PlainPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from bridge.models import RunOptions

log = logging.getLogger(__name__)

EXPIRY_S = 600.0
"""A client that said nothing for this long is gone."""

GONE_AFTER_S = 2.0
"""A client whose port refuses for this long is gone; a shorter while is a program that starts."""

PLAIN_KIND = "controller"
"""The kind of client that gets OSC's plain types only: see `plain`."""

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
    """A program that said hello.

    Parameters
    ----------
    name, kind
        What it said of itself.
    source
        The peer's key that it last said hello from; where its replies go may be another.
    replies_to
        Where its replies and events go.
    heard_s, refused_s
        When it last spoke, and since when its port refuses; None if it does not.
    """

    name: str
    kind: str
    source: str
    replies_to: Peer
    heard_s: float
    refused_s: float | None = None


@dataclass
class Clients:
    """The registry, and the sink of all events.

    Parameters
    ----------
    most
        How many clients may say hello.
    clock
        Monotonic seconds.
    ears
        Called with all that every client is told, and the keys of the peers that it was sent to.
        They must not raise.
    """

    most: int
    clock: Callable[[], float]
    ears: list[Callable[[list[bytes], Collection[str]], None]] = field(default_factory=list)
    _clients: dict[str, Client] = field(default_factory=dict)
    _followers: dict[str, dict[str, Peer]] = field(default_factory=dict)
    _defaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def listed(self) -> tuple[Client, ...]:
        """The clients that said hello and were heard of since."""
        self._expire()
        return tuple(self._clients.values())

    def hello(self, peer: Peer, name: str, kind: str, port: int | None) -> Peer:
        """List a client; return where its replies go. `QueueFullError` if there are too many.

        A client is told by where its replies go: one that sends each message from another port,
        as command-line programs do, is listed once.
        """
        self._expire()
        replies_to = peer.at_port(port) if port else peer
        others = {
            key: client
            for key, client in self._clients.items()
            if key != replies_to.key and client.source != peer.key
        }
        if len(others) >= self.most:
            raise QueueFullError(f"{self.most} clients are connected already; close one of them.")
        if kind == PLAIN_KIND:
            replies_to = PlainPeer(replies_to)
        client = Client(name, kind, peer.key, replies_to, self.clock())
        self._clients = {**others, replies_to.key: client}
        return replies_to

    def forget(self, peer: Peer) -> None:
        """Drop a client and what it follows."""
        client = self._client(peer)
        gone = {peer.key} | ({client.replies_to.key} if client else set())
        for key in gone:
            self._clients.pop(key, None)
            self._unfollow_all(key)

    def refused(self, key: str) -> None:
        """Take that nobody listens at a peer's port: drop what it follows, and in time the client.

        Parameters
        ----------
        key
            As `Peer.key`.
        """
        self._unfollow_all(key)
        client = self._clients.get(key)
        if client is None:
            return
        now_s = self.clock()
        if client.refused_s is None:
            client.refused_s = now_s
        elif now_s - client.refused_s >= GONE_AFTER_S:
            log.info("%s at %s is gone", client.name, key)
            del self._clients[key]

    def heard(self, peer: Peer) -> Peer:
        """Note that a peer spoke; return where its replies go."""
        client = self._client(peer)
        if client is None:
            return peer
        client.heard_s, client.refused_s = self.clock(), None
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

    def set_options(self, host: str) -> dict[str, Any]:
        """Return the options that a host set for all its runs, as they were set."""
        return dict(self._defaults.get(host, {}))

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
        self._overhear(packets, listeners.keys())
        if isinstance(event, _FINAL):
            self.unfollow(event.job)

    def tell_others(self, packets: list[bytes], sender: Peer, host: str | None = None) -> None:
        """Send packets to every client but the one that gets them as its reply.

        Parameters
        ----------
        packets, sender
            What, and who gets it anyway.
        host
            Only clients of this host; None means all.
        """
        told = {sender.key}
        for client in self.listed:
            peer = client.replies_to
            if peer.key != sender.key and host in {None, peer.host}:
                peer.send(packets)
                told.add(peer.key)
        if host is None:
            self._overhear(packets, told)

    def _overhear(self, packets: list[bytes], told: Collection[str]) -> None:
        for ear in self.ears:
            ear(packets, told)

    def _client(self, peer: Peer) -> Client | None:
        """Return the client that speaks from a peer."""
        return next((c for c in self._clients.values() if c.source == peer.key), None)

    def _unfollow_all(self, key: str) -> None:
        for followers in self._followers.values():
            followers.pop(key, None)

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
