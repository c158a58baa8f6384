"""Names that every system takes, files that are never overwritten, and files that are whole."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engines.naming import MAX_NAME_BYTES, file_name, finished, result_path
from bridge.errors import DiskFullError, ForbiddenPathError
from tests.engines.takes import make_take

SILENCE = {"mix": np.zeros((1, 10), dtype=np.float32)}


def deliver(path: Path, content: bytes = b"audio") -> None:
    with finished(path) as temporary:
        temporary.write_bytes(content)


def test_the_name_holds_source_and_stem(tmp_path: Path) -> None:
    take = make_take(tmp_path, SILENCE, source="My Song.v2.wav")
    path = result_path(take, "bass", ".flac")
    assert path == take.output_folder / "My Song.v2 - bass.flac"


def test_the_track_comes_before_the_source(tmp_path: Path) -> None:
    take = make_take(tmp_path, SILENCE, track="Gitarre/Bühne: links?")
    assert result_path(take, "other", ".mid").name == "Gitarre_Bühne_ links_ - other.mid"


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    take = make_take(tmp_path, SILENCE)
    names = []
    for content in (b"1", b"2", b"3"):
        path = result_path(take, "bass", ".wav")
        deliver(path, content)
        names.append(path.name)
    assert names == ["song - bass.wav", "song - bass 2.wav", "song - bass 3.wav"]
    contents = [(take.output_folder / name).read_bytes() for name in names]
    assert contents == [b"1", b"2", b"3"]


def test_an_interrupted_attempts_own_file_is_replaced(tmp_path: Path) -> None:
    deliver(result_path(make_take(tmp_path, SILENCE), "bass", ".wav"), b"half")
    own = str(tmp_path / "out" / "song - bass.wav")
    take = make_take(tmp_path, SILENCE, replaces=(own,))
    path = result_path(take, "bass", ".wav")
    assert str(path) == own
    deliver(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_a_killed_attempts_claim_is_taken_over_by_its_job_only(tmp_path: Path) -> None:
    result_path(make_take(tmp_path, SILENCE, job="killed"), "bass", ".wav")
    other = result_path(make_take(tmp_path, SILENCE, job="other"), "bass", ".wav")
    again = result_path(make_take(tmp_path, SILENCE, job="killed"), "bass", ".wav")
    assert other.name == "song - bass 2.wav"
    assert again.name == "song - bass.wav"


def test_jobs_that_race_for_a_name_get_different_ones(tmp_path: Path) -> None:
    takes = [make_take(tmp_path, SILENCE, job=f"job-{n}") for n in range(8)]
    gate = threading.Barrier(len(takes))

    def run(number: int) -> None:
        gate.wait()
        for _ in range(5):
            deliver(result_path(takes[number], "bass", ".wav"), f"{number}".encode())

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(takes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = sorted(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert contents == sorted(f"{n}".encode() for n in range(8) for _ in range(5))


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with finished(path) as temporary:
        temporary.write_bytes(b"audio")
        assert not path.exists()
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
    assert path.read_bytes() == b"audio"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    take = make_take(tmp_path, SILENCE)
    path = result_path(take, "bass", ".wav")

    def fail(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), finished(path) as temporary:
        fail(temporary)
    assert list(take.output_folder.iterdir()) == []
    assert result_path(take, "bass", ".wav") == path


@pytest.mark.parametrize(
    ("code", "error"), [(28, DiskFullError), (13, ForbiddenPathError), (30, ForbiddenPathError)]
)
def test_what_the_disk_says_is_named(tmp_path: Path, code: int, error: type[Exception]) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(error), finished(path):
        raise OSError(code, "said by the system")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("con", "_con - bass"),
        ("AUX.mix", "_AUX.mix - bass"),
        ("COM¹", "_COM¹ - bass"),
        ("Console", "Console - bass"),
        ("", "audio - bass"),
        ("...", "audio - bass"),
        (" .hidden. ", "hidden - bass"),
        ("a\nb\tc\x00", "abc - bass"),
        ("Ame\u0301lie", "Am\u00e9lie - bass"),
        ("歌う 🎤", "歌う 🎤 - bass"),
        ("../../etc/passwd", "_.._etc_passwd - bass"),
        ("\udcff raw", "raw - bass"),
    ],
)
def test_names_that_systems_refuse_are_mended(title: str, name: str) -> None:
    assert file_name(title, "bass") == name


@given(title=st.text(max_size=256), stem=st.text(max_size=80))
def test_every_name_can_be_a_file(title: str, stem: str) -> None:
    name = file_name(title, stem)
    assert len(f"{name} 9999.flac".encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*\n\r\t\0')
    assert name == name.strip(" .")


@given(title=st.text(min_size=1, max_size=256))
def test_every_name_is_taken_by_this_system(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{file_name(title, 'bass')}.wav"
    deliver(path)
    assert path.is_file()
    path.unlink()
