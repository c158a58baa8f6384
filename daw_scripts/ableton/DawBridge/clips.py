"""Builds the new clips in a slot of their track, and from there lays them into the Arrangement.

The Arrangement is reached through a slot in every Live: a clip is finished in the slot, then
`duplicate_clip_to_arrangement` lays it down with its markers, and the slot is emptied. So loops
become one clip for each pass, which no script could draw out otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from .region import Playback, Span
from .selection import ARRANGEMENT, Selection
from .steps import NEXT_TICK, Steps
from .warping import AUDIBLE_S, carry_over, deviation_s

if TYPE_CHECKING:
    from .jobs import Stem
    from .live import Live
    from .midi_file import Note
    from .results import Results

NOTES_AT_A_TIME = 25
SHORTEST_BEATS = 1 / 960
_REX, _COMPLEX = 5, 4


class Ruler(NamedTuple):
    """How a selection is laid out in a new clip.

    Attributes
    ----------
    playback, passes
        As `Selection` has them, in the new clip's units.
    unit_beats
        How many beats of the Arrangement one of those units lasts.
    """

    playback: Playback
    passes: list[Span]
    unit_beats: float


def audio_ruler(chosen: Selection, tempo: float) -> Ruler:
    """Return the ruler of a stem; it is its source's, but for a file without warp, which is cut.

    Parameters
    ----------
    chosen
        The source.
    tempo
        The set's, quarter notes a minute.
    """
    if chosen.is_warped:
        return Ruler(chosen.playback, chosen.passes, 1.0)
    return _ruler(chosen, 1.0, tempo / 60.0)


def midi_ruler(chosen: Selection, tempo: float) -> Ruler:
    """Return the ruler of a MIDI clip, in beats; see `audio_ruler`."""
    if chosen.is_warped:
        return Ruler(chosen.playback, chosen.passes, 1.0)
    return _ruler(chosen, tempo / 60.0, 1.0)


def add_audio(live: Live, slot: Any, stem: Stem, chosen: Selection, notes: list[str]) -> Steps:
    """Put a stem into a slot, so that it sounds in time with its source.

    Parameters
    ----------
    live
        Makes markers.
    slot
        An empty one of an audio track.
    stem, chosen
        What, and what it was made of.
    notes
        Takes sentences for the musician.
    """
    slot.create_audio_clip(stem.path)
    yield None
    clip = slot.clip
    warp = chosen.warp
    if bool(clip.warping) != chosen.is_warped:
        clip.warping = chosen.is_warped
        yield NEXT_TICK
    if warp is not None:
        markers = warp.part(chosen.start_s, chosen.start_s + stem.length_s)
        yield from carry_over(live, clip, markers)
        if (yield from deviation_s(clip, markers)) > AUDIBLE_S:
            notes.append(
                f"Live did not take the warp markers of “{stem.name}” exactly: compare it with its "
                "source before you go on."
            )
    _sound_like(clip, chosen)
    yield None
    ruler = audio_ruler(chosen, live.song.tempo)
    _play_like(clip, ruler.playback, can_loop=chosen.is_warped)
    yield None


def add_notes(
    live: Live, slot: Any, found: Sequence[Note], results: Results, chosen: Selection
) -> Steps:
    """Put notes into a slot; those that MIDI has no pitch for are left out.

    Parameters
    ----------
    live
        Makes notes.
    slot
        An empty one of a MIDI track.
    found
        In quarter notes at the tempo of `results`.
    results, chosen
        Where they came from.
    """
    tempo = live.song.tempo
    ruler = midi_ruler(chosen, tempo)
    slot.create_clip(max(ruler.playback.loop.end - ruler.playback.loop.start, SHORTEST_BEATS))
    yield None
    clip = slot.clip
    _play_like(clip, ruler.playback, can_loop=True)
    yield None
    warp = chosen.warp

    def beats(quarters: float) -> float:
        time_s = results.seconds(quarters)
        return time_s * tempo / 60.0 if warp is None else warp.beats(chosen.start_s + time_s)

    playable = [note for note in found if 0 <= note.pitch <= 127]
    for index in range(0, len(playable), NOTES_AT_A_TIME):
        made = []
        for note in playable[index : index + NOTES_AT_A_TIME]:
            start = beats(note.start)
            length = max(beats(note.end) - start, SHORTEST_BEATS)
            made.append(live.note(note.pitch, start, length, note.velocity))
        clip.add_new_notes(tuple(made))
        yield None


def lay_down(track: Any, slot: Any, ruler: Ruler, chosen: Selection) -> Steps:
    """Move a finished clip from its slot to where its source lies in the Arrangement."""
    if chosen.place.view != ARRANGEMENT:
        return
    clip, position = slot.clip, chosen.place.position
    if clip.looping:
        clip.looping = False
        yield None
    for each in ruler.passes:
        _set_span(clip, "loop_start", "loop_end", each)
        yield None
        track.duplicate_clip_to_arrangement(clip, position)
        position += (each.end - each.start) * ruler.unit_beats
        yield None
    slot.delete_clip()
    yield None


def _ruler(chosen: Selection, scale: float, unit_beats: float) -> Ruler:
    def place(time_s: float) -> float:
        return (time_s - chosen.start_s) * scale

    passes = [Span(place(each.start), place(each.end)) for each in chosen.passes]
    return Ruler(chosen.playback.mapped(place), passes, unit_beats)


def _sound_like(clip: Any, chosen: Selection) -> None:
    sound = chosen.sound
    clip.gain = sound.gain
    clip.pitch_coarse, clip.pitch_fine = sound.pitch_coarse, sound.pitch_fine
    mode = _COMPLEX if sound.warp_mode == _REX else sound.warp_mode
    if chosen.is_warped and mode in clip.available_warp_modes:
        clip.warp_mode = mode


def _play_like(clip: Any, playback: Playback, *, can_loop: bool) -> None:
    if can_loop:
        clip.looping = playback.looping
    _set_span(clip, "loop_start", "loop_end", playback.loop)
    if playback.looping:
        end = max(playback.end, playback.start + SHORTEST_BEATS)
        _set_span(clip, "start_marker", "end_marker", Span(playback.start, end))


def _set_span(clip: Any, start: str, end: str, span: Span) -> None:
    """Set both ends in the order that never puts the start behind the end."""
    if span.start >= getattr(clip, end):
        setattr(clip, end, span.end)
        setattr(clip, start, span.start)
    else:
        setattr(clip, start, span.start)
        setattr(clip, end, span.end)
