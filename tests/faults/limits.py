"""Memory that runs out, a graphics card that is gone, models that are half, a hub of nonsense."""

from __future__ import annotations

import contextlib
import http.server
import resource
import threading
from typing import TYPE_CHECKING

from tests.end_to_end.conftest import Daemon
from tests.faults.outcome import Outcome
from tests.faults.strangers import House
from tests.faults.studio import child, music, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOM_BYTES = 8 << 20
"""What a worker may still take once its memory is bounded: less than any job needs."""

SETTINGS = {"DAWBRIDGE_OSCQUERY": "false", "DAWBRIDGE_FETCH_TIMEOUT_S": "2"}


class _Garbage(http.server.BaseHTTPRequestHandler):
    """A hub that answers everything with bytes that mean nothing."""

    def do_GET(self) -> None:
        body = b"\x00<html>" * 1000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


@contextlib.contextmanager
def hub() -> Iterator[str]:
    """Serve nonsense on this machine; yields the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Garbage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def memory(house: House) -> str:
    """Bound the worker's memory, send a job, let the worker go, send another."""
    warm = house.run()
    worker = child(house.daemon, "model worker")
    assert worker is not None
    taken = worker.memory_full_info().data
    most = int(taken) + ROOM_BYTES
    resource.prlimit(worker.pid, resource.RLIMIT_DATA, (most, most))
    long = music(house.folder / "songs" / "minute.wav", 60.0)
    bounded = house.run("stems", path=str(long), model="dsp")
    with contextlib.suppress(Exception):
        worker.kill()
        worker.wait(30.0)
    return f"{warm}, {bounded}, {house.run()}"


def no_card(house: House) -> str:
    """Ask for a graphics card that is not there."""
    return house.run("stems", model="dsp", device="cuda:7")


def half_a_model(house: House) -> str:
    """Ask for a model of which half arrived."""
    models = house.folder / "models"
    models.mkdir()
    (models / "half.safetensors").write_bytes((1 << 20).to_bytes(8, "little") + b'{"__metadata__"')
    return house.run("stems", model="half")


def no_model(house: House) -> str:
    """Ask for a model that has to be fetched from a hub that answers with nonsense."""
    return house.run("stems", model="htdemucs")


CASES = {
    "memory for the worker runs out": (memory, r"done, (out_of_memory|engine_failed), done"),
    "a graphics card that is gone": (no_card, "done|engine_failed|bad_arguments"),
    "a model of which half arrived": (half_a_model, "model_unavailable|unknown_model"),
    "a hub that answers with nonsense": (no_model, "done|model_unavailable"),
}


def limits(folder: Path) -> Iterator[Outcome]:
    """Try every case against one daemon."""
    import re

    with hub() as address:
        settings = {
            **SETTINGS,
            "DAWBRIDGE_OFFLINE": "false",
            "DAWBRIDGE_MODELS": str(folder / "models"),
            "HF_ENDPOINT": address,
            "HF_HOME": str(folder / "hub"),
        }
        with running(Daemon(folder, settings=settings)) as daemon:
            (folder / "songs").mkdir()
            music(folder / "songs" / "song.wav", 1.0)
            number = 0
            for name, (make, expected) in CASES.items():
                with daemon.client() as client:
                    house = House(daemon, client, number)
                    found = make(house)
                    number = house.number
                outcome = Outcome("Resources", name, 1, f"`{found}`")
                outcome.expect(re.fullmatch(expected, found), f"it came to {found}")
                yield outcome
