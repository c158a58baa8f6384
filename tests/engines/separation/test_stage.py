"""The stage as the worker runs it: a take with a mix goes in, a take with stems comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.separation import choice, half_precision
from bridge.engines.separation.stage import SeparateStage
from bridge.engines.take import MIX, Take
from bridge.errors import (
    BadArgumentsError,
    DiskFullError,
    JobCancelled,
    ModelUnavailableError,
    OutOfMemoryError,
    PresetError,
    UnknownModelError,
)
from bridge.models import Job, Region, RunOptions, Source, WorkOrder
from tests.engines.separation.tiny_models import (
    STEMS,
    Counter,
    fill_hub_cache,
    noise,
    save_safetensors,
    tiny_htdemucs,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.models import ClipsFile, MidiClip, Stem, Timing

RATE = 8_000
"""Of the tiny models here: a second of it is soon separated."""


@dataclass
class Heard:
    """A report that keeps what it is told, and cancels at a number of calls."""

    cancel_at: int | None = None
    fractions: list[float] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def progress(self, fraction: float, detail: str = "") -> None:
        self.fractions.append(fraction)
        self.details.append(detail)
        if self.cancel_at is not None and len(self.fractions) >= self.cancel_at:
            raise JobCancelled

    def warning(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def stem(self, stem: Stem) -> None:
        raise AssertionError("separation writes no files")

    def midi(self, clip: MidiClip) -> None:
        raise AssertionError("separation writes no files")

    def clips_file(self, file: ClipsFile) -> None:
        raise AssertionError("separation writes no files")

    def timing(self, timing: Timing) -> None:
        raise AssertionError("separation hears no tempo")


class NoPresets:
    """Separation asks for none."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder with the model `tiny` and the bag `tiny_ft`, one model for each stem."""
    folder = tmp_path / "models"
    folder.mkdir()
    save_safetensors(tiny_htdemucs(sample_rate=RATE), folder / "tiny.safetensors")
    for seed in range(4):
        save_safetensors(tiny_htdemucs(seed, sample_rate=RATE), folder / f"ft{seed}.safetensors")
    rows = ", ".join(str(row) for row in np.eye(4, dtype=int).tolist())
    (folder / "tiny_ft.yaml").write_text(f"models: [ft0, ft1, ft2, ft3]\nweights: [{rows}]\n")
    return folder


def take_of(
    folder: Path, audio: Audio, sample_rate: int = RATE, device: str = "cpu", **order: Any
) -> Take:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    original = DiskBuffer.of(work / "original.f32", audio, sample_rate)
    job = Job(
        id="job",
        recipe="stems",
        region=Region(path="song.wav"),
        options=RunOptions(),
        stages=(),
        folder=str(folder),
        output=str(folder),
        device=device,
        created_at=0.0,
    )
    return Take(
        order=WorkOrder(job=job, work_folder=str(work), max_region_s=3600.0, **order),
        source=Source(
            path="song.wav",
            start_s=0.0,
            length_s=original.duration_s,
            frames=original.frames,
            sample_rate=sample_rate,
            channels=original.channels,
            content_hash="",
        ),
        original=original,
        stems={MIX: original},
        work_folder=work,
        output_folder=folder,
    )


def run(
    take: Take,
    models: Path | None,
    report: Heard | None = None,
    stage: SeparateStage | None = None,
    **options: Any,
) -> Heard:
    stage, report = stage or SeparateStage(models), report or Heard()
    plan = stage.plan(options, RunOptions(), NoPresets())
    stage.run(take, plan, report)
    return report


def total(take: Take, *names: str) -> Audio:
    parts = [take.stems[name].read() for name in names or take.stems]
    return np.asarray(np.sum(parts, axis=0, dtype=np.float32))


def test_the_plan_is_json_and_holds_what_was_settled(models: Path) -> None:
    plan = SeparateStage(models).plan(
        {"model": "tiny"}, RunOptions(stems="vocals+rest", shifts=2), NoPresets()
    )
    assert plan == {
        "model": "tiny",
        "stems": ["vocals"],
        "rest": True,
        "without_named": False,
        "shifts": 2,
        "overlap": 0.25,
        "full_precision": False,
        "residual": False,
    }


