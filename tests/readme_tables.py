"""The README's tables, printed from the code: `python -m tests.readme_tables` writes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bridge.config import Settings
from bridge.core.presets import Presets
from bridge.engines.audio_formats import FORMATS
from bridge.engines.separation.catalogue import catalogue
from bridge.osc.spec import markdown
from bridge.resources import shipped

README = Path(__file__).resolve().parent.parent / "README.md"


def tables() -> dict[str, str]:
    """Return every table by its name in the README."""
    return {
        "recipes": _recipes(),
        "formats": _formats(),
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
