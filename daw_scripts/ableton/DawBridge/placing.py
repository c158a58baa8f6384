"""Puts a finished job's results into the set, in small steps and one step of undo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import clips, instruments, midi_file, program
from .errors import BridgeError
from .selection import ARRANGEMENT, Selection, index_of
from .warping import can_warp

if TYPE_CHECKING:
    from typing import Generator

    from .jobs import Clip, Job, Stem
    from .live import Live
    from .results import Results
    from .settings import Settings
    from .steps import Steps

DRUMS = "drums"

# Colours of stems: those of presets/instruments.toml, which a test compares.
COLOURS = {
    "drums": 0xD9683C,
    "bass": 0x8C5BD6,
    "vocals": 0x3F9ED8,
    "other": 0x57B36A,
    "guitar": 0xC9A23B,
    "piano": 0x5FB8AE,
    "rest": 0x8A8F98,
    "mix": 0xA7ADB5,
}
DEFAULT_COLOUR = 0x8A8F98


class Source(NamedTuple):
    """Where the source is now.

    Attributes
    ----------
    track
        Its track; None if that was deleted.
    clip
        The clip itself, if it still plays the same file.
    first_index
        Where the first new track goes.
    """

    track: Any
    clip: Any
    first_index: int


class Row(NamedTuple):
    """A track to be made: a stem's audio, or its notes."""

    stem: str
    audio: Stem | None
    midi: Clip | None

    @property
    def colour(self) -> int:
        """As Live writes colours, ``0xrrggbb``; the manifest has that of the user's instruments."""
        if self.midi is not None and self.midi.color:
            return int(self.midi.color[1:], 16)
        return COLOURS.get(self.stem, DEFAULT_COLOUR)

    def title(self, name: str) -> str:
        """Return the name of what came from a clip or a track."""
        return f"{name} {self.stem}" + (" MIDI" if self.midi is not None else "")


def find_source(song: Any, chosen: Selection) -> Source:
    """Return where a selection's clip is, by its place, since its track may have moved.

    Of several tracks of that name the nearest to the old place is meant.
    """
    tracks, place = list(song.tracks), chosen.place
    named = [index for index, track in enumerate(tracks) if track.name == place.track_name]
    if not named:
        return Source(None, None, len(tracks))
    index = min(named, key=lambda each: abs(each - place.track_index))
    return Source(tracks[index], _clip_at(tracks[index], chosen), _beside(tracks, index))


def _beside(tracks: list[Any], index: int) -> int:
    """Return the place below a track; above it if it is its group's last, to stay in the group."""
    track, below = tracks[index], tracks[index + 1 : index + 2]
    if not track.is_grouped:
        return index + 1
    has_sibling = below and below[0].is_grouped and below[0].group_track == track.group_track
    return index + 1 if has_sibling else index


class Work(NamedTuple):
    """What is to be placed, and how.

    Attributes
    ----------
    live, settings
        Where to and how.
    job, results
        What.
    notes
        Takes sentences for the musician.
    """

    live: Live
    settings: Settings
    job: Job
    results: Results
    notes: list[str]

    @property
    def chosen(self) -> Selection:
        """What the results were made of."""
        return self.job.selection

    def can_place_audio(self, source: Source) -> bool:
        """Tell whether this Live lets a script put a file on a track, and warp it if need be."""
        slots = self.live.song.tracks[0].clip_slots
        can_create = bool(slots) and hasattr(slots[0], "create_audio_clip")
        needs_warp = self.chosen.is_warped and source.clip is not None
        return can_create and (not needs_warp or can_warp(source.clip))


def place(work: Work) -> Steps:
    """Put results beside their source.

    Raises
    ------
    BridgeError
        Live refused something; what had been added is taken away again.
    """
    song = work.live.song
    made: list[Any] = []
    before = song.view.selected_track, song.view.detail_clip
    song.begin_undo_step()
    try:
        yield from _place_all(work, made)
    except (BridgeError, GeneratorExit):  # the latter: the script is switched off meanwhile
        _take_away(song, made)
        raise
    except (RuntimeError, AttributeError, TypeError, OSError) as fault:
        _take_away(song, made)
        raise BridgeError(f"Live refused a step: {fault}") from fault
    finally:
        song.end_undo_step()
    _look_back(song.view, before)


