"""The library of plugins and the scans that fill it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bridge.engines.effects.host import EffectsHost
from bridge.engines.effects.plugins_library import (
    Contents,
    PluginLibrary,
    Stamp,
    plugin_files,
    standard_folders,
)
from bridge.engines.effects.plugins_scan import scan
from bridge.errors import EngineFailedError, SettingsError
from tests.engines.effects.plugin_chains import standin

PATIENT_S = 60.0


def no_host() -> EffectsHost:
    raise AssertionError("nothing was to be loaded")


@pytest.fixture
def library(tmp_path: Path) -> PluginLibrary:
    return PluginLibrary.below(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plugins"
    made.mkdir()
    return made


@pytest.mark.usefixtures("standins")
def test_a_scan_keeps_what_it_found_and_whom_not_to_trust(
    library: PluginLibrary, folder: Path
) -> None:
    good = standin(folder, "Good", plugins=["One", "Two"])
    crashing = standin(folder, "Crashing", kind="exits", when="load")
    told: list[Path] = []
    first = scan(library, [folder, folder.parent], PATIENT_S, told.append)
    assert told == [crashing, good]
    assert (first.loaded, first.quarantined) == ((str(good),), (str(crashing),))
    assert [info.name for info in library.plugins()] == ["One", "Two"]
    row = library.quarantined(crashing)
    assert row is not None
    assert "'Crashing' ended its process (status 3) while it was loaded" in row.reason
    assert row.stamp == Stamp.of(crashing)

    again = scan(library, [folder], PATIENT_S, make_host=no_host)
    assert (again.unchanged, again.avoided) == ((str(good),), (str(crashing),))
    assert library.quarantined(crashing) is not None

    good.unlink()
    standin(folder, "Crashing", latency=1)
    assert library.quarantined(crashing) is None  # it may have been mended
    mended = scan(library, [folder], PATIENT_S)
    assert (mended.loaded, mended.gone) == ((str(crashing),), (str(good),))
    assert [info.name for info in library.plugins()] == ["Crashing"]
    assert not library.contents().quarantine


@pytest.mark.usefixtures("standins")
def test_a_plugin_that_hangs_is_given_up(library: PluginLibrary, folder: Path) -> None:
    hanging = standin(folder, "Hanging", kind="holds the interpreter", when="load")
    scan(library, [folder], 0.5)
    row = library.quarantined(hanging)
    assert row is not None
    assert "'Hanging' did not answer for 0.5 seconds while it was loaded" in row.reason


@pytest.mark.usefixtures("standins")
def test_a_scan_that_cannot_start_a_process_blames_no_plugin(
    library: PluginLibrary, folder: Path
) -> None:
    standin(folder, "Good")
    with pytest.raises(EngineFailedError, match="cannot be started"):
        scan(library, [folder], PATIENT_S, make_host=lambda: EffectsHost(("/no/such/program",)))
    assert library.contents() == Contents()


def test_plugins_are_found_below_folders_but_not_inside_each_other(folder: Path) -> None:
    for name in ("b/B.vst3/Contents/x86_64-win/B.vst3", "A.VST3", "c/readme.txt", "c/d/D.vst3"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    found = [str(path.relative_to(folder)) for path in plugin_files([folder], frozenset({".vst3"}))]
    assert found == ["A.VST3", "b/B.vst3", "c/d/D.vst3"]
    assert list(plugin_files([folder / "nowhere"], frozenset({".vst3"}))) == []


def test_a_bundle_has_changed_when_a_file_in_it_has(folder: Path) -> None:
    binary = folder / "X.vst3" / "Contents" / "X.so"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"old")
    before = Stamp.of(folder / "X.vst3")
    assert Stamp.of(folder / "X.vst3") == before
    binary.write_bytes(b"newer")
    assert Stamp.of(folder / "X.vst3") != before


def test_a_library_that_is_not_ours_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plugins.json"
    assert PluginLibrary(path).contents() == Contents()
    path.write_text("{]")
    with pytest.raises(SettingsError, match="Delete it and run"):
        PluginLibrary(path).contents()


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", "/usr/lib/vst3"),
        ("darwin", "/Library/Audio/Plug-Ins/Components"),
        ("win32", "VST3"),
    ],
)
def test_every_platform_has_its_folders(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("COMMONPROGRAMFILES", "C:/Common")
    assert any(str(folder).endswith(expected) for folder in standard_folders())