def test_faults_of_the_request_are_found_in_the_plan(models: Path) -> None:
    stage = SeparateStage(models)
    for model, stems, error, fault in [
        ("auto", "guitar", BadArgumentsError, "no stem 'guitar'"),
        ("tiny", "vocal", BadArgumentsError, "Did you mean 'vocals'"),
        ("tny", "", UnknownModelError, "Did you mean 'tiny'"),
    ]:
        with pytest.raises(error, match=fault):
            stage.plan({}, RunOptions(model=model, stems=stems), NoPresets())
    stage.plan({}, RunOptions(model="htdemucs_6s", stems="guitar"), NoPresets())
    (models / "old.th").write_bytes(b"")
    with pytest.raises(ModelUnavailableError, match="allow_pickle"):
        stage.plan({}, RunOptions(model="old"), NoPresets())
    SeparateStage(models, allow_pickle=True).plan({}, RunOptions(model="old"), NoPresets())


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [8_000, 12_000, 48_000])
@pytest.mark.parametrize("model", ["tiny", "dsp"])
def test_stems_have_the_takes_shape_and_rate(
    tmp_path: Path, models: Path, model: str, sample_rate: int, channels: int
) -> None:
    frames = sample_rate * 3 // 2 + 7
    take = take_of(tmp_path, noise(frames, channels), sample_rate, models_folder=str(models))
    run(take, models, model=model)
    assert list(take.stems) == STEMS
    for buffer in take.stems.values():
        assert (buffer.channels, buffer.frames, buffer.sample_rate) == (
            channels,
            frames,
            sample_rate,
        )
        assert buffer.read().any()
    assert take.dry == take.stems
    assert take.model == model
    assert take.device == "cpu"


def test_stems_are_aligned_to_the_sample_at_another_rate(tmp_path: Path, models: Path) -> None:
    impulse = np.zeros((1, 40_000), dtype=np.float32)
    impulse[0, 32_000] = 0.5
    take = take_of(tmp_path, impulse, 16_000)
    run(take, models, model="dsp")
    assert np.argmax(np.abs(total(take))) == 32_000

    slow = noise(30_000, 1)
    slow[:] = np.sin(np.arange(30_000) / 50.0)[None]
    take = take_of(tmp_path, slow, 12_000, models_folder=str(models))
    run(take, models, model="tiny", residual=True)
    np.testing.assert_allclose(total(take), slow, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 100])
@pytest.mark.parametrize("sample_rate", [8_000, 12_000, 192_000])
def test_regions_of_a_few_samples_are_separated(
    tmp_path: Path, models: Path, frames: int, sample_rate: int
) -> None:
    take = take_of(tmp_path, noise(frames), sample_rate, models_folder=str(models))
    run(take, models, model="tiny", residual=True)
    assert {buffer.frames for buffer in take.stems.values()} == {frames}


def test_a_silent_region_gives_silent_stems(tmp_path: Path, models: Path) -> None:
    silence = np.zeros((2, RATE), dtype=np.float32)
    take = take_of(tmp_path, silence, models_folder=str(models))
    run(take, models, model="tiny")
    assert not total(take).any()


