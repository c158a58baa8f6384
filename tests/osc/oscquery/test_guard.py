"""Which web pages may ask."""

from __future__ import annotations

import pytest

from bridge.osc.oscquery.guard import Guard

GUARD = Guard(frozenset({"studio.local"}))


@pytest.mark.parametrize(
    "host",
    [
        None,
        "localhost",
        "localhost:7780",
        "LOCALHOST.:7780",
        "127.0.0.1:7780",
        "127.1.2.3",
        "[::1]:7780",
        "192.168.1.20:7780",
        "studio.local:7780",
    ],
)
def test_names_of_this_machine(host: str | None) -> None:
    assert GUARD.refusal(host, None, "192.168.1.20") == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":7780",
        "attacker.example:7780",
        "localhost.attacker.example",
        "127.0.0.1.attacker.example",
        "attacker.example@localhost.example",
        "192.168.1.21",
        "0.0.0.0:7780",
        "[::1",
        "2130706433",
    ],
)
def test_rebound_names_are_refused(host: str) -> None:
    assert "oscquery_names" in GUARD.refusal(host, None, "192.168.1.20")


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://127.0.0.1", "http://studio.local"]
)
def test_pages_of_this_machine(origin: str) -> None:
    assert GUARD.refusal("localhost", origin, "127.0.0.1") == ""


@pytest.mark.parametrize(
    "origin", ["null", "", "file://", "https://attacker.example", "http://localhost.example"]
)
def test_other_pages_are_refused(origin: str) -> None:
    assert "oscquery_names" in GUARD.refusal("localhost", origin, "127.0.0.1")
