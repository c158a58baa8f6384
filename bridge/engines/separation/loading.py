"""Loads separation models in the worker, and keeps the last ones warm.

Nothing here uses the network: `fetching` does, before. Of Demucs' own loaders none is used for
files: its folder loader unpickles, and its safetensors loader imports whatever class a file names.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import pkgutil
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.engines.separation import catalogue, model_files
from bridge.engines.separation.demucs_model import bag_of
from bridge.errors import ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.engines.separation.window_model import Bag

_logger = logging.getLogger(__name__)

CLASSES = {
    "demucs.htdemucs.HTDemucs": "demucs.htdemucs:HTDemucs",
    "demucs.hdemucs.HDemucs": "demucs.hdemucs:HDemucs",
    "demucs.demucs.Demucs": "demucs.demucs:Demucs",
}
"""The classes that a model file may name."""

MAX_SEGMENT_S = 10.0
"""Longest window of a model that takes any length. With the 44 s that Demucs gives the four models
of mdx and its kin, a window alone takes about 3 GB.
"""

_BUILD_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What Demucs' classes and torch raise for arguments and weights that make no model."""


@dataclass
class WarmModels:
    """The models used last, ready on their device.

    Parameters
    ----------
    capacity
        How many are kept.
    """

    capacity: int = 2
    _bags: OrderedDict[tuple[object, ...], Bag] = field(default_factory=OrderedDict)

    def get(self, key: tuple[object, ...], load: Callable[[], Bag]) -> Bag:
        """Return the model of a key; the one unused longest leaves before another is loaded."""
        if key not in self._bags:
            while len(self._bags) >= self.capacity:
                self._bags.popitem(last=False)
            self._bags[key] = load()
        self._bags.move_to_end(key)
        return self._bags[key]

    def clear(self) -> None:
        """Let go of all models, to make room."""
        self._bags.clear()


def built_in(row: catalogue.BuiltIn, sample_rate: int, channels: int, device: str) -> Bag:
    """Make a built-in model for regions of a sample rate in Hz and a number of channels."""
    bag: Bag = pkgutil.resolve_name(row.factory)(sample_rate, channels, device)
    return bag


def identity(path: Path) -> tuple[object, ...]:
    """Return what changes when a model's file, or one beside it, is replaced."""
    return tuple(
        (file.name, file.stat().st_mtime_ns, file.stat().st_size)
        for file in sorted(path.parent.iterdir())
        if file.is_file()
    )


def model_path(name: str, models_folder: Path | None, *, allow_pickle: bool) -> Path | None:
    """Return the file of a model by name: the musician's folder first, then the hub's cache.

    Returns
    -------
    Path or None
        A bag's yaml, a safetensors file or, if they are allowed, a pickle; None if the model is
        nowhere on this machine.

    Raises
    ------
    ModelUnavailableError
        If the folder holds only a pickle of this name and pickles are not allowed.
    """
    if models_folder is not None:
        bag = models_folder / f"{name}.yaml"
        if bag in model_files.files(models_folder, ".yaml"):
            return bag
        if (models_folder / f"{name}.safetensors").is_file() or name in model_files.pickles(
            models_folder
        ):
            return model_files.member_file(models_folder, name, allow_pickle=allow_pickle)
    row = catalogue.download_of(name)
    if row is None:
        return None
    snapshot = model_files.cached_snapshot(row.name, row.repository)
    return None if snapshot is None else snapshot / f"{name}.yaml"


def load(path: Path, device: str, *, allow_pickle: bool = False) -> Bag:
    """Load a model from its file onto a device, in evaluation mode.

    Parameters
    ----------
    path
        What `model_path` returned.
    device
        A device that `demucs_model.usable_device` returned.
    allow_pickle
        Whether a ``.th`` file may be loaded, which can run code.

    Raises
    ------
    ModelUnavailableError
        If a file is missing, damaged, of a class that is not allowed, or does not fit its bag.
    OutOfMemoryError
        If the model does not fit into the device's memory.
    """
    if path.suffix == ".yaml":
        bag = model_files.read_bag(path)
        names, weights, segment_s = bag.models, bag.weights, bag.segment
        paths = [
            model_files.member_file(path.parent, name, allow_pickle=allow_pickle) for name in names
        ]
    else:
        paths, weights, segment_s = [path], None, None
    modules = [_load_module(one, allow_pickle=allow_pickle) for one in paths]
    for module in modules:
        if segment_s is not None:
            _set_segment(module, segment_s, path)
        if not getattr(module, "use_train_segment", False):
            module.segment = min(module.segment, MAX_SEGMENT_S)
    try:
        return bag_of(modules, weights, device)
    except ValueError as exc:
        raise ModelUnavailableError(f"The bag of models {path} cannot be used: {exc}.") from exc


def _set_segment(module: Any, segment_s: float, path: Path) -> None:
    own_s = float(module.segment)
    # A transformer's positions end with its training segment; the others take any length.
    if getattr(module, "use_train_segment", False) and segment_s > own_s:
        raise ModelUnavailableError(
            f"{path} asks for a segment of {segment_s:g} s, but its model was made for {own_s:g} s "
            "at most. Give it that, or leave the segment out."
        )
    if segment_s <= 0.0:
        raise ModelUnavailableError(f"{path} asks for a segment of {segment_s:g} s.")
    module.segment = segment_s


def _load_module(path: Path, *, allow_pickle: bool) -> Any:
    """Return a Demucs network on the processor."""
    if path.suffix == ".safetensors":
        header = model_files.read_header(path)
        if header.klass not in CLASSES or header.quantised:
            raise ModelUnavailableError(
                f"{path} holds a model of the kind {header.klass}, which is not one of Demucs' "
                "that can be loaded safely."
            )
        klass = pkgutil.resolve_name(CLASSES[header.klass])
        return _assembled(path, klass, header.args, header.kwargs, _tensors(path))
    if not allow_pickle:
        raise ModelUnavailableError(model_files.pickle_refused(path.stem))
    package = _unpickled(path)
    module = _assembled(
        path, package["klass"], package["args"], package["kwargs"], package["state"]
    )
    model_files.check_stems(tuple(module.sources), path)
    return module


def _assembled(
    path: Path, klass: Any, args: Any, kwargs: dict[str, Any], state: dict[str, Any]
) -> Any:
    known = inspect.signature(klass).parameters
    dropped = sorted(set(kwargs) - set(known))
    if dropped:
        # Demucs' releases have dropped arguments that old models were saved with.
        _logger.info("%s: arguments that this Demucs does not have: %s", path, ", ".join(dropped))
    try:
        module = klass(*args, **{key: value for key, value in kwargs.items() if key in known})
        module.load_state_dict(state)
    except _BUILD_ERRORS as exc:
        raise ModelUnavailableError(f"The model in {path} cannot be built: {exc}") from exc
    return module


def _tensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as exc:
        raise ModelUnavailableError(
            f"The model file {path} is damaged ({exc}). Delete it and fetch it again."
        ) from exc


def _unpickled(path: Path) -> dict[str, Any]:
    """Return the content of a pickle, whose name may carry the beginning of its SHA-256."""
    import pickle

    import torch

    checksum = path.stem.partition("-")[2]
    try:
        if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(checksum):
            raise ModelUnavailableError(f"{path} is not the file that its name says: checksum.")
        package = torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as exc:
        raise ModelUnavailableError(f"The model file {path} cannot be read: {exc}.") from exc
    if not isinstance(package, dict) or not {"klass", "args", "kwargs", "state"} <= set(package):
        raise ModelUnavailableError(f"{path} does not hold a model of Demucs.")
    return package