@pytest.mark.parametrize("stems", ["", "vocals", "drums,bass", "vocals+rest"])
@pytest.mark.parametrize("sample_rate", [8_000, 12_000])
def test_stems_and_residual_sum_to_the_source(
    tmp_path: Path, models: Path, stems: str, sample_rate: int
) -> None:
    source = noise(sample_rate * 3 // 2)
    take = take_of(tmp_path, source, sample_rate, models_folder=str(models))
    mix = DiskBuffer.of(take.work_folder / "chained.f32", 0.5 * source, sample_rate)
    take.stems[MIX] = mix  # as a chain before the separation leaves it
    run(take, models, model="tiny", stems=stems, residual=True)
    named = stems.replace("+", ",").split(",") if stems else STEMS
    assert list(take.stems) == [*named, "residual"]
    assert list(take.dry) == named
    np.testing.assert_allclose(total(take), source, atol=1e-6)


def test_the_rest_is_the_sum_of_the_stems_that_are_not_named(tmp_path: Path, models: Path) -> None:
    audio = noise(RATE)
    whole = take_of(tmp_path, audio, models_folder=str(models))
    run(whole, models, model="tiny")
    expected = total(whole, "bass", "other")
    take = take_of(tmp_path, audio, models_folder=str(models))
    run(take, models, model="tiny", stems="vocals,drums+rest")
    assert list(take.stems) == ["vocals", "drums", "rest"]
    np.testing.assert_allclose(take.stems["rest"].read(), expected, atol=1e-5)


def test_one_stem_and_the_rest_run_one_model_of_a_bag_with_one_for_each(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge.engines.separation import loading

    counters: list[Counter] = []
    load_module = loading._load_module

    def counted(*args: Any, **options: Any) -> Any:
        module = load_module(*args, **options)
        counters.append(Counter(module))
        return module

    monkeypatch.setattr(loading, "_load_module", counted)
    audio = noise(RATE)
    take = take_of(tmp_path, audio, models_folder=str(models))
    run(take, models, model="tiny_ft", stems="bass+rest", quality="best", overlap=0.0, shifts=0)
    assert [counter.runs for counter in counters] == [0, 1, 0, 0]
    np.testing.assert_allclose(total(take, "bass", "rest"), audio, atol=1e-6)


def test_only_what_is_needed_stays_in_the_work_folder(tmp_path: Path, models: Path) -> None:
    take = take_of(tmp_path, noise(RATE), 12_000, models_folder=str(models))
    take.stems[MIX] = DiskBuffer.of(take.work_folder / "chained.f32", noise(RATE), 12_000)
    run(take, models, model="tiny", stems="vocals+rest", residual=True)
    kept = {take.original.path, *(buffer.path for buffer in take.stems.values())}
    assert set(take.work_folder.iterdir()) == kept
    assert len(kept) == 4


@pytest.mark.parametrize("sample_rate", [8_000, 12_000])
@pytest.mark.parametrize("residual", [False, True])
def test_progress_rises_from_loading_to_one(
    tmp_path: Path, models: Path, sample_rate: int, residual: bool
) -> None:
    take = take_of(tmp_path, noise(4 * sample_rate), sample_rate, models_folder=str(models))
    report = run(take, models, model="tiny", stems="vocals+rest", residual=residual)
    assert report.details[0] == "loading…"
    assert report.fractions == sorted(report.fractions)
    assert report.fractions[0] == 0.0
    assert report.fractions[-1] == 1.0
    assert len(set(report.fractions)) > 5
    assert not report.warnings


def test_a_job_can_be_cancelled_at_every_report(tmp_path: Path, models: Path) -> None:
    stage = SeparateStage(models)
    take = take_of(tmp_path, noise(2 * RATE), 12_000, models_folder=str(models))
    calls = len(run(take, models, stage=stage, model="tiny", residual=True).fractions)
    for number in range(1, calls + 1):
        take = take_of(tmp_path, noise(2 * RATE), 12_000, models_folder=str(models))
        with pytest.raises(JobCancelled):
            run(take, models, Heard(cancel_at=number), stage, model="tiny", residual=True)


def test_auto_takes_htdemucs_where_its_weights_are(tmp_path: Path, hub: Path) -> None:
    fill_hub_cache(hub, "htdemucs", "adefossez/HTDemucs", [tiny_htdemucs(sample_rate=RATE)])
    take = take_of(tmp_path, noise(RATE), offline=True)
    report = run(take, None)
    assert take.model == "htdemucs"
    assert not report.warnings


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record what would be fetched, and fail."""
    asked: list[dict[str, Any]] = []

    def fetch(name: str, **options: Any) -> None:
        asked.append({"name": name, **options})
        options["progress"](2_000_000)
        raise ModelUnavailableError("The weights of htdemucs are not here: no luck.")

    monkeypatch.setattr(choice, "fetch", fetch)
    return asked


def test_auto_falls_back_says_so_and_does_not_wait_again(
    tmp_path: Path, fetches: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = SeparateStage()
    clock = [1_000.0]
    monkeypatch.setattr("bridge.engines.separation.choice.time.monotonic", lambda: clock[0])
    for _ in range(2):
        take = take_of(tmp_path, noise(RATE), fetch_timeout_s=7.0)
        report = run(take, None, stage=stage)
        assert take.model == "unet"
        ((code, message),) = report.warnings
        assert code == "fallback_model"
        assert "unet separates in place of htdemucs" in message
        assert "no luck" in message
    assert len(fetches) == 1
    assert fetches[0]["timeout_s"] == fetches[0]["limit_s"] == 7.0
    clock[0] += 601.0
    report = run(take_of(tmp_path, noise(RATE)), None, stage=stage)
    assert len(fetches) == 2
    assert "fetching htdemucs… 2 MB" in report.details


def test_auto_takes_what_was_fetched_by_hand_after_a_failure(
    tmp_path: Path, hub: Path, fetches: list[dict[str, Any]]
) -> None:
    stage = SeparateStage()
    run(take_of(tmp_path, noise(RATE)), None, stage=stage)
    fill_hub_cache(hub, "htdemucs", "adefossez/HTDemucs", [tiny_htdemucs(sample_rate=RATE)])
    take = take_of(tmp_path, noise(RATE))
    assert not run(take, None, stage=stage).warnings
    assert take.model == "htdemucs"


def test_auto_offline_falls_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.engines.separation.fetching.subprocess.Popen", None)
    report = run(take_of(tmp_path, noise(RATE), offline=True), None)
    assert report.warnings[0][0] == "fallback_model"
    assert "offline" in report.warnings[0][1]


def test_auto_falls_back_from_a_damaged_file(tmp_path: Path, hub: Path) -> None:
    snapshot = fill_hub_cache(
        hub, "htdemucs", "adefossez/HTDemucs", [tiny_htdemucs(sample_rate=RATE)]
    )
    (snapshot / "model0.safetensors").write_bytes(b"damaged")
    take = take_of(tmp_path, noise(RATE))
    report = run(take, None)
    assert take.model == "unet"
    assert "model0.safetensors" in report.warnings[0][1]


def test_a_named_model_that_cannot_be_had_fails(
    tmp_path: Path, fetches: list[dict[str, Any]]
) -> None:
    with pytest.raises(ModelUnavailableError, match="no luck"):
        run(take_of(tmp_path, noise(RATE)), None, model="htdemucs")
    assert fetches[0]["limit_s"] is None


def test_a_device_that_is_not_there_is_said(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    take = take_of(tmp_path, noise(RATE), device="cuda:3", models_folder=str(models))
    report = run(take, models, model="tiny")
    assert take.device == "cpu"
    assert report.warnings[0][0] == "fallback_device"
    assert "cuda:3" in report.warnings[0][1]


def test_a_model_stays_warm_between_jobs_until_memory_runs_out(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bridge.engines.separation import loading, overlap_add

    loads: list[Path] = []
    load: Callable[..., Any] = loading.load

    def counted(path: Path, *args: Any, **options: Any) -> Any:
        loads.append(path)
        return load(path, *args, **options)

    monkeypatch.setattr(loading, "load", counted)
    stage = SeparateStage(models)

    def separate_once() -> None:
        take = take_of(tmp_path, noise(1_000), models_folder=str(models))
        run(take, models, stage=stage, model="tiny")

    separate_once()
    separate_once()
    assert len(loads) == 1

    def fail(*_: object, **__: object) -> None:
        raise OutOfMemoryError("full")

    with monkeypatch.context() as patch:
        patch.setattr(overlap_add, "separate", fail)
        with pytest.raises(OutOfMemoryError):
            separate_once()
    separate_once()
    assert len(loads) == 2


def test_no_room_on_the_disk_is_said_before_the_work(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    with pytest.raises(DiskFullError):
        run(take_of(tmp_path, noise(RATE)), None, model="dsp")


def test_a_stem_that_the_loaded_model_lacks_is_said(tmp_path: Path, models: Path) -> None:
    stage = SeparateStage(models)
    plan = stage.plan({"model": "tiny", "stems": "vocals"}, RunOptions(), NoPresets())
    save_safetensors(
        tiny_htdemucs(stems=["voice", "noise"], sample_rate=RATE), models / "tiny.safetensors"
    )
    take = take_of(tmp_path, noise(RATE), models_folder=str(models))
    with pytest.raises(BadArgumentsError, match="no stem 'vocals'"):
        stage.run(take, plan, Heard())


def test_a_recipe_cannot_separate_twice(tmp_path: Path, models: Path) -> None:
    take = take_of(tmp_path, noise(RATE))
    run(take, None, model="dsp")
    with pytest.raises(PresetError, match="twice"):
        run(take, None, model="dsp")


def test_the_quality_says_in_which_precision_the_model_multiplies(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_precision, "half_of", lambda device: "bfloat16")
    stage = SeparateStage(models)
    found = {}
    for quality, model, precision in [
        ("best", "tiny", "float32"),
        ("normal", "tiny", "bfloat16"),
        ("draft", "dsp", "float32"),
    ]:
        folder = tmp_path / quality
        folder.mkdir()
        take = take_of(folder, noise(RATE * 2), models_folder=str(models))
        run(take, models, stage=stage, model=model, quality=quality, overlap=0.25, shifts=0)
        assert take.precision == precision
        found[quality] = total(take)
    error = np.abs(found["normal"] - found["best"]).max()
    assert 0.0 < error < 0.05 * np.abs(found["best"]).max()
