"""The stage as the worker runs it: stems on disk become clips on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from bridge.core.presets import Presets
from bridge.engines.audio import Audio
from bridge.engines.take import MIX, Take
from bridge.engines.transcription import network
from bridge.engines.transcription.stage import TranscribeStage
from bridge.errors import BadArgumentsError, JobCancelled, PresetError
from bridge.models import RunOptions, Timing
from tests.engines.takes import RememberingReport, make_take
from tests.engines.transcription.tones import melody

SHIPPED = Presets((Path(__file__).resolve().parents[3] / "presets",))
SONG_S = 4.0
SILENCE = np.zeros((1, 88_200), np.float32)


def tune(pitch: int) -> Audio:
    notes = [(0.5 + 0.75 * step, 0.6, float(pitch + 2 * step)) for step in range(4)]
    sound = melody(SONG_S, notes, 44_100)
    return np.stack([sound, 0.5 * sound])


def clicks() -> Audio:
    audio = np.zeros((2, round(SONG_S * 44_100)), np.float32)
    time_s = np.arange(6_000) / 44_100
    kick = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / 0.05)
    for onset in (0.5, 1.25, 2.0, 2.75):
        start = round(onset * 44_100)
        audio[:, start : start + len(kick)] += kick.astype(np.float32)
    return audio


def planned(**request: Any) -> dict[str, Any]:
    plan = TranscribeStage().plan({}, RunOptions(**request), SHIPPED)
    loaded: dict[str, Any] = json.loads(json.dumps(plan))
    return loaded


def run(take: Take, **request: Any) -> RememberingReport:
    report = RememberingReport()
    TranscribeStage().run(take, planned(**request), report)
    return report


def test_every_stem_has_its_clip_beside_it(tmp_path: Path) -> None:
    stems = {"drums": clicks(), "bass": tune(33), "vocals": tune(60), "other": tune(57)}
    take = make_take(tmp_path, stems, tempo=80.0, meter="3/4", track="Take 1")

    report = run(take)

    assert [clip.stem for clip in report.clips] == list(stems)
    assert [clip.instrument_role for clip in report.clips] == ["drums", "bass", "voice", "keys"]
    for clip in report.clips:
        assert Path(clip.path).parent == tmp_path / "out"
        assert Path(clip.path).suffix == ".mid"
        assert clip.tempo == 80.0
        assert clip.track_name == f"Take 1 {clip.stem}"
        file = mido.MidiFile(clip.path)
        played = [message for message in file.tracks[1] if message.type == "note_on"]
        assert len(played) == len(clip.notes) > 0
    bass = report.clips[1]
    assert [note.pitch for note in bass.notes] == [33, 35, 37, 39]
    assert [note.start_quarters for note in bass.notes] == pytest.approx(
        [(0.5 + 0.75 * step) * 80 / 60 for step in range(4)], abs=0.04
    )
    kicks = [note for note in report.clips[0].notes if note.pitch == 36]
    assert len(kicks) == 4
    assert {note.channel for note in kicks} == {9}
    assert not report.warnings


def test_progress_never_falls_and_ends_at_one(tmp_path: Path) -> None:
    report = run(make_take(tmp_path, {"bass": tune(33), "vocals": tune(60)}, tempo=120.0))

    assert report.fractions == sorted(report.fractions)
    assert report.fractions[0] == 0.0
    assert report.fractions[-1] == 1.0
    assert any(0.45 < fraction < 0.6 for fraction in report.fractions)


def test_it_listens_to_the_dry_stems_and_skips_the_residual(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"bass": np.zeros_like(tune(33))}, tempo=120.0)
    dry = make_take(tmp_path, {"bass": tune(33), "residual": tune(40)}, job="dry")
    take.dry = dry.stems

    report = run(take)

    assert [clip.stem for clip in report.clips] == ["bass"]
    assert len(report.clips[0].notes) == 4


def test_a_silent_stem_has_an_empty_clip(tmp_path: Path) -> None:
    report = run(make_take(tmp_path, {"vocals": SILENCE}, tempo=120.0))

    (clip,) = report.clips
    assert clip.notes == ()
    assert mido.MidiFile(clip.path).length == pytest.approx(2.0, abs=0.001)


def test_a_region_of_one_sample(tmp_path: Path) -> None:
    one = np.ones((1, 1), np.float32)
    take = make_take(tmp_path, {"drums": one, "other": one}, tempo=120.0)

    assert [len(clip.notes) for clip in run(take).clips] == [0, 0]


def test_a_recording_that_is_one_stem(tmp_path: Path) -> None:
    take = make_take(tmp_path, {MIX: clicks()}, source="kit.wav", tempo=120.0)

    (clip,) = run(take, transcription="drums").clips

    assert clip.stem == MIX
    assert clip.instrument_role == "drums"
    assert clip.track_name == "kit"
    assert {note.channel for note in clip.notes} == {9}


def test_quantised_notes_lie_on_the_project_s_grid(tmp_path: Path) -> None:
    options: dict[str, Any] = {"tempo": 80.0, "position": 10.3, "quantize": "1/16"}
    (clip,) = run(make_take(tmp_path, {"bass": tune(33)}, **options)).clips

    for note in clip.notes:
        steps = (10.3 * 80.0 / 60.0 + note.start_quarters) * 4.0
        assert steps == pytest.approx(round(steps), abs=0.01)


def test_the_tempo_is_estimated_where_the_daw_did_not_say_it(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"other": np.concatenate([tune(57)] * 3, axis=1)})

    report = run(take)

    assert take.timing is not None
    assert take.timing.tempo_from == "estimated"
    assert take.timing.tempo == report.clips[0].tempo


def test_no_tempo_is_said_and_120_is_taken(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"other": SILENCE}, meter="6/8")

    report = run(take)

    assert take.timing == Timing(tempo=120.0, meter="6/8", tempo_from="default", meter_from="host")
    assert report.codes == ["no_tempo"]


def test_timing_that_is_known_already_stays(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"other": SILENCE})
    known = Timing(tempo=93.5, meter="5/4", tempo_from="estimated", meter_from="default")
    take.timing = known

    assert run(take).clips[0].tempo == 93.5
    assert take.timing is known


def test_a_named_stem_that_is_not_there_is_said(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"vocals": SILENCE}, tempo=120.0)

    report = run(take, transcription="vocal:voice")

    assert report.codes == ["unknown_stem"]
    assert "Did you mean 'vocals'?" in report.warnings[0][1]


def test_another_preset_needs_no_new_inference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_job(job: str, **options: Any) -> Take:
        return make_take(tmp_path, {"vocals": tune(60)}, job=job, tempo=120.0, **options)

    fresh = run(other_job("fresh", reuse=False), transcription="bass").clips[0]
    first = run(other_job("first"), transcription="keys").clips[0]
    windows: list[object] = []
    hear_window = network.hear_window

    def counted(window: Any, *more: Any) -> Any:
        windows.append(window)
        return hear_window(window, *more)

    monkeypatch.setattr(network, "hear_window", counted)
    again = run(other_job("second"), transcription="bass").clips[0]

    assert windows == []
    assert again.notes == fresh.notes != first.notes
    run(other_job("third", reuse=False), transcription="bass")
    assert windows


def test_upstream_s_notes(tmp_path: Path) -> None:
    (clip,) = run(
        make_take(tmp_path, {"vocals": tune(60)}, tempo=120.0), transcription="upstream"
    ).clips

    assert {60, 62, 64, 66} <= {note.pitch for note in clip.notes}
    assert not list(tmp_path.rglob("*.npz"))


@pytest.mark.parametrize("after", [0.0, 0.2, 0.7])
def test_cancelling_leaves_no_half_a_file(tmp_path: Path, after: float) -> None:
    take = make_take(tmp_path, {"bass": tune(33), "vocals": tune(60)}, tempo=120.0)
    report = RememberingReport(cancel_after=after)

    with pytest.raises(JobCancelled):
        TranscribeStage().run(take, planned(), report)

    whole = {Path(clip.path) for clip in report.clips}
    assert {path for path in (tmp_path / "out").iterdir() if path.is_file()} == whole
    assert not list((tmp_path / "work").glob("transcribe-*"))


def test_scratch_files_are_gone_after_the_run(tmp_path: Path) -> None:
    run(make_take(tmp_path, {"bass": tune(33)}, tempo=120.0))

    assert not list((tmp_path / "work").glob("transcribe-*"))


def test_an_unknown_option_in_a_recipe() -> None:
    with pytest.raises(PresetError, match=r"no option 'presets'.*Did you mean 'preset'\?"):
        TranscribeStage().plan({"presets": "auto"}, RunOptions(), SHIPPED)


@pytest.mark.parametrize("choice", ["voise", 3])
def test_a_wrong_preset_in_a_recipe_is_the_recipe_s_fault(choice: object) -> None:
    with pytest.raises(PresetError, match="stage 'transcribe'"):
        TranscribeStage().plan({"preset": choice}, RunOptions(), SHIPPED)


def test_a_wrong_preset_in_a_run_is_the_request_s_fault() -> None:
    with pytest.raises(BadArgumentsError, match=r"'voise'.*Did you mean 'voice'"):
        TranscribeStage().plan({"preset": "auto"}, RunOptions(transcription="voise"), SHIPPED)


def test_the_run_wins_over_the_recipe() -> None:
    stage = TranscribeStage()
    request = RunOptions(transcription="bass")

    assert stage.plan({"preset": "voice"}, request, SHIPPED) == stage.plan({}, request, SHIPPED)


def test_planning_is_light() -> None:
    heavy = ("numpy", "scipy", "librosa", "onnxruntime", "mido", "soxr")
    code = (
        "import sys, bridge.engines.transcription.stage; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
