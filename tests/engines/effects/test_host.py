"""The effects worker and its host, with plugins that behave as badly as plugins can."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.effects import worker_messages as messages
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_spec import EffectSpec
from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.worker_process import LOGGED_BYTES, WorkerProcess
from bridge.errors import (
    BridgeError,
    EngineFailedError,
    JobCancelled,
    OutOfMemoryError,
    PluginFailedError,
)
from tests.engines.effects.plugin_chains import chain_of, plugin_effect, standin
from tests.engines.takes import noise

PATIENT_S = 60.0
"""For what must not be taken for a hang, however busy the machine is."""

posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks")


@pytest.fixture
def buffer(tmp_path: Path) -> DiskBuffer:
    return DiskBuffer.of(tmp_path / "in.f32", noise(0.5), 44_100)


def run(
    host: EffectsHost, buffer: DiskBuffer, *effects: EffectSpec, timeout_s: float = PATIENT_S
) -> DiskBuffer:
    out = buffer.path.with_name("out.f32")
    return host.run(chain_of(*effects), buffer, out, lambda _: None, timeout_s)


def gain(gain_db: float = -6.0) -> EffectSpec:
    return EffectSpec(type="Gain", parameters={"gain_db": gain_db})


def test_the_child_gives_what_the_chain_gives(
    host: EffectsHost, buffer: DiskBuffer, tmp_path: Path
) -> None:
    effects = (gain(), EffectSpec(type="Chorus", wet=0.5))
    there = run(host, buffer, *effects)
    here = run_chain(chain_of(*effects), buffer, tmp_path / "here.f32")
    assert host.pid not in {None, os.getpid()}
    assert (there.channels, there.frames, there.sample_rate) == (2, 22_050, 44_100)
    np.testing.assert_array_equal(there.read(), here.read())


def test_a_plugin_stays_loaded_and_forgets_the_audio(
    host: EffectsHost, buffer: DiskBuffer, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    path = standin(tmp_path, latency=1_000, journal=str(journal))
    twice = (plugin_effect(path), plugin_effect(path))
    first = run(host, buffer, *twice).read()
    pid = host.pid
    again = run(host, buffer, *twice).read()
    assert host.pid == pid
    assert journal.read_text().split() == ["stand-in"] * 2  # one for each place in the chain
    np.testing.assert_array_equal(first, buffer.read())
    np.testing.assert_array_equal(again, first)
    run(host, buffer, plugin_effect(path, parameters={"gain_db": 1.0}))
    standin(tmp_path, latency=1_001, journal=str(journal))  # as an update of the plugin would
    run(host, buffer, plugin_effect(path))
    assert len(journal.read_text().split()) == 4


@posix
@pytest.mark.parametrize(
    ("told", "error", "sentence"),
    [
        ({"kind": "sleeps"}, PluginFailedError, "did not answer for 1 seconds while it processed"),
        (
            {"kind": "holds the interpreter", "when": "load"},
            PluginFailedError,
            "did not answer for 1 seconds while it was loaded and was stopped",
        ),
        ({"kind": "segfaults"}, PluginFailedError, r"crashed \(SIGSEGV\) while it processed"),
        ({"kind": "aborts", "when": "load"}, PluginFailedError, r"SIGABRT\) while it was loaded"),
        ({"kind": "is ended by the system"}, PluginFailedError, "because memory ran out, while it"),
        ({"kind": "exits"}, PluginFailedError, r"ended its process \(status 3\) while it proc"),
        ({"kind": "raises SystemExit"}, PluginFailedError, r"ended its process \(status 4\)"),
        ({"kind": "closes all files"}, PluginFailedError, "ended its process|broke off|crashed"),
        ({"kind": "raises"}, PluginFailedError, "failed: the licence has run out"),
        ({"kind": "not a number"}, PluginFailedError, "samples that are not numbers"),
        ({"kind": "forks and crashes"}, PluginFailedError, r"crashed \(SIGSEGV\)"),
        pytest.param(
            {"kind": "hoards memory"},
            OutOfMemoryError,
            "ran out of memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no limit on memory"),
        ),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_a_bad_plugin_fails_its_job_and_the_next_one_runs(  # noqa: PLR0917 - a row of a table
    host: EffectsHost,
    buffer: DiskBuffer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    told: dict[str, Any],
    error: type[BridgeError],
    sentence: str,
) -> None:
    caplog.set_level(logging.INFO)
    run(host, buffer, gain())
    child, starts = host.pid, host.starts
    hangs = told["kind"] in {"sleeps", "holds the interpreter"}
    bad = plugin_effect(standin(tmp_path, **told))
    with pytest.raises(error, match=sentence) as caught:
        run(host, buffer, bad, timeout_s=1.0 if hangs else PATIENT_S)
    assert "The plugin 'stand-in' of the chain 'test'" in str(caught.value)
    assert host.pid is None
    assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert np.std(run(host, buffer, gain()).read()) > 0.01
    assert host.starts == starts + 1
    for left in re.findall(r"forked (\d+)", caplog.text):
        os.kill(int(left), signal.SIGKILL)


def test_what_a_plugin_prints_and_reads_spoils_nothing(
    host: EffectsHost, buffer: DiskBuffer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for kind in ("prints", "reads"):
        bad = plugin_effect(standin(tmp_path, kind, kind=kind))
        np.testing.assert_array_equal(run(host, buffer, bad).read(), buffer.read())
    host.stop()
    assert "xxxx" in caplog.text
    assert "prints more" in caplog.text
    assert len(caplog.text) < 2 * LOGGED_BYTES


@posix
def test_a_process_that_a_plugin_leaves_behind_stops_nobody(
    host: EffectsHost, buffer: DiskBuffer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    run(host, buffer, plugin_effect(standin(tmp_path, kind="forks")))
    run(host, buffer, gain())
    host.stop()
    assert run(host, buffer, gain()).frames == buffer.frames
    (left,) = re.findall(r"forked (\d+)", caplog.text)
    os.kill(int(left), signal.SIGKILL)


def test_a_cancel_leaves_a_child_that_obeys_warm(host: EffectsHost, tmp_path: Path) -> None:
    silence = DiskBuffer.create(tmp_path / "hour.f32", 2, 3_600 * 44_100, 44_100)
    fractions: list[float] = []

    def progress(fraction: float) -> None:
        fractions.append(fraction)
        if fraction > 0.0:
            raise JobCancelled

    run(host, DiskBuffer.of(tmp_path / "short.f32", noise(0.1), 44_100), gain())
    pid = host.pid
    with pytest.raises(JobCancelled):
        host.run(chain_of(gain()), silence, tmp_path / "out.f32", progress, PATIENT_S)
    assert fractions[-1] < 0.5
    assert host.pid == pid
    assert run(host, DiskBuffer.of(tmp_path / "short.f32", noise(0.1), 44_100), gain()).frames


def test_a_cancel_ends_a_child_that_does_not_listen(
    host: EffectsHost, buffer: DiskBuffer, tmp_path: Path
) -> None:
    run(host, buffer, gain())
    began_s = time.monotonic()

    def progress(_: float) -> None:
        if time.monotonic() - began_s > 0.3:
            raise JobCancelled

    bad = chain_of(plugin_effect(standin(tmp_path, kind="sleeps")))
    with pytest.raises(JobCancelled):
        host.run(bad, buffer, tmp_path / "out.f32", progress, PATIENT_S)
    assert host.pid is None


def test_the_child_ends_when_nobody_gives_orders_any_more() -> None:
    child = WorkerProcess(EffectsHost().command)
    while not isinstance(child.hear(1.0), messages.Ready):
        assert not child.has_ended
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(PATIENT_S) == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("/no/such/program",), "cannot be started"),
        ((sys.executable, "-c", "raise SystemExit(3)"), r"\(status 3\) at its start"),
        ((sys.executable, "-c", "print('hello'); input()"), "at its start"),
        ((sys.executable, "-c", "input()"), "was not ready after 0 seconds"),
    ],
)
def test_a_child_that_does_not_start_is_told(
    buffer: DiskBuffer, command: tuple[str, ...], sentence: str
) -> None:
    host = EffectsHost(command, start_timeout_s=0.4 if "0 seconds" in sentence else PATIENT_S)
    with pytest.raises(EngineFailedError, match=sentence):
        run(host, buffer, gain())
    assert host.pid is None
