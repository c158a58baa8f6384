"""Works on what it reads, a line each, and says how long: a process that `sides.Warm` starts.

`api` separates a file with `demucs.api` and saves the stems, `forward` runs our network a number of
times and nothing else, `predict` transcribes a file with basic-pitch.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def api() -> Callable[[str], None]:
    """Return the way that demucs' documentation shows."""
    from demucs.api import Separator
    from demucs.audio import save_audio

    separator = Separator(model="htdemucs")

    def separate(path: str) -> None:
        _, stems = separator.separate_audio_file(Path(path))
        with tempfile.TemporaryDirectory() as folder:
            for name, audio in stems.items():
                save_audio(audio, Path(folder) / f"{name}.wav", samplerate=separator.samplerate)

    return separate


def forward() -> Callable[[str], None]:
    """Return bare passes through the network as the worker has it."""
    import numpy as np

    from bridge.engines.separation import catalogue, loading
    from bridge.engines.separation.demucs_model import lean

    path = loading.model_path(catalogue.BEST_DOWNLOAD, None, allow_pickle=False)
    assert path is not None
    bag = loading.load(path, "cpu")
    model = lean(bag, bag.stems).members[0].model
    random = np.random.default_rng(0)
    window = 0.2 * random.standard_normal((model.channels, model.segment_frames), np.float32)

    def passes(count: str) -> None:
        for _ in range(int(count)):
            model.forward(window)

    return passes


def predict() -> Callable[[str], None]:
    """Return basic-pitch's own function."""
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model
    from basic_pitch.inference import predict as theirs

    model = Model(ICASSP_2022_MODEL_PATH)

    def transcribe(path: str) -> None:
        theirs(path, model)

    return transcribe


KINDS = {"api": api, "forward": forward, "predict": predict}


def main() -> None:
    """Work until standard input ends; what a library prints is dropped."""
    logging.disable(logging.WARNING)
    said = sys.stdout
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        work = KINDS[sys.argv[1]]()
        for line in sys.stdin:
            began_s = time.perf_counter()
            work(line.strip())
            print(time.perf_counter() - began_s, file=said, flush=True)


if __name__ == "__main__":
    main()
