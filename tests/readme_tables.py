"""The README's tables, printed from the code: `python -m tests.readme_tables` writes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bridge.config import Settings
from bridge.core.presets import Presets
from bridge.engines.audio_formats import FORMATS
from bridge.engines.effects.table import (
    CHAIN_PARAMETERS,
    EFFECTS,
    MIX,
    PATH_PARAMETERS,
    PLUGIN,
    SLOT_PARAMETERS,
)
from bridge.engines.separation.catalogue import catalogue
from bridge.osc.spec import markdown
from bridge.resources import shipped
from tests.daws.ableton.what_each_gets import rows as what_each_live_gets

README = Path(__file__).resolve().parent.parent / "README.md"


def tables() -> dict[str, str]:
    """Return every table by its name in the README."""
    return {
        "recipes": _recipes(),
        "chains": _chains(),
        "effects": _effects(),
        "formats": _formats(),
        "live": _table(*what_each_live_gets()),
        "models": _models(),
        "contract": markdown(),
        "settings": _settings(),
    }


def filled(text: str) -> str:
    """Return the README with its tables as the code has them."""
    for name, table in tables().items():
        pattern = rf"<!-- table:{name} -->\n.*?<!-- end -->"
        block = f"<!-- table:{name} -->\n{table.rstrip()}\n<!-- end -->"
        text, count = re.subn(pattern, lambda _, block=block: block, text, flags=re.DOTALL)  # type: ignore[misc]
        assert count == 1, f"the README has no place for the table {name}"
    return text


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _recipes() -> str:
    recipes = Presets((shipped("presets"),)).recipes()
    rows = [
        (f"`{r.name}`", r.description, " → ".join(stage.kind for stage in r.stages))
        for r in recipes
    ]
    return _table(("recipe", "what it gives", "stages"), *rows)


def _chains() -> str:
    chains = Presets((shipped("presets"),)).chains()
    rows = [(f"`{name}`", str(chain["description"])) for name, chain in chains.items()]
    return _table(("chain", "what it is for"), *rows)


def _effects() -> str:
    rows = []
    groups = [("the chain itself", "", CHAIN_PARAMETERS), ("every effect", "", SLOT_PARAMETERS)]
    groups += [(f"`{e.name}`", e.meaning, e.parameters) for e in (*EFFECTS, MIX, PLUGIN)]
    groups += [("a path of `Mix`", "", PATH_PARAMETERS)]
    for name, meaning, parameters in groups:
        if meaning:
            rows.append((name, "", "", "", meaning))
        for index, knob in enumerate(parameters):
            first = name if not index and not meaning else ""
            default = "" if knob.default in {None, ""} else f"{knob.default}"
            if type(knob.default) is float:
                default = f"{knob.default:g}"
            span = f"{knob.span} {_SIGNS.get(knob.unit, knob.unit)}".strip()
            rows.append((first, f"`{knob.name}`", span, default, knob.meaning))
    return _table(("effect", "parameter", "range", "default", "what it does"), *rows)


_SIGNS = dict.fromkeys(
    ("0…1", "-1…1", "0…2", "0…10", "switch", "choice", "file", "gain", "ratio", "Q"), ""
)
"""Units that the range already shows."""


def _formats() -> str:
    rows = [(f.name, " ".join(f.suffixes), ", ".join(f.platforms)) for f in FORMATS]
    return _table(("format", "files", "read on"), *rows)


def _models() -> str:
    rows = [
        (f"`{m.name}`", m.description, ", ".join(m.stems), "no" if m.built_in else "yes")
        for m in catalogue(None)
    ]
    return _table(("model", "what it is", "stems", "to be fetched"), *rows)


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        has_factory = field.default_factory is not None
        default = "the platform's" if has_factory else f"`{json.dumps(field.default)}`"
        rows.append((f"`{name}`", field.description or "", default))
    return _table(("setting", "what it is", "default"), *rows)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
