"""A job in the worker, with real engines on a second of sound."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from bridge.core import events as ev
from bridge.core.planning import plan
from bridge.core.presets import Presets
from bridge.engines import stages as registry
from bridge.engines.effects.stage import EffectsStage
from bridge.engines.worker import messages
from bridge.engines.worker.pipeline import run_job
from bridge.errors import DiskFullError
from bridge.models import Job, Manifest, Region, RunOptions, WorkOrder
from bridge.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.engines.take import Take
    from bridge.models import Value

RATE = 22050


@dataclass
class FakeDaemon:
    """The other end of the pipe."""

    told: list[Value] = field(default_factory=list)
    cancel_at: Callable[[Value], bool] = lambda _message: False
    knows: bool = False
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def tell(self, message: Value) -> None:
        self.told.append(message)
        if self.cancel_at(message):
            self._cancelled.set()

    def is_cancelled(self, _job_id: str) -> bool:
        return self._cancelled.is_set()

    def may_proceed(self, job_id: str, content_hash: str) -> bool:
        self.told.append(messages.ContentRead(job=job_id, content_hash=content_hash))
        return not self.knows

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]


def make_order(
    folder: Path, recipe: str, source: Path, *, stems_folder: Path | None = None, **options: Any
) -> WorkOrder:
    presets = Presets((shipped("presets"),))
    asked = RunOptions.model_validate(options)
    stages, _ = plan(presets.recipe(recipe), asked, registry.stages(), presets)
    job = Job(
        id="a",
        recipe=recipe,
        region=Region(path=str(source)),
        options=asked,
        stages=stages,
        folder=str(folder / "job"),
        output=str(folder / "results"),
        device="cpu",
        created_at=1.0,
    )
    return WorkOrder(
        job=job,
        work_folder=str(folder / "work"),
        max_region_s=60.0,
        offline=True,
        stems_folder=str(stems_folder) if stems_folder else None,
        kept_stems_bytes=1 << 30 if stems_folder else 0,
    )


@pytest.fixture(scope="module", autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    """End the effects worker: the stages of this process have one, as a model worker's have."""
    yield
    stage = registry.stages()["effects"]
    assert isinstance(stage, EffectsStage)
    stage.host.stop()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    time_s = np.arange(RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220.0 * time_s)
    clicks = np.where(np.arange(RATE) % (RATE // 4) < 40, 0.5, 0.0)
    path = tmp_path / "song.wav"
    soundfile.write(path, np.stack([tone + clicks, tone], axis=1), RATE, subtype="FLOAT")
    return path


def test_a_whole_job_leaves_files_and_a_manifest(tmp_path: Path, song: Path) -> None:
    daemon = FakeDaemon()
    order = make_order(tmp_path, "stems-to-midi", song, model="dsp", tempo=100.0, residual=True)
    run_job(order, daemon)
    finished = daemon.told[-1]
    assert isinstance(finished, ev.Finished), finished
    manifest = Manifest.model_validate_json(Path(finished.manifest).read_text())
    assert [stem.name for stem in manifest.stems] == [
        "drums",
        "bass",
        "other",
        "vocals",
        "residual",
    ]
    assert {stem.name: stem for stem in manifest.stems}["bass"].frames == RATE
    assert [clip.stem for clip in manifest.clips] == ["drums", "bass", "other", "vocals"]
    assert manifest.timing.tempo_from == "host"
    assert (manifest.model, manifest.device) == ("dsp", "cpu")
    assert set(manifest.seconds_per_stage) == {
        "reading", "effects", "separate", "write", "transcribe",
    }  # fmt: skip
    source, _ = soundfile.read(song)
    total = sum(soundfile.read(stem.path)[0] for stem in manifest.stems)
    np.testing.assert_allclose(total, source, atol=1e-6)
    left = {path.name for path in (tmp_path / "results").iterdir()}
    assert left == {Path(path).name for path in _paths(manifest)} | {"manifest.json"}
    assert not (tmp_path / "work").exists()


def _paths(manifest: Manifest) -> list[str]:
    assert manifest.clips_file is not None
    audio, clips = manifest.stems, manifest.clips
    return [*(s.path for s in audio), *(c.path for c in clips), manifest.clips_file.path]


def test_progress_rises_from_zero_to_one(tmp_path: Path, song: Path) -> None:
    daemon = FakeDaemon()
    run_job(make_order(tmp_path, "stems", song, model="dsp"), daemon)
    fractions = [message.fraction for message in daemon.of(ev.Progressed)]
    assert fractions[0] == 0.0
    assert fractions[-1] == pytest.approx(1.0)
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("stage", ["reading", "separate", "write", "transcribe"])
def test_a_cancel_is_obeyed_in_every_stage(tmp_path: Path, song: Path, stage: str) -> None:
    share = {"reading": 0.0, "separate": 0.1, "write": 0.7, "transcribe": 0.75}[stage]
    daemon = FakeDaemon(
        cancel_at=lambda message: isinstance(message, ev.Progressed) and message.fraction >= share
    )
    run_job(make_order(tmp_path, "stems-to-midi", song, model="dsp", tempo=100.0), daemon)
    assert daemon.told[-1] == ev.Cancelled(job="a")
    assert not (tmp_path / "work").exists()
    hidden = [p for p in tmp_path.rglob(".*") if p.is_file()]
    assert not hidden, "half-written files are left"


def test_a_known_result_ends_the_job_without_a_word(tmp_path: Path, song: Path) -> None:
    daemon = FakeDaemon(knows=True)
    run_job(make_order(tmp_path, "stems", song, model="dsp"), daemon)
    assert daemon.told[-1] == messages.Dropped(job="a")
    assert not daemon.of(ev.StemReady)


def test_a_fault_has_its_code(tmp_path: Path) -> None:
    text = tmp_path / "song.wav"
    text.write_text("no audio at all")
    for source, code in ((tmp_path / "gone.wav", "not_found"), (text, "unsupported_audio")):
        daemon = FakeDaemon()
        run_job(make_order(tmp_path, "stems", source, model="dsp"), daemon)
        (failed,) = daemon.of(ev.Failed)
        assert failed.code == code
        assert failed.message.endswith(".")


@pytest.mark.parametrize(
    ("fault", "code"),
    [(MemoryError(), "out_of_memory"), (ZeroDivisionError("x"), "engine_failed")],
)
def test_a_fault_that_nobody_expected(
    tmp_path: Path, song: Path, fault: Exception, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise fault

    order = make_order(tmp_path, "process", song)
    monkeypatch.setattr(registry.stages()["write"], "run", breaks)
    daemon = FakeDaemon()
    run_job(order, daemon)
    assert daemon.told[-1].code == code  # type: ignore[attr-defined]


def test_a_chain_only_recipe_keeps_length_and_rate(tmp_path: Path, song: Path) -> None:
    daemon = FakeDaemon()
    run_job(make_order(tmp_path, "process", song, pre="plate", format="wav24"), daemon)
    (ready,) = daemon.of(ev.StemReady)
    info = soundfile.info(ready.stem.path)
    assert (info.frames, info.samplerate, info.subtype) == (RATE, RATE, "PCM_24")


def test_the_manifest_is_also_in_the_folder_that_was_asked_for(tmp_path: Path, song: Path) -> None:
    run_job(make_order(tmp_path, "process", song), FakeDaemon())
    there, own = tmp_path / "results" / "manifest.json", tmp_path / "job" / "manifest.json"
    assert json.loads(there.read_text()) == json.loads(own.read_text())


def test_karaoke_is_everything_but_the_voice(tmp_path: Path, song: Path) -> None:
    stems = {}
    for recipe in ("stems", "karaoke"):
        daemon = FakeDaemon()
        run_job(make_order(tmp_path / recipe, recipe, song, model="dsp"), daemon)
        assert isinstance(daemon.told[-1], ev.Finished)
        stems[recipe] = {
            ready.stem.name: soundfile.read(ready.stem.path)[0] for ready in daemon.of(ev.StemReady)
        }
    ((name, backing),) = stems["karaoke"].items()
    assert name == "rest"
    all_four = stems["stems"]
    np.testing.assert_allclose(backing, sum(all_four.values()) - all_four["vocals"], atol=1e-5)


@pytest.fixture
def separations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the jobs that were really separated, as they come."""
    separate, jobs = registry.stages()["separate"], []
    real = separate.run

    def run(take: Take, plan: Any, report: Any) -> None:
        jobs.append(take.order.work_folder)
        real(take, plan, report)

    monkeypatch.setattr(separate, "run", run)
    return jobs


def finished(order: WorkOrder) -> tuple[Manifest, FakeDaemon]:
    """Run a job to its good end."""
    daemon = FakeDaemon()
    run_job(order, daemon)
    end = daemon.told[-1]
    assert isinstance(end, ev.Finished), end
    return Manifest.model_validate_json(Path(end.manifest).read_text()), daemon


@pytest.mark.parametrize(
    "options",
    [
        {"format": "wav32f", "residual": True},
        {"format": "wav24"},
        {"format": "wav16"},
        {"format": "flac", "rate": 16000},
        {"format": "mp3", "bitrate": 128, "rate": 32000},
    ],
    ids=lambda options: options["format"],
)
def test_kept_stems_give_the_same_files_bit_for_bit(
    tmp_path: Path, song: Path, separations: list[str], options: dict[str, Any]
) -> None:
    def run(name: str, **more: Any) -> tuple[Manifest, FakeDaemon]:
        given = {"stems_folder": tmp_path / "stems", "model": "dsp", **options, **more}
        return finished(make_order(tmp_path / name, "stems", song, **given))

    first, _ = run("first", post="glue")  # what is kept is from before this
    kept, daemon = run("kept", post="plate")
    anew, _ = run("anew", post="plate", reuse=False)
    assert [Path(job).parent.name for job in separations] == ["first", "anew"]
    assert (first.kept_from, kept.kept_from, anew.kept_from) == (None, "a", None)
    for stem, full in zip(kept.stems, anew.stems, strict=True):
        assert Path(stem.path).read_bytes() == Path(full.path).read_bytes()
        assert stem.model_copy(update={"path": full.path}) == full
    assert (kept.model, kept.device, kept.warnings) == (anew.model, anew.device, anew.warnings)
    assert kept.seconds_per_stage["separate"] < anew.seconds_per_stage["separate"]
    fractions = [message.fraction for message in daemon.of(ev.Progressed)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_another_separation_is_computed(tmp_path: Path, song: Path, separations: list[str]) -> None:
    def run(name: str, **more: Any) -> None:
        given = {"stems_folder": tmp_path / "stems", "model": "dsp", **more}
        finished(make_order(tmp_path / name, "stems", song, **given))

    others: list[dict[str, Any]] = [
        {"pre": "clean"}, {"stems": "vocals"}, {"rate": 16000}, {"residual": True},
    ]  # fmt: skip
    run("a")
    for number, more in enumerate(others, start=2):
        run(str(number), **more)
        assert len(separations) == number, f"{more} was not separated"
    audio, rate = soundfile.read(song)
    soundfile.write(song, audio * 0.5, rate, subtype="FLOAT")
    run("other audio")
    assert len(separations) == 6


def test_what_the_separation_said_is_said_again(tmp_path: Path, song: Path) -> None:
    place: dict[str, Any] = {"stems_folder": tmp_path / "stems"}
    first, _ = finished(make_order(tmp_path / "a", "vocals", song, **place))
    kept, daemon = finished(make_order(tmp_path / "b", "vocals", song, post="plate", **place))
    assert kept.kept_from == "a"
    assert [warning.code for warning in first.warnings].count("fallback_model") == 1
    assert kept.warnings == first.warnings
    assert [w.code for w in daemon.of(ev.Warned)] == [w.code for w in kept.warnings]


def test_a_full_disk_gives_back_what_is_kept(
    tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: dict[str, Any] = {"stems_folder": tmp_path / "stems", "model": "dsp"}
    finished(make_order(tmp_path / "a", "stems", song, **place))
    assert list((tmp_path / "stems").iterdir())

    def full(*_: object) -> None:
        raise DiskFullError("The disk is full.")

    monkeypatch.setattr(registry.stages()["write"], "run", full)
    daemon = FakeDaemon()
    run_job(make_order(tmp_path / "b", "stems", song, **place), daemon)
    assert daemon.told[-1].code == "disk_full"  # type: ignore[attr-defined]
    assert not list((tmp_path / "stems").iterdir())
