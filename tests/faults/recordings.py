"""Audio files that are not as they should be: mutations of every format that is read.

`python -m tests.faults.recordings FOLDER SEED FIRST LAST` reads some of them in this process, which
a decoder may crash; it prints a line of JSON for each.
"""

from __future__ import annotations

import json
import random
import resource
import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

import numpy as np
import soundfile

from bridge.engines.audio_files import read_region
from bridge.errors import BridgeError
from bridge.models import Region
from tests.faults.outcome import Outcome

RATE = 44_100
TIME_LIMIT_S = 30.0
"""For one file of some kilobytes, on a machine that does other things too."""

MEMORY_LIMIT_BYTES = 1 << 30
"""More than this and the reader's process is refused more."""

GROWTH_LIMIT_BYTES = 200 << 20

FORMATS = (
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAVEX", "PCM_24"),
    ("wav", "WAV", "IMA_ADPCM"),
    ("wav", "RF64", "FLOAT"),
    ("w64", "W64", "PCM_24"),
    ("aiff", "AIFF", "PCM_24"),
    ("aifc", "AIFF", "FLOAT"),
    ("caf", "CAF", "ALAC_24"),
    ("caf", "CAF", "PCM_24"),
    ("au", "AU", "PCM_24"),
    ("flac", "FLAC", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
    ("opus", "OGG", "OPUS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
)

_ODD = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def genuine(folder: Path) -> list[Path]:
    """Write a file of each format; some hundred milliseconds of noise and a tone."""
    rng = np.random.default_rng(3)
    time_s = np.arange(RATE // 3) / RATE
    audio = 0.3 * np.sin(2 * np.pi * 440.0 * time_s) + 0.05 * rng.standard_normal(time_s.size)
    paths = []
    for number, (suffix, container, subtype) in enumerate(FORMATS):
        path = folder / f"genuine-{number}.{suffix}"
        rate = 48_000 if subtype == "OPUS" else RATE
        soundfile.write(path, np.stack([audio, -audio], 1), rate, format=container, subtype=subtype)
        paths.append(path)
    return paths


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return a file's bytes with some faults, most of them where the header is."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 5)):
        if not data:
            break
        at = rng.randrange(min(len(data), rng.choice((48, 256, len(data)))))
        kind = rng.randrange(7)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            size = rng.choice((1, 2, 4, 8))
            order = rng.choice(("little", "big"))
            odd = rng.choice(_ODD) % (1 << (8 * size))
            data[at : at + size] = odd.to_bytes(size, order)  # type: ignore[arg-type]
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + rng.randint(1, 64)]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.randint(1, 64))
        elif kind == 5:
            data[at : at + 512] = bytes(512)
        else:
            data += data[at : at + 4096]
    return bytes(data)


def read_cases(folder: Path, seed: int, first: int, last: int) -> None:
    """Read some of the cases in this process; say what came of each."""
    soft = MEMORY_LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (soft, soft))
    contents = [(path.suffix, path.read_bytes()) for path in sorted(folder.glob("genuine-*"))]
    for case in range(first, last):
        rng = random.Random(f"{seed} {case}")
        suffix, content = contents[case % len(contents)]
        path = folder / f"case{suffix}"
        path.write_bytes(mutated(content, rng))
        began_s, before = time.monotonic(), _peak_bytes()
        outcome = _read(path, folder, rng)
        told = {
            "case": case,
            "outcome": outcome,
            "seconds": time.monotonic() - began_s,
            "growth": _peak_bytes() - before,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _read(path: Path, folder: Path, rng: random.Random) -> str:
    region = Region(path=str(path), start_s=rng.choice((0.0, 0.1)))
    rate = rng.choice((None, 48_000))
    try:
        reading = read_region(region, folder, max_region_s=60.0, sample_rate=rate)
    except BridgeError as exc:
        return exc.code
    except MemoryError:
        return "out_of_memory"
    except Exception as exc:  # noqa: BLE001 - what must not be is to be told
        return f"{type(exc).__name__}: {exc}"
    audio = reading.audio.read()
    return "read" if np.isfinite(audio).all() else "read, but not finite"


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def corpus(folder: Path, cases: int, seed: int) -> Outcome:
    """Read every case in children; a child that dies loses its case alone."""
    outcome = Outcome(
        "Audio that is damaged",
        f"mutated headers, sizes and data of {len(FORMATS)} formats, each read in a child",
    )
    genuine(folder)
    ended: Counter[str] = Counter()
    slowest_s, most_bytes, crashes = 0.0, 0, 0
    case = 0
    while case < cases:
        for told in _children(folder, seed, case, cases):
            case = told["case"] + 1
            ended[told["outcome"]] += 1
            slowest_s = max(slowest_s, told["seconds"])
            if told["case"]:  # the first loads the libraries
                most_bytes = max(most_bytes, told["growth"])
            fine = told["outcome"] == "read" or told["outcome"].replace("_", "").isalpha()
            outcome.expect(fine, f"case {told['case']}: {told['outcome']}")
        if case < cases:  # the child ended before its last case
            crashes += 1
            case += 1
    outcome.times = cases
    outcome.held = (
        ", ".join(f"{count} {code}" for code, count in ended.most_common())
        + f", {crashes} crashes of the child; slowest {slowest_s:.1f} s, memory "
        f"{most_bytes / 1e6:+.0f} MB"
    )
    outcome.expect(slowest_s < TIME_LIMIT_S, f"one took {slowest_s:.0f} s")
    outcome.expect(most_bytes < GROWTH_LIMIT_BYTES, f"one took {most_bytes / 1e6:.0f} MB")
    return outcome


def _children(folder: Path, seed: int, first: int, last: int) -> list[dict[str, Any]]:
    """Return what one child says until it ends; it is ended if it says nothing for too long."""
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.faults.recordings"),
            *map(str, (folder, seed, first, last)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, child.stdout as stdout:
        told = []
        while line := _line(stdout):
            told.append(json.loads(line))
        child.kill()
    return told


def _line(stdout: IO[str]) -> str:
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        return stdout.readline() if selector.select(2 * TIME_LIMIT_S) else ""


if __name__ == "__main__":
    read_cases(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
