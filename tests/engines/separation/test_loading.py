"""Loading models from files: safely, without a network, and warm the second time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bridge.engines.separation import catalogue, loading
from bridge.engines.separation.demucs_model import DemucsModel, usable_device
from bridge.engines.separation.window_model import Bag
from bridge.errors import ModelUnavailableError
from tests.engines.separation.tiny_models import (
    STEMS,
    fill_hub_cache,
    noise,
    save_safetensors,
    tiny_demucs,
    tiny_hdemucs,
    tiny_htdemucs,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "models"
    made.mkdir()
    return made


def load(name: str, folder: Path | None, *, allow_pickle: bool = False) -> Bag:
    path = loading.model_path(name, folder, allow_pickle=allow_pickle)
    assert path is not None
    return loading.load(path, "cpu", allow_pickle=allow_pickle)


def parameters(bag: Bag, member: int = 0) -> np.ndarray[Any, Any]:
    model = bag.members[member].model
    assert isinstance(model, DemucsModel)
    assert not model.module.training
    return np.concatenate([p.detach().numpy().ravel() for p in model.module.parameters()])


def weights_of(module: Any) -> np.ndarray[Any, Any]:
    return np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])


def save_pickle(module: Any, path: Path) -> None:
    """Write a network as Demucs' training does; the name gets a checksum."""
    from demucs import states

    library: Any = states
    args, kwargs = module._init_args_kwargs
    content = {
        "klass": type(module),
        "args": args,
        "kwargs": kwargs,
        "state": library.get_state(module, None),
        "training_args": {},
    }
    library.save_with_checksum(content, path)


@pytest.mark.parametrize("make", [tiny_htdemucs, tiny_hdemucs, tiny_demucs])
def test_a_safetensors_file_comes_back_as_it_was(folder: Path, make: Any) -> None:
    module = make()
    save_safetensors(module, folder / "mine.safetensors")
    bag = load("mine", folder)
    np.testing.assert_array_equal(parameters(bag), weights_of(module))
    assert bag.stems == tuple(STEMS)
    assert bag.members[0].model.segment_frames == 44_100
    assert bag.device == "cpu"


def test_a_bag_has_its_weights_and_its_segment(folder: Path) -> None:
    for index in range(2):
        save_safetensors(tiny_hdemucs(index), folder / f"m{index}.safetensors")
    (folder / "both.yaml").write_text(
        "models: [m0, m1]\nweights: [[1, 0, 1, 1], [0, 2, 1, 1]]\nsegment: 3\n"
    )
    bag = load("both", folder)
    assert [member.weights for member in bag.members] == [(1, 0, 1, 1), (0, 2, 1, 1)]
    assert bag.members[1].model.segment_frames == 3 * 44_100
    assert not np.array_equal(parameters(bag, 0), parameters(bag, 1))


def test_windows_are_kept_to_a_length_that_fits_into_memory(folder: Path) -> None:
    save_safetensors(tiny_hdemucs(), folder / "m.safetensors")
    (folder / "mdx.yaml").write_text("models: [m]\nsegment: 44\n")
    assert load("mdx", folder).members[0].model.segment_frames == 10 * 44_100


