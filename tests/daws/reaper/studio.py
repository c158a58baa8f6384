"""A stand-in for REAPER with the scripts installed, and what tests put into its projects."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from bridge.resources import shipped
from tests.daws.reaper.project import Project, Source, Track
from tests.daws.reaper.standin import Standin
from tests.end_to_end.conftest import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RATE = 44100
FOLDER = "Jörg O'Neil's “REAPER” $HOME"
"""Where the resource folder lies: spaces, quotes, letters beyond ASCII, what a shell expands."""


@dataclass
class Studio:
    """A REAPER with a saved, empty project, and a daemon's settings."""

    reaper: Standin
    scripts: Path
    folder: Path

    @property
    def project(self) -> Project:
        return self.reaper.project

    def press(self, action: str) -> None:
        """Run an action and what it starts, up to the first tick."""
        self.reaper.run(self.scripts / f"dawbridge_{action}.lua")

    def audio(self, name: str, seconds: float = 2.0, channels: int = 2, seed: int = 0) -> Source:
        """Write a file: a melody with a bass below and clicks, a little noise."""
        generator = np.random.default_rng(seed)
        time_s = np.arange(round(seconds * RATE)) / RATE
        tone = np.zeros_like(time_s)
        for index, pitch in enumerate((60, 64, 67, 72)):
            begin_s = index * 0.5 + 0.1
            on = (time_s >= begin_s) & (time_s < begin_s + 0.35)
            tone += on * 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s)
        low = 0.2 * np.sin(2 * np.pi * 55.0 * time_s)
        noise = 0.01 * generator.standard_normal((channels, time_s.size))
        path = self.folder / name
        soundfile.write(path, (noise + tone + low).T.astype(np.float32), RATE, subtype="FLOAT")
        return Source.of_file(path)

    def tab(self, name: str) -> Project:
        """Open another project; its folder for media exists."""
        media = self.folder / name / "Media"
        media.mkdir(parents=True)
        self.reaper.projects.append(Project(str(media.parent / f"{name}.rpp"), str(media)))
        return self.reaper.projects[-1]

    def track(self, name: str = "Chor") -> Track:
        return self.project.add_track(name)


def install(resources: Path) -> Path:
    """Put the scripts and the program's place into a resource folder."""
    scripts = resources / "Scripts" / "dawbridge"
    shutil.copytree(shipped("daw_scripts") / "reaper", scripts)
    words = (sys.executable, "-m", "bridge")
    (scripts / "program.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return scripts


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Callable[[Path], Studio]]:
    """Make studios without a daemon; what REAPER would not take of a script fails the test."""
    made: list[Studio] = []

    def make(folder: Path) -> Studio:
        scripts = install(folder / "resources")
        reaper = Standin(folder / "resources", Daemon(tmp_path).environment)
        made.append(Studio(reaper, scripts, folder))
        made[-1].tab("Song 1")
        return made[-1]

    yield make
    for reaper in (studio.reaper for studio in made):
        for process in reaper.processes:
            process.wait(240.0)
        assert reaper.violations == []
        assert reaper.refresh == 0
        assert reaper.api.accessors == []
        assert [name for one in reaper.projects for name in one.unguarded] == []


@pytest.fixture
def studio(bare: Callable[[Path], Studio], tmp_path: Path) -> Studio:
    """A studio whose folder has an awkward name."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    return bare(folder)


@pytest.fixture
def live(studio: Studio, daemon: Daemon) -> Studio:
    """A studio whose programs reach a daemon."""
    studio.reaper.environment = daemon.environment
    return studio


def recorder(scripts: Path, folder: Path) -> Callable[[], list[list[str]]]:
    """Put a program in dawbridge's place that notes its words and refuses; return what it noted.

    Each call has a file of its own, named after the call, since two of them may run at once; they
    are told in the order in which the scripts numbered them.
    """
    program, notes = folder / "a program", folder / "words"
    notes.mkdir(exist_ok=True)
    note = f'{shlex.quote(str(notes))}/"${{events##*/}}"'
    program.write_text(
        "#!/bin/sh\n"
        'for word; do case "$word" in --events=*) events="${word#--events=}";;\n'
        '  --id=*) id="${word#--id=}";; esac; done\n'
        f"for word; do printf '%s\\0' \"$word\"; done >{note}\n"
        "printf '/bridge/error\\t\\tinternal\\tRefused.\\n' >\"$events\"\n"
        'printf \'/bridge/job/failed\\t%s\\tdisk_full\\tThe disk is full.\\n\' "$id" >>"$events"\n'
    )
    program.chmod(0o755)
    (scripts / "program.txt").write_text(f"{program}\n", encoding="utf-8")

    def told() -> list[list[str]]:
        calls = sorted(notes.iterdir(), key=lambda path: path.name)
        return [call.read_text(encoding="utf-8").split("\0")[:-1] for call in calls]

    return told


def actor(
    studio: Studio, *events: tuple[object, ...], gate: Path | None = None, listing: str = ""
) -> None:
    """Put a program in dawbridge's place that answers every run with these events.

    Each is an address and its arguments after the job's id. With `gate` it waits until that file is
    there. `listing` is what it is told by `ask`.
    """
    waits = f"while [ ! -e {shlex.quote(str(gate))} ]; do sleep 0.05; done\n" if gate else ""
    (studio.folder / "listing").write_text(listing, encoding="utf-8")
    canned, program = studio.folder / "canned", studio.folder / "an actor"
    lines = ["\t".join(map(str, (name, "@ID@", *arguments))) for name, *arguments in events]
    canned.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    program.write_text(
        "#!/bin/sh\n"
        'for word; do case "$word" in --events=*) events="${word#--events=}";;\n'
        '  --id=*) id="${word#--id=}";; esac; done\n'
        f"{waits}"
        f'[ "$1" = ask ] && cat {shlex.quote(str(studio.folder / "listing"))} >"$events"\n'
        f'[ "$1" = run ] && sed "s/@ID@/$id/" {shlex.quote(str(canned))} >"$events"\n'
    )
    program.chmod(0o755)
    (studio.scripts / "program.txt").write_text(f"{program}\n", encoding="utf-8")
