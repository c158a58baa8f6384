"""The core, with jobs that run nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.core import events as ev
from bridge.core.results import FALLBACK_LIFETIME_S
from bridge.core.store import Store
from bridge.errors import (
    BadArgumentsError,
    DiskFullError,
    EngineFailedError,
    ForbiddenPathError,
    NoSelectionError,
    QueueFullError,
    SourceNotFoundError,
    UnknownJobError,
    UnknownRecipeError,
)
from bridge.models import AudioFormat, ClipsFile, JobState, Region, RunOptions, Timing
from tests.fakes import Core, make_core, make_stem

NOTHING = RunOptions()


def region(core: Core, start_s: float = 0.0, length_s: float = 0.0) -> Region:
    return Region(path=str(core.audio), start_s=start_s, length_s=length_s)


def run(core: Core, job: str, recipe: str = "stems", **options: Any) -> None:
    core.service.run(recipe, region(core), RunOptions.model_validate(options), job)


def test_a_job_goes_from_the_request_to_the_runner_and_back(core: Core) -> None:
    core.service.select(region(core, start_s=1.0, length_s=2.0), RunOptions(tempo=90.0))
    job = core.service.run("stems", None, NOTHING, "a")
    (order,) = core.runner.started
    assert order.job.id == job.id == "a"
    assert order.job.region.start_s == 1.0
    assert order.job.options.tempo == 90.0
    assert core.service.job("a").state is JobState.RUNNING
    core.finish("a")
    assert core.service.job("a").state is JobState.DONE
    assert core.sink.names("a") == ["Queued", "Finished"]


def test_options_of_the_run_win_over_the_selection_and_that_over_defaults(core: Core) -> None:
    core.service.select(region(core), RunOptions(tempo=90.0, track="lead"))
    defaults = RunOptions(tempo=80.0, track="default", quantize="1/8")
    core.service.run("stems-to-midi", None, RunOptions(tempo=100.0), "a", defaults)
    options = core.runner.started[0].job.options
    assert (options.tempo, options.track, options.quantize) == (100.0, "lead", "1/8")


def test_the_same_id_is_the_same_job(core: Core) -> None:
    run(core, "a")
    run(core, "a", recipe="vocals")
    assert len(core.runner.started) == 1
    assert core.service.job("a").recipe == "stems"


@pytest.mark.parametrize("job", ["", "a b", "ä", "x" * 65, "a/b", "a\n"])
def test_ids_that_are_none(core: Core, job: str) -> None:
    with pytest.raises(BadArgumentsError, match="A job's id"):
        run(core, job)


def test_an_id_of_dots_stays_inside_the_data_folder(core: Core) -> None:
    run(core, "..")
    assert Path(core.service.job("..").folder).parent == core.service.data / "jobs"


def test_a_wrong_request_changes_nothing(core: Core, tmp_path: Path) -> None:
    with pytest.raises(NoSelectionError):
        core.service.run("stems", None, NOTHING, "a")
    with pytest.raises(UnknownRecipeError, match="Did you mean 'stems'"):
        core.service.run("stem", region(core), NOTHING, "a")
    with pytest.raises(SourceNotFoundError):
        core.service.run("stems", Region(path=str(tmp_path / "no.wav")), NOTHING, "a")
    with pytest.raises(ForbiddenPathError):
        run(core, "a", output=str(tmp_path.parent / "elsewhere"))
    with pytest.raises(BadArgumentsError, match="no stem 'vocal'"):
        run(core, "a", stems="vocal")
    assert core.store.get("a") is None
    assert not core.sink.events
    assert not core.runner.started


def test_an_option_that_no_stage_obeys_is_said(core: Core) -> None:
    run(core, "a", recipe="midi", model="htdemucs")
    warning = next(event for event in core.sink.events if isinstance(event, ev.Warned))
    assert (warning.code, "model" in warning.message) == ("ignored_option", True)


def test_a_default_that_no_stage_obeys_is_not(core: Core) -> None:
    core.service.run("midi", region(core), NOTHING, "a", RunOptions(model="htdemucs"))
    assert core.sink.names("a") == ["Queued"]


def test_jobs_queue_up_and_follow_each_other(core: Core) -> None:
    for job in ("a", "b", "c"):
        run(core, job)
    places = [event.place for event in core.sink.events if isinstance(event, ev.Queued)]
    assert places == [0, 1, 2]
    core.finish("a")
    assert [order.job.id for order in core.runner.started] == ["a", "b"]


def test_a_full_queue_refuses_and_forgets(tmp_path: Path) -> None:
    core = make_core(tmp_path, queue=1)
    run(core, "a")
    run(core, "b")
    with pytest.raises(QueueFullError):
        run(core, "c")
    assert core.store.get("c") is None
    core.store.close()


def test_cancelling_a_waiting_job(core: Core) -> None:
    run(core, "a")
    run(core, "b")
    core.service.cancel("b")
    assert core.service.job("b").state is JobState.CANCELLED
    core.finish("a")
    assert [order.job.id for order in core.runner.started] == ["a"]


def test_cancelling_a_running_job_waits_for_the_worker(core: Core) -> None:
    run(core, "a")
    run(core, "b")
    core.service.cancel("a")
    assert core.service.job("a").state is JobState.CANCELLING
    assert core.runner.cancelled == ["a"]
    core.lifecycle.stopped("a")
    assert core.service.job("a").state is JobState.CANCELLED
    assert core.sink.names("a")[-1] == "Cancelled"
    assert core.service.job("b").state is JobState.RUNNING


def test_cancel_without_an_id_takes_the_newest(core: Core) -> None:
    with pytest.raises(UnknownJobError, match="Nothing is running"):
        core.service.newest_unfinished()
    run(core, "a")
    run(core, "b")
    assert core.service.newest_unfinished().id == "b"
    core.service.cancel("b")
    assert core.service.newest_unfinished().id == "a"


def test_a_failure_has_its_code_and_the_next_job_runs(core: Core) -> None:
    run(core, "a")
    run(core, "b")
    core.lifecycle.failed("a", EngineFailedError("The model broke."))
    failed = core.sink.events[-1]
    assert isinstance(failed, ev.Failed)
    assert (failed.code, failed.message) == ("engine_failed", "The model broke.")
    assert core.service.job("b").state is JobState.RUNNING


def test_progress_reaches_clients_and_is_not_stored(core: Core) -> None:
    run(core, "a")
    core.lifecycle.progressed("a", 0.5, "separate")
    assert isinstance(core.sink.events[-1], ev.Progressed)
    assert core.service.jobs(1)[0].progress == 0.5
    assert [type(event) for event in core.store.events("a")] == [ev.Queued]
    assert isinstance(core.service.history("a")[-1], ev.Progressed)


def test_after_a_crash_a_running_job_runs_again_once(core: Core, tmp_path: Path) -> None:
    run(core, "a")
    run(core, "b")
    left = make_stem(tmp_path / "a" / "vocals.wav")
    core.lifecycle.reported(ev.StemReady(job="a", stem=left))
    core.lifecycle.progressed("a", 0.7, "write")

    second = make_core(tmp_path, store=Store(tmp_path / "jobs.sqlite"))
    second.lifecycle.recover()
    (order,) = second.runner.started
    assert order.job.id == "a"
    assert order.replaces == (left.path,)
    assert second.sink.names("a") == ["Queued", "Warned"]
    assert second.store.events("a") == second.sink.events

    third = make_core(tmp_path, store=Store(tmp_path / "jobs.sqlite"))
    third.lifecycle.recover()
    assert third.service.job("a").state is JobState.FAILED
    assert [order.job.id for order in third.runner.started] == ["b"]
    second.store.close()
    third.store.close()


def test_after_a_crash_a_cancelled_job_is_cancelled(core: Core, tmp_path: Path) -> None:
    run(core, "a")
    core.service.cancel("a")
    second = make_core(tmp_path, store=Store(tmp_path / "jobs.sqlite"))
    second.lifecycle.recover()
    assert second.service.job("a").state is JobState.CANCELLED
    second.store.close()


def finish_with_stem(core: Core, job: str, content: str = "hash") -> Path:
    """Let a job run to its end as the worker would tell it."""
    assert core.lifecycle.content_known(job, content)
    folder = core.service.data / "jobs" / job
    return core.finish(job, stem=make_stem(folder / "vocals.wav"))


def test_the_same_request_again_is_answered_from_the_result(core: Core) -> None:
    run(core, "a")
    manifest = finish_with_stem(core, "a")
    run(core, "b")
    assert core.runner.reusing[0][1] == manifest
    assert len(core.runner.started) == 1
    core.lifecycle.reused("b", "a", str(manifest), {})
    assert core.sink.names("b") == ["Queued", "Warned", "StemReady", "Finished"]
    warning = core.sink.events[-3]
    assert isinstance(warning, ev.Warned)
    assert warning.code == "reused"
    assert core.service.job("b").state is JobState.DONE


def test_what_was_heard_and_all_clips_are_told_again(core: Core, tmp_path: Path) -> None:
    run(core, "a")
    file = ClipsFile(path=str(tmp_path / "a/all.mid"), clip_count=2, note_count=9)
    heard = Timing(tempo=93.0, meter="4/4", tempo_from="estimated", meter_from="default")
    core.lifecycle.reported(ev.TimingKnown(job="a", timing=heard))
    core.lifecycle.reported(ev.ClipsFileReady(job="a", file=file))
    manifest = finish_with_stem(core, "a")
    run(core, "b")
    core.lifecycle.reused("b", "a", str(manifest), {file.path: "/elsewhere/all.mid"})
    told = [event for event in core.sink.events if event.job == "b"]
    assert ev.TimingKnown(job="b", timing=heard) in told
    moved = file.model_copy(update={"path": "/elsewhere/all.mid"})
    assert ev.ClipsFileReady(job="b", file=moved) in told


def test_a_changed_file_with_all_clips_is_not_used_again(core: Core) -> None:
    run(core, "a")
    path = core.service.data / "jobs" / "a" / "all.mid"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"MThd")
    file = ClipsFile(path=str(path), clip_count=2, note_count=9)
    core.lifecycle.reported(ev.ClipsFileReady(job="a", file=file))
    finish_with_stem(core, "a")
    path.write_bytes(b"edited")
    run(core, "b")
    assert not core.runner.reusing


def test_the_same_audio_under_another_name_is_recognised_once_read(core: Core) -> None:
    run(core, "a")
    manifest = finish_with_stem(core, "a")
    copy = core.audio.with_name("copy.wav")
    copy.write_bytes(core.audio.read_bytes())
    core.service.run("stems", Region(path=str(copy)), NOTHING, "b")
    assert len(core.runner.started) == 2
    assert not core.lifecycle.content_known("b", "hash")
    assert core.runner.reusing[0][1] == manifest


def test_other_audio_is_another_request(core: Core) -> None:
    run(core, "a")
    finish_with_stem(core, "a")
    core.audio.write_bytes(b"another recording")
    run(core, "b")
    assert core.lifecycle.content_known("b", "another hash")
    assert not core.runner.reusing


@pytest.mark.parametrize(
    "options", [{"stems": "vocals"}, {"position": 4.0}, {"rate": 48000}, {"reuse": False}]
)
def test_other_options_are_another_request(core: Core, options: dict[str, Any]) -> None:
    run(core, "a")
    finish_with_stem(core, "a")
    run(core, "b", **options)
    assert not core.runner.reusing


def test_a_result_that_was_changed_or_deleted_is_not_used(core: Core) -> None:
    run(core, "a")
    finish_with_stem(core, "a")
    (core.service.data / "jobs" / "a" / "vocals.wav").write_bytes(b"edited in the DAW")
    run(core, "b")
    assert not core.runner.reusing


def test_a_changed_source_is_another_request(core: Core) -> None:
    run(core, "a")
    finish_with_stem(core, "a")
    core.audio.write_bytes(b"another recording")
    run(core, "b")
    assert not core.runner.reusing


def test_a_fallback_answers_only_for_a_while(core: Core) -> None:
    run(core, "a")
    core.lifecycle.reported(ev.Warned(job="a", code="fallback_model", message="dsp"))
    finish_with_stem(core, "a")
    core.clock.now_s += FALLBACK_LIFETIME_S + 1
    run(core, "b")
    assert not core.runner.reusing


def test_if_reusing_fails_the_job_runs(core: Core) -> None:
    run(core, "a")
    finish_with_stem(core, "a")
    run(core, "b")
    core.lifecycle.not_reused("b", "the disk is full")
    assert core.runner.started[-1].job.id == "b"
    assert core.service.job("b").state is JobState.RUNNING


def test_with_a_full_disk_jobs_still_end_and_new_ones_are_refused(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(core, "a")
    run(core, "b")

    def full(*_: object) -> None:
        raise DiskFullError("The disk with the data folder is full.")

    monkeypatch.setattr(core.store, "_write", full)
    core.lifecycle.failed("a", EngineFailedError("No room for the stems."))
    assert core.sink.names("a")[-1] == "Failed"
    assert [order.job.id for order in core.runner.started] == ["a", "b"]
    with pytest.raises(DiskFullError):
        run(core, "c")


def chains_of(core: Core, job: str) -> list[str]:
    """Return the effect stages' plans of a job, as text."""
    stages = core.service.job(job).stages
    return [json.dumps(stage.plan) for stage in stages if stage.kind == "effects"]


