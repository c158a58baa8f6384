"""What models there are, without loading any."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bridge.engines.separation import catalogue, model_files
from bridge.errors import ModelUnavailableError, UnknownModelError
from tests.engines.separation.tiny_models import (
    STEMS,
    fill_hub_cache,
    save_safetensors,
    tiny_htdemucs,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.models import ModelInfo


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "models"
    made.mkdir()
    return made


def listed(folder: Path | None = None, *, allow_pickle: bool = False) -> dict[str, ModelInfo]:
    return {info.name: info for info in catalogue.catalogue(folder, allow_pickle=allow_pickle)}


def test_demucs_models_and_the_built_ins_are_listed() -> None:
    found = listed()
    assert set(found) == {
        "unet",
        "dsp",
        "htdemucs",
        "htdemucs_ft",
        "htdemucs_6s",
        "hdemucs_mmi",
        "mdx",
        "mdx_extra",
    }
    assert found["htdemucs_6s"].stems == (*STEMS, "guitar", "piano")
    for built_in in ("unet", "dsp"):
        assert found[built_in].built_in
        assert found[built_in].weights_here
    assert not any(info.weights_here for info in found.values() if not info.built_in)


def test_repositories_are_those_of_demucs_own_loader() -> None:
    from demucs.hf import DEFAULT_NAMESPACE, hf_repo_name

    for row in catalogue.DOWNLOADS:
        assert row.repository == f"{DEFAULT_NAMESPACE}/{hf_repo_name(row.name)}"


def test_names_and_stems_are_those_of_demucs() -> None:
    from demucs.pretrained import REMOTE_ROOT, SOURCES

    for row in catalogue.DOWNLOADS:
        assert (REMOTE_ROOT / f"{row.name}.yaml").is_file()
        assert list(row.stems[:4]) == SOURCES


def test_weights_are_here_once_every_file_is(hub: Path) -> None:
    row = catalogue.DOWNLOADS[1]
    snapshot = fill_hub_cache(hub, row.name, row.repository, [tiny_htdemucs(), tiny_htdemucs()])
    assert listed()[row.name].weights_here
    assert model_files.cached_snapshot(row.name, row.repository) == snapshot
    (snapshot / "model1.safetensors").unlink()
    assert not listed()[row.name].weights_here


def test_the_hubs_main_comes_before_other_snapshots(hub: Path) -> None:
    row = catalogue.DOWNLOADS[0]
    snapshot = fill_hub_cache(hub, row.name, row.repository, [tiny_htdemucs()])
    older = snapshot.with_name("00000000")
    older.mkdir()
    for path in snapshot.iterdir():
        (older / path.name).write_bytes(path.read_bytes())
    assert model_files.cached_snapshot(row.name, row.repository) == snapshot
    (snapshot / f"{row.name}.yaml").unlink()
    assert model_files.cached_snapshot(row.name, row.repository) == older


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HF_HUB_CACHE": "{}/a", "HF_HOME": "{}/b"}, "a"),
        ({"HUGGINGFACE_HUB_CACHE": "{}/c", "HF_HOME": "{}/b"}, "c"),
        ({"HF_HOME": "{}/b", "XDG_CACHE_HOME": "{}/x"}, "b/hub"),
        ({"XDG_CACHE_HOME": "{}/x"}, "x/huggingface/hub"),
        ({"HOME": "{}/h"}, "h/.cache/huggingface/hub"),
        ({"HF_HOME": "$OTHER/b", "OTHER": "{}/o"}, "o/b/hub"),
    ],
)
def test_the_cache_is_where_the_hubs_library_looks(
    environment: dict[str, str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE")
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert model_files.hub_cache() == tmp_path / expected
    code = "from huggingface_hub.constants import HF_HUB_CACHE as cache; print(cache)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(tmp_path / expected)


def test_a_folders_models_and_bags_are_listed_with_their_stems(folder: Path) -> None:
    save_safetensors(tiny_htdemucs(stems=["voice", "noise"]), folder / "speech.safetensors")
    (folder / "both.yaml").write_text("models: [speech, speech]\nweights: [[1, 0], [0, 1]]\n")
    found = listed(folder)
    for name in ("speech", "both"):
        assert found[name].stems == ("voice", "noise")
        assert found[name].weights_here
        assert not found[name].built_in


def test_a_model_in_the_folder_hides_one_of_the_same_name(folder: Path) -> None:
    save_safetensors(tiny_htdemucs(stems=["voice", "noise"]), folder / "htdemucs.safetensors")
    assert listed(folder)["htdemucs"].stems == ("voice", "noise")
    assert listed(folder)["htdemucs"].weights_here


def test_a_file_that_cannot_be_used_is_listed_with_the_reason(folder: Path) -> None:
    (folder / "broken.safetensors").write_bytes(b"not safetensors")
    (folder / "empty.yaml").write_text("")
    (folder / "alone.yaml").write_text("models: [nowhere]\n")
    (folder / "outside.yaml").write_text("models: [../secret]\n")
    save_safetensors(tiny_htdemucs(stems=["../up", "noise"]), folder / "escaping.safetensors")
    found = listed(folder)
    for name, reason in {
        "broken": "cannot be read",
        "empty": "is not a bag",
        "alone": "nowhere.safetensors is not there",
        "outside": "beside it",
        "escaping": "cannot be used as names of files",
    }.items():
        assert not found[name].weights_here
        assert reason in found[name].description


def test_pickles_are_listed_only_when_they_are_allowed(folder: Path) -> None:
    (folder / "old-1234abcd.th").write_bytes(b"")
    (folder / "bag.yaml").write_text("models: [old]\n")
    assert "old" not in listed(folder)
    assert not listed(folder)["bag"].weights_here
    assert listed(folder, allow_pickle=True)["old"].stems == ()
    assert listed(folder, allow_pickle=True)["bag"].weights_here
    with pytest.raises(ModelUnavailableError, match="allow_pickle"):
        catalogue.find("old", folder)
    assert catalogue.find("old", folder, allow_pickle=True).weights_here


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert listed(tmp_path / "nowhere").keys() == listed().keys()


@pytest.mark.parametrize(
    ("name", "meant"), [("htdemux", "htdemucs"), ("mdx_extr", "mdx_extra"), ("aut", "auto")]
)
def test_a_mistyped_name_is_answered_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UnknownModelError, match=f"Did you mean '{meant}'"):
        catalogue.find(name)


def test_the_catalogue_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import json, sys
from bridge.engines.separation.catalogue import catalogue
from bridge.engines.separation.stage import SeparateStage
catalogue()
heavy = {"numpy", "torch", "demucs", "huggingface_hub", "scipy", "soxr", "safetensors"}
print(json.dumps(sorted(heavy & set(sys.modules))))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == []
