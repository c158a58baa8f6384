"""Student and teacher: learning from audio whose strokes nobody wrote down.

C.-W. Wu and A. Lerch, "Automatic Drum Transcription Using the Student-Teacher Learning Paradigm
with Unlabeled Music Data", ISMIR 2017: a student learns the soft activations of a teacher. Here
the teacher hears the drums of rendered songs as they were played, the student the same drums as
the shipped separator returns them from the mix, with all that it loses and leaves in. So the
student learns to hear in separated drums what the teacher hears in clean ones.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.engines.evaluation import KnownSong, estimate
from bridge.engines.separation import unet
from bridge.training.drums import clips
from bridge.training.drums.examples import CLIP_S, Example, example, levels_of
from bridge.training.drums.training import Lesson
from bridge.training.drums.validation import activations
from bridge.training.songs.cache import read_stem
from bridge.training.songs.values import SAMPLE_RATE, STEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bridge.engines.separation.window_model import Bag
    from bridge.training.drums.clips import Clip, Room
    from bridge.training.drums.network import DrumNetwork
    from bridge.training.drums.strokes import Wave
    from bridge.training.songs.soundfonts import Split

_NOBODY_KNOWS = np.zeros((0, 3))
_SEEDS = {"train": 2, "valid": 3}


@dataclass(frozen=True)
class Pair:
    """Ten seconds of drums as they were played, and as a separator returned them."""

    clean: Example
    separated: Example


def write_pairs(
    songs: Sequence[Path], folder: Path, device: str, said: Callable[[int], None]
) -> None:
    """Separate songs of the cache and keep what the network sees of their drums.

    Parameters
    ----------
    songs
        Folders as `bridge.training.songs.cache` writes them.
    folder
        Where the pairs go; those of an earlier call are kept.
    device
        What the separator runs on.
    said
        Told how many songs are done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bag = unet.build(SAMPLE_RATE, 2, device)
    for number, song in enumerate(songs, 1):
        path = folder / f"pair-{song.name}.npz"
        stems = {stem: read_stem(song, stem) for stem in STEMS}
        drums = stems["drums"]
        if drums is not None and not path.exists():
            whole = {
                stem: np.zeros_like(drums) if audio is None else audio
                for stem, audio in stems.items()
            }
            heard = _separated(whole, bag)
            partial = path.with_suffix(".partial.npz")
            clean, left = levels_of(drums.mean(axis=0)), levels_of(heard)
            np.savez(partial, clean=clean.astype(np.float16), separated=left.astype(np.float16))
            partial.replace(path)
        said(number)


def read_pairs(folder: Path) -> Iterable[Pair]:
    """Yield the pairs of a folder, cut to the length of the other examples."""
    frames = round(CLIP_S * 100)
    for path in sorted(folder.glob("pair-*[0-9].npz")):
        with np.load(path) as file:
            clean, separated = file["clean"], file["separated"]
        for start in range(0, len(clean) - frames + 1, frames):
            cut = slice(start, start + frames)
            yield Pair(Example(clean[cut], _NOBODY_KNOWS), Example(separated[cut], _NOBODY_KNOWS))


def lessons(teacher: DrumNetwork, pairs: Sequence[Pair]) -> list[Lesson]:
    """Return what the teacher hears in the clean drums as the answer to the separated ones."""
    answers = activations(teacher, [pair.clean for pair in pairs])
    return [Lesson(pair.separated, answer) for pair, answer in zip(pairs, answers, strict=True)]


def separated_examples(room: Room, count: int, split: Split, device: str) -> Iterator[Example]:
    """Yield clips with exact truth, mixed into songs and taken out again by the separator.

    Parameters
    ----------
    room
        Kits, and the songs that the clips are mixed into, about as loud as the drums.
    count
        How many.
    split
        Clips of the splits never share a seed.
    device
        What the separator runs on.
    """
    assert room.bleed is not None
    bag = unet.build(SAMPLE_RATE, 2, device)
    dry = clips.Room(room.kits)
    for index in range(count):
        rng = np.random.default_rng([_SEEDS[split], index])
        clip = clips.draw(dry, CLIP_S, rng)
        mix = room.bleed.into(clip.audio, float(rng.uniform(-3.0, 3.0)), rng)
        yield example(clips.Clip(_drums_of(clip, mix, bag), clip.truth))


def _drums_of(clip: Clip, mix: Wave, bag: Bag) -> Wave:
    drums = np.stack([clip.audio, clip.audio])
    rest = np.stack([mix, mix]) - drums
    silent = np.zeros_like(drums)
    return _separated({"drums": drums, "bass": silent, "other": rest, "vocals": silent}, bag)


def _separated(stems: dict[str, np.ndarray], bag: Bag) -> Wave:
    """Return the drums as the separator finds them in the stems' sum, as mono."""
    with tempfile.TemporaryDirectory() as scratch:
        found = estimate(KnownSong("", stems, SAMPLE_RATE), bag, Path(scratch))
    return np.asarray(found["drums"].mean(axis=0), dtype=np.float32)
