"""Which files may be read and which folders written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.core.paths import PathPolicy
from bridge.errors import BadArgumentsError, ForbiddenPathError, SourceNotFoundError


@pytest.fixture
def policy(tmp_path: Path) -> PathPolicy:
    (tmp_path / "music").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "secret.wav").write_bytes(b"")
    (tmp_path / "music" / "song.wav").write_bytes(b"")
    return PathPolicy((tmp_path / "music",), (tmp_path / "results",))


def test_a_file_below_a_read_root(policy: PathPolicy, tmp_path: Path) -> None:
    song = tmp_path / "music" / "song.wav"
    assert policy.source(str(song)) == song
    assert policy.source(str(tmp_path / "music" / "." / "song.wav")) == song


@pytest.mark.parametrize("text", ["", "song.wav", "../song.wav", "a\0b"])
def test_only_absolute_paths(policy: PathPolicy, text: str) -> None:
    with pytest.raises(BadArgumentsError):
        policy.source(text)
    with pytest.raises(BadArgumentsError):
        policy.output(text)


def test_no_way_out_of_a_read_root(policy: PathPolicy, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenPathError, match="read_roots"):
        policy.source(str(tmp_path / "music" / ".." / "secret.wav"))
    (tmp_path / "music" / "link.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(ForbiddenPathError):
        policy.source(str(tmp_path / "music" / "link.wav"))


def test_outside_the_roots_nobody_learns_what_is_there(policy: PathPolicy, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenPathError):
        policy.source(str(tmp_path / "not-there.wav"))
    with pytest.raises(SourceNotFoundError):
        policy.source(str(tmp_path / "music" / "not-there.wav"))


def test_a_loop_of_links_is_an_error_with_a_sentence(policy: PathPolicy, tmp_path: Path) -> None:
    loop = tmp_path / "music" / "loop.wav"
    loop.symlink_to(loop)
    with pytest.raises(SourceNotFoundError, match=r"loop\.wav"):
        policy.source(str(loop))


def test_results_stay_below_an_output_root(policy: PathPolicy, tmp_path: Path) -> None:
    new = tmp_path / "results" / "new" / "folder"
    assert policy.output(str(new)) == new
    with pytest.raises(ForbiddenPathError, match="output_roots"):
        policy.output(str(tmp_path / "results" / ".." / "elsewhere"))
    (tmp_path / "results" / "link").symlink_to(tmp_path)
    with pytest.raises(ForbiddenPathError):
        policy.output(str(tmp_path / "results" / "link" / "x"))
    (tmp_path / "results" / "file").write_bytes(b"")
    with pytest.raises(BadArgumentsError, match="not a folder"):
        policy.output(str(tmp_path / "results" / "file"))
