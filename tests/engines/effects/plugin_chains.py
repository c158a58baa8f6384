"""Stand-in plugins as files, chains with them, and hosts whose children load them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, PluginSpec
from bridge.engines.effects.plugins import Loader
from tests.engines.effects.standins import standin_plugins

STANDINS = Path(standin_plugins.__file__).parent
"""In PYTHONPATH, this folder makes ``.standin`` files plugins; see its `sitecustomize`."""

LOADER = Loader(standin_plugins.names, standin_plugins.StandIn)


def standin(folder: Path, name: str = "stand-in", **told: Any) -> Path:
    """Write a stand-in plugin."""
    path = folder / f"{name}.standin"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def plugin_effect(path: Path, *, wet: float = 1.0, **spec: Any) -> EffectSpec:
    """Return a plugin as an effect."""
    return EffectSpec(type="Plugin", wet=wet, plugin=PluginSpec(path=str(path), **spec))


def chain_of(*effects: EffectSpec, name: str = "test") -> ChainSpec:
    """Return a chain of effects."""
    return ChainSpec(name=name, effects=effects)
