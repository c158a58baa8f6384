"""Let a speaker speak: the commands of espeak-ng, flite and festival, and what comes back.

A. W. Black and K. A. Lenzo, "Flite: a small fast run-time synthesis engine" (ISCA SSW4, 2001)
describes flite; `festival` holds what is particular to festival.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import EngineFailedError
from bridge.training.singer import festival, speakers, vocabulary, wording
from bridge.training.singer.syllables import Segment, phone_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bridge.training.singer.speakers import Speaker

_LANGUAGES = (
    "en", "en-us", "en-us", "en-gb-scotland", "en-029", "de", "es", "es-419", "it", "fr-fr", "pt",
    "pt-br", "sv", "nl", "pl", "tr", "fi", "ro", "hu", "cs", "id", "sw", "nb", "ca", "eo", "la",
)  # fmt: skip
_VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "klatt",
    "klatt2", "klatt3", "klatt4", "klatt5", "klatt6", "croak", "steph", "linda", "anika", "aunty",
    "belinda", "ed", "quincy", "rob", "robert", "travis", "victor", "zac", "grandpa", "adam",
)  # fmt: skip


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


def able() -> tuple[Speaker, ...]:
    """Return the speakers whose program and voice are installed.

    Raises
    ------
    EngineFailedError
        A program is installed and does not tell its voices.
    """
    people = [one.name for one in speakers.PEOPLE if one.program == "festival"]
    voices = flite_voices() | festival.voices(people)
    found = tuple(one for one in speakers.PEOPLE if one.name in voices)
    return (speakers.ESPEAK, *found) if shutil.which("espeak-ng") else found


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
        if speaker.program == "flite":
            command = _flite(speaker, path, rng)
        elif speaker.program == "festival":
            command = _festival(speaker, path, rng)
        else:
            command = _espeak(path, rng)
        return _said(speaker, command, path)


def _espeak(path: Path, rng: np.random.Generator) -> list[str]:
    language = str(rng.choice(_LANGUAGES))
    if language.startswith("en") and rng.random() < 0.8:
        text = " ".join(rng.choice(vocabulary.ENGLISH, int(rng.integers(3, 7))))
    else:
        text = wording.spelling(rng, int(rng.integers(4, 9)))
    return [
        "espeak-ng", "-w", str(path), "-v", f"{language}+{rng.choice(_VARIANTS)}",
        "-s", str(rng.integers(110, 190)), "-p", str(rng.integers(15, 85)), text,
    ]  # fmt: skip


def _flite(speaker: Speaker, path: Path, rng: np.random.Generator) -> list[str]:
    text, stretch = _text(speaker, rng), float(rng.uniform(1.0, 1.5))
    return [
        "flite", "-voice", speaker.name, "--setf", f"duration_stretch={stretch:.2f}", "-psdur",
        "-t", text, "-o", str(path),
    ]  # fmt: skip


def _festival(speaker: Speaker, path: Path, rng: np.random.Generator) -> list[str]:
    text, stretch = _text(speaker, rng), float(rng.uniform(1.0, 1.5))
    said = festival.script(speaker.name, text, stretch, path)
    script = path.with_suffix(".scm")
    script.write_text(said, encoding=speaker.language.encoding)
    return ["festival", "-b", str(script)]


def _text(speaker: Speaker, rng: np.random.Generator) -> str:
    language = speaker.language
    if not language.spelt or rng.random() < 0.7:
        return " ".join(rng.choice(language.words, int(rng.integers(3, 8))))
    return wording.spelling(rng, int(rng.integers(4, 9)))


def _said(speaker: Speaker, command: list[str], path: Path) -> Utterance:
    import soundfile

    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True)
        samples, sample_rate = soundfile.read(path)
        segments = phone_table(done.stdout) if speaker.recorded else ()
    except (OSError, subprocess.SubprocessError, soundfile.SoundFileError, ValueError) as exc:
        raise EngineFailedError(
            f"{speaker.name} could not speak ({' '.join(command)}): {exc}. Install Debian's "
            f"{speaker.package}."
        ) from exc
    return Utterance(np.asarray(samples, dtype=np.float64), int(sample_rate), segments)
