"""Figures for Prometheus."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from bridge.errors import SettingsError
from bridge.osc.metrics import METRICS, MOST_AT_ONCE, MetricsServer, metrics_text
from tests.end_to_end.conftest import free_port

STATUS: dict[str, Any] = {
    "version": "1.0",
    "data": "/home/somebody/secret",
    "running": "job-1",
    "uptime": 12.5,
    "memory": 1000,
    "waiting": 2,
    "running.count": 1,
    "clients.count": 0,
    "packets": 10,
    "unsent": 0,
    "jobs.finished": 4,
    "failures.disk_full": 1,
    "seconds.separate": 3.25,
    "worker.cpu.starts": 1,
    "worker.cpu.memory": 5,
    "worker.losses": 0,
    "faults.bad_packet": 7,
}


def test_every_figure_has_its_line() -> None:
    text = metrics_text(STATUS)
    for metric in METRICS:
        assert f"# TYPE {metric.name} {metric.kind}\n" in text
    assert 'dawbridge_packet_faults_total{code="bad_packet"} 7\n' in text
    assert 'dawbridge_stage_seconds_total{stage="separate"} 3.25\n' in text
    assert "dawbridge_jobs_waiting 2\n" in text


def test_the_format_is_prometheus_own() -> None:
    for line in metrics_text(STATUS).splitlines():
        assert re.fullmatch(
            r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? [0-9.e+-]+', line
        ), line


def test_no_names_are_told() -> None:
    text = metrics_text(STATUS)
    assert "somebody" not in text
    assert "job-1" not in text


def asked(*requests: bytes) -> list[bytes]:
    """Send requests to a server, each on a connection of its own; return the answers."""

    async def one(port: int, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    async def main() -> list[bytes]:
        server = MetricsServer(free_port(), lambda: STATUS)
        await server.start()
        try:
            return [await one(server.port, request) for request in requests]
        finally:
            await server.stop()

    return asyncio.run(main())


def test_a_scrape() -> None:
    (answer,) = asked(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".replace(b"Host", b"X"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"dawbridge_packets_total 10\n" in body


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"403"),
        (b"nonsense\r\n\r\n", b"404"),
    ],
)
def test_nothing_else_is_answered(request_head: bytes, status: bytes) -> None:
    (answer,) = asked(request_head)
    assert answer.split()[1] == status
    assert b"dawbridge_packets_total" not in answer


def test_a_head_without_end_is_dropped() -> None:
    answers = asked(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
    assert b"200 OK" not in answers[0]


def test_connections_that_say_nothing_are_limited() -> None:
    async def main() -> None:
        server = MetricsServer(free_port(), lambda: STATUS)
        await server.start()
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
        gone = [reader for reader, _ in held[MOST_AT_ONCE:]]
        assert [await reader.read() for reader in gone] == [b""] * len(gone)
        await server.stop()
        for _, writer in held:
            writer.close()

    asyncio.run(main())


def test_it_is_off_without_a_port_and_says_when_one_is_taken() -> None:
    async def main() -> None:
        off = MetricsServer(0, dict)
        await off.start()
        assert off._server is None
        with socket.create_server(("127.0.0.1", 0)) as taken:
            server = MetricsServer(taken.getsockname()[1], dict)
            with pytest.raises(SettingsError, match="metrics_port"):
                await server.start()

    asyncio.run(main())
