"""Stems and notes sound when their source does, whatever the Set's tempo: whole jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mido
import numpy as np
import pytest
import soundfile

from tests.daws.ableton.playback import Tempo, clicks_s, heard_s, notes_heard_s, steady
from tests.daws.ableton.recording import (
    BPM,
    END_BEATS,
    START_BEATS,
    click_track,
    expected_s,
    source_of,
)
from tests.daws.ableton.studio import RATE
from tests.daws.ableton.versions import VERSIONS
from tests.end_to_end.conftest import Daemon, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.spy import Spy
    from tests.daws.ableton.studio import Studio

RAMP = Tempo(((0.0, BPM), (5.3, 90.0), (9.1, 171.0)))
"""The Set's tempo after the musician has changed it, twice."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all tests here: what was separated once is answered from its files."""
    with running(Daemon(tmp_path_factory.mktemp("daemon"))) as made:
        yield made


def run(studio: Studio, controller: Spy, recipe: str) -> None:
    """Press a controller's button, and wait until everything is placed."""
    controller.send(studio.controller_port, f"/bridge/run/{recipe}", "model", "dsp")
    studio.live.run_until(lambda: any("done" in each for each in studio.live.messages))


def stems(studio: Studio, source: Clip) -> list[Clip]:
    """Return what lies beside a source, audio only, at its slot or its place."""
    found = []
    for track in studio.set.tracks:
        if track is source.track or not track.is_audio:
            continue
        if source.slot is not None:
            assert [slot.has_clip for slot in track.clip_slots].index(True) == source.slot.index
            found += [slot.clip for slot in track.clip_slots if slot.clip]
        else:
            assert not any(slot.has_clip for slot in track.clip_slots)
            found += track.arrangement_clips
    return found


def sum_of(clips: list[Clip]) -> np.ndarray:
    """Return what the files of clips sum to, ``(channels, samples)``."""
    total: np.ndarray = np.zeros(1)
    for clip in clips:
        audio, _ = soundfile.read(clip.file_path, dtype="float32", always_2d=True)
        total = total + audio.T
    return total


@pytest.mark.parametrize("version", VERSIONS)
def test_stems_and_notes_sound_with_their_source(
    studios: Callable[..., Studio], daemon: Daemon, controller: Spy, version: str
) -> None:
    """Every click within a millisecond, at the Set's tempo and after it was changed."""
    studio = studios(version, daemon)
    studio.set.warps_new_clips = version != "12.1.10"
    studio.set.loops_new_clips = version != "12.2"
    source = source_of(studio)
    studio.live.connect()
    studio.live.select(source)
    run(studio, controller, "stems-to-midi")
    check_notes(studio, daemon, [source])
    made = stems(studio, source)
    if version in {"11.0", "12.0"}:
        assert made == []
        assert str(daemon.folder) in studio.said(), "where the stems are"
    else:
        assert len(made) == 4, studio.said()
        check_stems(made, source)


def check_stems(made: list[Clip], source: Clip) -> None:
    stem_s = clicks_s(sum_of(made), RATE)
    source_s = clicks_s(click_track(), RATE)
    for tempo in (steady(BPM), RAMP):
        wanted_s = heard_s(source, source_s, tempo)
        wanted_s = wanted_s[np.isfinite(wanted_s)]
        assert len(wanted_s) == 11
        for clip in made:
            assert clip.warping
            found_s = heard_s(clip, stem_s, tempo)
            assert np.abs(found_s - wanted_s).max() < 1e-3


def clips_of(studio: Studio) -> list[Clip]:
    """Return every clip of the Set."""
    slots = [slot.clip for track in studio.set.tracks for slot in track.clip_slots]
    laid = [clip for track in studio.set.tracks for clip in track.arrangement_clips]
    return [clip for clip in [*slots, *laid] if clip is not None]


def check_notes(studio: Studio, daemon: Daemon, passes: list[Clip]) -> None:
    """Compare the notes with the MIDI files that the daemon wrote, read by somebody else.

    Parameters
    ----------
    passes
        What plays the source, one after the other.
    """
    in_beats = steady(60.0)
    (begin_s,) = expected_s(START_BEATS)
    by_track: dict[Any, list[Clip]] = {}
    for clip in clips_of(studio):
        if clip.is_midi_clip:
            by_track.setdefault(clip.track, []).append(clip)
    checked = 0
    for clips in by_track.values():
        onsets_s = np.array(file_onsets_s(daemon, clips[0])) + begin_s
        wanted = np.concatenate([heard_s(each, onsets_s, in_beats) for each in passes])
        wanted = np.sort(wanted[np.isfinite(wanted)])
        found = np.sort(np.concatenate([notes_heard_s(clip, in_beats) for clip in clips]))
        assert len(found) == len(wanted)
        assert np.abs(found - wanted).max(initial=0.0) < 1e-3
        checked += len(found)
    assert checked >= 12


