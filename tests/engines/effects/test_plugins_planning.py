"""Plugins in a plan: found by name, and refused before the job runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.engines.effects.plugins_library import (
    Contents,
    PluginInfo,
    PluginLibrary,
    PluginParameter,
    Quarantined,
    Scanned,
    Stamp,
)
from bridge.engines.effects.stage import EffectsStage
from bridge.errors import PluginFailedError, PresetError
from bridge.models import RunOptions
from tests.engines.effects.plugin_chains import standin
from tests.engines.takes import Presets

pytestmark = pytest.mark.usefixtures("standins")


@pytest.fixture
def library(tmp_path: Path) -> PluginLibrary:
    """Three plugins, two of them in one file, and a bad one."""
    made = PluginLibrary(tmp_path / "plugins.json")
    knob = PluginParameter(name="gain_db", kind="number", value="0", low=-60.0, high=24.0)
    scanned = {}
    for path, names in (
        (standin(tmp_path, "Single"), ("Single",)),
        (standin(tmp_path, "Both", plugins=["One", "Two"]), ("One", "Two")),
    ):
        infos = tuple(
            PluginInfo(name=n, path=str(path), is_instrument=n == "Two", parameters=(knob,))
            for n in names
        )
        scanned[str(path)] = Scanned(stamp=Stamp.of(path), plugins=infos)
    bad = standin(tmp_path, "Bad")
    date = "2026-11-20T10:00:00+01:00"
    quarantine = {str(bad): Quarantined(stamp=Stamp.of(bad), reason="It crashed.", date=date)}
    made.keep(Contents(scanned=scanned, quarantine=quarantine))
    return made


def planned(library: PluginLibrary, **effect: Any) -> dict[str, Any]:
    """Return what becomes of a plugin in a plan, inside a Mix to make it harder to find."""
    inner = {"effect": [{"type": "Plugin", **effect}]}
    presets = Presets({"voice": {"effect": [{"type": "Mix", "path": [inner]}]}})
    made = EffectsStage(library).plan({"slot": "pre", "chain": "voice"}, RunOptions(), presets)
    found: dict[str, Any] = made["every"]["effects"][0]["paths"][0]["effects"][0]["plugin"]
    return found


def test_a_plugin_is_found_by_name_or_path(library: PluginLibrary, tmp_path: Path) -> None:
    path = str(tmp_path / "Single.standin")
    assert planned(library, plugin="single", parameters={"gain_db": 1})["path"] == path
    assert planned(library, plugin=path)["path"] == path
    assert planned(PluginLibrary(), plugin=path)["path"] == path
    one = planned(library, plugin="one")
    assert (one["path"], one["name"]) == (str(tmp_path / "Both.standin"), "One")


@pytest.mark.parametrize(
    ("effect", "error", "message"),
    [
        ({"plugin": "Singel"}, PresetError, r"no plugin 'Singel'. Did you mean 'Single'"),
        ({"plugin": "/gone.standin"}, PresetError, r"no plugin at '/gone.standin'"),
        ({"plugin": "Both", "plugin_name": "Two"}, PresetError, "'Two' .* is an instrument"),
        ({"plugin": "Both", "plugin_name": "Ono"}, PresetError, r"'Ono'. Did you mean 'One'"),
        ({"plugin": "One", "parameters": {"gian_db": 1}}, PresetError, "Did you mean 'gain_db'"),
        ({"plugin": "Bad"}, PluginFailedError, r"since 2026-11-20: It crashed. .* forget Bad"),
    ],
)
def test_faults_of_plugins_are_found_in_the_plan(
    library: PluginLibrary, effect: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        planned(library, **effect)


def test_a_file_of_several_plugins_needs_a_name(library: PluginLibrary, tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="holds One, Two; say which one with plugin_name"):
        planned(library, plugin=str(tmp_path / "Both.standin"))


def test_a_plugin_that_was_removed_is_told(library: PluginLibrary, tmp_path: Path) -> None:
    (tmp_path / "Single.standin").unlink()
    with pytest.raises(PresetError, match="'Single' is no longer at"):
        planned(library, plugin="Single")


def test_quarantine_holds_for_the_path_until_the_file_changes(
    library: PluginLibrary, tmp_path: Path
) -> None:
    path = str(tmp_path / "Bad.standin")
    with pytest.raises(PluginFailedError, match="is in quarantine"):
        planned(library, plugin=path)
    standin(tmp_path, "Bad", latency=1)
    assert planned(library, plugin=path)["path"] == path


def test_a_plugin_that_was_updated_makes_another_plan(tmp_path: Path) -> None:
    plugin, preset = standin(tmp_path), tmp_path / "loud.vstpreset"
    preset.write_text("6.0")
    response = tmp_path / "hall.wav"
    response.write_bytes(b"an impulse response")
    effects = [
        {"type": "Plugin", "plugin": str(plugin), "preset": str(preset)},
        {"type": "Convolution", "impulse_response_filename": str(response)},
    ]
    presets = Presets({"voice": {"effect": effects}})

    def plan() -> dict[str, Any]:
        return EffectsStage().plan({"slot": "post", "chain": "voice"}, RunOptions(), presets)

    before = plan()
    assert plan() == before
    for path, text in ((plugin, '{"latency": 3}'), (preset, "-6.0"), (response, "another")):
        path.write_text(text)
        assert plan() != before
        before = plan()


def test_a_plugin_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.dll"
    path.write_bytes(b"")
    with pytest.raises(PluginFailedError, match=r"old\.dll' is not a plugin that can be loaded"):
        planned(PluginLibrary(), plugin=str(path))
