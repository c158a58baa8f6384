"""Model files on disk: the hub's cache, bags in yaml, headers of safetensors. No model is loaded.

A bag is a ``<name>.yaml`` that names the files of its models beside it, with perhaps a weight for
every model and stem and a segment in seconds: Demucs' own format. A safetensors file says in its
metadata which class it is of, and the arguments of that class, as JSON.
"""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from bridge.errors import ModelUnavailableError
from bridge.models import Value

_STEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,31}")
_RESERVED_STEMS = frozenset({"mix", "residual", "rest"})


class BagFile(Value):
    """The content of a bag's yaml file."""

    models: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...] | None = None
    segment: float | None = None


class Header(NamedTuple):
    """What the metadata of a safetensors file say of its model."""

    klass: str
    args: list[Any]
    kwargs: dict[str, Any]
    quantised: bool

    @property
    def stems(self) -> tuple[str, ...]:
        """The stems, from the class' argument `sources`, its first."""
        sources = self.kwargs.get("sources", self.args[0] if self.args else ())
        return tuple(sources)


def hub_cache() -> Path:
    """Return the Hugging Face hub's cache folder, found as the hub's own library finds it."""
    environment = os.environ
    home = environment.get("HF_HOME") or str(
        Path(environment.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    )
    cache = (
        environment.get("HF_HUB_CACHE")
        or environment.get("HUGGINGFACE_HUB_CACHE")
        or str(Path(home) / "hub")
    )
    return Path(os.path.expandvars(cache)).expanduser()


def repository_folder(repository: str) -> Path:
    """Return where the hub's cache keeps a repository named ``owner/name``."""
    return hub_cache() / f"models--{repository.replace('/', '--')}"


def cached_snapshot(name: str, repository: str) -> Path | None:
    """Return the cached folder that holds a bag whole, or None; the hub's `main` comes first."""
    folder = repository_folder(repository)
    try:
        main = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        main = ""
    for snapshot in sorted(folder.glob("snapshots/*"), key=lambda path: (path.name != main, path)):
        try:
            signatures = read_bag(snapshot / f"{name}.yaml").models
        except ModelUnavailableError:
            continue
        if all((snapshot / f"{signature}.safetensors").is_file() for signature in signatures):
            return snapshot
    return None


def read_bag(path: Path) -> BagFile:
    """Read the yaml file of a bag.

    Raises
    ------
    ModelUnavailableError
        If the file is not there or does not describe a bag of files beside it.
    """
    import yaml

    try:
        bag = BagFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as exc:
        raise ModelUnavailableError(
            f"{path} is not a bag of models; it needs a line `models: [...]`, perhaps `weights:` "
            f"with a list for each model and `segment:` in seconds, and nothing else ({exc})."
        ) from exc
    if not bag.models or any(Path(name).name != name for name in bag.models):
        raise ModelUnavailableError(f"The bag of models {path} must name files that lie beside it.")
    return bag


def read_header(path: Path) -> Header:
    """Read which model a safetensors file holds.

    The file begins with its header's length as a little-endian 64-bit integer; the header is JSON
    and its ``__metadata__`` maps text to text.

    Raises
    ------
    ModelUnavailableError
        If the file is not there, is not safetensors or does not describe a model of stems whose
        names can be file names.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, path.stat().st_size)))
        metadata = header["__metadata__"]
        found = Header(
            klass=str(metadata["klass"]),
            args=list(_decoded(json.loads(metadata["args"]))),
            kwargs=dict(_decoded(json.loads(metadata["kwargs"]))),
            quantised="structure" in metadata,
        )
        stems = found.stems
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as exc:
        raise ModelUnavailableError(
            f"{path} cannot be read as a safetensors file that says which model it holds."
        ) from exc
    check_stems(stems, path)
    return found


def check_stems(stems: tuple[Any, ...], path: Path) -> None:
    """Refuse stems that cannot be the names of files, or that mean something else here.

    Raises
    ------
    ModelUnavailableError
        If there is one, if there is none at all, or if two are the same.
    """
    names = [name for name in stems if isinstance(name, str) and _STEM_NAME.fullmatch(name)]
    if len(set(names)) != len(stems) or not names or _RESERVED_STEMS & set(names):
        raise ModelUnavailableError(
            f"The model in {path} has stems that cannot be used as names of files: {stems}."
        )


def _decoded(value: Any) -> Any:
    """Return JSON with Demucs' notation for fractions resolved."""
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(value["numerator"], value["denominator"])
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value


def stems_of(path: Path, *, allow_pickle: bool) -> tuple[str, ...]:
    """Return the stems of a safetensors file, or of the first such file of a bag.

    Raises
    ------
    ModelUnavailableError
        If the model cannot be used.
    """
    if path.suffix == ".safetensors":
        return read_header(path).stems
    members = [
        member_file(path.parent, name, allow_pickle=allow_pickle) for name in read_bag(path).models
    ]
    safe = [member for member in members if member.suffix == ".safetensors"]
    return read_header(safe[0]).stems if safe else ()


def member_file(folder: Path, name: str, *, allow_pickle: bool) -> Path:
    """Return the file of one model in a folder.

    Raises
    ------
    ModelUnavailableError
        If there is none, or only a pickle and pickles are not allowed.
    """
    path = folder / f"{name}.safetensors"
    if path.is_file():
        return path
    if name not in pickles(folder):
        raise ModelUnavailableError(f"The model file {path} is not there.")
    if not allow_pickle:
        raise ModelUnavailableError(pickle_refused(name))
    return pickles(folder)[name]


def pickle_refused(name: str) -> str:
    """Return the sentence that refuses a pickle."""
    return (
        f"The model '{name}' is a .th file, which can run any code when it is loaded. Use a "
        ".safetensors file, or set allow_pickle = true if you trust where it comes from."
    )


def pickles(folder: Path) -> dict[str, Path]:
    """Return the folder's ``<name>.th`` and ``<name>-<checksum>.th`` files by name."""
    return {path.stem.partition("-")[0]: path for path in files(folder, ".th")}


def files(folder: Path, suffix: str) -> list[Path]:
    """Return the folder's files of a suffix in order; none where there is no such folder."""
    return sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