def test_a_knob_is_used_by_the_next_job_and_not_by_one_that_waits(core: Core) -> None:
    run(core, "a", post="plate")
    run(core, "b", post="plate")
    core.service.knobs.turn("plate", "0", "wet_level", 0.125)
    run(core, "c", post="plate")
    assert ["0.125" in chains_of(core, job)[1] for job in "abc"] == [False, False, True]


def test_again_is_the_same_work_with_the_knobs_as_they_are(core: Core) -> None:
    core.service.run(
        "stems-to-midi",
        region(core, 1.0, 2.0),
        RunOptions(post="plate", tempo=90.0, format=AudioFormat.FLAC),
        "a",
    )
    finish_with_stem(core, "a")
    core.service.knobs.turn("plate", "0", "wet_level", 0.125)
    job = core.service.again(None, RunOptions(format=AudioFormat.WAV24), "b")
    assert (job.recipe, job.region) == ("stems-to-midi", core.service.job("a").region)
    assert [stage.kind for stage in job.stages] == ["effects", "separate", "effects", "write"]
    assert (job.options.tempo, job.options.format) == (90.0, AudioFormat.WAV24)
    assert "0.125" in chains_of(core, "b")[1]
    assert core.runner.started[-1].job == core.service.job("b")
    assert not core.runner.reusing
    assert core.service.again("a", NOTHING, "b").id == "b", "the same id ran twice"
    assert len(core.runner.started) == 2


