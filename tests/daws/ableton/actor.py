"""A daemon that computes nothing: it answers as the real one, with results that a test wants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mido
import numpy as np
import pytest
import soundfile

from tests.daws.ableton.spy import Spy, spy
from tests.daws.ableton.studio import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.daws.ableton.studio import Studio

STEMS = ("drums", "bass", "other", "vocals")
ROLES = {"drums": "drums", "bass": "bass", "other": "keys", "vocals": "voice"}
TICKS = 960


@dataclass
class Actor:
    """Answers on a port.

    Parameters
    ----------
    spy
        The port.
    folder
        Where results are written.
    notes
        Onsets of each clip, seconds from the region's beginning.
    """

    spy: Spy
    folder: Path
    stems: Sequence[str] = STEMS
    notes: Sequence[float] = (0.25, 0.5, 1.125)
    tempo: float = 100.0
    answered: int = field(default=0)

    def answer(self, *, ends: bool = True) -> list[dict[str, Any]]:
        """Answer what came since the last time; return the options of the runs among it.

        Without `ends` jobs are taken and go on for ever.
        """
        heard = self.spy.listen()
        fresh, self.answered = heard[self.answered :], len(heard)
        runs = []
        for address, arguments in fresh:
            if address == "/bridge/hello":
                self.spy.answer("/bridge/welcome", "0.1.0", 1)
            elif address == "/bridge/select":
                self.spy.answer("/bridge/selected", arguments[0])
            elif address == "/bridge/run":
                runs.append(options_of(arguments))
                job = runs[-1]["id"]
                self.spy.answer("/bridge/job/queued", job, arguments[0], 0)
                self.spy.answer("/bridge/job/progress", job, 0.5, "separate", 1.0)
                if ends:
                    self.end(runs[-1])
        return runs

    def end(self, run: dict[str, Any]) -> None:
        """Finish a job."""
        manifest = self.results(run["id"], float(run["length"]))
        self.spy.answer("/bridge/job/done", run["id"], str(manifest), 1.0)

    def results(self, job: str, length_s: float) -> Path:
        """Write the files of a job; return its manifest."""
        folder = self.folder / job
        folder.mkdir(parents=True)
        frames = round(length_s * RATE)
        stems, clips = [], []
        for name in self.stems:
            audio, midi = folder / f"{name}.wav", folder / f"{name}.mid"
            soundfile.write(audio, np.zeros((frames, 1), dtype=np.float32), RATE)
            self.write_midi(midi)
            stems.append({"name": name, "path": str(audio), "frames": frames, "sample_rate": RATE})
            clips.append(
                {
                    "stem": name,
                    "path": str(midi),
                    "track_name": name.title(),
                    "instrument_role": ROLES.get(name, "keys"),
                    "color": "#d9683c",
                }
            )
        table = {
            "stems": stems,
            "clips": clips,
            "timing": {"tempo": self.tempo, "tempo_map": []},
        }
        (folder / "manifest.json").write_text(json.dumps(table), encoding="utf-8")
        return folder / "manifest.json"

    def write_midi(self, path: Path) -> None:
        """Write a clip: a note of 100 ms at each onset."""
        file = mido.MidiFile(ticks_per_beat=TICKS)
        track = file.add_track("clip")
        track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(self.tempo)))
        events = []
        for index, onset_s in enumerate(self.notes):
            pitch = 36 + index % 60
            for kind, time_s in (("note_on", onset_s), ("note_off", onset_s + 0.1)):
                ticks = round(time_s * self.tempo / 60.0 * TICKS)
                events.append((ticks, kind, pitch))
        now = 0
        for ticks, kind, pitch in sorted(events):
            track.append(mido.Message(kind, note=pitch, velocity=90, time=ticks - now))
            now = ticks
        file.save(path)


def options_of(arguments: list[Any]) -> dict[str, Any]:
    """Return what a run asks for, with its recipe."""
    recipe, *words = arguments
    return {"recipe": recipe, **dict(zip(words[::2], words[1::2], strict=True))}


@pytest.fixture
def controller() -> Iterator[Spy]:
    """A controller's port."""
    with spy() as made:
        yield made


@pytest.fixture
def acted(studios: Callable[..., Studio]) -> Iterator[Callable[..., tuple[Studio, Actor]]]:
    """Make studios whose daemon is an actor."""
    spies: list[Spy] = []

    def make(version: str = "12.3", **known: Any) -> tuple[Studio, Actor]:
        studio = studios(version, **known)
        spies.append(Spy(studio.daemon_port))
        return studio, Actor(spies[-1], studio.folder / "results")

    yield make
    for each in spies:
        each.socket.close()
