"""Who speaks the phrases: espeak-ng's many voices, and the people behind flite's.

flite's voices are statistical models and diphones of recordings that their speakers made for this
use; their licences allow any. A. W. Black and K. A. Lenzo, "Flite: a small fast run-time synthesis
engine" (ISCA SSW4, 2001) describes the program.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import EngineFailedError
from bridge.training.singer import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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

_DIPHTHONGS = frozenset({"aw", "ay", "ey", "ow", "oy"})
_VOWELS = _DIPHTHONGS | {
    "aa", "ae", "ah", "ao", "ax", "axr", "eh", "er", "ih", "ix", "iy", "uh", "uw",
}  # fmt: skip
_SILENCE = "pau"
_STEADY = (0.25, 0.7)
"""Which part of a vowel can be held; the rest moves to and from its consonants."""
_STEADY_DIPHTHONG = (0.2, 0.5)


@dataclass(frozen=True)
class Speaker:
    """One who speaks phrases, and how much of the spectrum is theirs.

    Parameters
    ----------
    name
        A voice of flite, or `espeak-ng`, which has another voice in every phrase.
    phrases
        How many phrases there are.
    recorded
        Whether recordings of a person are behind the voice.
    band_end_hz
        Where the spectrum of consonants ends; it goes on from here.
    hinge_hz
        The band whose level vowels fall from; its upper end is where their own spectrum ends.
    vowel_fall_db
        Slope of vowels above it, per octave.
    tract_scale
        The speaker's formants relative to an adult man's.
    """

    name: str
    phrases: int
    recorded: bool
    band_end_hz: float
    hinge_hz: tuple[float, float]
    vowel_fall_db: float
    tract_scale: float = 1.0

    @property
    def program(self) -> str:
        """The command that speaks."""
        return "flite" if self.recorded else "espeak-ng"


# espeak-ng's vowels have gaps above 4.5 kHz that no mouth has.
ESPEAK = Speaker("espeak-ng", 2000, False, 8200.0, (2500.0, 4500.0), -13.0)

PEOPLE: tuple[Speaker, ...] = (
    Speaker("kal16", 300, True, 7200.0, (5000.0, 6900.0), -9.0),
    # The recordings of awb hold little but an even floor above 4 kHz in vowels.
    Speaker("awb", 300, True, 7400.0, (2500.0, 3800.0), -13.0),
    Speaker("rms", 300, True, 7000.0, (5000.0, 6900.0), -9.0),
    Speaker("slt", 300, True, 7000.0, (4500.0, 6100.0), -9.0, tract_scale=1.15),
)
"""Speakers whose recordings are behind flite's voices, as Debian's `flite` brings them."""


@dataclass(frozen=True)
class Segment:
    """A phone of flite's at its place.

    Parameters
    ----------
    name
        As flite calls it: `aa`, `s`, `pau`.
    start_s, end_s
        Where it sounds.
    """

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Utterance:
    """What was said.

    Parameters
    ----------
    samples : np.ndarray [shape=(samples,), dtype=float64]
        The sound.
    sample_rate
        In Hz.
    segments
        Its phones, where the program tells them.
    """

    samples: NDArray[np.float64]
    sample_rate: int
    segments: tuple[Segment, ...] = ()


def flite_voices() -> frozenset[str]:
    """Return the names of the voices that flite has; none where it is not installed.

    Asked for a voice that it lacks, flite speaks with another one and says nothing.

    Raises
    ------
    EngineFailedError
        flite is installed and cannot be run.
    """
    if not shutil.which("flite"):
        return frozenset()
    try:
        listed = subprocess.run(
            ["flite", "-lv"], capture_output=True, check=True, timeout=30, text=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        raise EngineFailedError(
            f"flite is installed but does not tell its voices: {exc}. Install Debian's flite "
            "again, or remove it to sing without its voices."
        ) from exc
    return frozenset(listed.partition(":")[2].split())


def utter(speaker: Speaker, rng: np.random.Generator) -> Utterance:
    """Let a speaker say words that are drawn.

    Parameters
    ----------
    speaker
        Who speaks.
    rng
        What words and pace are drawn from, and espeak-ng's language and voice.

    Raises
    ------
    EngineFailedError
        The program cannot speak.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phrase.wav"
        command = _flite(speaker, path, rng) if speaker.recorded else _espeak(path, rng)
        return _said(command, path)


