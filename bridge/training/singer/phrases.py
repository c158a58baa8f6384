"""Phrases spoken by espeak-ng, taken apart into envelopes, aperiodicity and syllables.

The analysis is WORLD's: M. Morise, F. Yokomori and K. Ozawa, "WORLD: a vocoder-based high-quality
speech synthesis system for real-time applications", IEICE Trans. 99-D (2016). A phrase is known by
its number alone, which decides language, voice and text, so that it is the same on every machine
with the same espeak-ng, and can be kept in a folder.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import EngineFailedError
from bridge.training.singer import wording
from bridge.training.singer.synthesis import FRAME_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Half = NDArray[np.float16]

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "DAWBRIDGE_PHRASES"
"""Environment variable that names the folder in which analyses are kept."""

PHRASES = 2000
POINTS = 128
TOP_HZ = 11025.0

_MEL = 2595.0 * np.log10(1.0 + TOP_HZ / 700.0)
POINTS_HZ: NDArray[np.float64] = 700.0 * (10.0 ** (np.linspace(0.0, _MEL, POINTS) / 2595.0) - 1.0)
"""Frequencies at which envelopes are kept: evenly spaced on the mel scale."""

_LANGUAGES = (
    "en", "en-us", "en-us", "en-gb-scotland", "en-029", "de", "es", "es-419", "it", "fr-fr", "pt",
    "pt-br", "sv", "nl", "pl", "tr", "fi", "ro", "hu", "cs", "id", "sw", "nb", "ca", "eo", "la",
)  # fmt: skip
_VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "klatt",
    "klatt2", "klatt3", "klatt4", "klatt5", "klatt6", "croak", "steph", "linda", "anika", "aunty",
    "belinda", "ed", "quincy", "rob", "robert", "travis", "victor", "zac", "grandpa", "adam",
)  # fmt: skip
_PROSE = (
    "the", "night", "is", "calling", "me", "home", "again", "and", "every", "morning", "we", "run",
    "through", "silver", "rain", "you", "never", "said", "goodbye", "to", "my", "heart", "a",
    "fire", "in", "your", "eyes", "dancing", "slow", "under", "stars", "tell", "her", "it",
    "was", "just", "another", "summer", "day", "hold", "on", "baby", "give", "up", "this",
    "train", "keeps", "rolling", "down", "that", "long", "lonesome", "road", "oh", "why",
    "should", "I", "wait", "for", "someone", "else", "money", "talks", "but", "cheap", "shoes",
    "walk", "faster", "breathe", "easy", "think", "twice", "crazy", "people", "watch", "us",
    "shine", "like", "diamonds", "falling", "off", "kitchen", "table", "jump", "over", "thunder",
)  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """What a voice does in a phrase, frame by frame.

    Parameters
    ----------
    log_power : np.ndarray [shape=(frames, POINTS)]
        Natural logarithm of the power spectrum at `POINTS_HZ`; vowels have about unit power.
    noise_share : np.ndarray [shape=(frames, POINTS)]
        How much of the power is noise, 0 to 1.
    syllables : np.ndarray [shape=(syllables, 4)]
        Frames where each begins, where its vowel begins and ends, and where it ends.
    """

    log_power: Half
    noise_share: Half
    syllables: NDArray[np.int32]


@functools.cache
def available() -> bool:
    """Return whether espeak-ng and pyworld are installed; say so once if they are not."""
    modules = ("pyworld", "pkg_resources")  # pyworld imports the latter, from setuptools < 81
    found = shutil.which("espeak-ng") and all(map(importlib.util.find_spec, modules))
    if not found:
        logger.warning(
            "espeak-ng, pyworld or setuptools < 81 is not installed: all voices come from the "
            "tract model, and songs of the same seed differ from those of a machine that has them."
        )
    return bool(found)


@functools.lru_cache(maxsize=600)
def phrase(number: int) -> Phrase:
    """Return a phrase by its number, from the cache folder if it is there.

    Raises
    ------
    EngineFailedError
        espeak-ng cannot speak.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return _analysed(number)
    path = Path(folder) / f"{number:05d}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return Phrase(kept["log_power"], kept["noise_share"], kept["syllables"])
    found = _analysed(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(
            file,
            log_power=found.log_power,
            noise_share=found.noise_share,
            syllables=found.syllables,
        )
    Path(file.name).replace(path)
    return found


def _analysed(number: int) -> Phrase:
    """Speak and take apart; a text in which no syllable is found is spoken in other words."""
    for attempt in range(8):
        rng = np.random.default_rng([number, attempt])
        speech, sample_rate = _spoken(rng)
        found = _analyse(speech, sample_rate)
        if len(found.syllables):
            return found
    raise EngineFailedError("espeak-ng speaks, but no syllable can be found in what it says.")


def _spoken(rng: np.random.Generator) -> tuple[NDArray[np.float64], int]:
    import soundfile

    language = str(rng.choice(_LANGUAGES))
    if language.startswith("en") and rng.random() < 0.8:
        text = " ".join(rng.choice(_PROSE, int(rng.integers(3, 7))))
    else:
        text = wording.spelling(rng, int(rng.integers(4, 9)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phrase.wav"
        command = [
            "espeak-ng", "-w", str(path), "-v", f"{language}+{rng.choice(_VARIANTS)}",
            "-s", str(rng.integers(110, 190)), "-p", str(rng.integers(15, 85)), text,
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=30)
            samples, sample_rate = soundfile.read(path)
        except (OSError, subprocess.SubprocessError, soundfile.SoundFileError) as exc:
            raise EngineFailedError(
                f"espeak-ng could not speak '{text}': {exc}. Install Debian's espeak-ng."
            ) from exc
    return np.asarray(samples, dtype=np.float64), int(sample_rate)


def _analyse(speech: NDArray[np.float64], sample_rate: int) -> Phrase:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyworld asks setuptools for its own version
        import pyworld

    # WORLD divides by the power of a frame: silence must not be empty.
    speech = speech + 1e-5 * np.random.default_rng(0).standard_normal(len(speech))
    period_ms = 1000.0 / FRAME_RATE
    coarse_hz, times_s = pyworld.dio(speech, sample_rate, frame_period=period_ms)
    pitch_hz = pyworld.stonemask(speech, coarse_hz, times_s, sample_rate)
    power = pyworld.cheaptrick(speech, pitch_hz, times_s, sample_rate)
    aperiodicity = pyworld.d4c(speech, pitch_hz, times_s, sample_rate)
    bins_hz = np.linspace(0.0, sample_rate / 2, power.shape[1])
    log_power = np.stack([np.interp(POINTS_HZ, bins_hz, row) for row in np.log(power + 1e-16)])
    share = np.stack([np.interp(POINTS_HZ, bins_hz, row) for row in np.square(aperiodicity)])
    voiced = pitch_hz > 0.0
    share[~voiced] = 1.0
    syllables = _syllables(log_power, voiced)
    if len(syllables):
        vowels = np.concatenate([np.arange(one[1], one[2]) for one in syllables])
        log_power -= np.log(np.median(_frame_power(log_power[vowels])))
    return Phrase(log_power.astype(np.float16), share.astype(np.float16), syllables)


def _frame_power(log_power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power of frames, as the mean over a band of 22.05 kHz."""
    return np.asarray(np.exp(log_power) @ np.gradient(POINTS_HZ) / 22050.0)


def _syllables(log_power: NDArray[np.float64], voiced: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Find vowels as peaks of the level between 300 and 3500 Hz, and what lies around them."""
    from scipy import ndimage, signal

    band = (POINTS_HZ > 300.0) & (POINTS_HZ < 3500.0)
    level = 4.34 * np.log(np.exp(log_power[:, band]) @ np.gradient(POINTS_HZ)[band])
    level[~voiced] = np.minimum(level[~voiced], level.max() - 30.0)
    level = ndimage.gaussian_filter1d(level, 0.015 * FRAME_RATE)
    apart = max(1, round(0.08 * FRAME_RATE))
    peaks, _ = signal.find_peaks(level, prominence=3.0, distance=apart, height=level.max() - 20.0)
    if not len(peaks):
        return np.zeros((0, 4), dtype=np.int32)
    audible = np.flatnonzero(level > level.max() - 45.0)
    edges = [int(audible[0])]
    for left, right in itertools.pairwise(peaks):
        edges.append(int(left + np.argmin(level[left:right])))
    edges.append(int(audible[-1]) + 1)
    rows = []
    for peak, start, end in zip(peaks, edges[:-1], edges[1:], strict=True):
        strong = voiced & (level > level[peak] - 4.0)
        first = last = int(peak)
        while first > start and strong[first - 1]:
            first -= 1
        while last < end - 1 and strong[last + 1]:
            last += 1
        rows.append((min(start, first), first, last + 1, max(end, last + 1)))
    return np.array(rows, dtype=np.int32)
