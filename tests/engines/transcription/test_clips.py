"""A take's clips: their timing, their place, their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from bridge.core.presets import Presets
from bridge.engines.take import MIX, Take
from bridge.engines.transcription.clips import ClipWriter
from bridge.engines.transcription.notes import Bend, Note
from bridge.engines.transcription.settings import settle
from bridge.models import Timing
from tests.engines.takes import RememberingReport, make_take
from tests.engines.timing.sounds import RATE, constant, groove, ramp

SHIPPED = Presets((Path(__file__).resolve().parents[3] / "presets",))
LISTENING = settle("auto", SHIPPED).by_stem
SILENCE = np.zeros((1, 4 * RATE), np.float32)
NOTES = [Note(0.52, 0.9, 60, 100), Note(1.02, 1.4, 64, 100)]


def silent_take(folder: Path, *stems: str, **options: Any) -> Take:
    return make_take(folder, dict.fromkeys(stems, SILENCE), sample_rate=RATE, **options)


def heard_take(folder: Path, audio: np.ndarray, **options: Any) -> Take:
    shaped = np.atleast_2d(audio).astype(np.float32)
    return make_take(folder, {MIX: shaped}, sample_rate=RATE, **options)


def written(take: Take, notes: list[Note] = NOTES) -> RememberingReport:
    report = RememberingReport()
    writer = ClipWriter.begin(take, report)
    for stem in take.stems:
        writer.write(stem, notes, LISTENING[stem])
    writer.finish()
    return report


def timing_of(take: Take) -> Timing:
    assert take.timing is not None
    return take.timing


def test_all_clips_lie_in_one_more_file(tmp_path: Path) -> None:
    take = silent_take(tmp_path, "drums", "bass", "vocals", tempo=120.0, track="Take 1")

    report = written(take)

    (file,) = report.clips_files
    assert (file.clip_count, file.note_count) == (3, 6)
    assert Path(file.path).name == "Take 1 - all.mid"
    tracks = mido.MidiFile(file.path).tracks
    assert [track.name for track in tracks[1:]] == ["Take 1 drums", "Take 1 bass", "Take 1 vocals"]
    names = {"Take 1 - all.mid", *(f"Take 1 - {stem}.mid" for stem in take.stems)}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_a_single_clip_is_all(tmp_path: Path) -> None:
    report = written(silent_take(tmp_path, MIX, tempo=120.0))

    assert len(report.clips) == 1
    assert not report.clips_files


def test_timing_is_said_before_the_first_clip(tmp_path: Path) -> None:
    take = silent_take(tmp_path, MIX, tempo=93.5, meter="5/4")
    report = RememberingReport()

    ClipWriter.begin(take, report)

    assert report.timings == [take.timing]
    assert not report.clips


def test_what_the_daw_says_wins_and_the_key_is_heard(tmp_path: Path) -> None:
    audio = groove(constant(120.0), 8)

    timing = timing_of_written(heard_take(tmp_path, audio, tempo=97.0, meter="7/8"))

    assert (timing.tempo, timing.tempo_from, timing.tempo_map) == (97.0, "host", ())
    assert (timing.meter, timing.meter_from) == ("7/8", "host")
    assert timing.key == "C major"


def timing_of_written(take: Take) -> Timing:
    written(take)
    return timing_of(take)


def test_what_the_daw_does_not_say_is_heard(tmp_path: Path) -> None:
    timing = timing_of_written(heard_take(tmp_path, groove(constant(120.0, 0.25), 12)))

    assert (timing.tempo, timing.tempo_from) == (120.0, "estimated")
    assert (timing.meter, timing.meter_from) == ("4/4", "estimated")
    assert timing.tempo_confidence is not None
    assert timing.tempo_confidence > 0.5
    assert timing.downbeat_s == pytest.approx(0.25, abs=0.03)
    assert timing.tempo_map == ()


def test_a_heard_grid_is_quantised_to_the_heard_beats(tmp_path: Path) -> None:
    take = heard_take(tmp_path, groove(constant(120.0, 0.25), 12), quantize="1/4")

    (clip,) = written(take, [Note(0.70, 0.9, 60, 100), Note(1.31, 1.5, 62, 100)]).clips

    starts_s = [note.start_quarters * 0.5 for note in clip.notes]
    assert starts_s == pytest.approx([0.75, 1.25], abs=0.03)


def test_drift_becomes_a_tempo_map_that_the_file_holds(tmp_path: Path) -> None:
    seconds = ramp(100.0, 118.0, 80)
    take = heard_take(tmp_path, groove(seconds, 20))
    onsets = [seconds(quarter) for quarter in range(4, 72)]

    (clip,) = written(take, [Note(onset, onset + 0.1, 60, 100) for onset in onsets]).clips

    assert len(timing_of(take).tempo_map) > 2
    file = mido.MidiFile(clip.path)
    now, played = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on":
            played.append(now)
    assert played == pytest.approx(onsets, abs=0.0004)
    tempos = [message for message in file.tracks[0] if message.type == "set_tempo"]
    assert len(tempos) == len(timing_of(take).tempo_map)
    lengths = np.diff([note.start_quarters for note in clip.notes])
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=0.06)


def test_quantising_obeys_strength_and_swing(tmp_path: Path) -> None:
    options = {"tempo": 120.0, "quantize": "1/8", "quantize_strength": 0.5, "swing": 1.0}

    (clip,) = written(silent_take(tmp_path, MIX, **options), [Note(0.30, 0.4, 60, 100)]).clips

    # The second eighth is swung to 0.75 quarters; the note at 0.6 goes half of the way there.
    assert clip.notes[0].start_quarters == pytest.approx(0.675)


def test_swung_triplets_are_said_to_be_none(tmp_path: Path) -> None:
    report = written(silent_take(tmp_path, MIX, tempo=120.0, quantize="1/8t", swing=0.5))

    assert report.codes == ["ignored_option"]


def test_bars_pad_every_file(tmp_path: Path) -> None:
    report = written(silent_take(tmp_path, "bass", "vocals", tempo=100.0, meter="3/4", bars=True))

    for path in [*(clip.path for clip in report.clips), report.clips_files[0].path]:
        # Four seconds at 100 are 6.7 quarters: three bars.
        assert mido.MidiFile(path).length == pytest.approx(9 * 0.6)


def test_mpe_reaches_files_and_events(tmp_path: Path) -> None:
    bent = [
        Note(0.5, 1.0, pitch, 100, Bend((0.5,), (cents,)))
        for pitch, cents in ((60, 20.0), (64, -20.0))
    ]
    report = written(silent_take(tmp_path, "other", "drums", tempo=120.0, mpe=True), bent)

    keys, drums = report.clips
    assert len({note.channel for note in keys.notes}) == 2
    assert {note.channel for note in drums.notes} == {9}
    for path in (keys.path, report.clips_files[0].path):
        track = mido.MidiFile(path).tracks[1]
        assert {m.pitch for m in track if m.type == "pitchwheel"} == {0, 34, -34}


def test_clips_carry_the_colour_of_their_instrument(tmp_path: Path) -> None:
    (clip,) = written(silent_take(tmp_path, "bass", tempo=120.0)).clips

    assert clip.color == SHIPPED.instrument("bass")["color"]


def test_a_sure_key_is_signed(tmp_path: Path) -> None:
    for confidence, signed in ((0.9, ["F#m"]), (0.3, [])):
        take = silent_take(tmp_path, MIX)
        take.timing = Timing(
            tempo=120.0,
            meter="4/4",
            tempo_from="default",
            meter_from="default",
            key="F# minor",
            key_confidence=confidence,
        )
        (clip,) = written(take).clips
        conductor = mido.MidiFile(clip.path).tracks[0]
        assert [m.key for m in conductor if m.type == "key_signature"] == signed
