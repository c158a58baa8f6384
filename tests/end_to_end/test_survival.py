"""What survives: kills, cancels, repeated presses."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import soundfile

if TYPE_CHECKING:
    from bridge.osc.client import BridgeClient
    from bridge.osc.codec import Message
    from tests.end_to_end.conftest import Daemon


def run(client: BridgeClient, song: Path, job: str, *options: object) -> list[Message]:
    """Run the separation to its end."""
    send(client, song, job, *options)
    return list(client.events(job, 60.0))


def send(client: BridgeClient, song: Path, job: str, *options: object) -> None:
    client.send("/bridge/run", "stems", "id", job, "path", str(song), "model", "dsp", *options)


def long_song(song: Path) -> Path:
    """Twenty minutes of the song: still running when the test has done its worst."""
    data, rate = soundfile.read(song, dtype="float32")
    path = song.with_name("long.wav")
    with soundfile.SoundFile(path, "w", rate, 2, "FLOAT") as file:
        for _ in range(400):
            file.write(data)
    return path


def wait_until_running(client: BridgeClient, job: str) -> None:
    for message in client.events(job, 60.0):
        if message.address == "/bridge/job/progress" and message.arguments[1] > 0.05:
            return
    raise AssertionError("the job ended")


def test_the_same_press_again_is_answered_at_once(daemon: Daemon, song: Path) -> None:
    with daemon.client() as client:
        first = run(client, song, "a")
        again = run(client, song, "b")
    assert again[-1].address == "/bridge/job/done"
    assert again[-1].arguments[2] < 1.0
    warning = next(m for m in again if m.address == "/bridge/job/warning")
    assert warning.arguments[1] == "reused"

    def stems(told: list[Message]) -> list[str]:
        return [m.arguments[2] for m in told if m.address == "/bridge/job/stem"]

    assert stems(again) == stems(first)
    manifest = json.loads(Path(again[-1].arguments[1]).read_text())
    assert (manifest["job"], manifest["reused_from"]) == ("b", "a")


def test_a_copy_of_the_file_into_another_folder_is_recognised(daemon: Daemon, song: Path) -> None:
    copy = song.with_name("copy.wav")
    copy.write_bytes(song.read_bytes())
    there = song.parent / "there"
    there.mkdir()
    (there / "song - vocals.wav").write_bytes(b"somebody's take")
    with daemon.client() as client:
        run(client, song, "a")
        again = run(client, copy, "b", "output", str(there))
    assert again[-1].address == "/bridge/job/done", again[-1]
    assert "reused" in {m.arguments[1] for m in again if m.address == "/bridge/job/warning"}
    paths = [Path(m.arguments[2]) for m in again if m.address == "/bridge/job/stem"]
    assert {path.parent for path in paths} == {there}
    assert all(soundfile.info(path).frames == 3 * 44100 for path in paths)
    assert (there / "song - vocals.wav").read_bytes() == b"somebody's take"


def test_after_a_kill_the_job_runs_again_and_finished_ones_replay(
    daemon: Daemon, song: Path
) -> None:
    with daemon.client() as client:
        finished = run(client, song, "finished")
        send(client, long_song(song), "interrupted")
        wait_until_running(client, "interrupted")
    workers = daemon.children()
    daemon.kill()
    _, alive = psutil.wait_procs(workers, timeout=10.0)
    assert not alive, "a worker outlived the daemon"

    daemon.start()
    with daemon.client() as client:
        client.send("/bridge/job", "interrupted")
        told = list(_until(client, "interrupted", "/bridge/job/warning"))
        assert told[-1].arguments[1] == "restarted"
        wait_until_running(client, "interrupted")
        client.send("/bridge/job", "finished")
        replayed = list(client.events("finished", 10.0))
        assert [m for m in finished if m.address != "/bridge/job/progress"] == replayed
        client.send("/bridge/cancel", "interrupted")
        assert list(client.events("interrupted", 30.0))[-1].address == "/bridge/job/cancelled"


def _until(client: BridgeClient, job: str, address: str) -> list[Message]:
    told = []
    for message in client.events(job, 30.0):
        told.append(message)
        if message.address == address:
            break
    return told


def test_cancel_stops_within_a_window_and_leaves_nothing_half(daemon: Daemon, song: Path) -> None:
    with daemon.client() as client:
        send(client, long_song(song), "a")
        wait_until_running(client, "a")
        began_s = time.monotonic()
        client.send("/bridge/cancel")
        told = list(client.events("a", 30.0))
    assert told[-1].address == "/bridge/job/cancelled"
    assert time.monotonic() - began_s < 10.0
    data = daemon.folder / "data"
    assert not [path for path in data.rglob("*.wav") if path.is_file()]
    assert not any((data / "work").iterdir())


def test_a_worker_that_is_killed_fails_its_job_and_the_next_one_runs(
    daemon: Daemon, song: Path
) -> None:
    with daemon.client() as client:
        send(client, long_song(song), "a")
        wait_until_running(client, "a")
        send(client, song, "b")
        for worker in daemon.children():
            worker.kill()
        failed = list(client.events("a", 30.0))[-1]
        assert failed.arguments[1] == "engine_failed"
        client.send("/bridge/job", "b")
        assert list(client.events("b", 60.0))[-1].address == "/bridge/job/done"


def test_a_second_daemon_on_the_same_data_is_refused(daemon: Daemon) -> None:
    refused = daemon.command("serve", "--port", str(daemon.port - 1))
    assert refused.returncode == 1
    assert "--data" in refused.stderr


def test_the_daemon_never_loads_a_model_library(daemon: Daemon, song: Path) -> None:
    with daemon.client() as client:
        run(client, song, "a")
    assert daemon.process is not None
    mapped = {Path(m.path).name for m in psutil.Process(daemon.process.pid).memory_maps()}
    assert not [name for name in mapped if "torch" in name or "onnxruntime" in name]
