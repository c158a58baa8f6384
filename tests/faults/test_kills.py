"""Kills at moments that are told: nothing half, nothing left, every job ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.end_to_end.conftest import Daemon
from tests.faults.studio import (
    PATIENCE_S,
    child,
    faults_of_the_files,
    faults_of_the_jobs,
    faults_of_the_store,
    is_port_free,
    music,
    running,
    scratch_of,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.osc.client import BridgeClient


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all: every test leaves it as it found it."""
    with running(Daemon(tmp_path_factory.mktemp("kills"))) as made:
        yield made


@pytest.fixture(scope="module")
def song(daemon: Daemon) -> Path:
    """Long enough to be in the middle of something."""
    return music(daemon.folder / "song.wav", 8.0)


def send(client: BridgeClient, song: Path, job: str, *options: object) -> None:
    client.send(
        *("/bridge/run", "stems", "id", job, "path", str(song), "model", "dsp"),
        *("reuse", False, "format", "flac", "output", str(song.parent / "stems"), *options),
    )


def follow_to(client: BridgeClient, job: str, stage: str) -> None:
    """Wait until a job has entered a stage; `write` is when one file of several is written."""
    for message in client.events(job, PATIENCE_S):
        entered = stage if message.address == "/bridge/job/stem" else message.arguments[-2]
        if entered == stage:
            return
    raise AssertionError(f"{job} ended before it entered {stage}")


def nothing_is_left(daemon: Daemon) -> list[str]:
    return [*faults_of_the_files(daemon.folder), *scratch_of(daemon.folder / "data")]


@pytest.mark.parametrize("stage", ["mix", "write"])
def test_a_model_worker_killed_in_any_stage_leaves_nothing(
    daemon: Daemon, song: Path, stage: str
) -> None:
    """Its names stayed claimed for ever, and its scratch files until the daemon ended."""
    job = f"worker-{stage}"
    with daemon.client() as client:
        send(client, song, job, "pre", "clean")
        follow_to(client, job, stage)
        worker = child(daemon, "model worker")
        assert worker is not None
        worker.kill()
        last = list(client.events(job, PATIENCE_S))[-1]
        # The last of several files may have been written before the kill came.
        assert last.arguments[1] == "engine_failed" or (stage, last.address) == (
            "write",
            "/bridge/job/done",
        )
    assert not nothing_is_left(daemon)


def test_an_effects_worker_that_is_killed_fails_its_job_alone(daemon: Daemon, song: Path) -> None:
    with daemon.client() as client:
        send(client, song, "effects", "pre", "voice-polish")
        follow_to(client, "effects", "reading")
        until(lambda: child(daemon, "effects worker"), "there is an effects worker")
        effects = child(daemon, "effects worker")
        assert effects is not None
        effects.kill()
        last = list(client.events("effects", PATIENCE_S))[-1]
        assert last.arguments[1] in {"plugin_failed", "engine_failed"}, last
    assert not nothing_is_left(daemon)


@pytest.mark.parametrize("stage", ["write"])
def test_a_killed_daemon_takes_up_its_jobs_again(daemon: Daemon, song: Path, stage: str) -> None:
    job = f"daemon-{stage}"
    with daemon.client() as client:
        send(client, song, job, "track", stage)
        follow_to(client, job, stage)
    workers = daemon.children()
    daemon.kill()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not alive
    until(lambda: is_port_free(daemon.port), "the port is free")
    assert not faults_of_the_store(daemon.folder / "data")
    daemon.start()
    assert not list(faults_of_the_jobs(daemon, [job]))
    assert not nothing_is_left(daemon)
    with daemon.client() as client:
        client.send("/bridge/job", job)
        done = list(client.events(job, PATIENCE_S))[-1]
    assert done.address == "/bridge/job/done", done
    manifest = json.loads(Path(done.arguments[1]).read_text(encoding="utf-8"))
    names = sorted(stem["path"].rpartition("/")[2] for stem in manifest["stems"])
    assert names == [f"{stage} - {name}.flac" for name in ("bass", "drums", "other", "vocals")]


HANGS = """
import ctypes, subprocess, sys
from bridge.engines.worker.process import end_with_parent
if sys.argv[1] == "parent":
    child = subprocess.Popen([sys.executable, __file__, "child"], stdin=subprocess.PIPE)
    print(child.pid, flush=True)
    child.wait()
end_with_parent()
print("hangs", flush=True)
ctypes.PyDLL(None).sleep(600)  # holds the interpreter, as a plugin does that hangs in its own code
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system has no such signal")
def test_a_process_that_hangs_in_a_library_ends_with_its_parent(tmp_path: Path) -> None:
    """A closed pipe does not end it: no Python runs that could see it."""
    script = tmp_path / "hangs.py"
    script.write_text(HANGS)
    parent = psutil.Popen([sys.executable, str(script), "parent"], stdout=-1)
    try:
        hanging = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline() == b"hangs\n"
        parent.kill()
        parent.wait()
        _, alive = psutil.wait_procs([hanging], timeout=PATIENCE_S)
        assert not alive
    finally:
        parent.stdout.close()
