"""Which separation models there are, and whether their weights are here.

The daemon asks this, so it looks at names, files and headers only and loads no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.engines.separation import model_files
from bridge.errors import ModelUnavailableError, UnknownModelError, nearest
from bridge.models import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOUR_STEMS = ("drums", "bass", "other", "vocals")
"""What most models give, in Demucs' order."""

AUTO = "auto"
"""The name that stands for the best model that can be had."""

BEST_DOWNLOAD = "htdemucs"
"""What `AUTO` means where its weights are here or can be fetched."""


@dataclass(frozen=True)
class Download:
    """A model of Demucs: ``<name>.yaml`` and the safetensors that it names, on the hub."""

    name: str
    repository: str
    description: str
    stems: tuple[str, ...] = FOUR_STEMS


@dataclass(frozen=True)
class BuiltIn:
    """A model that ships with the program.

    `factory` is ``module:function``; the function takes the region's sample rate in Hz, its
    channels and the device, and returns a `window_model.Bag`.
    """

    name: str
    factory: str
    description: str
    stems: tuple[str, ...] = FOUR_STEMS


# mdx_q and mdx_extra_q are left out: their weights are quantised with diffq, which has to be
# compiled on the musician's machine, and they hold what mdx and mdx_extra hold.
DOWNLOADS = (
    Download("htdemucs", "adefossez/HTDemucs", "Hybrid Transformer Demucs: the best for its time"),
    Download(
        "htdemucs_ft",
        "adefossez/HTDemucs-ft",
        "htdemucs tuned to each stem in turn: four models, four times the time for all stems",
    ),
    Download(
        "htdemucs_6s",
        "adefossez/HTDemucs-6s",
        "htdemucs with guitar and piano; its authors call the piano poor",
        (*FOUR_STEMS, "guitar", "piano"),
    ),
    Download(
        "hdemucs_mmi", "adefossez/Demucs-hdemucs_mmi", "Hybrid Demucs v3, trained again on more"
    ),
    Download("mdx", "adefossez/Demucs-mdx", "entry to MDX 2021, trained on MUSDB: four models"),
    Download(
        "mdx_extra",
        "adefossez/Demucs-mdx_extra",
        "entry to MDX 2021, trained on more, MUSDB's test songs among it: four models",
    ),
)

BUILT_INS = (
    BuiltIn(
        "unet",
        "bridge.engines.separation.unet:build",
        "a small network of our own, trained on songs that dawbridge composed: no download",
    ),
    BuiltIn(
        "dsp",
        "bridge.engines.separation.dsp:build",
        "median filters, repetition, bands and panorama: rough, but fast and always here",
    ),
)
"""Best first: `AUTO` falls back to the first."""


def catalogue(
    models_folder: Path | None = None, *, allow_pickle: bool = False
) -> tuple[ModelInfo, ...]:
    """List every model.

    Parameters
    ----------
    models_folder
        A folder of ``<name>.safetensors`` files and ``<name>.yaml`` bags of them. A model there
        hides one of the same name elsewhere.
    allow_pickle
        Also list the folder's ``.th`` files, which can run code when they are loaded. What
        stems they hold is not known before.

    Returns
    -------
    tuple of ModelInfo
        A file that cannot be used is listed too, with the reason as its description.
    """
    found = {info.name: info for info in _own_models(models_folder, allow_pickle=allow_pickle)}
    for built_in in BUILT_INS:
        found.setdefault(built_in.name, _info(built_in, built_in=True, weights_here=True))
    for row in DOWNLOADS:
        here = model_files.cached_snapshot(row.name, row.repository) is not None
        found.setdefault(row.name, _info(row, built_in=False, weights_here=here))
    return tuple(found.values())


def find(name: str, models_folder: Path | None = None, *, allow_pickle: bool = False) -> ModelInfo:
    """Return one model of the `catalogue`.

    Raises
    ------
    UnknownModelError
        If nothing has this name.
    ModelUnavailableError
        If only a pickle has it, and pickles are not allowed.
    """
    models = {info.name: info for info in catalogue(models_folder, allow_pickle=allow_pickle)}
    if name in models:
        return models[name]
    if models_folder is not None and name in model_files.pickles(models_folder):
        raise ModelUnavailableError(model_files.pickle_refused(name))
    raise UnknownModelError(
        f"There is no model '{name}'.{nearest(name, [AUTO, *models])} "
        "`dawbridge models` lists them all."
    )


def download_of(name: str) -> Download | None:
    """Return the row of a model of Demucs, or None."""
    return next((row for row in DOWNLOADS if row.name == name), None)


def built_in_of(name: str) -> BuiltIn | None:
    """Return the row of a built-in model, or None."""
    return next((row for row in BUILT_INS if row.name == name), None)


def _info(row: Download | BuiltIn, *, built_in: bool, weights_here: bool) -> ModelInfo:
    return ModelInfo(
        name=row.name,
        description=row.description,
        stems=row.stems,
        built_in=built_in,
        weights_here=weights_here,
    )


def _own_models(folder: Path | None, *, allow_pickle: bool) -> Iterator[ModelInfo]:
    """Describe the files in the musician's folder; a bag comes after, and hides, its models."""
    if folder is None:
        return
    paths = model_files.files(folder, ".safetensors") + model_files.files(folder, ".yaml")
    if allow_pickle:
        yield from (_own(name, str(path)) for name, path in model_files.pickles(folder).items())
    for path in paths:
        try:
            stems = model_files.stems_of(path, allow_pickle=allow_pickle)
        except ModelUnavailableError as exc:
            yield _own(path.stem, str(exc), weights_here=False)
        else:
            yield _own(path.stem, str(path), stems)


def _own(
    name: str, description: str, stems: tuple[str, ...] = (), *, weights_here: bool = True
) -> ModelInfo:
    return ModelInfo(
        name=name,
        description=description,
        stems=stems,
        built_in=False,
        weights_here=weights_here,
    )
