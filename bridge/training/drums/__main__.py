"""``python -m bridge.training.drums``: kits, loops, network, student and templates, from nothing.

Strikes every kit that is installed, renders loops on them, trains the network on the loops, then a
student of it on separated drums, ships whichever of the two hears drums better, alone and
separated, and leaves weights, templates and card in the output folder. What was rendered before is
kept.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.engines.transcription.drums import activations, nmf
from bridge.errors import BridgeError
from bridge.training.drums import examples, sources, teaching
from bridge.training.drums.bleed import Bleed
from bridge.training.drums.choosing import export_better
from bridge.training.drums.clips import Room
from bridge.training.drums.sources import MACHINE
from bridge.training.drums.templates import templates, write_templates
from bridge.training.drums.training import Lesson, Plan, Trainer, train
from bridge.training.songs import cache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.training.drums.examples import Example
    from bridge.training.drums.strokes import Kit
    from bridge.training.songs.soundfonts import Split

    Kits = Mapping[str, tuple[float, Kit]]

VALID_CLIPS = 72
SEPARATED_CLIPS = 36
SONG_HOURS: tuple[tuple[Split, float], ...] = (("train", 0.5), ("valid", 0.1))
"""What is rendered of songs where there are none."""


def main() -> None:
    """Read the arguments and do it all."""
    given = _parser().parse_args()
    console = Console(stderr=True)
    given.out.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as progress:
            _make(given, progress)
    except BridgeError as exc:
        sys.exit(str(exc))
    if given.install:
        for source, place in (
            (given.out / activations.WEIGHTS.name, activations.WEIGHTS),
            (given.out / nmf.TEMPLATES.name, nmf.TEMPLATES),
        ):
            shutil.copyfile(source, place)
        card = activations.WEIGHTS.with_suffix(".toml")
        shutil.copyfile(given.out / card.name, card)


def _make(given: argparse.Namespace, progress: Progress) -> None:
    kits = {split: sources.banks(given.data / "kits", split) for split in ("train", "valid")}
    recorded = [kit for name, (_, kit) in kits["train"].items() if not name.startswith(MACHINE)]
    write_templates(templates(recorded), given.out / nmf.TEMPLATES.name)
    for split, hours in SONG_HOURS:
        _songs(given.songs, split, hours, progress)
    rooms = {split: _room(kits[split], given.songs / split) for split in kits}
    _clips(given.data, "train", given.clips, rooms["train"], progress)
    _clips(given.data, "valid", VALID_CLIPS, rooms["valid"], progress)
    clips = list(examples.read_examples(given.data, "train"))
    clips += _separated(given.data, "train", given.separated, rooms["train"], progress)
    separated = _separated(given.data, "valid", SEPARATED_CLIPS, rooms["valid"], progress)
    lessons = [Lesson.of(one) for one in clips]
    teaching_plan = Plan(given.minutes, seed=given.seed)
    teacher = _trained(Trainer(teaching_plan, lessons), "teacher", progress)
    songs = sorted((given.songs / "train").glob("[0-9]*"))[: given.pair_songs]
    task = progress.add_task("separated songs", total=len(songs))
    teaching.write_pairs(
        songs, given.data, "cpu", lambda done: progress.update(task, completed=done)
    )
    taught = teaching.lessons(teacher.averaged, list(teaching.read_pairs(given.data)))
    plan = Plan(given.student_minutes, seed=given.seed + 1, learning_rate=given.student_rate)
    # Half of what the student hears is the teacher's: there are fewer pairs than clips.
    often = max(1, len(lessons) // max(1, len(taught)))
    pupil = Trainer(plan, lessons + taught * often, teacher.averaged)
    student = _trained(pupil, "student", progress)
    valid = list(examples.read_examples(given.data, "valid"))
    heard = {"held_out_kits": valid, "held_out_kits_separated": separated}
    facts = {
        "clips": len(lessons),
        "songs_separated": len(songs),
        "kits": sorted(kits["train"]),
        "kits_held_out": sorted(kits["valid"]),
    }
    export_better(given.out, {"teacher": teacher, "student": student}, heard, facts)


def _songs(folder: Path, split: Split, hours: float, progress: Progress) -> None:
    """Render songs for the bleed, unless there are some."""
    if any((folder / split).glob("[0-9]*")):
        return
    wanted = list(cache.orders(folder, hours, split, 0))
    task = progress.add_task(f"songs to {split}", total=len(wanted))
    for _, failure in cache.write_songs(wanted, 1):
        if failure is not None:
            raise failure
        progress.advance(task)


def _room(kits: Kits, songs: Path) -> Room:
    return Room(tuple(kits.values()), Bleed.of(songs))


def _clips(folder: Path, split: Split, count: int, room: Room, progress: Progress) -> None:
    task = progress.add_task(f"loops to {split}", total=count)
    examples.write_examples(
        folder, split, count, room, lambda done: progress.update(task, completed=done)
    )


def _separated(
    folder: Path, split: Split, count: int, room: Room, progress: Progress
) -> list[Example]:
    """Return clips that went through a song and the separator; made once, then read."""
    assert room.bleed is not None
    task = progress.add_task(f"separated loops to {split}", total=count)
    clips = teaching.separated_examples(room, count, split, "cpu")
    examples.keep(folder, f"{split}-separated", clips, lambda: progress.advance(task))
    return list(examples.read_examples(folder, f"{split}-separated"))


def _trained(trainer: Trainer, name: str, progress: Progress) -> Trainer:
    task = progress.add_task(name, total=1.0)

    def said(share: float, loss: float) -> None:
        progress.update(task, completed=share, description=f"{name} {loss:.4f}")

    train(trainer, said)
    return trainer


def _parser() -> argparse.ArgumentParser:
    folder = platformdirs.user_cache_path("dawbridge", appauthor=False) / "training"
    parser = argparse.ArgumentParser(
        prog="python -m bridge.training.drums", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--data", type=Path, default=folder / "drum-data", help="kits and loops")
    parser.add_argument("--songs", type=Path, default=folder / "songs", help="rendered songs")
    parser.add_argument("--out", type=Path, default=folder / "drums", help="weights and card")
    parser.add_argument("--clips", type=int, default=1600, help="loops of ten seconds")
    parser.add_argument("--separated", type=int, default=160, help="loops out of separated songs")
    parser.add_argument("--minutes", type=float, default=16.0, help="of the teacher's training")
    parser.add_argument("--student-minutes", type=float, default=8.0)
    parser.add_argument("--student-rate", type=float, default=1e-3, help="its learning rate")
    parser.add_argument("--pair-songs", type=int, default=40, help="songs that are separated")
    parser.add_argument("--install", action="store_true", help="put the weights into the package")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