def test_a_model_of_the_hubs_cache_is_found_and_loaded_without_a_network(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def no_network(*_: object) -> None:
        raise AssertionError("the network was used")

    row = catalogue.DOWNLOADS[1]
    modules = [tiny_htdemucs(1), tiny_htdemucs(2)]
    fill_hub_cache(hub, row.name, row.repository, modules)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    bag = load(row.name, None)
    for index, module in enumerate(modules):
        np.testing.assert_array_equal(parameters(bag, index), weights_of(module))


def test_the_folder_comes_before_the_hubs_cache(hub: Path, folder: Path) -> None:
    row = catalogue.DOWNLOADS[0]
    fill_hub_cache(hub, row.name, row.repository, [tiny_htdemucs()])
    save_safetensors(tiny_htdemucs(stems=["voice", "noise"]), folder / "htdemucs.safetensors")
    assert load("htdemucs", folder).stems == ("voice", "noise")
    assert load("htdemucs", None).stems == tuple(STEMS)


def test_a_model_that_is_nowhere_has_no_path(folder: Path, tmp_path: Path) -> None:
    for place in (None, folder, tmp_path / "nowhere"):
        assert loading.model_path("htdemucs", place, allow_pickle=False) is None
        assert loading.model_path("unheard", place, allow_pickle=False) is None


@pytest.mark.parametrize("klass", ["os.system", "demucs.svd.svd_penalty", "builtins.eval"])
def test_a_class_that_is_not_demucs_is_never_imported(folder: Path, klass: str) -> None:
    save_safetensors(tiny_htdemucs(), folder / "bad.safetensors", klass=klass, args='["x"]')
    with pytest.raises(ModelUnavailableError, match="not one of Demucs'"):
        load("bad", folder)


def test_quantised_weights_are_refused(folder: Path) -> None:
    save_safetensors(tiny_htdemucs(), folder / "q.safetensors", structure="{}")
    with pytest.raises(ModelUnavailableError, match="not one of Demucs'"):
        load("q", folder)


@pytest.mark.parametrize(
    "metadata",
    [
        {"kwargs": json.dumps({"sources": STEMS, "channels": 16})},
        {"kwargs": "[1]"},
        {"kwargs": json.dumps({"sources": 5})},
        {"kwargs": json.dumps({"sources": STEMS, "channels": "many"})},
        {"kwargs": json.dumps({"sources": STEMS, "segment": {"_type": "fraction"}})},
        {"args": "{]"},
        {"klass": "demucs.hdemucs.HDemucs"},
    ],
)
def test_a_file_that_makes_no_model_is_told_as_unusable(
    folder: Path, metadata: dict[str, str]
) -> None:
    save_safetensors(tiny_htdemucs(), folder / "odd.safetensors", **metadata)
    with pytest.raises(ModelUnavailableError, match=r"odd\.safetensors"):
        load("odd", folder)


def test_a_truncated_file_is_told_as_damaged(folder: Path) -> None:
    path = save_safetensors(tiny_htdemucs(), folder / "cut.safetensors")
    path.write_bytes(path.read_bytes()[:-1_000])
    with pytest.raises(ModelUnavailableError, match="damaged"):
        load("cut", folder)


def test_arguments_that_this_demucs_does_not_have_are_left_out(folder: Path) -> None:
    module = tiny_htdemucs()
    kwargs = {**module._init_args_kwargs[1], "segment": 1, "of_another_release": True}
    save_safetensors(module, folder / "older.safetensors", kwargs=json.dumps(kwargs))
    assert load("older", folder).stems == tuple(STEMS)


def test_pickles_are_refused_unless_they_are_allowed(folder: Path) -> None:
    module = tiny_htdemucs()
    save_pickle(module, folder / "old.th")
    (folder / "bag.yaml").write_text("models: [old, old]\n")
    for name in ("old", "bag"):
        with pytest.raises(ModelUnavailableError, match="allow_pickle = true"):
            load(name, folder)
        bag = load(name, folder, allow_pickle=True)
        np.testing.assert_array_equal(parameters(bag), weights_of(module))


def test_loading_a_pickle_that_is_not_allowed_runs_nothing(folder: Path, tmp_path: Path) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (open, (str(tmp_path / "sprung"), "w"))

    (folder / "trap.th").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelUnavailableError):
        load("trap", folder)
    with pytest.raises(ModelUnavailableError):
        loading.load(folder / "trap.th", "cpu")
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_that_is_not_what_its_name_says_is_refused(folder: Path) -> None:
    save_pickle(tiny_htdemucs(), folder / "old.th")
    (path,) = folder.iterdir()
    path.rename(folder / "old-00000000.th")
    with pytest.raises(ModelUnavailableError, match="checksum"):
        load("old", folder, allow_pickle=True)


@pytest.mark.parametrize(
    ("bag", "fault"),
    [
        ("models: [ht]\nsegment: 2\n", "segment of 2 s, but its model was made for 1 s"),
        ("models: [ht]\nsegment: 0\n", "segment of 0 s"),
        ("models: [ht, ht]\nweights: [[1, 1, 1, 1]]\n", "2 models and weights for 1"),
        ("models: [ht]\nweights: [[1, 1, 1, 0]]\n", "above 0 for vocals"),
        ("models: [ht, two]\n", "differ"),
        ("models: [ht, nowhere]\n", "not there"),
        ("models: ht\n", "not a bag"),
        ("models: [ht]\nsegmant: 1\n", "not a bag"),
        ("models: !!python/object/apply:os.system [true]\n", "not a bag"),
    ],
)
def test_a_bag_that_does_not_fit_says_why(folder: Path, bag: str, fault: str) -> None:
    save_safetensors(tiny_htdemucs(), folder / "ht.safetensors")
    save_safetensors(tiny_htdemucs(stems=["one", "two"]), folder / "two.safetensors")
    (folder / "bag.yaml").write_text(bag)
    with pytest.raises(ModelUnavailableError, match=fault):
        load("bag", folder)


def test_half_precision_files_are_loaded_as_float32(folder: Path) -> None:
    import torch

    save_safetensors(tiny_htdemucs().half(), folder / "half.safetensors")
    bag = load("half", folder)
    model = bag.members[0].model
    assert isinstance(model, DemucsModel)
    assert {p.dtype for p in model.module.parameters()} == {torch.float32}
    assert model.forward(noise(44_100)).shape == (4, 2, 44_100)


def test_the_models_used_last_stay_warm() -> None:
    loaded: list[str] = []

    def loader(name: str) -> Any:
        return lambda: loaded.append(name)

    warm = loading.WarmModels(capacity=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        warm.get((name,), loader(name))
    assert loaded == ["a", "b", "c", "b"]
    warm.clear()
    warm.get(("b",), loader("b"))
    assert loaded == ["a", "b", "c", "b", "b"]


def test_a_replaced_file_is_another_model(folder: Path) -> None:
    path = save_safetensors(tiny_htdemucs(1), folder / "mine.safetensors")
    before = loading.identity(path)
    assert loading.identity(path) == before
    save_safetensors(tiny_htdemucs(2, stems=["one", "two"]), path)
    assert loading.identity(path) != before


def test_a_device_that_is_not_there_is_replaced_by_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert usable_device("auto") == ("cuda", None)
    assert usable_device("cuda") == ("cuda", None)
    assert usable_device("cuda:1") == ("cuda:1", None)
    for absent in ("cuda:2", "mps"):
        device, problem = usable_device(absent)
        assert device == "cpu"
        assert absent in str(problem)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert usable_device("auto") == ("cpu", None)
    assert usable_device("cuda")[0] == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert usable_device("auto") == ("mps", None)
    assert usable_device("mps") == ("mps", None)
