"""Fetching: bounded, cancellable, and by Demucs' own loader."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import psutil
import pytest

from bridge.engines.separation import catalogue, fetching, model_files
from bridge.errors import JobCancelled, ModelUnavailableError, UnknownModelError
from tests.engines.separation.tiny_models import save_safetensors, tiny_htdemucs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HTDEMUCS = catalogue.DOWNLOADS[0]

LOADER = """
import os, pathlib, sys, time
cache = pathlib.Path(os.environ["HF_HUB_CACHE"]) / "models--adefossez--HTDemucs"
blobs = cache / "blobs"
snapshot = cache / "snapshots" / "0123"
def get_hf_model(name):
    blobs.mkdir(parents=True, exist_ok=True)
    snapshot.mkdir(parents=True, exist_ok=True)
    {body}
"""
ARRIVES = """
    (snapshot / f"{name}.yaml").write_text("models: [a]")
    (snapshot / "a.safetensors").write_bytes(b"")
"""
STALLS = """
    (blobs / "a.incomplete").write_bytes(b"123")
    time.sleep(600)
"""
CRAWLS = """
    with (blobs / "a.incomplete").open("ab", buffering=0) as file:
        for _ in range(6000):
            file.write(b"x")
            time.sleep(0.1)
"""


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve a repository as the Hugging Face hub does; return the address."""
    files = tmp_path / "served"
    files.mkdir()
    save_safetensors(tiny_htdemucs(), files / "abc.safetensors")
    (files / "htdemucs.yaml").write_text(f"models: {json.dumps(['abc'])}\n")

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = files / self.path.rpartition("/")[2].partition("?")[0]
            found = path.is_file() and self.path.startswith("/adefossez/HTDemucs/resolve/main/")
            content = path.read_bytes() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{path.stem}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - what the base class looks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str) -> Callable[[str], None]:
    """Put another loader in the place of Demucs' own, in the child only."""
    _use(server, monkeypatch)

    def put(body: str) -> None:
        package = tmp_path / "fake" / "demucs"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "hf.py").write_text(LOADER.format(body=body.strip()))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))

    return put


def _use(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def children() -> Callable[[], set[psutil.Process]]:
    """Return what lists the processes that this test started and that still run.

    Other tests may have left some that live as long as this process does, as a pool of processes
    leaves its resource tracker.
    """

    def running() -> set[psutil.Process]:
        return set(psutil.Process().children(recursive=True))

    earlier = running()
    return lambda: running() - earlier


def test_a_model_that_is_here_is_not_fetched(hub: Path, loader: Callable[[str], None]) -> None:
    loader("sys.exit(3)")
    snapshot = model_files.repository_folder(HTDEMUCS.repository) / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    (snapshot / "htdemucs.yaml").write_text("models: [a]")
    (snapshot / "a.safetensors").write_bytes(b"")
    fetching.fetch("htdemucs", timeout_s=10.0)


def test_a_model_arrives(loader: Callable[[str], None]) -> None:
    loader(ARRIVES)
    fetching.fetch("htdemucs", timeout_s=20.0)
    assert model_files.cached_snapshot("htdemucs", HTDEMUCS.repository) is not None


def test_offline_does_not_try(loader: Callable[[str], None]) -> None:
    loader(ARRIVES)
    with pytest.raises(ModelUnavailableError, match=r"offline.*dawbridge models --fetch htdemucs"):
        fetching.fetch("htdemucs", timeout_s=20.0, offline=True)


def test_what_is_no_model_of_demucs_cannot_be_fetched() -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'htdemucs_ft'"):
        fetching.fetch("htdemucs_f", timeout_s=20.0)


def test_a_download_that_stands_still_is_given_up(
    hub: Path, loader: Callable[[str], None], children: Callable[[], set[psutil.Process]]
) -> None:
    loader(STALLS)
    with pytest.raises(ModelUnavailableError, match="nothing arrived for 4 s"):
        fetching.fetch("htdemucs", timeout_s=4.0)
    assert not children()
    assert not list(hub.rglob("*.incomplete"))


def test_a_download_that_grows_is_waited_for_up_to_the_limit(
    hub: Path, loader: Callable[[str], None], children: Callable[[], set[psutil.Process]]
) -> None:
    loader(CRAWLS)
    sizes: list[int] = []
    with pytest.raises(ModelUnavailableError, match="not done after 6 s"):
        fetching.fetch("htdemucs", timeout_s=5.0, limit_s=6.0, progress=sizes.append)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 5
    assert not children()
    assert not list(hub.rglob("*.incomplete"))


def test_another_programs_half_download_is_left_alone(
    hub: Path, loader: Callable[[str], None]
) -> None:
    loader(STALLS)
    blobs = model_files.repository_folder(HTDEMUCS.repository) / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "b.incomplete").write_bytes(b"1")
    with pytest.raises(ModelUnavailableError):
        fetching.fetch("htdemucs", timeout_s=4.0)
    assert [path.name for path in hub.rglob("*.incomplete")] == ["b.incomplete"]


def test_cancelling_ends_the_child(
    loader: Callable[[str], None], children: Callable[[], set[psutil.Process]]
) -> None:
    loader(CRAWLS)

    def cancel(size: int) -> None:
        if size > 2:
            assert children()
            raise JobCancelled

    with pytest.raises(JobCancelled):
        fetching.fetch("htdemucs", timeout_s=20.0, progress=cancel)
    assert not children()


def test_the_child_ends_with_its_parent(loader: Callable[[str], None]) -> None:
    loader(STALLS)
    code = "from bridge.engines.separation.fetching import fetch; fetch('htdemucs', timeout_s=60.0)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 20.0
    family: list[psutil.Process] = []
    while not family and time.monotonic() < deadline:
        family = psutil.Process(parent.pid).children()
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    gone, alive = psutil.wait_procs(family, timeout=10.0)
    assert gone
    assert not alive


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise OSError('no route')", r"the download failed \(OSError: no route\)"),
        (
            "raise type('LocalEntryNotFoundError', (Exception,), {})('offline')",
            "the Hugging Face hub cannot be reached",
        ),
        ("pass", "did not arrive in"),
    ],
)
def test_a_failure_says_why_and_what_to_do(
    body: str, reason: str, loader: Callable[[str], None]
) -> None:
    loader(body)
    with pytest.raises(ModelUnavailableError, match=f"{reason}.*--fetch htdemucs"):
        fetching.fetch("htdemucs", timeout_s=20.0)


def test_demucs_own_loader_brings_a_model_that_the_catalogue_finds(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(server, monkeypatch)
    assert not catalogue.find("htdemucs").weights_here
    fetching.fetch("htdemucs", timeout_s=60.0)
    assert catalogue.find("htdemucs").weights_here


def test_a_hub_that_does_not_answer_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        _use(f"http://127.0.0.1:{nobody.getsockname()[1]}", monkeypatch)
        with pytest.raises(ModelUnavailableError, match=r"hub cannot be reached.*--fetch htdemucs"):
            fetching.fetch("htdemucs", timeout_s=60.0, limit_s=20.0)