def _espeak(path: Path, rng: np.random.Generator) -> list[str]:
    language = str(rng.choice(_LANGUAGES))
    if language.startswith("en") and rng.random() < 0.8:
        text = " ".join(rng.choice(_PROSE, int(rng.integers(3, 7))))
    else:
        text = wording.spelling(rng, int(rng.integers(4, 9)))
    return [
        "espeak-ng", "-w", str(path), "-v", f"{language}+{rng.choice(_VARIANTS)}",
        "-s", str(rng.integers(110, 190)), "-p", str(rng.integers(15, 85)), text,
    ]  # fmt: skip


def _flite(speaker: Speaker, path: Path, rng: np.random.Generator) -> list[str]:
    if rng.random() < 0.7:
        text = " ".join(rng.choice(_PROSE, int(rng.integers(3, 8))))
    else:
        text = wording.spelling(rng, int(rng.integers(4, 9)))
    stretch = float(rng.uniform(1.0, 1.5))
    return [
        "flite", "-voice", speaker.name, "--setf", f"duration_stretch={stretch:.2f}", "-psdur",
        "-t", text, "-o", str(path),
    ]  # fmt: skip


def _said(command: list[str], path: Path) -> Utterance:
    import soundfile

    program = command[0]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=30, text=True)
        samples, sample_rate = soundfile.read(path)
        segments = phone_table(done.stdout) if program == "flite" else ()
    except (OSError, subprocess.SubprocessError, soundfile.SoundFileError, ValueError) as exc:
        raise EngineFailedError(
            f"{program} could not speak ({' '.join(command)}): {exc}. Install Debian's {program}."
        ) from exc
    return Utterance(np.asarray(samples, dtype=np.float64), int(sample_rate), segments)


def phone_table(printed: str) -> tuple[Segment, ...]:
    """Return the segments that `flite -psdur` prints as `name:end` in seconds.

    Raises
    ------
    ValueError
        Something else was printed.
    """
    segments: list[Segment] = []
    for word in printed.split():
        name, _, end_s = word.rpartition(":")
        segments.append(Segment(name, segments[-1].end_s if segments else 0.0, float(end_s)))
    return tuple(segments)


def syllable_marks(segments: Sequence[Segment]) -> NDArray[np.float64]:
    """Return where syllables lie, in seconds.

    A consonant between two vowels opens the second one's syllable; of several, the first closes the
    first one's. Only the steady part of a vowel counts as the vowel.

    Parameters
    ----------
    segments
        Phones in their order.

    Returns
    -------
    np.ndarray [shape=(syllables, 4)]
        Where each begins, where its vowel begins and ends, and where it ends.
    """
    nuclei = [index for index, one in enumerate(segments) if one.name in _VOWELS]
    if not nuclei:
        return np.zeros((0, 4))
    borders = [_after_silence(segments, 0, nuclei[0])]
    ends: list[int] = []
    for left, right in itertools.pairwise(nuclei):
        between = segments[left + 1 : right]
        if any(one.name == _SILENCE for one in between):
            ends.append(_before_silence(segments, left + 1, right))
            borders.append(_after_silence(segments, left + 1, right))
        else:
            ends.append(left + 2 if len(between) > 1 else left + 1)
            borders.append(ends[-1])
    ends.append(_before_silence(segments, nuclei[-1] + 1, len(segments)))
    rows = []
    for nucleus, first, end in zip(nuclei, borders, ends, strict=True):
        vowel = segments[nucleus]
        length_s = vowel.end_s - vowel.start_s
        shares = _STEADY_DIPHTHONG if vowel.name in _DIPHTHONGS else _STEADY
        rows.append((
            segments[first].start_s,
            vowel.start_s + shares[0] * length_s,
            vowel.start_s + shares[1] * length_s,
            segments[end - 1].end_s,
        ))  # fmt: skip
    return np.array(rows)


def _after_silence(segments: Sequence[Segment], first: int, nucleus: int) -> int:
    """Return the segment after the last silence before a vowel."""
    silent = [at for at in range(first, nucleus) if segments[at].name == _SILENCE]
    return silent[-1] + 1 if silent else first


def _before_silence(segments: Sequence[Segment], first: int, last: int) -> int:
    """Return the first silent segment, or `last`."""
    return next((at for at in range(first, last) if segments[at].name == _SILENCE), last)