def _place_all(work: Work, made: list[Any]) -> Steps:
    chosen, notes = work.chosen, work.notes
    source = find_source(work.live.song, chosen)
    if source.track is None:
        notes.append(
            f"The track “{chosen.place.track_name}” is no longer there: the results are at the end."
        )
    elif source.clip is None:
        notes.append(f"“{chosen.name}” has changed meanwhile; the results are of what it was.")
    rows = _rows(work.results)
    if work.results.stems and not work.can_place_audio(source):
        rows = [row for row in rows if row.midi is not None]
        notes.append(_reveal(work.results))
    for number, row in enumerate(rows):
        track = yield from _new_track(work.live.song, source.first_index + number, row)
        made.append(track)
        yield from _fill(work, track, row)
        _dress(work, track, row, source)
        yield None
    has_stems = any(row.audio is not None for row in rows)
    is_heard_twice = has_stems and chosen.place.view == ARRANGEMENT and source.clip is not None
    if is_heard_twice and work.settings.mute_source:
        source.clip.muted = True


def _reveal(results: Results) -> str:
    """Show where the stems lie; return a sentence that says so."""
    folder = Path(results.stems[0].path).parent
    program.reveal(folder)
    return f"this Live lets no script place audio: drag the stems onto tracks, from {folder}"


def _rows(results: Results) -> list[Row]:
    clip_of = {clip.stem: clip for clip in results.clips}
    rows = []
    for stem in results.stems:
        rows.append(Row(stem.name, stem, None))
        if stem.name in clip_of:
            rows.append(Row(stem.name, None, clip_of.pop(stem.name)))
    return rows + [Row(clip.stem, None, clip) for clip in clip_of.values()]


def _new_track(song: Any, index: int, row: Row) -> Generator[str | None, None, Any]:
    before = list(song.tracks)
    create = song.create_audio_track if row.midi is None else song.create_midi_track
    create(index if index < len(before) else -1)
    yield None
    added = [track for track in song.tracks if not any(track == other for other in before)]
    if len(added) != 1:
        raise BridgeError("Live made no track")
    return added[0]


def _fill(work: Work, track: Any, row: Row) -> Steps:
    live, chosen = work.live, work.chosen
    slots = track.clip_slots
    slot = slots[min(max(chosen.place.scene, 0), len(slots) - 1)]
    if row.audio is not None:
        yield from clips.add_audio(live, slot, row.audio, chosen, work.notes)
    else:
        yield from _add_midi(work, slot, row)
    slot.clip.name, slot.clip.color = row.title(chosen.name), row.colour
    yield None
    ruler = clips.midi_ruler if row.audio is None else clips.audio_ruler
    yield from clips.lay_down(track, slot, ruler(chosen, live.song.tempo), chosen)
    if row.midi is not None:
        choices = work.settings.instrument(row.midi.role)
        yield from instruments.load(live, track, choices, work.notes)


def _add_midi(work: Work, slot: Any, row: Row) -> Steps:
    assert row.midi is not None
    found: list[midi_file.Note] = []
    yield from midi_file.read(Path(row.midi.path).read_bytes(), found)
    semitones = 0 if row.midi.role == DRUMS else work.chosen.sound.pitch_coarse
    notes = [note._replace(pitch=note.pitch + semitones) for note in found]
    yield from clips.add_notes(work.live, slot, notes, work.results, work.chosen)


def _dress(work: Work, track: Any, row: Row, source: Source) -> None:
    """Name and colour a track once its clip is there: Live names new tracks after clips."""
    track.name = row.title(work.chosen.place.track_name)
    track.color = row.colour
    if row.midi is not None:
        track.mute = work.settings.mute_midi
    elif source.track is not None:
        for name in ("volume", "panning"):
            ours = getattr(track.mixer_device, name)
            ours.value = getattr(source.track.mixer_device, name).value


def _clip_at(track: Any, chosen: Selection) -> Any:
    """Return the clip that lies where the source lay; None if it is gone or plays another file."""
    place = chosen.place
    if place.view == ARRANGEMENT:
        lying = list(getattr(track, "arrangement_clips", ()))
        found = next((c for c in lying if abs(c.start_time - place.position) < 1e-3), None)
    elif place.scene < len(track.clip_slots) and track.clip_slots[place.scene].has_clip:
        found = track.clip_slots[place.scene].clip
    else:
        found = None
    if found is None or not found.is_audio_clip:
        return None
    return found if os.path.normcase(found.file_path) == os.path.normcase(chosen.path) else None


def _take_away(song: Any, made: list[Any]) -> None:
    for track in made:
        index = index_of(song.tracks, track)
        if index >= 0:
            song.delete_track(index)


def _look_back(view: Any, before: tuple[Any, Any]) -> None:
    """Select again what was selected; loading an instrument selects its track."""
    track, clip = before
    try:
        if track is not None:
            view.selected_track = track
        if clip is not None:
            view.detail_clip = clip
    except (RuntimeError, TypeError):
        return  # it was deleted meanwhile, so Live shows something else anyway
