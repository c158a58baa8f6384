"""How long a transcription takes, against basic-pitch's own program on the same recording.

``python -m tests.benchmarks.transcription`` composes polyphony, transcribes it with both in turns,
and prints the median of the paired ratios for the whole and for the decoding alone, and how our
decoding grows with the length. Both hear with the processors that they take by themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from bridge.core.presets import Presets
from bridge.engines.audio_files import read_region
from bridge.engines.resampling import resample
from bridge.engines.transcription import pitched
from bridge.engines.transcription.network import SAMPLE_RATE
from bridge.engines.transcription.posteriors import Posteriors
from bridge.engines.transcription.settings import NetworkSettings, settle
from bridge.models import Region
from bridge.resources import shipped
from tests.engines.transcription.tones import tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.engines.audio import DiskBuffer

RATE = 44_100
NOTES_A_SECOND = 8.0


def polyphony(path: Path, seconds: float) -> None:
    """Write tones at random, about four at once."""
    random = np.random.default_rng(0)
    audio = np.zeros(round(seconds * RATE), np.float32)
    for _ in range(round(NOTES_A_SECOND * seconds)):
        pitch, length_s = float(random.integers(40, 80)), float(random.uniform(0.2, 0.8))
        sound = tone(pitch, length_s, RATE) * float(random.uniform(0.2, 0.6))
        start = int(random.integers(0, len(audio) - len(sound)))
        audio[start : start + len(sound)] += sound
    soundfile.write(path, np.stack([audio, audio], axis=1), RATE, "FLOAT")


def read(path: Path, scratch: Path) -> DiskBuffer:
    """Return a recording as a job has it."""
    return read_region(Region(path=str(path)), scratch, max_region_s=1e5).audio


def ours(path: Path, preset: NetworkSettings) -> int:
    """Transcribe a file; return how many notes there are."""
    with tempfile.TemporaryDirectory() as scratch:
        buffer = resample(read(path, Path(scratch)), SAMPLE_RATE, Path(scratch) / "heard.f32")
        return len(pitched.hear_notes(buffer, preset, lambda _: None))


def timed(work: Callable[[], Any]) -> float:
    """Return how long something takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def repeated(heard: Posteriors, times: int) -> Posteriors:
    """Return what was heard, over and over."""
    return Posteriors(
        np.tile(heard.notes, (times, 1)),
        np.tile(heard.onsets, (times, 1)),
        np.tile(heard.contours, (times, 1)),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    preset = settle("other", Presets((shipped("presets"),))).otherwise.settings
    assert isinstance(preset, NetworkSettings)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "polyphony.wav"
        polyphony(path, asked.seconds)
        whole(path, preset, asked.rounds)
        decoding(path, preset, asked.rounds)


def whole(path: Path, preset: NetworkSettings, rounds: int) -> None:
    """Compare from file to notes."""
    from basic_pitch.inference import predict

    def upstream() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            predict(path)

    ours(path, preset)  # both load and compile at their first call
    upstream()
    pairs = [(timed(lambda: ours(path, preset)), timed(upstream)) for _ in range(rounds)]
    report("the whole", pairs)


def decoding(path: Path, preset: NetworkSettings, rounds: int) -> None:
    """Compare from likelihoods to notes, and see how ours grows."""
    from basic_pitch.note_creation import model_output_to_notes

    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        buffer = resample(read(path, scratch), SAMPLE_RATE, scratch / "heard.f32")
        heard = pitched.infer(buffer, lambda _: None, None)
        output = {
            "note": heard.notes.astype(np.float32),
            "onset": heard.onsets.astype(np.float32),
            "contour": heard.contours.astype(np.float32),
        }

        def decode(times: int) -> None:
            pitched.decode(repeated(heard, times), buffer, preset, lambda _: None)

        decode(1)
        pairs = [
            (
                timed(lambda: decode(1)),
                timed(lambda: model_output_to_notes(output, 0.5, 0.3)),
            )
            for _ in range(rounds)
        ]
        report("decoding", pairs)
        for times in (1, 2, 4):
            took_s = min(timed(partial(decode, times)) for _ in range(rounds))
            print(f"decoding {times * buffer.duration_s:6.0f} s takes {took_s:.2f} s")


def report(what: str, pairs: list[tuple[float, float]]) -> None:
    """Print both times and the median of their ratios."""
    our_s, their_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(theirs / mine for mine, theirs in pairs)
    print(f"{what}: {our_s:.2f} s, basic-pitch {their_s:.2f} s; {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
