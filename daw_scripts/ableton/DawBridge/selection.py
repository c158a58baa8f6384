"""The clip that is selected in Live, as plain values that can be kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from .errors import BridgeError
from .region import Playback, Region, Span, region
from .warp import Marker, WarpMap

ARRANGEMENT, SESSION = "arrangement", "session"
LOWEST_TEMPO, HIGHEST_TEMPO = 10.0, 960.0
MOST_NAME_LETTERS = 200

NOTHING_SELECTED = "Nothing is selected: click an audio clip, then press again."
IS_MIDI = "The selected clip is MIDI already: select an audio clip, then press again."

# What a track's name says about the instrument on it; a bass drum is a drum.
_KINDS = (
    ("drum", "drums"),
    ("bass", "bass"),
    ("voc", "vocals"),
    ("vox", "vocals"),
    ("voice", "vocals"),
)


class Place(NamedTuple):
    """Where a clip lies.

    Attributes
    ----------
    view
        `ARRANGEMENT` or `SESSION`.
    track_index, track_name
        Its track.
    scene
        Its slot in the Session.
    position, length
        Where it lies in the Arrangement, beats.
    """

    view: str
    track_index: int
    track_name: str
    scene: int
    position: float
    length: float


class Sound(NamedTuple):
    """What a clip does to its file; the file is sent without it, and the new clips do the same.

    Attributes
    ----------
    gain
        Live's own scale, 0…1.
    pitch_coarse, pitch_fine
        Semitones and cents.
    warp_mode
        As Live counts them.
    """

    gain: float
    pitch_coarse: int
    pitch_fine: float
    warp_mode: int


class Selection(NamedTuple):
    """A clip and what is to be known of it once it has changed or is gone.

    Attributes
    ----------
    path
        Its file.
    name
        Of the clip; of the track if it has none.
    color
        ``0xrrggbb``.
    place, sound, playback
        Where it lies, what it does to the sound, how it plays.
    markers
        Its warp markers; none if it is not warped.
    start_s, end_s, passes
        See `region.Region`.
    start, end
        The same in the clip's units.
    song_tempo, meter
        Of the set.
    """

    path: str
    name: str
    color: int
    place: Place
    sound: Sound
    playback: Playback
    markers: list[Marker]
    start_s: float
    end_s: float
    start: float
    end: float
    passes: list[Span]
    song_tempo: float
    meter: str

    @property
    def is_warped(self) -> bool:
        """Whether the clip is warped, so that its units are beats."""
        return bool(self.markers)

    @property
    def warp(self) -> WarpMap | None:
        """Beats to seconds; None for a clip that is not warped."""
        return WarpMap(self.markers) if self.markers else None

    @property
    def region(self) -> Region:
        """What it plays of its file."""
        return Region(self.start_s, self.end_s, self.start, self.end, self.passes)

    @property
    def kind(self) -> str | None:
        """The stem that the track's name speaks of, for a recording of one instrument."""
        name = self.place.track_name.lower()
        return next((kind for part, kind in _KINDS if part in name), None)

    def options(self) -> dict[str, Any]:
        """Return what `/bridge/select` and `/bridge/run` say besides the region."""
        tempo = self.region.mean_tempo if self.is_warped else self.song_tempo
        options: dict[str, Any] = {
            "meter": self.meter,
            "track": self.place.track_name[:MOST_NAME_LETTERS],
        }
        if LOWEST_TEMPO <= tempo <= HIGHEST_TEMPO:
            options["tempo"] = tempo
        if self.place.view == ARRANGEMENT:
            options["position"] = self.position_s()
        return options

    def position_s(self) -> float:
        """Return where the region begins on the timeline, at the tempo that the set has now."""
        quarter_s = 60.0 / self.song_tempo
        lead = self.passes[0].start - self.start
        lead_s = lead * quarter_s if self.is_warped else lead
        return max(0.0, self.place.position * quarter_s - lead_s)

    def table(self) -> dict[str, Any]:
        """Return it as JSON can hold it; see `from_table`."""
        nested = {
            "place": dict(self.place._asdict()),
            "sound": dict(self.sound._asdict()),
            "playback": dict(self.playback._asdict()),
        }
        return dict(self._asdict(), **nested)


