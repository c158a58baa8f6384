"""Results in the set: where they lie, how they sound, what plays them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.daws.ableton.studio import RATE

if TYPE_CHECKING:
    from tests.daws.ableton.actor import Actor
    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.studio import Studio

MARKERS = ((0.4, 0.0), (2.5, 4.5), (3.1, 6.0))


def song(studio: Studio, *, is_warped: bool = True, slot: int = 3) -> Clip:
    """Put eight seconds of noise into a slot."""
    noise = 0.1 * np.random.default_rng(5).standard_normal((2, 8 * RATE))
    markers = MARKERS if is_warped else ()
    clip = studio.clip(studio.audio("song.wav", noise), *markers, last_bpm=96.0, slot=slot)
    clip.track.name = "Band"
    return clip


def run(studio: Studio, actor: Actor, clip: Clip, recipe: str = "stems-to-midi") -> dict[str, Any]:
    """Press and let everything happen; return what was asked for."""
    if studio.live.script is None:
        studio.live.connect()
    studio.live.select(clip)
    studio.live.script.session.press(recipe)
    before, runs = len(studio.live.messages), []

    def is_done() -> bool:
        runs.extend(actor.answer())
        return any("done" in sentence for sentence in studio.live.messages[before:])

    studio.live.skip_until(is_done)
    return runs[0]


def names(studio: Studio) -> list[str]:
    return [track.name for track in studio.set.tracks]


@pytest.mark.parametrize(
    ("start", "loop"),
    [
        (1.0, (2.0, 10.0)),  # an intro
        (4.0, (2.0, 10.0)),  # inside
        (2.0, (2.0, 10.0)),
    ],
)
def test_a_loop_stays_a_loop(acted: Any, start: float, loop: tuple[float, float]) -> None:
    studio, actor = acted()
    source = song(studio)
    source.looping = True
    source.loop_start, source.loop_end = loop
    source.end_marker, source.start_marker = 12.0, start
    asked = run(studio, actor, source)
    first_s, end_s = source.warp.seconds(min(start, loop[0])), source.warp.seconds(loop[1])
    assert asked["start"] == pytest.approx(first_s, abs=1e-9)
    assert asked["start"] + asked["length"] == pytest.approx(end_s, abs=1e-9)
    for track in studio.set.tracks[1:-1]:
        clip = track.clip_slots[3].clip
        assert clip is not None
        assert clip.looping
        assert (clip.loop_start, clip.loop_end) == loop
        assert (clip.start_marker, clip.end_marker) == (start, 12.0)
        if clip.is_audio_clip:
            for beats in np.linspace(min(start, 2.0), 10.0, 9):
                heard_s = clip.warp.seconds(beats) + asked["start"]
                assert heard_s == pytest.approx(source.warp.seconds(beats), abs=1e-6)


def test_a_loop_that_lies_before_the_start_is_never_played(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    source.looping = True
    source.loop_start, source.loop_end, source.start_marker = 2.0, 10.0, 11.0
    asked = run(studio, actor, source)
    assert asked["start"] == pytest.approx(source.warp.seconds(11.0))
    assert asked["start"] + asked["length"] == pytest.approx(8.0)
    clip = studio.named("Band bass").clip_slots[3].clip
    assert clip is not None
    assert (clip.looping, clip.loop_start) == (False, pytest.approx(11.0))
    assert clip.loop_end == pytest.approx(source.warp.beats(8.0))


@pytest.mark.parametrize("warps", [False, True])
@pytest.mark.parametrize("loops", [False, True])
def test_what_live_makes_of_new_clips_by_itself_does_not_matter(
    acted: Any, *, warps: bool, loops: bool
) -> None:
    """Preferences say whether new clips are warped and loop; they are as their source is."""
    studio, actor = acted()
    studio.set.warps_new_clips, studio.set.loops_new_clips = warps, loops
    for is_warped in (True, False):
        source = song(studio, is_warped=is_warped, slot=int(is_warped))
        source.loop_start, source.loop_end = 1.0, 4.0
        asked = run(studio, actor, source, "stems")
        clip = studio.named("Band bass").clip_slots[int(is_warped)].clip
        assert clip is not None
        assert (clip.warping, clip.looping) == (is_warped, False)
        begin = 0.0 if not is_warped else 1.0
        assert (clip.loop_start, clip.loop_end) == (begin, begin + 3.0)
        assert asked["start"] == pytest.approx(source.warp.seconds(1.0) if is_warped else 1.0)
        for track in studio.set.tracks[1:-1]:
            track.name += " of before"


def test_an_unwarped_clip_in_the_arrangement_keeps_its_seconds(acted: Any) -> None:
    studio, actor = acted()
    studio.set.tempo = 90.0
    source = song(studio, is_warped=False)
    source.loop_start, source.loop_end = 1.5, 7.0
    laid = source.track.duplicate_clip_to_arrangement(source, 12.0)
    asked = run(studio, actor, laid)
    assert asked["tempo"] == pytest.approx(90.0)
    assert asked["position"] == pytest.approx(8.0)
    for track in studio.set.tracks[1:-1]:
        (clip,) = track.arrangement_clips
        assert (clip.start_time, clip.end_time) == pytest.approx((12.0, laid.end_time))
        assert [slot.clip for slot in track.clip_slots] == [None] * 8
    notes = studio.named("Band bass MIDI").arrangement_clips[0].notes
    assert [note.start_time for note in notes] == pytest.approx([0.375, 0.75, 1.6875], abs=1e-3)


def test_a_loop_in_the_arrangement_becomes_a_clip_for_each_pass(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    source.looping = True
    source.loop_start, source.loop_end, source.start_marker = 2.0, 8.0, 3.0
    laid = source.track.duplicate_clip_to_arrangement(source, 16.0)
    laid.span = 14.0
    run(studio, actor, laid)
    assert laid.muted
    for track in studio.set.tracks[1:-1]:
        clips = track.arrangement_clips
        assert [clip.start_time for clip in clips] == pytest.approx([16.0, 21.0, 27.0])
        assert [clip.end_time for clip in clips] == pytest.approx([21.0, 27.0, 30.0])
        played = [(clip.markers.start, clip.markers.end) for clip in clips]
        assert played == [(3.0, 8.0), (2.0, 8.0), (2.0, 5.0)]
        assert not any(clip.looping for clip in clips)
        assert [slot.clip for slot in track.clip_slots] == [None] * 8


def test_new_clips_sound_as_their_source_does(acted: Any) -> None:
    """The file is sent as it is; gain, pitch, level and pan go to the new clips and tracks."""
    studio, actor = acted()
    source = song(studio)
    source.gain, source.pitch_coarse, source.pitch_fine, source.warp_mode = 0.25, 3, -20.0, 6
    mixer = source.track.mixer_device
    mixer.volume.value, mixer.panning.value = 0.5, -0.25
    run(studio, actor, source)
    stem, clip = (studio.named(f"Band bass{kind}") for kind in ("", " MIDI"))
    audio = stem.clip_slots[3].clip
    assert audio is not None
    assert (audio.gain, audio.pitch_coarse, audio.pitch_fine) == (0.25, 3, -20.0)
    assert audio.warp_mode == 6
    assert (stem.mixer_device.volume.value, stem.mixer_device.panning.value) == (0.5, -0.25)
    assert clip.mute
    pitches = {
        name: [note.pitch for note in studio.named(name).clip_slots[3].clip.notes]
        for name in ("Band bass MIDI", "Band drums MIDI")
    }
    assert pitches == {"Band bass MIDI": [39, 40, 41], "Band drums MIDI": [36, 37, 38]}


def test_a_stem_of_a_rex_loop_is_warped_in_another_mode(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    source.warp_mode = 5
    run(studio, actor, source, "stems")
    assert studio.named("Band bass").clip_slots[3].clip.warp_mode == 4


@pytest.mark.parametrize("is_last", [False, True])
def test_results_stay_in_the_group_of_their_source(acted: Any, *, is_last: bool) -> None:
    studio, actor = acted()
    source = song(studio)
    others = [studio.set.create_audio_track(0 if is_last else 1)]
    members = [*others, source.track] if is_last else [source.track, *others]
    group = studio.live.group(*members, name="Studio")
    run(studio, actor, source, "stems")
    made = [track for track in studio.set.tracks if track.name.startswith("Band ")]
    assert len(made) == 8
    assert {track.group_track for track in made} == {group}
    index = studio.set.tracks.index(source.track)
    beside = [track.name for track in studio.set.tracks[max(0, index - 8) : index + 9]]
    assert {track.name for track in made} <= set(beside)


def test_what_was_selected_is_selected_again_and_all_is_one_step(acted: Any) -> None:
    studio, actor = acted()
    source = song(studio)
    run(studio, actor, source)
    assert studio.set.view.detail_clip is source
    assert studio.set.view.selected_track is source.track
    assert studio.set.undo_depth == 0


@pytest.mark.parametrize(
    ("version", "instruments", "device"),
    [
        ("12.3", {"default": ["Operator"]}, "Operator"),
        ("12.0", {"default": ["Operator"]}, "Operator"),
        ("12.3", {"bass": ["Wavetable", "Drift"], "default": ["Operator"]}, "Drift"),
        ("12.0", {"bass": ["user_library/Presets/My Piano"]}, "My Piano.adg"),
        ("11.3.25", {"bass": ["sounds/Bass/nothing", "drums/Kit-Core 909"]}, "Kit-Core 909.adg"),
        ("12.3", {"bass": ["Sub"]}, "Sub.adg"),
    ],
)
def test_midi_is_played_by_the_instrument_of_its_role(
    acted: Any, version: str, instruments: dict[str, list[str]], device: str
) -> None:
    studio, actor = acted(version, instruments=instruments)
    run(studio, actor, song(studio))
    track = studio.named("Band bass MIDI")
    assert [each.name for each in track.devices] == [device]
    assert "has no instrument" not in studio.said()
    assert names(studio)[-1] == "MIDI", "loading made no track of its own"


@pytest.mark.parametrize("version", ["12.3", "11.3.25"])
def test_an_instrument_that_is_nowhere_is_told_of(acted: Any, version: str) -> None:
    studio, actor = acted(version, instruments={"default": ["Omnisphere", "plugins/Diva"]})
    run(studio, actor, song(studio))
    assert "no instrument “Omnisphere” or “plugins/Diva”" in studio.said()
    assert studio.named("Band bass MIDI").devices == []


def test_a_clip_without_stems(acted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe `midi` makes clips alone; the track's name tells what is heard."""
    studio, actor = acted()
    write = actor.results

    def results(job: str, length_s: float) -> Path:
        manifest: Path = write(job, length_s)
        table = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**table, "stems": []}))
        return manifest

    monkeypatch.setattr(actor, "results", results)
    source = song(studio)
    source.track.name = "E-Bass"
    laid = source.track.duplicate_clip_to_arrangement(source, 4.0)
    assert run(studio, actor, laid, "midi")["transcription"] == "bass"
    assert names(studio)[1:-1] == [f"E-Bass {stem} MIDI" for stem in actor.stems]
    assert not laid.muted


def test_a_thousand_notes_arrive(acted: Any) -> None:
    studio, actor = acted()
    actor.stems, actor.notes = ("bass",), [0.007 * index for index in range(1000)]
    run(studio, actor, song(studio))
    clip = studio.named("Band bass MIDI").clip_slots[3].clip
    assert clip is not None
    assert len(clip.notes) == 1000
