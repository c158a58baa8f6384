"""How quick the bridge is beside the programs that a musician would run instead.

`python -m tests.benchmarks.speed` takes about a quarter of an hour on two idle cores, `--quick` a
few minutes; ``--only separation,transcription`` takes a part. It prints a table, and writes it as
JSON with the machine's description where ``--json`` says. Both sides load the same full-size
HTDemucs with random weights, since the time does not depend on what was learnt; they take turns,
and every ratio is of two runs one after the other. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from tests.benchmarks import rows
from tests.benchmarks.rows import Row, Taken, paired
from tests.benchmarks.sides import Ours, Warm, clean_environment, command_line
from tests.benchmarks.speed_alone import latency, memory, real_time, scaling
from tests.benchmarks.transcription import polyphony
from tests.engines.separation.tiny_models import STEMS, fill_hub_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MODEL, REPOSITORY = "htdemucs", "adefossez/HTDemucs"
SEGMENT_S = Fraction(39, 5)
STRIDE_S = 0.75 * float(SEGMENT_S)


@dataclass(frozen=True)
class Bench:
    """What every group of rows needs.

    Parameters
    ----------
    folder
        Scratch.
    ours
        A warm daemon.
    environment
        Of the other programs.
    is_quick
        Whether to be done in a few minutes.
    """

    folder: Path
    ours: Ours
    environment: dict[str, str]
    is_quick: bool

    def song(self, seconds: float) -> Path:
        """Return a recording of a length in seconds: a minute of tones, over and over."""
        path = self.folder / f"song-{seconds:g}.wav"
        if not path.exists():
            minute = self.folder / "minute.wav"
            if not minute.exists():
                polyphony(minute, 60.0)
            audio, rate = soundfile.read(minute, dtype="float32")
            repeated = np.resize(audio, (round(seconds * rate), audio.shape[1]))
            soundfile.write(path, repeated, rate, "FLOAT")
        return path


def full_size_htdemucs() -> Any:
    """Return a network as htdemucs is, 41 million weights, with random ones."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    return HTDemucs(sources=list(STEMS), bottom_channels=512, segment=SEGMENT_S).eval()


def windows(seconds: float) -> int:
    """Return how many windows of htdemucs a region of more than one has."""
    return 1 + -int(-(seconds - float(SEGMENT_S)) // STRIDE_S)


def separation(bench: Bench) -> Iterator[Row]:
    """Ours against demucs' command line and its API, and against nothing but the passes."""
    short, long = bench.song(10.0), bench.song(180.0)
    output = bench.folder / "demucs"

    def theirs(path: Path) -> Taken:
        command = [sys.executable, "-m", "demucs", "-n", MODEL, "-o", str(output), str(path)]
        return command_line(command, bench.environment)

    def mine(path: Path, **options: Any) -> Taken:
        return bench.ours.job("stems", path, model=MODEL, **options)

    mine(short)  # warm
    names = ("dawbridge", "demucs' command line")
    rounds = 2 if bench.is_quick else 3
    yield paired(
        "10 s, warm daemon, against demucs' command line",
        lambda: mine(short),
        lambda: theirs(short),
        rounds,
        limit=0.35,
        names=names,
    )
    api, forward = (Warm(kind, bench.environment) for kind in ("api", "forward"))
    with closing(api), closing(forward):
        api.run(str(short))
        forward.run("1")
        yield paired(
            "10 s, both warm, against demucs.api",
            lambda: mine(short),
            lambda: api.run(str(short)),
            rounds,
            names=("dawbridge", "demucs.api"),
        )
        middle_s = 30.0
        middle = bench.song(middle_s)
        yield paired(
            f"{middle_s:g} s, a job against the bare forward passes",
            lambda: mine(middle),
            lambda: forward.run(str(windows(middle_s))),
            rounds,
            limit=1.05,
            names=("dawbridge", "bare passes"),
        )
        yield paired(
            "10 s, quality best against normal",
            lambda: mine(short, quality="best"),
            lambda: mine(short),
            1,
            names=("best", "normal"),
        )
    if not bench.is_quick:
        yield paired(
            "3 minutes, warm daemon, against demucs' command line",
            lambda: mine(long),
            lambda: theirs(long),
            2,
            limit=0.6,
            names=names,
        )


def transcription(bench: Bench) -> Iterator[Row]:
    """Ours against basic-pitch's function and its command line."""
    names = ("dawbridge", "basic_pitch.inference.predict")
    numbers = count()

    def mine(path: Path) -> Taken:
        return bench.ours.job("midi", path, transcription="other", tempo=120.0, meter="4/4")

    def command(path: Path) -> Taken:
        output = bench.folder / f"basic-pitch-{next(numbers)}"
        output.mkdir()
        program = "from basic_pitch.predict import main; main()"
        line = [sys.executable, "-W", "ignore", "-c", program, str(output), str(path)]
        return command_line(line, bench.environment)

    short = bench.song(10.0)
    predict = Warm("predict", bench.environment)
    with closing(predict):
        mine(short)  # both load and compile at their first call
        predict.run(str(short))
        for seconds in (60.0,) if bench.is_quick else (180.0, 600.0):
            song = bench.song(seconds)
            yield paired(
                f"transcription of {seconds / 60:g} min, both warm",
                lambda song=song: mine(song),  # type: ignore[misc]
                lambda song=song: predict.run(str(song)),  # type: ignore[misc]
                2,
                limit=0.4,
                names=names,
            )
    yield paired(
        "transcription of 10 s, warm daemon, against basic-pitch's command line",
        lambda: mine(short),
        lambda: command(short),
        2 if bench.is_quick else 3,
        limit=0.1,
        names=("dawbridge", "basic-pitch's command line"),
    )


GROUPS: dict[str, Callable[[Bench], Iterable[Row]]] = {
    "separation": separation,
    "transcription": transcription,
    "real_time": real_time,
    "latency": latency,
    "scaling": scaling,
    "memory": memory,
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of fifteen")
    parser.add_argument("--only", default=",".join(GROUPS), help="groups of rows, with commas")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where to")
    asked = parser.parse_args()
    chosen = asked.only.split(",")
    if unknown := sorted(set(chosen) - set(GROUPS)):
        parser.error(f"there is no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    described = rows.machine()
    print(f"{described['processor']}, {described['usable_cores']} cores", flush=True)
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), chosen, is_quick=asked.quick)
    rows.save(asked.json, {**described, "is_quick": asked.quick}, found)
    missed = [row.what for row in found if not row.is_kept]
    print(
        f"written to {asked.json}; " + (f"not kept: {'; '.join(missed)}" if missed else "all kept")
    )


def measure(folder: Path, chosen: list[str], *, is_quick: bool) -> list[Row]:
    """Return the rows of the chosen groups, printed as they come."""
    hub = folder / "hub"
    fill_hub_cache(hub, MODEL, REPOSITORY, [full_size_htdemucs()])
    there = {"HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    os.environ.update(there)
    for dropped in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        os.environ.pop(dropped, None)
    ours = Ours(folder / "daemon", there)
    ours.daemon.start()
    found: list[Row] = []
    try:
        bench = Bench(folder, ours, clean_environment(**there), is_quick)
        for group in chosen:
            for row in GROUPS[group](bench):
                print(row, flush=True)
                found.append(row)
    finally:
        ours.daemon.stop()
    return found


if __name__ == "__main__":
    main()
