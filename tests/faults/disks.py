"""Disks that are full or read-only, and files that are not as they were or have odd names."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.end_to_end.conftest import Daemon
from tests.faults.outcome import Outcome
from tests.faults.strangers import House
from tests.faults.studio import (
    faults_of_the_files,
    faults_of_the_store,
    music,
    running,
    states,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SMALL_MIB = 72
"""A disk on which a short job just fits beside what is left free for others."""

NAMES = {
    "a line break": "one\ntwo.wav",
    "every script and an emoji": "Ünïcode 音楽 музыка 🎵.wav",
    "255 bytes": "x" * 251 + ".wav",
    "what shells and formats read": "$(touch ran) %s {0} 'a' \"b\" `c` #d.wav",
    "no letter that files may have on Windows": '<>:"|?*.wav',
    "bytes that are not UTF-8": os.fsdecode(b"na\xefve.wav"),
    "dots alone": "....wav",
}


@dataclass(frozen=True)
class Case:
    """Something odd about files, and how a job may end."""

    name: str
    outcomes: frozenset[str]
    make: Callable[[House], str]


def is_root_on_linux() -> bool:
    """Tell whether file systems can be mounted here."""
    return sys.platform == "linux" and os.geteuid() == 0 and _can_mount()


def _can_mount() -> bool:
    probe = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        check=False,
        capture_output=True,
    )
    return probe.returncode == 0


@contextlib.contextmanager
def small_disk(at: Path, options: str) -> Iterator[Path]:
    """Mount a small file system on a folder."""
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def _gone(house: House) -> str:
    song = house.folder / "gone.wav"
    shutil.copy(house.song, song)
    return house.run_behind_another(song.unlink, path=str(song))


def _changed(house: House) -> str:
    """Cut a file while it waits; what is read is what is there."""
    song = house.folder / "changed.wav"
    shutil.copy(house.song, song)
    return house.run_behind_another(lambda: os.truncate(song, 20), path=str(song))


def _output_gone(house: House) -> str:
    output = house.folder / "removed"
    output.mkdir()
    return house.run_behind_another(output.rmdir, output=str(output))


def _output_file(house: House) -> str:
    """Put a file where the folder for results shall be, while the job waits."""
    output = house.folder / "file"
    return house.run_behind_another(output.touch, output=str(output))


def _named(name: str) -> Callable[[House], str]:
    def make(house: House) -> str:
        song = house.folder / name
        shutil.copy(house.song, song)
        return house.run(path=str(song), output=str(house.folder / "out"))

    return make


CASES = [
    Case("the song was deleted while the job waited", frozenset({"not_found"}), _gone),
    Case("the song was cut while the job waited", frozenset({"unsupported_audio"}), _changed),
    Case("the folder for results was removed", frozenset({"done"}), _output_gone),
    Case("a file stands where results shall go", frozenset({"forbidden_path"}), _output_file),
    *(
        # A name that is no UTF-8 cannot be sent, since OSC's texts are UTF-8.
        Case(f"a name of {odd}", frozenset({"done", "not_found"}), _named(name))
        for odd, name in NAMES.items()
    ),
]


def files(folder: Path) -> Iterator[Outcome]:
    """Run every case against one daemon."""
    with running(Daemon(folder, settings={"DAWBRIDGE_OSCQUERY": "false"})) as daemon:
        (folder / "songs").mkdir()
        music(folder / "songs" / "song.wav", 1.0)
        number = 0
        for case in CASES:
            with daemon.client() as client:
                house = House(daemon, client, number)
                found = case.make(house)
                number = house.number
            outcome = Outcome("Files", case.name, 1, f"`{found}`")
            outcome.expect(found in case.outcomes, f"it came to {found}")
            for fault in faults_of_the_files(folder / "data"):
                outcome.expect(False, fault)
            outcome.expect(not list(folder.rglob("ran")), "its name was run")
            yield outcome


def full_disk(folder: Path) -> Outcome:
    """Fill the data folder's disk under a daemon, and make room again."""
    outcome = Outcome(
        "The disk with jobs and results is full",
        "filled to the last byte, jobs sent, room made, a job sent",
        4,
    )
    with small_disk(folder / "data", f"size={SMALL_MIB}m") as data:
        with running(Daemon(folder, settings={"DAWBRIDGE_OSCQUERY": "false"})) as daemon:
            (folder / "songs").mkdir()
            music(folder / "songs" / "song.wav", 1.0)
            with daemon.client() as client:
                house = House(daemon, client)
                first = house.run()
                _fill(data / "filler")
                full = [house.run(), house.run()]
                (data / "filler").unlink()
                after = house.run()
            outcome.held = f"`{first}`, then `{full[0]}`, `{full[1]}`, then `{after}`"
            outcome.expect(first == after == "done", f"with room: {first}, {after}")
            outcome.expect(set(full) <= {"disk_full", "internal"}, f"without room: {full}")
            ended = set(states(daemon).values()) <= {"done", "failed", "cancelled"}
            outcome.expect(ended, f"jobs without an end: {states(daemon)}")
        outcome.expect(not faults_of_the_store(data), "the store is damaged")
    return outcome


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)


def read_only(folder: Path) -> Outcome:
    """Ask for results on a disk that may not be written."""
    outcome = Outcome("A read-only disk", "results asked for on it", 1)
    with (
        small_disk(folder / "disk", "ro,size=1m") as disk,
        running(Daemon(folder, settings={"DAWBRIDGE_OSCQUERY": "false"})) as daemon,
    ):
        (folder / "songs").mkdir()
        music(folder / "songs" / "song.wav", 1.0)
        with daemon.client() as client:
            found = House(daemon, client).run(output=str(disk / "stems"))
    outcome.held = f"`{found}`"
    outcome.expect(found == "forbidden_path", f"it came to {found}")
    return outcome


def disks(folder: Path) -> Iterator[Outcome]:
    """Do everything that can be done here."""
    for name, run in (("full", full_disk), ("read-only", read_only)):
        (folder / name).mkdir()
        if is_root_on_linux():
            yield run(folder / name)
    (folder / "files").mkdir()
    yield from files(folder / "files")