def file_onsets_s(daemon: Daemon, clip: Clip) -> list[float]:
    """Return the onsets of the MIDI file that a clip was made of, as the manifest names it."""
    newest = max(daemon.folder.rglob("manifest.json"), key=lambda path: path.stat().st_mtime)
    clips = json.loads(newest.read_text(encoding="utf-8"))["clips"]
    (path,) = [each["path"] for each in clips if clip.name.endswith(f" {each['stem']} MIDI")]
    now_s, found = 0.0, []
    for message in mido.MidiFile(path):
        now_s += message.time
        if message.type == "note_on" and message.velocity > 0:
            found.append(now_s)
    return found


def test_unwarped_clips_stay_unwarped(
    studios: Callable[..., Studio], daemon: Daemon, controller: Spy
) -> None:
    """Neither the source nor its stems follow the tempo."""
    studio = studios("12.3", daemon)
    source = studio.clip(studio.audio("clicks.wav", click_track()))
    source.loop_start, source.loop_end = 1.5, 8.0
    studio.set.tempo = BPM
    studio.live.connect()
    studio.live.select(source)
    run(studio, controller, "stems")
    made = stems(studio, source)
    stem_s = clicks_s(sum_of(made), RATE)
    for tempo in (steady(BPM), RAMP):
        wanted_s = heard_s(source, clicks_s(click_track(), RATE), tempo)
        for clip in made:
            assert not clip.warping
            apart = heard_s(clip, stem_s, tempo) - wanted_s[np.isfinite(wanted_s)]
            assert np.abs(apart).max() < 1e-3


@pytest.mark.parametrize("loops", [False, True])
def test_a_clip_in_the_arrangement(
    studios: Callable[..., Studio], daemon: Daemon, controller: Spy, *, loops: bool
) -> None:
    """Stems and notes lie where it lies; a loop is repeated as long as it is."""
    studio = studios("12.3", daemon)
    source = source_of(studio)
    length = END_BEATS - START_BEATS
    if loops:
        source.looping = True
        source.loop_start, source.loop_end = START_BEATS, END_BEATS
        source.start_marker = START_BEATS
    laid = studio.set.tracks[0].duplicate_clip_to_arrangement(source, 16.5)
    if loops:
        laid.span = 2.5 * length
    studio.live.connect()
    studio.live.select(laid)
    run(studio, controller, "stems-to-midi")
    assert laid.muted, "nothing sounds twice"
    tempo = Tempo(((0.0, BPM), (20.0, 87.0)))
    source_s = clicks_s(click_track(), RATE)
    by_track: dict[Any, list[Clip]] = {}
    for clip in stems(studio, laid):
        by_track.setdefault(clip.track, []).append(clip)
    assert len(by_track) == 4
    parts = passes(laid, [length, length, length / 2] if loops else [length])
    wanted_s = np.concatenate([heard_s(part, source_s, tempo) for part in parts])
    wanted_s = np.sort(wanted_s[np.isfinite(wanted_s)])
    stem_s = clicks_s(sum_of([clips[0] for clips in by_track.values()]), RATE)
    for clips in by_track.values():
        found_s = np.concatenate([heard_s(clip, stem_s, tempo) for clip in clips])
        found_s = np.sort(found_s[np.isfinite(found_s)])
        assert len(found_s) == len(wanted_s)
        assert np.abs(found_s - wanted_s).max() < 1e-3
        assert clips[0].start_time == pytest.approx(16.5)
        assert clips[-1].end_time == pytest.approx(laid.end_time)
    check_notes(studio, daemon, parts)


def test_a_loop_in_the_session(
    studios: Callable[..., Studio], daemon: Daemon, controller: Spy
) -> None:
    """The first pass begins before the loop; stems and notes repeat as their source does."""
    studio = studios("12.3", daemon)
    source = source_of(studio)
    source.looping = True
    source.loop.start, source.loop.end = 4.0, END_BEATS
    source.markers.start = START_BEATS
    studio.live.connect()
    studio.live.select(source)
    run(studio, controller, "stems-to-midi")
    made = stems(studio, source)
    assert len(made) == 4
    check_stems(made, source)
    notes = [clip for clip in clips_of(studio) if clip.is_midi_clip and clip.slot is not None]
    assert len(notes) == 4
    for clip in [*made, *notes]:
        assert clip.looping
        before, repeated = clip.loop.start - clip.markers.start, clip.length
        assert before == pytest.approx(4.0 - START_BEATS, abs=1e-3)
        assert repeated == pytest.approx(END_BEATS - 4.0, abs=1e-3)
    check_notes(studio, daemon, [source])


def passes(clip: Clip, lengths: list[float]) -> list[Clip]:
    """Return a looping clip as one clip for each pass."""
    made, begin = [], clip.start_time
    for length in lengths:
        part = clip.copied_to(clip.track)
        part._looping, part.markers = False, type(clip.loop)(START_BEATS, START_BEATS + length)
        part.span, part.start_time = length, begin
        made.append(part)
        begin += length
    return made
