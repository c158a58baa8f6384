"""Commands that talk to a daemon, each as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that does not run yet; one that a command starts is ended after the test."""
    made = Daemon(tmp_path)
    yield made
    told = made.command("status", "--json")
    if told.returncode == 0:
        process = psutil.Process(json.loads(told.stdout)["process"])
        process.terminate()
        process.wait(15.0)


def test_run_starts_a_daemon_and_lists_what_came_back(stopped: Daemon, song: Path) -> None:
    folder = stopped.folder / "results"
    events = stopped.folder / "events.tsv"
    done = stopped.command(
        "run", "stems", "--path", song.name, "--model", "dsp", "--start", "1", "--length", "1.5",
        "--stems", "vocals+rest", "--format", "wav24", "--position", "12.5", "--track", "Chor",
        "--output", "results", "--events", str(events), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    files = {Path(stem["path"]).name for stem in outcome["stems"]}
    assert files == {"Chor - vocals.wav", "Chor - rest.wav"}
    assert {path.name for path in folder.iterdir()} == files | {"manifest.json"}
    lines = [line.split("\t") for line in events.read_text().splitlines()]
    assert lines[0][:3] == ["/bridge/job/queued", outcome["job"], "stems"]
    assert lines[-1][0] == "/bridge/job/done"
    status = json.loads(stopped.command("status", "--json").stdout)
    assert status["running"] == ""
    assert "done" in stopped.command("jobs").stdout


def test_a_failure_is_a_sentence_and_a_status(daemon: Daemon) -> None:
    text = daemon.folder / "notes.txt"
    text.write_text("no audio")
    failed = daemon.command("run", "stems", "--path", str(text), "--model", "dsp")
    assert failed.returncode == 1
    assert "[unsupported_audio]" in failed.stderr
    refused = daemon.command("run", "stmes", "--path", str(text))
    assert refused.returncode == 1
    assert "Did you mean 'stems'?" in refused.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_cancels_the_job(daemon: Daemon, song: Path) -> None:
    from tests.end_to_end.test_survival import long_song

    events = daemon.folder / "events.tsv"
    # A shell's background jobs ignore Ctrl-C, and so does what they start; a terminal's do not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", "run", "stems", "--path", str(long_song(song)),
         "--model", "dsp", "--id", "mine", "--events", str(events)],
        env=daemon.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    try:
        deadline_s = time.monotonic() + 60.0
        while not (events.exists() and "progress" in events.read_text()):
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60.0)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "cancelled" in errors
    assert "cancelled" in daemon.command("jobs").stdout


def test_cancel_from_elsewhere(daemon: Daemon, song: Path) -> None:
    from tests.end_to_end.test_survival import long_song, send, wait_until_running

    with daemon.client() as client:
        send(client, long_song(song), "a")
        wait_until_running(client, "a")
        done = daemon.command("cancel")
        assert done.stdout.strip() == "a: cancelled"


def test_run_survives_the_daemons_death(stopped: Daemon, song: Path) -> None:
    from tests.end_to_end.test_survival import long_song

    path = long_song(song)
    stopped.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", "run", "stems", "--path", str(path), "--model", "dsp",
         "--length", "60", "--id", "mine", "--json"],
        env=stopped.environment,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with stopped.client() as client:
        client.request("/bridge/hello", "ears", "other", answer="/bridge/welcome")
        while client.receive(60.0).address != "/bridge/job/progress":
            pass
    stopped.kill()
    output, _ = process.communicate(timeout=120.0)
    outcome = json.loads(output)
    assert process.returncode == 0
    assert "restarted" in {warning["code"] for warning in outcome["warnings"]}
    assert len(outcome["stems"]) == 4


def test_demo_composes_separates_and_leaves_no_daemon(stopped: Daemon) -> None:
    done = stopped.command("demo")
    assert done.returncode == 0, done.stderr
    for stem in ("drums", "bass", "other", "vocals"):
        assert stem in done.stdout
    assert "dBFS" in done.stdout
    assert "SDR" in done.stdout
    assert stopped.command("status").returncode == 3