def test_again_without_a_turn_is_the_result_that_is_there(core: Core) -> None:
    run(core, "a", post="plate")
    manifest = finish_with_stem(core, "a")
    core.service.again("a", NOTHING, "b")
    assert core.runner.reusing[0][1] == manifest


def test_again_takes_the_newest_job_that_finished(core: Core) -> None:
    for job, stem in (("a", "bass"), ("b", "drums"), ("c", "other")):
        run(core, job, stems=f"vocals,{stem}")
    core.finish("a")
    core.finish("b")
    assert core.service.again(None, NOTHING, "d").options.stems == "vocals,drums"
    assert core.service.again("a", NOTHING, "e").options.stems == "vocals,bass"


def test_again_uses_kept_stems_though_the_first_run_wanted_none(core: Core) -> None:
    run(core, "a", reuse=False)
    core.finish("a")
    assert core.service.again("a", NOTHING, "b").options.reuse
    assert not core.service.again("a", RunOptions(reuse=False), "c").options.reuse


def test_again_needs_a_job_that_made_audio(core: Core) -> None:
    with pytest.raises(UnknownJobError, match="No job has finished"):
        core.service.again(None, NOTHING, "b")
    with pytest.raises(UnknownJobError, match="no job 'x'"):
        core.service.again("x", NOTHING, "b")
    run(core, "a", recipe="midi")
    core.finish("a")
    with pytest.raises(BadArgumentsError, match="'midi' makes no audio"):
        core.service.again(None, NOTHING, "b")
    assert core.store.get("b") is None


def test_again_with_the_source_gone_says_so(core: Core) -> None:
    run(core, "a")
    core.finish("a")
    core.audio.unlink()
    with pytest.raises(SourceNotFoundError):
        core.service.again("a", NOTHING, "b")


def test_the_worker_is_told_where_stems_are_kept(tmp_path: Path) -> None:
    core = make_core(tmp_path)
    run(core, "a")
    order = core.runner.started[0]
    assert order.stems_folder == str(tmp_path / "stems")
    assert order.kept_stems_bytes == core.lifecycle.limits.kept_stems_bytes == 1 << 30
    core.store.close()
