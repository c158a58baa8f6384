"""Separated stems that stay after their job."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bridge.core.results import FALLBACK_LIFETIME_S
from bridge.engines import kept_stems
from bridge.engines.audio import DiskBuffer
from bridge.engines.kept_stems import INDEX_NAME, KeptStems
from bridge.engines.take import Take
from bridge.models import Job, JobWarning, PlannedStage, Region, RunOptions, Source, WorkOrder

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 1000
BYTES = 2 * FRAMES * 2 * 4
"""Of a take with two stereo stems."""


def make_take(folder: Path, job: str = "a", *, is_separated: bool = True, **order: Any) -> Take:
    work = folder / f"work-{job}"
    work.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)

    def buffer(name: str) -> DiskBuffer:
        audio = rng.standard_normal((2, FRAMES)).astype(np.float32)
        return DiskBuffer.of(work / f"{name}.f32", audio, 48000)

    mix = buffer("region")
    stems = {"bass": buffer("stem-0"), "residual": buffer("stem-1")} if is_separated else {}
    return Take(
        order=WorkOrder(
            job=Job(
                id=job,
                recipe="stems",
                region=Region(path="/song.wav"),
                options=RunOptions(),
                stages=(PlannedStage(kind="separate", plan={}),),
                folder=str(folder),
                output=str(folder),
                device="cpu",
                created_at=1.0,
            ),
            work_folder=str(work),
            max_region_s=60.0,
            **order,
        ),
        source=Source(
            path="/song.wav",
            start_s=0.0,
            length_s=1.0,
            frames=FRAMES,
            sample_rate=48000,
            channels=2,
            content_hash="x",
        ),
        original=mix,
        stems=stems or {"mix": mix},
        work_folder=work,
        output_folder=folder,
        dry={"bass": stems["bass"]} if stems else {},
        model="unet" if is_separated else None,
        precision="bfloat16" if is_separated else None,
        device="cpu",
    )


@pytest.fixture
def kept(tmp_path: Path) -> KeptStems:
    return KeptStems(tmp_path / "stems", 10 * BYTES)


def names(kept: KeptStems) -> set[str]:
    return {path.name for path in kept.folder.iterdir()}


def test_what_was_kept_comes_back_sample_for_sample(kept: KeptStems, tmp_path: Path) -> None:
    made = make_take(tmp_path, "a")
    kept.keep("key", made, [JobWarning(code="x", message="y")])
    shutil.rmtree(made.work_folder)  # as the pipeline does
    want = make_take(tmp_path, "a")
    take = make_take(tmp_path, "b", is_separated=False)
    found = kept.bring("key", take)
    assert found is not None
    assert (found.job, found.warnings) == ("a", (JobWarning(code="x", message="y"),))
    assert list(take.stems) == ["bass", "residual"]
    assert (list(take.dry), take.model, take.device) == (["bass"], "unet", "cpu")
    assert take.precision == "bfloat16"
    for name, buffer in want.stems.items():
        np.testing.assert_array_equal(take.stems[name].read(), buffer.read())
        assert take.stems[name].sample_rate == 48000
        assert take.stems[name].path.parent == take.work_folder
    assert kept.bring("another key", take) is None


def test_a_take_in_use_outlives_its_removal(kept: KeptStems, tmp_path: Path) -> None:
    kept.keep("key", make_take(tmp_path, "a"), [])
    take = make_take(tmp_path, "b", is_separated=False)
    assert kept.bring("key", take)
    want = take.stems["bass"].read()
    kept.clear()
    assert names(kept) == set()
    np.testing.assert_array_equal(take.stems["bass"].read(), want)


def test_without_hard_links_it_is_copied(
    kept: KeptStems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("exFAT has none")

    monkeypatch.setattr(os, "link", refused)
    kept.keep("key", make_take(tmp_path, "a"), [])
    take = make_take(tmp_path, "b", is_separated=False)
    assert kept.bring("key", take)
    np.testing.assert_array_equal(
        take.stems["bass"].read(), make_take(tmp_path, "a").stems["bass"].read()
    )


def truncate(home: Path) -> None:
    os.truncate(home / "0.f32", 100)


def zero(home: Path) -> None:
    (home / "0.f32").write_bytes(bytes((home / "0.f32").stat().st_size))


def remove(home: Path) -> None:
    (home / "1.f32").unlink()


def scribble(home: Path) -> None:
    (home / INDEX_NAME).write_text("{")


@pytest.mark.parametrize("damage", [truncate, zero, remove, scribble])
def test_what_is_not_as_it_was_kept_is_never_used(
    kept: KeptStems, tmp_path: Path, damage: Any
) -> None:
    kept.keep("key", make_take(tmp_path, "a"), [])
    damage(kept.folder / "key")
    take = make_take(tmp_path, "b", is_separated=False)
    assert kept.bring("key", take) is None
    assert list(take.stems) == ["mix"]
    assert take.model is None
    kept.keep("key", make_take(tmp_path, "c"), [])
    found = kept.bring("key", make_take(tmp_path, "d", is_separated=False))
    assert found is not None
    assert found.job == "c"


def test_the_least_recently_used_goes_first(kept: KeptStems, tmp_path: Path) -> None:
    small = KeptStems(kept.folder, 3 * BYTES + 3000)  # the indexes take some bytes as well
    for number, key in enumerate(("first", "second", "third")):
        small.keep(key, make_take(tmp_path, "a"), [])
        os.utime(kept.folder / key / INDEX_NAME, (number, number))
    assert small.bring("first", make_take(tmp_path, "b", is_separated=False))
    small.keep("fourth", make_take(tmp_path, "a"), [])
    assert names(kept) == {"first", "third", "fourth"}


def test_what_is_larger_than_the_bound_is_not_kept_and_drives_nothing_out(tmp_path: Path) -> None:
    KeptStems(tmp_path / "stems", BYTES + 1000).keep("key", make_take(tmp_path, "a"), [])
    tight = KeptStems(tmp_path / "stems", BYTES - 1)
    tight.keep("other", make_take(tmp_path, "b"), [])
    assert names(tight) == {"key"}


def test_a_disk_without_room_keeps_none_and_the_job_goes_on(
    kept: KeptStems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    kept.keep("key", make_take(tmp_path, "a"), [])
    assert names(kept) == set()


def test_a_disk_that_fills_up_midway_leaves_nothing(
    kept: KeptStems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_stems, "_share", full)
    kept.keep("key", make_take(tmp_path, "a"), [])
    assert names(kept) == set()


def test_a_killed_daemon_leaves_halves_that_are_removed(kept: KeptStems, tmp_path: Path) -> None:
    kept.keep("whole", make_take(tmp_path, "a"), [])
    half = kept.folder / ".key.b"
    half.mkdir()
    (half / "0.f32").write_bytes(b"half")
    assert kept.bring("key", make_take(tmp_path, "c", is_separated=False)) is None
    kept.tidy()
    assert names(kept) == {"whole"}
    KeptStems(kept.folder, 0).tidy()
    assert names(kept) == set()


def test_tidying_where_nothing_was_ever_kept(tmp_path: Path) -> None:
    KeptStems(tmp_path / "stems", 0).tidy()


def test_two_jobs_that_keep_the_same_leave_one_whole_take(kept: KeptStems, tmp_path: Path) -> None:
    takes = [make_take(tmp_path, job) for job in "abcd"]
    together = threading.Barrier(len(takes))

    def keep(take: Take) -> None:
        together.wait()
        for _ in range(10):
            kept.keep("key", take, [])

    threads = [threading.Thread(target=keep, args=(take,)) for take in takes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(kept) == {"key"}
    assert kept.bring("key", make_take(tmp_path, "e", is_separated=False))


def test_stems_of_a_fallback_answer_while_nothing_better_can_be_fetched(
    kept: KeptStems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_brought(job: str, age_s: float, **order: Any) -> bool:
        monkeypatch.setattr("time.time", lambda: 1000.0 + age_s)
        take = make_take(tmp_path, job, is_separated=False, **order)
        return kept.bring("key", take) is not None

    monkeypatch.setattr("time.time", lambda: 1000.0)
    kept.keep("key", make_take(tmp_path, "a"), [JobWarning(code="fallback_model", message="x")])
    assert is_brought("b", FALLBACK_LIFETIME_S - 1)
    assert not is_brought("c", FALLBACK_LIFETIME_S)
    assert is_brought("d", FALLBACK_LIFETIME_S, offline=True)


def test_who_keeps_nothing(tmp_path: Path) -> None:
    order = make_take(tmp_path).order
    assert KeptStems.of(order) is None
    place = {"stems_folder": str(tmp_path / "stems")}
    assert KeptStems.of(order.model_copy(update=place)) is None
    found = KeptStems.of(order.model_copy(update={**place, "kept_stems_bytes": 5}))
    assert found == KeptStems(tmp_path / "stems", 5)
