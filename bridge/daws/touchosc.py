"""TouchOSC: its guide and scripts, with the tables of what this daemon has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bridge.daws.surface import Surface

GUIDE_NAME = "README.md"
CHOICE_NAME = "choice.lua"


def files(shipped: Mapping[str, str], surface: Surface) -> dict[str, str]:
    """Return the files that hold tables, filled.

    Parameters
    ----------
    shipped
        Their text by name, whatever their tables hold.
    surface
        What there is.
    """
    return {
        GUIDE_NAME: _guide(shipped[GUIDE_NAME], surface),
        CHOICE_NAME: _choices(shipped[CHOICE_NAME], surface),
    }


def _guide(text: str, surface: Surface) -> str:
    runs = [(f"`/bridge/run/{name}`", f"runs `{name}`") for name in surface.recipes]
    buttons = [
        *runs,
        ("`/bridge/again`", "the newest job once more, with the knobs as they are"),
        ("`/bridge/cancel`", "stops the newest unfinished job"),
    ]
    values = [
        (c.option, str(len(c.values)), " ".join(f"`{value}`" for value in c.values))
        for c in surface.choices
    ]
    knobs = [
        (f"`{knob.address}`", knob.effect, " ".join(knob.choices) or knob.kind)
        for knob in surface.knobs
    ]
    tables = {
        "buttons": _table(("address", "what it does"), buttons),
        "choices": _table(("option", "steps", "values"), values),
        "knobs": _table(("address", "of", "kind"), knobs),
    }
    for name, table in tables.items():
        text = _between(text, f"<!-- table:{name} -->\n", f"{table}\n")
    return _between(text, "<!-- port -->", str(surface.port))


def _choices(text: str, surface: Surface) -> str:
    lines = [
        f"  {c.option} = {{{', '.join(_quoted(value) for value in c.values)}}},\n"
        for c in surface.choices
    ]
    return re.sub(
        r"(local VALUES = \{\n).*?(\n?^\}$)",
        lambda found: found[1] + "".join(lines) + "}",
        text,
        count=1,
        flags=re.DOTALL | re.MULTILINE,
    )


def _between(text: str, start: str, content: str) -> str:
    pattern = re.escape(start) + r".*?<!-- end -->"
    return re.sub(
        pattern, lambda _: f"{start}{content}<!-- end -->", text, count=1, flags=re.DOTALL
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
