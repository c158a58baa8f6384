"""A whole job driven by somebody else's OSC program, with no DAW: liblo's oscsend."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

from bridge.models import Manifest
from bridge.osc.client import FINAL
from bridge.osc.codec import Message, StreamDecoder, decode

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Daemon

pytestmark = pytest.mark.skipif(
    shutil.which("oscsend") is None and not os.environ.get("CI"),
    reason="oscsend is missing (Debian: liblo-tools)",
)

TIMEOUT_S = 60.0


def oscsend(url: str, *arguments: str) -> None:
    subprocess.run(["oscsend", url, *arguments], check=True, timeout=10.0)


def check_results(told: list[Message], frames: int) -> None:
    assert told[-1].address == "/bridge/job/done", told[-1]
    stems = {m.arguments[1]: m for m in told if m.address == "/bridge/job/stem"}
    assert set(stems) == {"drums", "bass", "other", "vocals"}
    for message in stems.values():
        info = soundfile.info(message.arguments[2])
        assert (info.frames, info.samplerate) == (frames, 44100)
    clips = [m for m in told if m.address == "/bridge/job/midi"]
    assert {m.arguments[1] for m in clips} == set(stems)
    assert all(Path(m.arguments[2]).read_bytes().startswith(b"MThd") for m in clips)
    manifest = Manifest.model_validate_json(Path(told[-1].arguments[1]).read_text())
    assert {stem.name for stem in manifest.stems} == set(stems)


def test_over_udp_with_a_reply_port(daemon: Daemon, song: Path) -> None:
    url = f"osc.udp://127.0.0.1:{daemon.port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(TIMEOUT_S)
        oscsend(url, "/bridge/hello", "ssi", "pad", "controller", str(ear.getsockname()[1]))
        oscsend(url, "/bridge/select", "sff", str(song), "0.5", "2.0")
        oscsend(url, "/bridge/run/stems-to-midi", "f", "1.0")
        oscsend(url, "/bridge/run/stems-to-midi", "f", "0.0")
        told: list[Message] = []
        while not told or told[-1].address not in FINAL:
            told += decode(ear.recv(65536))
    first = [message.address for message in told[:3]]
    assert first == ["/bridge/welcome", "/bridge/selected", "/bridge/job/queued"]
    assert sum(message.address == "/bridge/job/queued" for message in told) == 1
    check_results(told, frames=2 * 44100)


def test_over_tcp(daemon: Daemon, song: Path) -> None:
    """oscsend closes its connection, so another client listens; both framings are spoken."""
    with daemon.client() as listener:
        listener.request("/bridge/hello", "ears", "other", answer="/bridge/welcome")
        url = f"osc.tcp://127.0.0.1:{daemon.port}"
        oscsend(url, "/bridge/select", "sdd", str(song), "0", "0")
        oscsend(url, "/bridge/run/stems-to-midi", "T")
        told = [listener.receive(TIMEOUT_S)]
        while told[-1].address not in FINAL:
            told.append(listener.receive(TIMEOUT_S))
    check_results(told, frames=3 * 44100)


def test_a_pad_that_speaks_slip(daemon: Daemon) -> None:
    from bridge.osc.codec import encode, frame_with_slip

    with socket.create_connection(("127.0.0.1", daemon.port), 5.0) as raw:
        raw.sendall(frame_with_slip(encode("/bridge/recipes")))
        decoder = StreamDecoder(1 << 16)
        told: list[Message] = []
        while not told or told[-1].address != "/bridge/recipes/end":
            for packet in decoder.feed(raw.recv(65536)):
                told += decode(packet)
    assert "stems-to-midi" in {message.arguments[0] for message in told[:-1]}
