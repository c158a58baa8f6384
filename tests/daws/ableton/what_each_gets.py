"""The same session in each version of Live, and what came of it: the README's table.

A warped clip in the Session and one in the Arrangement are sent through `stems-to-midi`. What the
table says is seen in the Set afterwards, and asked of no version.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from tests.daws.ableton.actor import STEMS, Actor
from tests.daws.ableton.playback import Tempo, heard_s
from tests.daws.ableton.spy import spy
from tests.daws.ableton.standin import Live
from tests.daws.ableton.studio import RATE, Studio, install
from tests.daws.ableton.versions import VERSIONS, number
from tests.end_to_end.conftest import free_port

if TYPE_CHECKING:
    from tests.daws.ableton.clips import Clip

LENGTH_S = 4.0
MARKERS = ((0.1, 0.0), (1.9, 4.0), (3.2, 6.5))
POSITION_BEATS = 32.0
TEMPO = Tempo(((0.0, 123.4), (3.0, 80.0), (35.0, 140.0)))
INSTRUMENTS = {"drums": ["Drum Rack"], "bass": ["Operator"], "default": ["Drift"]}
HEAD = ("Live", "its Python", "selection told", "stems", "MIDI clips", "instruments")
PYTHONS = {11: "3.7", 12: "3.11"}


@dataclass(frozen=True)
class Got:
    """What a version gets.

    Attributes
    ----------
    told
        Views whose selected clip the daemon was told of.
    stems
        Views in which every stem lies in its place.
    in_time
        Whether the stems sound with their source, whatever the tempo does.
    notes
        Views in which every note lies where it sounds.
    instruments
        How they were loaded; empty if they were not.
    folder_said
        Whether the musician was told the folder of what could not be placed.
    """

    told: tuple[str, ...]
    stems: tuple[str, ...]
    in_time: bool
    notes: tuple[str, ...]
    instruments: str
    folder_said: bool


def rows() -> list[tuple[str, ...]]:
    """Return the table, its head first."""
    with tempfile.TemporaryDirectory() as folder:
        found = {version: session(version, Path(folder) / version) for version in VERSIONS}
    body = [(version, PYTHONS[number(version)[0]], *_words(got)) for version, got in found.items()]
    return [HEAD, *body]


def _words(got: Got) -> tuple[str, ...]:
    both = ("Session", "Arrangement")
    selection = " and ".join(got.told) or "none"
    if got.stems == both:
        stems = "in place" + (", warped like their source" if got.in_time else "")
    else:
        stems = "in a folder that opens" if got.folder_said else "none"
    notes = "in place" if got.notes == both else " and ".join(got.notes) or "none"
    return selection, stems, notes, got.instruments or "none"


def session(version: str, folder: Path) -> Got:
    """Go through the session in one version."""
    folder.mkdir(parents=True)
    with spy() as daemon, spy() as controller:
        port = free_port()
        scripts = install(folder / "scripts", daemon.port, port, instruments=INSTRUMENTS)
        studio = Studio(Live(version, scripts), folder, daemon.port, port)
        actor = Actor(daemon, folder / "results")
        slot_clip = _source(studio)
        studio.live.connect()
        told, stems, notes, in_time = [], [], [], []
        for view, clip in (("Session", slot_clip), ("Arrangement", _laid(slot_clip))):
            before = list(studio.set.tracks)
            asked = len(daemon.arguments("/bridge/select"))
            studio.live.select(clip)
            studio.live.run(2.0)
            if len(daemon.arguments("/bridge/select")) > asked:
                told.append(view)
            _press(studio, actor, controller.send)
            new = [track for track in studio.set.tracks if track not in before]
            clips = [each for track in new for each in _clips(track.arrangement_clips, track)]
            audio = [each for each in clips if each.is_audio_clip and _lies(each, clip)]
            midi = [each for each in clips if each.is_midi_clip and _lies(each, clip)]
            if len(audio) == len(STEMS):
                stems.append(view)
                in_time.append(all(_sounds_with(each, clip) for each in audio))
            if len(midi) == len(STEMS) and all(_notes_fit(each, clip, actor) for each in midi):
                notes.append(view)
        got = Got(
            tuple(told),
            tuple(stems),
            bool(in_time) and all(in_time),
            tuple(notes),
            _loaded(studio),
            str(folder / "results") in studio.said(),
        )
        studio.live.disconnect()
        assert studio.live.tracebacks + studio.live.world.violations == []
        return got


def _source(studio: Studio) -> Clip:
    path = studio.folder / "song.wav"
    soundfile.write(path, np.zeros((round(LENGTH_S * RATE), 1), dtype=np.float32), RATE)
    clip = studio.clip(str(path), *MARKERS, slot=1)
    clip.loop_start, clip.loop_end = 0.5, 7.25
    return clip


def _laid(clip: Clip) -> Clip:
    return clip.track.duplicate_clip_to_arrangement(clip, POSITION_BEATS)


def _press(studio: Studio, actor: Actor, send: object) -> None:
    """Press the controller's button, and wait until the results are placed."""
    assert callable(send)
    send(studio.controller_port, "/bridge/run/stems-to-midi", 1)
    before = len(studio.live.messages)

    def is_done() -> bool:
        actor.answer()
        return any("done" in sentence for sentence in studio.live.messages[before:])

    studio.live.skip_until(is_done)


def _clips(laid: list[Clip], track: object) -> list[Clip]:
    slots = getattr(track, "clip_slots", [])
    return [*laid, *(slot.clip for slot in slots if slot.clip is not None)]


def _lies(clip: Clip, source: Clip) -> bool:
    if source.slot is not None:
        return clip.slot is not None and clip.slot.index == source.slot.index
    return clip.slot is None and abs(clip.start_time - source.start_time) < 1e-6


def _sounds_with(stem: Clip, source: Clip) -> bool:
    """Tell whether moments of a stem are heard when those of its source are."""
    begin_s, end_s = source.warp.seconds(0.5), source.warp.seconds(7.25)
    moments_s = np.linspace(0.01, end_s - begin_s - 0.01, 50)
    apart_s = heard_s(stem, moments_s, TEMPO) - heard_s(source, begin_s + moments_s, TEMPO)
    return bool(np.abs(apart_s).max() < 1e-3)


def _notes_fit(clip: Clip, source: Clip, actor: Actor) -> bool:
    begin_s = source.warp.seconds(0.5)
    wanted = [source.warp.beats(begin_s + onset_s) - 0.5 for onset_s in actor.notes]
    found = [note.start_time - clip.markers.start for note in clip.notes]
    return len(found) == len(wanted) and bool(np.abs(np.subtract(found, wanted)).max() < 1e-3)


def _loaded(studio: Studio) -> str:
    """Return how the MIDI tracks got instruments."""
    made = [track for track in studio.set.tracks if track.name.endswith(" MIDI")]
    if not all(track.devices for track in made):
        return ""
    ways = {"Track.insert_device": "Live's own by name", "Browser.load_item": "from the browser"}
    return " or ".join(way for call, way in ways.items() if call in studio.live.world.called)
