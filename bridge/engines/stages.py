"""Every kind of stage, by name: the one place where a new kind of work is registered.

A kind is a module path and a class, imported on first use. The daemon plans with them and the
worker runs them; neither the core nor the OSC edge knows which there are. See `core.ports` for the
two halves of a stage.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.engines.take import Stage

KINDS: dict[str, str] = {
    "separate": "bridge.engines.separation.stage:SeparateStage",
    "effects": "bridge.engines.effects.stage:EffectsStage",
    "write": "bridge.engines.writing_stage:WriteStage",
    "transcribe": "bridge.engines.transcription.stage:TranscribeStage",
}


@lru_cache(maxsize=1)
def stages() -> Mapping[str, Stage]:
    """Return one of each kind."""
    found = {}
    for name, place in KINDS.items():
        module, _, cls = place.partition(":")
        found[name] = getattr(import_module(module), cls)()
    return found
