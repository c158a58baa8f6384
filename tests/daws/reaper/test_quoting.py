"""Command lines: one word stays one word on Windows, macOS and Linux."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.resources import shipped
from tests.daws.reaper.command_line import split_posix, split_windows
from tests.daws.reaper.standin import lua_runtime
from tests.daws.reaper.studio import recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daws.reaper.studio import Studio

QUOTING = shipped("daw_scripts") / "reaper" / "lib" / "quoting.lua"
WORDS = (
    "plain", "", "with space", "it's", "''", 'a "quoted" word', "C:\\Program Files\\a b\\",
    "C:\\ends with\\\\", '\\"', "\\\\server\\share", "Jörg, 曲 🎹", "$HOME `id` $(id)",
    "a;b&c|d>e", "%PATH%", "two\nlines", "tab\there", "-dash", "*?[a]", "!x ^y",
)  # fmt: skip
anything = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@pytest.fixture(scope="module")
def quoting() -> Any:
    return lua_runtime().eval("dofile")(str(QUOTING))


def line(quoting: Any, words: tuple[str, ...], quote: str) -> str:
    return " ".join(quoting[quote](word) for word in words)


def test_windows_programs_get_the_words(quoting: Any) -> None:
    assert split_windows(line(quoting, WORDS, "windows")) == list(WORDS)


@given(st.lists(anything, min_size=1).map(tuple))
def test_windows_programs_get_any_words(quoting: Any, words: tuple[str, ...]) -> None:
    assert split_windows(line(quoting, words, "windows")) == list(words)


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_a_shell_gets_the_words(quoting: Any) -> None:
    command = "for word; do printf '%s\\0' \"$word\"; done"
    script = f"set -- {line(quoting, WORDS, 'posix')}; {command}"
    told = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout
    assert told.decode().split("\0")[:-1] == list(WORDS)


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
@pytest.mark.parametrize("name", ["a b.sh", "it's $HOME.sh"])
def test_scripts_tell_how_they_ended_or_remove_themselves(tmp_path: Path, name: str) -> None:
    runtime = lua_runtime()
    quoting = runtime.eval("dofile")(str(QUOTING))
    script, log, ending = tmp_path / name, tmp_path / "log", tmp_path / "ending"
    words = runtime.table_from(["sh", "-c", "echo said >&2; exit 3"])
    text = quoting["script"](words, str(script), str(log), str(ending))
    subprocess.run(["sh", "-c", text], check=False)
    assert not ending.exists(), "nobody listens"
    script.write_text(text, encoding="utf-8")
    subprocess.run(["sh", str(script)], check=False)
    assert (log.read_text(), ending.read_text()) == ("said\n", "3\n")
    words = runtime.table_from(["touch", str(tmp_path / "it's done")])
    script.write_text(quoting["silent_script"](words, str(script)), encoding="utf-8")
    subprocess.run(["sh", str(script)], check=True)
    assert (tmp_path / "it's done").exists()
    assert not script.exists()


def test_what_is_known_of_windows_splitting() -> None:
    """The examples of Microsoft's page on parsing C command-line arguments."""
    assert split_windows(r'"abc" d e') == ["abc", "d", "e"]
    assert split_windows(r'a\\\b d"e f"g h') == [r"a\\\b", "de fg", "h"]
    assert split_windows(r"a\\\"b c d") == [r"a\"b", "c", "d"]
    assert split_windows(r'a\\\\"b c" d e') == [r"a\\b c", "d", "e"]


@pytest.mark.parametrize("name", ["plain", "a b", "it's", 'a"b', "$HOME", "Jörg", "back\\slash"])
@pytest.mark.parametrize("system", ["Other", "OSX64", "macOS-arm64", "Win64"])
def test_a_resource_folder_of_any_name_starts_the_program(
    bare: Callable[[Path], Studio], tmp_path: Path, name: str, system: str
) -> None:
    """The program gets its words whatever the folder is called that REAPER's files lie in."""
    folder = tmp_path / name
    folder.mkdir()
    studio = bare(folder)
    studio.reaper.system = system
    told = recorder(studio.scripts, folder)
    studio.press("Status")
    studio.reaper.run_to_end()
    assert told()[0][:2] == ["ask", "/bridge/status"]
    assert told()[0][2].startswith(f"--events={folder}")
    (line_,) = studio.reaper.started
    words = split_windows(line_) if system == "Win64" else split_posix(line_)
    assert len(words) == (4 if system == "Win64" else 2)
