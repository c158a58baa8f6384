"""Every fault reaches the user as one sentence with what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daws.reaper.studio import Studio, recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.reaper.project import Item


def item_of(studio: Studio) -> Item:
    item = studio.track().add_item(studio.audio("a.wav"), 0.0, 1.0)
    studio.project.select(item)
    return item


def empty(studio: Studio) -> None:
    item_of(studio).takes.clear()


def midi(studio: Studio) -> None:
    item_of(studio).take.is_midi = True


def offline(studio: Studio) -> None:
    source = item_of(studio).take.source
    assert source is not None
    Path(source.path).unlink()


def set_offline(studio: Studio) -> None:
    source = item_of(studio).take.source
    assert source is not None
    source.kind = "OFFLINEWAVE"


def elsewhere(studio: Studio) -> None:
    item_of(studio)
    studio.project.selection_s = (7.0, 8.0)


def picture(studio: Studio) -> None:
    source = item_of(studio).take.source
    assert source is not None
    source.kind, source.channels, source.sample_rate = "VIDEO", 0, 0


def not_installed(studio: Studio) -> None:
    (studio.scripts / "program.txt").unlink()


def moved(studio: Studio) -> None:
    (studio.scripts / "program.txt").write_text("/nowhere/dawbridge\n")


FAULTS: dict[str, tuple[Callable[[Studio], object], str, str]] = {
    "no selection": (lambda _: None, "Nothing is selected.", "Select one or more"),
    "empty item": (empty, "is empty", "Select one with audio"),
    "MIDI item": (midi, "is a MIDI item", "select the audio"),
    "file gone": (offline, "is offline", "find the file again"),
    "media offline": (set_offline, "is offline", "Bring it online"),
    "no sound": (picture, "has no sound", "select another item"),
    "selection elsewhere": (elsewhere, "does not touch", "remove it"),
    "not installed": (not_installed, "does not know yet", "dawbridge install reaper"),
    "program moved": (moved, "/nowhere/dawbridge any more", "dawbridge install reaper"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_at_the_press_is_said_at_once(studio: Studio, fault: str) -> None:
    arrange, what, remedy = FAULTS[fault]
    arrange(studio)
    studio.press("Stems")
    (sentence,) = studio.reaper.said
    assert what in sentence
    assert remedy in sentence
    studio.reaper.tick()
    assert not studio.reaper.running
    assert not studio.reaper.started
    assert studio.project.undo == []


def test_one_bad_item_does_not_stop_the_others(studio: Studio) -> None:
    told = recorder(studio.scripts, studio.folder)
    track, source = studio.track(), studio.audio("a.wav")
    good, bad = track.add_item(source, 0.0, 1.0), track.add_item(source, 2.0, 1.0)
    bad.take.is_midi = True
    studio.project.select(good, bad)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "is a MIDI item" in studio.reaper.said[0]
    assert len(told()) == 1


def test_what_the_daemon_says_is_shown_and_nothing_is_undone(studio: Studio) -> None:
    recorder(studio.scripts, studio.folder)
    item_of(studio)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "The disk is full." in studio.reaper.sentences()
    assert studio.project.undo == []
    assert not list(studio.reaper.resources.glob("dawbridge/jobs/*"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(studio: Studio) -> None:
    item_of(studio)
    Path(studio.project.media).chmod(0o500)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "cannot be written" in studio.reaper.sentences()


def test_a_media_folder_that_is_a_file(studio: Studio) -> None:
    item_of(studio)
    studio.project.media = str(studio.folder / "in the way")
    Path(studio.project.media).write_text("")
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "in the way cannot be written" in studio.reaper.sentences().replace("\n", " ")
    assert "page Media" in studio.reaper.sentences()


def test_a_project_that_was_never_saved_is_told_where_its_stems_go(studio: Studio) -> None:
    told = recorder(studio.scripts, studio.folder)
    studio.project.path = ""
    item_of(studio)
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "not saved yet" in studio.reaper.sentences()
    assert any(word.startswith(f"--output={studio.project.media}") for word in told()[0])


def test_a_program_that_dies_is_noticed(studio: Studio) -> None:
    program = studio.folder / "broken"
    program.write_text("#!/bin/sh\necho 'No module named torch.' >&2\nexit 1\n")
    program.chmod(0o755)
    (studio.scripts / "program.txt").write_text(f"{program}\n")
    item_of(studio)
    studio.press("Stems")
    studio.reaper.run_to_end()
    said = studio.reaper.sentences()
    assert "No module named torch." in said
    assert "dawbridge doctor" in said


def test_a_port_that_another_program_has(studio: Studio) -> None:
    item_of(studio)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        studio.reaper.environment = {**studio.reaper.environment, "DAWBRIDGE_PORT": port}
        studio.press("Stems")
        studio.reaper.run_to_end()
    assert f"port {port} is not dawbridge" in studio.reaper.sentences()


def test_a_program_that_hangs_is_given_up_when_cancelled(studio: Studio) -> None:
    """Else the window could never be closed for good."""
    program = studio.folder / "hanging"
    program.write_text("#!/bin/sh\nexec sleep 2\n")
    program.chmod(0o755)
    (studio.scripts / "program.txt").write_text(f"{program}\n")
    item_of(studio)
    studio.press("Stems")
    studio.reaper.run_until(lambda: bool(studio.reaper.started))
    studio.press("Cancel")
    studio.reaper.tick()
    for _ in range(4):
        studio.reaper.ahead_s += 30.0
        studio.reaper.tick()
    studio.reaper.run_to_end()
    assert studio.project.undo == []
    assert not list(studio.reaper.resources.glob("dawbridge/jobs/*.held"))


def test_wrong_settings_are_told(studio: Studio) -> None:
    item_of(studio)
    studio.reaper.environment = {**studio.reaper.environment, "DAWBRIDGE_PROT": "1"}
    studio.press("Stems")
    studio.reaper.run_to_end()
    assert "Did you mean 'port'?" in studio.reaper.sentences()


def test_a_model_that_is_not_here(live: Studio) -> None:
    item_of(live)
    live.reaper.ext_state["dawbridge", "model"] = (b"htdemucs_ft".hex(), True)
    live.press("Stems")
    live.reaper.run_to_end()
    assert "--fetch htdemucs_ft" in live.reaper.sentences()
    assert live.project.undo == []
