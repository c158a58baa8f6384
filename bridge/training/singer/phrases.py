"""Spoken phrases taken apart into envelopes, aperiodicity and syllables.

The analysis is WORLD's: M. Morise, F. Yokomori and K. Ozawa, "WORLD: a vocoder-based high-quality
speech synthesis system for real-time applications", IEICE Trans. 99-D (2016). A phrase is known by
its speaker and its number, which decides text and pace (and espeak-ng's language and voice), so
that it is the same on every machine with the same programs and voices, and can be kept in a folder.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import logging
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import EngineFailedError
from bridge.training.singer import speakers, speaking, syllables
from bridge.training.singer.synthesis import FRAME_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.training.singer.speakers import Speaker
    from bridge.training.singer.speaking import Utterance
    from bridge.training.singer.syllables import PhoneSet

    Half = NDArray[np.float16]

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "DAWBRIDGE_PHRASES"
"""Environment variable that names the folder in which analyses are kept."""

_VERSION = 2  # of what is kept: to be raised when speech or analysis change
POINTS = 128
TOP_HZ = 11025.0

_MEL = 2595.0 * np.log10(1.0 + TOP_HZ / 700.0)
POINTS_HZ: NDArray[np.float64] = 700.0 * (10.0 ** (np.linspace(0.0, _MEL, POINTS) / 2595.0) - 1.0)
"""Frequencies at which envelopes are kept: evenly spaced on the mel scale."""


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
def installed() -> tuple[Speaker, ...]:
    """Return who can speak on this machine; say once what is missing."""
    modules = ("pyworld", "pkg_resources")  # pyworld imports the latter, from setuptools < 81
    if not all(map(importlib.util.find_spec, modules)):
        logger.warning(
            "pyworld or setuptools < 81 is not installed: all voices come from the tract model, "
            "and songs of the same seed differ from those of a machine that has them."
        )
        return ()
    found = speaking.able()
    missing = [one for one in (speakers.ESPEAK, *speakers.PEOPLE) if one not in found]
    if missing:
        logger.warning(
            "Nobody sings with the voices %s, which need Debian's packages %s: songs of the same "
            "seed differ from those of a machine that has them.",
            ", ".join(one.name for one in missing),
            ", ".join(sorted({one.package for one in missing})),
        )
    return found


@functools.lru_cache(maxsize=600)
def phrase(speaker: Speaker, number: int) -> Phrase:
    """Return a speaker's phrase by its number, from the cache folder if it is there.

    Raises
    ------
    EngineFailedError
        The speaker's program cannot speak.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return _analysed(speaker, number)
    path = Path(folder) / f"v{_VERSION}-{speaker.name}-{number:05d}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return Phrase(kept["log_power"], kept["noise_share"], kept["syllables"])
    found = _analysed(speaker, number)
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


def _analysed(speaker: Speaker, number: int) -> Phrase:
    """Speak and take apart; a text in which no syllable is found is spoken in other words."""
    for attempt in range(8):
        rng = np.random.default_rng([number, attempt])
        found = _analyse(speaking.utter(speaker, rng), speaker.language.phones)
        if len(found.syllables):
            return found
    raise EngineFailedError(f"{speaker.name} speaks, but no syllable can be found in what it says.")


def _analyse(said: Utterance, phones: PhoneSet) -> Phrase:
    import soxr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyworld asks setuptools for its own version
        import pyworld

    sample_rate, heard = said.sample_rate, said.samples
    if sample_rate > 2 * TOP_HZ:
        heard = soxr.resample(heard, sample_rate, 2 * TOP_HZ)
        sample_rate = round(2 * TOP_HZ)
    # WORLD divides by the power of a frame: silence must not be empty.
    speech = heard + 1e-5 * np.random.default_rng(0).standard_normal(len(heard))
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
    if said.segments:
        marks = marked_syllables(syllables.syllable_marks(said.segments, phones), voiced)
    else:
        marks = _syllables(log_power, voiced)
    if len(marks):
        vowels = np.concatenate([np.arange(one[1], one[2]) for one in marks])
        log_power -= np.log(np.median(_frame_power(log_power[vowels])))
    return Phrase(log_power.astype(np.float16), share.astype(np.float16), marks)


def _frame_power(log_power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power of frames, as the mean over a band of 22.05 kHz."""
    return np.asarray(np.exp(log_power) @ np.gradient(POINTS_HZ) / 22050.0)


def marked_syllables(marks_s: NDArray[np.float64], voiced: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return syllables whose vowels are voiced, each vowel being its longest voiced stretch.

    Parameters
    ----------
    marks_s : np.ndarray [shape=(syllables, 4)]
        As `syllables.syllable_marks` returns them.
    voiced : np.ndarray [shape=(frames,)]
        Where a pitch was found.

    Returns
    -------
    np.ndarray [shape=(syllables, 4)]
        In frames; vowels last two frames at least.
    """
    rows = []
    for row in np.minimum(np.rint(marks_s * FRAME_RATE).astype(int), len(voiced)):
        start, first, last, end = (int(mark) for mark in row)
        edges = np.flatnonzero(np.diff(np.r_[False, voiced[first:last], False]))
        stretches = edges.reshape(-1, 2) + first
        if not len(stretches):
            continue
        first, last = stretches[np.argmax(stretches[:, 1] - stretches[:, 0])].tolist()
        if last - first >= 2:
            rows.append((start, first, last, end))
    return np.array(rows, dtype=np.int32).reshape(-1, 4)


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
