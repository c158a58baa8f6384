"""Plugins in a real daemon: a bad one costs its own job, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import soundfile

from bridge.engines.effects.plugins import LOADERS
from bridge.engines.effects.plugins_library import PluginLibrary
from bridge.engines.effects.plugins_scan import scan
from tests.end_to_end.conftest import Daemon, running
from tests.engines.effects.plugin_chains import LOADER, STANDINS, standin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.osc.client import BridgeClient
    from bridge.osc.codec import Message


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon for which stand-ins are plugins, and which waits two seconds for one."""
    settings = {"PYTHONPATH": str(STANDINS), "DAWBRIDGE_PLUGIN_TIMEOUT_S": "2"}
    with running(Daemon(tmp_path, settings=settings)) as made:
        yield made


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that waits for a plugin longer than any test lasts."""
    settings = {"PYTHONPATH": str(STANDINS), "DAWBRIDGE_PLUGIN_TIMEOUT_S": "300"}
    with running(Daemon(tmp_path, settings=settings)) as made:
        yield made


def chain(daemon: Daemon, name: str, plugin: Path | str) -> None:
    folder = daemon.folder / "presets" / "chains"
    folder.mkdir(parents=True, exist_ok=True)
    text = f"[[effect]]\ntype = 'Plugin'\nplugin = '{plugin}'\n"
    (folder / f"{name}.toml").write_text(text)


def run(client: BridgeClient, song: Path, job: str, chain: str) -> Message:
    """Send the song through a chain; return the job's last event."""
    client.send("/bridge/run", "process", "id", job, "path", str(song), "pre", chain)
    return list(client.events(job, 60.0))[-1]


def worker(daemon: Daemon) -> psutil.Process:
    """Return the model worker: the daemon's only child."""
    assert daemon.process is not None
    (found,) = psutil.Process(daemon.process.pid).children()
    return found


def loaded_libraries(process: psutil.Process) -> set[str]:
    return {Path(region.path).name.partition(".")[0] for region in process.memory_maps()}


def test_a_plugin_that_crashes_or_hangs_costs_one_job(
    daemon: Daemon, song: Path, tmp_path: Path
) -> None:
    chain(daemon, "good", standin(tmp_path, "Good", latency=700))
    chain(daemon, "crash", standin(tmp_path, "Boom", kind="segfaults"))
    chain(daemon, "hang", standin(tmp_path, "Limbo", kind="holds the interpreter"))
    with daemon.client() as client:
        assert run(client, song, "a", "good").address == "/bridge/job/done"
        before = worker(daemon).pid
        (effects,) = worker(daemon).children()
        for job, name, plugin in (("b", "crash", "Boom"), ("d", "hang", "Limbo")):
            failed = run(client, song, job, name)
            assert failed.address == "/bridge/job/failed"
            assert failed.arguments[1] == "plugin_failed"
            assert f"The plugin '{plugin}' of the chain '{name}'" in failed.arguments[2]
            done = run(client, song, f"{job}-next", "clean")
            assert done.address == "/bridge/job/done"
        assert worker(daemon).pid == before
        assert [child.pid for child in worker(daemon).children()] != [effects.pid]
        assert not effects.is_running()
        assert "pedalboard_native" not in loaded_libraries(worker(daemon))


def test_a_plugin_keeps_the_audio_in_time(daemon: Daemon, song: Path, tmp_path: Path) -> None:
    chain(daemon, "late", standin(tmp_path, "Late", latency=5_000))
    with daemon.client() as client:
        client.send("/bridge/run", "process", "id", "a", "path", str(song), "pre", "late")
        told = list(client.events("a", 60.0))
    (stem,) = [m.arguments[2] for m in told if m.address == "/bridge/job/stem"]
    made, _ = soundfile.read(stem, dtype="float32")
    source, _ = soundfile.read(song, dtype="float32")
    assert (made == source).all()


def hang(daemon: Daemon, client: BridgeClient, song: Path) -> None:
    """Start the job ``a``, whose plugin hangs and may do so for long."""
    marker = daemon.folder / "journal"
    plugin = standin(daemon.folder, "Limbo", kind="holds the interpreter", journal=str(marker))
    chain(daemon, "hang", plugin)
    client.send("/bridge/run", "process", "id", "a", "path", str(song), "pre", "hang")
    while not marker.exists():
        time.sleep(0.05)


def test_a_cancel_ends_a_plugin_that_hangs(patient: Daemon, song: Path) -> None:
    with patient.client() as client:
        hang(patient, client, song)
        client.send("/bridge/cancel", "a")
        assert list(client.events("a", 30.0))[-1].address == "/bridge/job/cancelled"
        assert run(client, song, "b", "clean").address == "/bridge/job/done"


def test_a_plugin_that_hangs_does_not_outlive_its_worker(patient: Daemon, song: Path) -> None:
    with patient.client() as client:
        hang(patient, client, song)
        (effects,) = worker(patient).children()
        worker(patient).kill()
        assert list(client.events("a", 30.0))[-1].arguments[1] == "engine_failed"
        _, alive = psutil.wait_procs([effects], timeout=10.0)
        assert not alive
        assert run(client, song, "b", "clean").address == "/bridge/job/done"


def test_what_a_scan_found_is_known_at_the_next_press(
    daemon: Daemon, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOADERS, ".standin", LOADER)
    monkeypatch.setenv("PYTHONPATH", str(STANDINS))
    folder = tmp_path / "plugins"
    folder.mkdir()
    standin(folder, "Warmth")
    standin(folder, "Boom", kind="exits", when="load")
    chain(daemon, "warm", "Warmth")
    chain(daemon, "bad", "Boom")

    def refusal(client: BridgeClient, job: str, name: str) -> Any:
        client.send("/bridge/run", "process", "id", job, "path", str(song), "pre", name)
        return client.receive(20.0).arguments

    with daemon.client() as client:
        assert "plugins scan" in refusal(client, "a", "warm")[2]
        scan(PluginLibrary.below(tmp_path / "data"), [folder], 60.0)
        assert run(client, song, "b", "warm").address == "/bridge/job/done"
        _, code, sentence = refusal(client, "d", "bad")
        assert code == "plugin_failed"
        assert "'Boom' is in quarantine" in sentence