def from_table(table: dict[str, Any]) -> Selection:
    """Return what `Selection.table` gave.

    Raises
    ------
    KeyError, TypeError
        The table is not one of ours.
    """
    playback = dict(table["playback"], loop=Span(*table["playback"]["loop"]))
    return Selection(
        **dict(
            table,
            place=Place(**table["place"]),
            sound=Sound(**table["sound"]),
            playback=Playback(**playback),
            markers=[(marker[0], marker[1]) for marker in table["markers"]],
            passes=[Span(*each) for each in table["passes"]],
        )
    )


def read(song: Any, clip: Any) -> Selection:
    """Return what a clip of Live's is.

    Parameters
    ----------
    song
        Live's `Song`.
    clip
        Its `view.detail_clip`.

    Raises
    ------
    BridgeError
        It is not a clip that can be worked on; the sentence says which would be.
    """
    if clip is None:
        raise BridgeError(NOTHING_SELECTED)
    if not clip.is_audio_clip:
        raise BridgeError(IS_MIDI)
    if getattr(clip, "is_recording", False):
        raise BridgeError(
            "The selected clip is being recorded: stop the recording, then press again."
        )
    path = clip.file_path
    if not path or not Path(path).is_absolute():
        raise BridgeError("The selected clip has no file. Use File > Manage Files to find it.")
    markers = [(m.sample_time, m.beat_time) for m in clip.warp_markers] if clip.warping else []
    warp = WarpMap(markers) if markers else None
    playback = _playback(clip)
    place = _place(song, clip)
    found = region(playback, warp, _file_s(clip), _length_in_units(place, playback))
    if playback.looping and playback.start >= playback.loop.end:
        # It never comes to its loop, and the new clips hold nothing that could be looped.
        span = Span(found.start, found.end)
        playback = Playback(looping=False, start=span.start, loop=span, end=span.end)
    return Selection(
        path=path,
        name=clip.name or place.track_name,
        color=int(clip.color),
        place=place,
        sound=Sound(clip.gain, int(clip.pitch_coarse), clip.pitch_fine, int(clip.warp_mode)),
        playback=playback,
        markers=markers,
        start_s=found.start_s,
        end_s=found.end_s,
        start=found.start,
        end=found.end,
        passes=found.passes,
        song_tempo=song.tempo,
        meter=f"{song.signature_numerator}/{song.signature_denominator}",
    )


def signature(clip: Any) -> Any:
    """Return what tells cheaply whether a clip has changed, but for its warp markers."""
    if clip is None or not clip.is_audio_clip:
        return None
    return (
        clip.file_path,
        clip.warping,
        clip.looping,
        clip.loop_start,
        clip.loop_end,
        clip.start_marker,
        clip.end_marker,
        clip.start_time,
        clip.end_time if clip.is_arrangement_clip else None,
        clip.name,
    )


def track_of(node: Any) -> Any:
    """Return the track on which a clip lies, in a slot, the Arrangement or a take lane."""
    while node is not None and not hasattr(node, "clip_slots"):
        node = node.canonical_parent
    return node


def index_of(items: Any, wanted: Any) -> int:
    """Return where Live lists an object; -1 if it does not."""
    return next((index for index, item in enumerate(items) if item == wanted), -1)


def _playback(clip: Any) -> Playback:
    loop = Span(clip.loop_start, clip.loop_end)
    if not clip.looping:
        return Playback(False, loop.start, loop, loop.end)
    return Playback(True, clip.start_marker, loop, clip.end_marker)


def _place(song: Any, clip: Any) -> Place:
    track = track_of(clip.canonical_parent)
    if track is None:
        raise BridgeError(NOTHING_SELECTED)
    index = index_of(song.tracks, track)
    if clip.is_arrangement_clip:
        length = clip.end_time - clip.start_time
        return Place(ARRANGEMENT, index, track.name, -1, clip.start_time, length)
    scene = index_of(track.clip_slots, clip.canonical_parent)
    return Place(SESSION, index, track.name, scene, 0.0, 0.0)


def _length_in_units(place: Place, playback: Playback) -> float | None:
    # Only warped clips loop, and their beats are those of the Arrangement.
    return place.length if place.view == ARRANGEMENT and playback.looping else None


def _file_s(clip: Any) -> float | None:
    frames, rate = getattr(clip, "sample_length", None), getattr(clip, "sample_rate", None)
    return frames / rate if frames and rate else None
