"""Decides in the worker which model separates a job, fetching it or falling back if need be."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.separation import catalogue, loading
from bridge.engines.separation.demucs_model import usable_device
from bridge.engines.separation.fetching import fetch
from bridge.errors import ModelUnavailableError

if TYPE_CHECKING:
    from bridge.core.ports import Report
    from bridge.engines.audio import DiskBuffer
    from bridge.engines.separation.window_model import Bag
    from bridge.models import WorkOrder

RETRY_AFTER_S = 600.0
"""How long `auto` does not try again to fetch what could not be fetched."""


@dataclass
class Choice:
    """The models that are warm, and what could not be fetched lately."""

    warm: loading.WarmModels = field(default_factory=loading.WarmModels)
    _failed: dict[str, tuple[float, str]] = field(default_factory=dict)

    def choose(
        self, name: str, order: WorkOrder, mix: DiskBuffer, report: Report
    ) -> tuple[str, Bag]:
        """Return the name of the model that will separate, and the model.

        Raises
        ------
        UnknownModelError, ModelUnavailableError
            If a named model cannot be had; `auto` always finds one.
        OutOfMemoryError
            If it does not fit into the device's memory.
        """
        if name != catalogue.AUTO:
            return name, self._named(name, order, mix, report, limit_s=None)
        best = catalogue.BEST_DOWNLOAD
        try:
            self._check_failed(best, order)
            return best, self._named(best, order, mix, report, limit_s=order.fetch_timeout_s)
        except ModelUnavailableError as exc:
            fallback = catalogue.BUILT_INS[0]
            report.warning(
                "fallback_model",
                f"The built-in model {fallback.name} separates in place of {best}; its stems are "
                f"rougher. {exc}",
            )
            return fallback.name, self._named(fallback.name, order, mix, report, limit_s=None)

    def _named(
        self, name: str, order: WorkOrder, mix: DiskBuffer, report: Report, limit_s: float | None
    ) -> Bag:
        folder = Path(order.models_folder) if order.models_folder else None
        path = loading.model_path(name, folder, allow_pickle=order.allow_pickle)
        built_in = catalogue.built_in_of(name)
        if path is None and built_in is not None:
            shape = (mix.sample_rate, mix.channels, order.job.device)
            return self.warm.get((name, *shape), lambda: loading.built_in(built_in, *shape))
        if path is None:
            catalogue.find(name, folder, allow_pickle=order.allow_pickle)
            self._fetch(name, order, report, limit_s)
            path = loading.model_path(name, folder, allow_pickle=order.allow_pickle)
        assert path is not None, "fetch() raises where it does not bring the model"
        device, problem = usable_device(order.job.device)
        if problem is not None:
            report.warning("fallback_device", problem)
        report.progress(0.0, "loading…")
        return self.warm.get(
            (path, loading.identity(path), device),
            lambda: loading.load(path, device, allow_pickle=order.allow_pickle),
        )

    def _fetch(self, name: str, order: WorkOrder, report: Report, limit_s: float | None) -> None:
        try:
            fetch(
                name,
                timeout_s=order.fetch_timeout_s,
                limit_s=limit_s,
                offline=order.offline,
                progress=lambda size: report.progress(0.0, f"fetching {name}… {size / 1e6:.0f} MB"),
            )
        except ModelUnavailableError as exc:
            if not order.offline:
                self._failed[name] = (time.monotonic(), str(exc))
            raise

    def _check_failed(self, name: str, order: WorkOrder) -> None:
        """Raise again what a fetch raised lately, if the model is still not here."""
        when_s, message = self._failed.get(name, (0.0, ""))
        if not message or time.monotonic() - when_s > RETRY_AFTER_S:
            return
        folder = Path(order.models_folder) if order.models_folder else None
        if loading.model_path(name, folder, allow_pickle=order.allow_pickle) is None:
            raise ModelUnavailableError(message)
