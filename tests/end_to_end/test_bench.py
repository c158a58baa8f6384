"""`dawbridge bench` measures with a daemon of its own and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from pathlib import Path


def bench(place: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command; it takes seconds, and minutes where others need the processors."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", "bench", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=place.environment,
        cwd=place.folder,
        timeout=900.0,
    )


def test_bench_says_what_each_kind_of_job_takes(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    place = Daemon(tmp_path, settings={"TMPDIR": str(scratch), "TEMP": str(scratch)})
    said = bench(place, "--rounds", "1", "--model", "dsp", "--json")
    assert said.returncode == 0, said.stderr
    figures = {figure["what"]: figure for figure in json.loads(said.stdout)}
    assert set(figures) == {"stems dsp normal", "midi other"}
    for figure in figures.values():
        assert figure["seconds"] > 0.0
        assert figure["first_seconds"] > 0.0
        assert abs(figure["times_real_time"] * figure["seconds"] - 12.0) < 1.0
        assert figure["device"] == "cpu"
    assert figures["stems dsp normal"]["precision"] == "float32"
    assert figures["midi other"]["precision"] is None
    assert not (tmp_path / "data").exists()
    assert not list(scratch.glob("dawbridge-bench-*"))
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if str(scratch) in " ".join(command)]


def test_bench_names_the_models_that_there_are(tmp_path: Path) -> None:
    said = bench(Daemon(tmp_path), "--model", "htdmucs")
    assert said.returncode == 1
    assert "There is no model 'htdmucs'" in said.stderr
