"""The daemon's figures as Prometheus reads them: text over HTTP, on this machine only.

The format is Prometheus' text exposition format 0.0.4. What is told is what `/bridge/status` tells,
but for texts: no names of files, jobs or clients.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bridge.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATIENCE_S = 5.0
"""How long a request may take to come."""

MAX_HEAD_BYTES = 1 << 13
MOST_AT_ONCE = 8

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Metric:
    """One figure: which names of the status it is made of, and what Prometheus calls it.

    Parameters
    ----------
    pattern
        Of the status' names; what its groups match become labels.
    name, kind, meaning
        Prometheus' name, type and help.
    """

    pattern: str
    name: str
    kind: Literal["counter", "gauge"]
    meaning: str


METRICS = (
    Metric("uptime", "dawbridge_uptime_seconds", "gauge", "Seconds since the daemon started"),
    Metric("memory", "dawbridge_memory_bytes", "gauge", "Memory of the daemon"),
    Metric("waiting", "dawbridge_jobs_waiting", "gauge", "Jobs in the queue"),
    Metric("running.count", "dawbridge_jobs_running", "gauge", "Jobs that run"),
    Metric("clients.count", "dawbridge_clients", "gauge", "Clients that said hello"),
    Metric(
        r"jobs\.(?P<outcome>\w+)", "dawbridge_jobs_total", "counter", "Jobs that ended, by how"
    ),
    Metric(
        r"failures\.(?P<code>\w+)", "dawbridge_job_failures_total", "counter",
        "Jobs that failed, by their code",
    ),
    Metric(
        r"seconds\.(?P<stage>\w+)", "dawbridge_stage_seconds_total", "counter",
        "Seconds that the stages of finished jobs took",
    ),
    Metric(
        r"worker\.(?P<device>.+)\.starts", "dawbridge_worker_starts_total", "counter",
        "How often a worker was started",
    ),
    Metric(
        r"worker\.losses", "dawbridge_worker_losses_total", "counter",
        "Jobs whose worker ended or had to be ended",
    ),
    Metric(
        r"worker\.(?P<device>.+)\.memory", "dawbridge_worker_memory_bytes", "gauge",
        "Memory of a worker",
    ),
    Metric("packets", "dawbridge_packets_total", "counter", "OSC packets that came"),
    Metric("unsent", "dawbridge_packets_unsent_total", "counter", "Datagrams that were not sent"),
    Metric(
        r"faults\.(?P<code>\w+)", "dawbridge_packet_faults_total", "counter",
        "Requests that were refused, by their code",
    ),
)  # fmt: skip
"""Every figure."""


def metrics_text(status: Mapping[str, object]) -> str:
    """Return a status in Prometheus' text format."""
    lines = []
    for metric in METRICS:
        samples = []
        for name, value in status.items():
            found = re.fullmatch(metric.pattern, name)
            if found and isinstance(value, (int, float)):
                labels = ",".join(f'{key}="{_escaped(text)}"' for key, text in _groups(found))
                samples.append(f"{metric.name}{{{labels}}} {value}" if labels else
                               f"{metric.name} {value}")  # fmt: skip
        if samples:
            lines += [f"# HELP {metric.name} {metric.meaning}."]
            lines += [f"# TYPE {metric.name} {metric.kind}", *samples]
    return "\n".join([*lines, ""])


def _groups(found: re.Match[str]) -> list[tuple[str, str]]:
    return sorted(found.groupdict().items())


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass
class MetricsServer:
    """Answers GET /metrics.

    Parameters
    ----------
    port
        Where to listen; 0 does not.
    status
        Tells the figures.
    """

    port: int
    status: Callable[[], Mapping[str, object]]
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Listen, if it is wanted; `SettingsError` if the port is taken."""
        if not self.port:
            return
        try:
            self._server = await asyncio.start_server(
                self._connected, HOST, self.port, limit=MAX_HEAD_BYTES
            )
        except OSError as exc:
            raise SettingsError(
                f"Port {self.port} cannot be listened on for Prometheus ({exc.strerror}). Choose "
                "another metrics_port in the settings, or 0 for none."
            ) from exc
        log.info("figures for Prometheus on http://%s:%d/metrics", HOST, self.port)

    async def stop(self) -> None:
        """Close every socket."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            if len(self._connections) <= MOST_AT_ONCE:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
                writer.write(_response(head, self.port, self.status))
                await asyncio.wait_for(writer.drain(), PATIENCE_S)
        except (
            OSError,
            EOFError,
            ValueError,
            asyncio.LimitOverrunError,
            asyncio.TimeoutError,
        ) as e:
            log.debug("a request for figures: %r", e)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _response(head: bytes, port: int, status: Callable[[], Mapping[str, object]]) -> bytes:
    """Return what a request is answered with."""
    request, *headers = head.decode("latin-1").split("\r\n")
    hosts = [line.partition(":")[2].strip() for line in headers if line.lower().startswith("host:")]
    method, _, rest = request.partition(" ")
    target = rest.partition(" ")[0].partition("?")[0]
    if hosts and hosts[0] not in {f"{HOST}:{port}", f"localhost:{port}"}:
        return _page("403 Forbidden", "Ask for this machine by its own name.\n")
    if target != "/metrics":
        return _page("404 Not Found", "The figures are at /metrics.\n")
    if method != "GET":
        return _page("405 Method Not Allowed", "Only GET is answered.\n")
    return _page("200 OK", metrics_text(status()))


def _page(status: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {_CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
