"""What was heard once is kept with the job and found by the next."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription import network, posterior_store
from bridge.engines.transcription.posterior_store import PosteriorStore, key_of
from bridge.engines.transcription.posteriors import Posteriors


def drawn(seed: int, frames: int = 50) -> Posteriors:
    random = np.random.default_rng(seed)
    return Posteriors(
        *(random.random((frames, pitches)).astype(np.float16) for pitches in (88, 88, 264))
    )


def store(jobs: Path, job: str, **options: object) -> PosteriorStore:
    folder = jobs / job
    folder.mkdir(parents=True, exist_ok=True)
    return PosteriorStore(folder, **options)  # type: ignore[arg-type]


def kept(jobs: Path) -> list[str]:
    return sorted(path.relative_to(jobs).as_posix() for path in jobs.rglob("*.npz"))


def buffer(
    folder: Path, name: str = "a", *, samples: int = 1_000, rate: int = 22_050
) -> DiskBuffer:
    audio = np.random.default_rng(1).standard_normal((1, samples)).astype(np.float32)
    return DiskBuffer.of(folder / f"{name}.f32", audio, rate)


def test_another_job_finds_what_was_kept(tmp_path: Path) -> None:
    store(tmp_path, "first").keep("key", drawn(1))

    found = store(tmp_path, "second").recall("key")

    assert found is not None
    for name in ("notes", "onsets", "contours"):
        assert np.array_equal(getattr(found, name), getattr(drawn(1), name))
    assert store(tmp_path, "second").recall("other") is None
    assert kept(tmp_path) == ["first/.posteriors/key.npz"]


def test_a_run_without_reuse_finds_nothing(tmp_path: Path) -> None:
    store(tmp_path, "first").keep("key", drawn(1))

    assert store(tmp_path, "second", recalls=False).recall("key") is None


def test_the_key_is_the_sound_and_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = key_of(buffer(tmp_path))

    assert key_of(buffer(tmp_path, "b")) == same
    changed = buffer(tmp_path, "c")
    changed.write(999, np.full((1, 1), 0.5, np.float32))
    assert key_of(changed) != same
    assert key_of(buffer(tmp_path, "d", samples=999)) != same
    assert key_of(buffer(tmp_path, "e", rate=44_100)) != same
    monkeypatch.setattr(network, "VERSION", "another")
    assert key_of(buffer(tmp_path)) != same


@pytest.mark.parametrize("content", [b"", b"no archive", "half"])
def test_a_spoilt_file_is_heard_again(tmp_path: Path, content: bytes | str) -> None:
    first = store(tmp_path, "first")
    first.keep("key", drawn(1))
    path = tmp_path / "first/.posteriors/key.npz"
    path.write_bytes(path.read_bytes()[:5_000] if isinstance(content, str) else content)

    assert first.recall("key") is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    size = sum(part.nbytes for part in (drawn(1).notes, drawn(1).onsets, drawn(1).contours))
    room = {"most_bytes": 2 * size + size // 2}
    for age, name in enumerate(("oldest", "older", "new")):
        if name == "new":
            store(tmp_path, "job").recall("oldest")  # and so it is not the oldest any more
        store(tmp_path, name, **room).keep(name, drawn(age))
        if name != "new":
            os.utime(tmp_path / name / ".posteriors" / f"{name}.npz", (age, age))

    assert kept(tmp_path) == ["new/.posteriors/new.npz", "oldest/.posteriors/oldest.npz"]


def test_what_is_larger_than_all_room_is_not_kept(tmp_path: Path) -> None:
    store(tmp_path, "small").keep("small", drawn(1, 2))
    store(tmp_path, "large", most_bytes=40_000).keep("large", drawn(1))

    assert kept(tmp_path) == ["small/.posteriors/small.npz"]


def test_a_disk_that_is_nearly_full_is_left_to_the_stems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posterior_store, "_free_bytes", lambda folder: 64 << 20)

    store(tmp_path, "first").keep("key", drawn(1))

    assert kept(tmp_path) == []
