"""What the stand-in's Set does and refuses: tracks, slots, the Arrangement, clips, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.daws.ableton.scripts import lib, song_of
from tests.daws.ableton.sounds import read_sound
from tests.daws.ableton.studio import RATE
from tests.daws.ableton.warping import SHADOW_BEATS, Marker, Warp

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.standin import Live


def test_clips_are_refused_where_live_refuses_them(lives: Callable[..., Live], file: str) -> None:
    live = lives()
    audio, midi = song_of(live).tracks
    midi.clip_slots[0].create_clip(4.0)
    audio.clip_slots[0].create_audio_clip(file)
    group = live.group(live.set.tracks[1])
    frozen = live.set.create_audio_track()
    frozen.is_frozen = True
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: midi.clip_slots[0].create_clip(4.0), "already"),
        (lambda: midi.clip_slots[1].create_clip(0.0), "length"),
        (lambda: audio.clip_slots[1].create_clip(4.0), "MIDI tracks"),
        (lambda: midi.clip_slots[1].create_audio_clip(file), "audio tracks"),
        (lambda: audio.clip_slots[0].create_audio_clip(file), "already"),
        (lambda: audio.clip_slots[1].create_audio_clip("silence.wav"), "path"),
        (lambda: audio.clip_slots[1].create_audio_clip(file + "x"), "path"),
        (lambda: audio.clip_slots[1].create_audio_clip(__file__), "read"),
        (audio.clip_slots[1].delete_clip, "empty"),
        (lambda: audio.create_audio_clip(file, -1.0), "out of range"),
        (lambda: audio.create_audio_clip(file, 1576801.0), "out of range"),
        (lambda: midi.create_audio_clip(file, 0.0), "types"),
        (lambda: audio.create_midi_clip(0.0, 4.0), "types"),
        (lambda: audio.duplicate_clip_to_arrangement(midi.clip_slots[0].clip, 0.0), "types"),
        (lambda: group.clip_slots[0].create_audio_clip(file), "audio tracks"),
        (lambda: frozen.clip_slots[0].create_audio_clip(file), "frozen"),
        (lambda: frozen.create_audio_clip(file, 0.0), "frozen"),
        (lambda: audio.insert_device("Drift"), "MIDI tracks"),
        (lambda: midi.insert_device("Serum"), "find the device"),
    ]
    for call, why in refused:
        with pytest.raises(RuntimeError, match=why):
            call()


def test_the_arrangement_is_cut_where_a_clip_is_laid(lives: Callable[..., Live], file: str) -> None:
    live = lives()
    track = song_of(live).tracks[0]
    live.set.loops_new_clips = False
    long = track.create_audio_clip(file, 8.0)
    beats = 4.0 * 97.0 / 60.0
    assert long.end_time == pytest.approx(8.0 + beats)
    assert (long.is_arrangement_clip, long.canonical_parent == track) == (True, True)
    slot = track.clip_slots[0]
    short = slot.create_audio_clip(file)
    short.loop_end = 1.0
    copy = track.duplicate_clip_to_arrangement(short, 9.0)
    assert [clip.name for clip in track.arrangement_clips] == ["silence"] * 3
    spans = [(clip.start_time, clip.end_time) for clip in track.arrangement_clips]
    assert spans == [(8.0, 9.0), (9.0, 10.0), (10.0, pytest.approx(8.0 + beats))]
    copy.loop_end = 0.5
    assert copy.end_time == 9.5
    track.delete_clip(copy)
    assert len(track.arrangement_clips) == 2
    assert copy == None  # noqa: E711


def test_a_tracks_group_is_that_of_both_neighbours(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)
    group = live.group(*live.set.tracks)
    assert [track.is_grouped for track in song.tracks] == [False, True, True]
    inside = song.create_audio_track(2)
    assert inside.group_track == song.tracks[0]
    assert song.create_audio_track(1).is_grouped
    assert not song.create_audio_track(0).is_grouped
    assert not song.create_audio_track(-1).is_grouped
    assert live.set.tracks[1] is group
    live.set.track_limit = len(live.set.tracks)
    with pytest.raises(lib(live).Base.LimitationError):
        song.create_midi_track()


def test_an_instrument_loaded_onto_audio_makes_a_track(lives: Callable[..., Live]) -> None:
    live = lives()
    song = song_of(live)
    browser = lib(live).Application.get_application().browser
    operator = next(item for item in browser.instruments.children if item.name == "Operator")
    assert operator.children[0].name == "Bass"
    folder = browser.sounds.children[0]
    assert not folder.is_loadable
    with pytest.raises(RuntimeError):
        browser.load_item(folder)
    song.view.selected_track = song.tracks[1]
    browser.load_item(operator)
    assert [device.name for device in song.tracks[1].devices] == ["Operator"]
    song.view.selected_track = song.tracks[0]
    browser.load_item(operator)
    assert len(song.tracks) == 3
    assert song.tracks[0].devices[:] == []


def test_warping_is_set_after_the_script_has_returned(
    lives: Callable[..., Live], file: str
) -> None:
    live = lives()
    live.set.warps_new_clips = False
    clip = song_of(live).tracks[0].clip_slots[0].create_audio_clip(file)
    assert (clip.warping, clip.loop_end) == (False, 4.0)
    with pytest.raises(RuntimeError, match="not warped"):
        clip.beat_to_sample_time(0.0)
    with pytest.raises(RuntimeError, match="can't be looped"):
        clip.looping = True
    clip.warping = True
    assert (clip.warping, clip.loop_end) == (False, 4.0)
    live.tick()
    assert clip.warping
    assert clip.loop_end == pytest.approx(4.0 * 97.0 / 60.0)
    assert clip.beat_to_sample_time(clip.loop_end) == pytest.approx(4.0 * RATE)
    with pytest.raises(RuntimeError, match="is warped"):
        clip.seconds_to_sample_time(1.0)


def test_warp_markers_are_refused_where_live_refuses_them(
    lives: Callable[..., Live], file: str
) -> None:
    live = lives()
    clip = song_of(live).tracks[0].clip_slots[0].create_audio_clip(file)
    marker = lib(live).Clip.WarpMarker

    def shown() -> list[tuple[float, float]]:
        return [(each.sample_time, each.beat_time) for each in clip.warp_markers]

    assert shown() == [(0.0, 0.0), (pytest.approx(SHADOW_BEATS * 60.0 / 97.0), SHADOW_BEATS)]
    clip.add_warp_marker(marker(2.0, 4.0))
    clip.add_warp_marker(marker(2.0, 4.0))
    assert len(shown()) == 3
    for wrong, why in (
        (marker(4.5, 9.0), "out of range"),
        (marker(-0.1, -1.0), "out of range"),
        (marker(3.0, 4.0), "Segment"),
        (marker(1.0, 4.5), "Segment"),
        (marker(2.01, 8.0), "Segment"),
    ):
        with pytest.raises(RuntimeError, match=why):
            clip.add_warp_marker(wrong)
    for given in ({"sample_time": 1.0, "beat_time": 2.0}, (1.0, 2.0)):
        with pytest.raises(TypeError):
            clip.add_warp_marker(given)
    with pytest.raises(TypeError):
        marker(sample_time=1.0, beat_time=2.0)
    with pytest.raises(RuntimeError, match="shadow"):
        clip.move_warp_marker(4.0 + SHADOW_BEATS, 0.1)
    with pytest.raises(RuntimeError, match="shadow"):
        clip.remove_warp_marker(4.0 + SHADOW_BEATS)
    with pytest.raises(RuntimeError, match="doesn't exist"):
        clip.remove_warp_marker(3.0)
    clip.move_warp_marker(4.0, 0.5)
    assert shown()[1] == (2.0, 4.5)
    clip.remove_warp_marker(0.0)
    with pytest.raises(RuntimeError, match="last"):
        clip.remove_warp_marker(4.5)


def test_the_oldest_live_makes_no_markers(lives: Callable[..., Live], file: str) -> None:
    live = lives("11.0")
    clip = live.set.clip_of(live.set.tracks[0], read_sound(file))
    handle: Any = live.world.handle(clip)
    assert len(handle.warp_markers) == 2
    assert not hasattr(handle, "add_warp_marker")
    with pytest.raises(RuntimeError, match="instantiated"):
        lib(live).Clip.WarpMarker(0.0, 0.0)


def test_seconds_and_beats_go_straight_between_markers() -> None:
    warp = Warp([Marker(0.5, 0.0), Marker(1.5, 4.0), Marker(3.5, 6.0)], last_bpm=120.0)
    assert [warp.beats(time_s) for time_s in (0.0, 0.5, 1.0, 2.5, 3.5, 4.0)] == pytest.approx(
        [-2.0, 0.0, 2.0, 5.0, 6.0, 7.0]
    )
    for beats in (-3.0, 0.0, 3.3, 5.9, 6.01, 20.0):
        assert warp.beats(warp.seconds(beats)) == pytest.approx(beats)


def test_loop_and_markers(lives: Callable[..., Live]) -> None:
    clip = song_of(lives()).tracks[1].clip_slots[0].create_clip(8.0)
    assert clip.looping
    clip.start_marker, clip.loop_start = 1.0, 2.0
    assert (clip.start_marker, clip.loop_start, clip.length) == (1.0, 2.0, 6.0)
    assert clip.end_time == 7.0
    with pytest.raises(RuntimeError):
        clip.loop_end = 2.0
    with pytest.raises(RuntimeError):
        clip.start_marker = 8.0
    clip.looping = False
    clip.start_marker = 3.0
    assert (clip.start_marker, clip.loop_start) == (1.0, 1.0), "ignored while it does not loop"
    clip.loop_start = 2.5
    assert (clip.start_marker, clip.length, clip.end_time) == (2.5, 5.5, 5.5)


def test_notes(lives: Callable[..., Live], file: str) -> None:
    live = lives()
    audio, midi = song_of(live).tracks
    clip = midi.clip_slots[0].create_clip(4.0)
    note = lib(live).Clip.MidiNoteSpecification
    clip.add_new_notes((note(pitch=60, start_time=0.0, duration=2.0, velocity=90.0),))
    clip.add_new_notes((note(60, 1.0, 0.5), note(62, 1.0, 0.5)))
    held = [(n.pitch, n.start_time, n.duration) for n in clip.get_all_notes_extended()]
    assert held == [(60, 0.0, 1.0), (60, 1.0, 0.5), (62, 1.0, 0.5)], "a note ends its like"
    with pytest.raises(TypeError):
        clip.add_new_notes([note(60, 0.0, 1.0)])
    with pytest.raises(TypeError):
        clip.add_new_notes(({"pitch": 60},))
    for wrong in ({"pitch": 128}, {"duration": 0.0}, {"velocity": 128.0}):
        with pytest.raises(RuntimeError):
            note(**{"pitch": 60, "start_time": 0.0, "duration": 1.0, **wrong})
    with pytest.raises(TypeError):
        note(pitch=60.0, start_time=0.0, duration=1.0)
    sound = audio.clip_slots[0].create_audio_clip(file)
    with pytest.raises(RuntimeError):
        sound.add_new_notes((note(60, 0.0, 1.0),))
    with pytest.raises(RuntimeError):
        _ = clip.warping
    with pytest.raises(RuntimeError):
        _ = clip.file_path
