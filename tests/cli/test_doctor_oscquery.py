"""What `doctor` says of OSCQuery. The bridge works without it, so nothing is a fault."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from bridge.cli import doctor
from bridge.config import Settings
from bridge.osc.codec import Message

if TYPE_CHECKING:
    from collections.abc import Iterator


class Running:
    """A daemon that tells its status."""

    def __init__(self, *status: Any) -> None:
        self.status = status

    def request(self, address: str, answer: str) -> Message:
        return Message(answer, ("version", "1", *self.status))


@pytest.mark.parametrize(
    ("status", "found", "remedy"),
    [
        (
            ("oscquery", "http://127.0.0.1:7780/", "oscquery.announced", "dawbridge._oscjson._tcp"),
            "announced: dawbridge._oscjson._tcp",
            "",
        ),
        (("oscquery", "http://127.0.0.1:7780/"), "announced: not yet", ""),
        (
            ("oscquery", "http://127.0.0.1:7780/", "oscquery.announced", "no: refused"),
            "cannot be announced over zeroconf: refused",
            "give them http://127.0.0.1:7780/",
        ),
        (("oscquery", "off: Port 7780 is taken."), "Port 7780 is taken", "DAWBRIDGE_OSCQUERY_PORT"),
        ((), "OSCQuery is off", "DAWBRIDGE_OSCQUERY_PORT"),
    ],
)
def test_a_running_daemon(
    status: tuple[Any, ...], found: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def connect(_: Settings) -> Iterator[Running]:
        yield Running(*status)

    monkeypatch.setattr(doctor, "connect", connect)
    finding = doctor._oscquery(Settings())
    assert found in finding.what
    assert remedy in finding.remedy
    assert bool(remedy) == bool(finding.remedy)
    assert not finding.is_fault


def test_no_daemon_and_none_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_: Settings) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(doctor, "connect", connect)
    assert "while the daemon runs" in doctor._oscquery(Settings()).what
    assert "as the settings say" in doctor._oscquery(Settings(oscquery=False)).what
