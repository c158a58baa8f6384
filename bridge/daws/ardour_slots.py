"""Ardour's file of scripts in slots: ours are put in beside those that are there.

``ui_scripts`` is XML. Its ``ActionScript`` holds, in base64, the Lua statements that build a table
of scripts by slot; each ``LuaCallback`` in ``ActionHooks`` those of a hook. A script's function is
given as bytecode or, as here, as Lua. Ardour reads the file when it opens a session.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SLOTS_FILE = "ui_scripts"
PREFIX = b"Bridge: "
"""How the names of our scripts begin."""
MOST_SLOTS = 32

LUA = "Lua 5.3"
TIMER_BIT = 46
"""`LuaSignal.LuaTimerS`: the number of the signal that comes once a second."""

_TEXT = rb'"(?:[^"\\]|\\.)*"'
_STATEMENT = re.compile(
    rb"scripts\[(\d+)\]((?:\[(?:-?\d+|" + _TEXT + rb")\])*) = (" + _TEXT + rb'|[^\s"]+)\s*',
    re.DOTALL,
)
_BEGIN = re.compile(rb"scripts = \{\}\s*")


class UnknownSlotsError(ValueError):
    """The file is not as this module knows it, or has no slot left."""


@dataclass(frozen=True)
class Script:
    """A script of ours.

    Parameters
    ----------
    name
        As Ardour's menu shows it.
    text
        The whole script, in Lua.
    """

    name: str
    text: str

    @property
    def is_hook(self) -> bool:
        """Whether Ardour calls it by itself."""
        return '"EditorHook"' in self.text

    @classmethod
    def read(cls, path: Path) -> Script:
        """Read a script and its name."""
        text = path.read_text(encoding="utf-8")
        named = re.search(r'^ +name = "([^"]+)"', text, re.MULTILINE)
        assert named, f"{path} has no name"
        return cls(named.group(1), text)

    def statements(self, table: str) -> bytes:
        """Return the Lua statements that build this script's entry."""
        _, _, factory = self.text.partition("function factory()")
        made = f"local factory = function(){factory}\nreturn factory()\n"
        fields = {"n": self.name, "s": self.text, "f": made}
        rows = [f"{table} = {{}}", f'{table}["a"] = {{}}']
        rows += [f'{table}["{field}"] = {quoted(text)}' for field, text in fields.items()]
        return " ".join(rows).encode() + b" "


def with_scripts(content: bytes | None, scripts: Sequence[Script]) -> bytes | None:
    """Return the file with these scripts, and no others of ours; what else is in it stays.

    Parameters
    ----------
    content
        What the file holds; None if there is no file.
    scripts
        Ours; none removes them all.

    Raises
    ------
    UnknownSlotsError
        The file cannot be understood, or has too few free slots.
    """
    if content is None and not scripts:
        return None
    root = _parsed(content or b"<UIScripts><ActionScript/><ActionHooks/></UIScripts>")
    actions, hooks = root.find("ActionScript"), root.find("ActionHooks")
    if actions is None or hooks is None:
        raise UnknownSlotsError("no slots")
    kept = _slots(_decoded(actions.text))
    before = {name: slot for slot, (name, _) in kept.items() if name.startswith(PREFIX)}
    kept = {slot: row for slot, row in kept.items() if row[0] not in before}
    for script in scripts:
        if not script.is_hook:
            name = script.name.encode()
            free = (
                n for n in (before.get(name, 0), *range(1, MOST_SLOTS + 1)) if n and n not in kept
            )
            slot = next(free, None)
            if slot is None:
                raise UnknownSlotsError("no slot is free")
            kept[slot] = (name, script.statements(f"scripts[{slot}]"))
    state = b"scripts = {} " + b"".join(kept[slot][1] for slot in sorted(kept))
    actions.set("lua", actions.get("lua", LUA))
    actions.text = base64.b64encode(state).decode()
    for old in [one for one in hooks if one.get("name", "").startswith(PREFIX.decode())]:
        hooks.remove(old)
    hooks.extend(_hook(index, script) for index, script in enumerate(scripts) if script.is_hook)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _parsed(content: bytes) -> ET.Element:
    try:
        return ET.fromstring(content)  # noqa: S314 - the musician's own settings
    except ET.ParseError as exc:
        raise UnknownSlotsError("no XML") from exc


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "")
    except binascii.Error as exc:
        raise UnknownSlotsError("no base64") from exc


def _slots(state: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Return each slot's name and statements, as they are."""
    begin = _BEGIN.match(state)
    at = begin.end() if begin else 0
    rows: dict[int, tuple[bytes, bytes]] = {}
    while at < len(state):
        found = _STATEMENT.match(state, at)
        if found is None:
            raise UnknownSlotsError("another Lua")
        slot = int(found.group(1))
        name, statements = rows.get(slot, (b"", b""))
        if found.group(2) == b'["n"]':
            name = found.group(3)[1:-1]
        rows[slot] = (name, statements + found.group())
        at = found.end()
    return rows


def _hook(index: int, script: Script) -> ET.Element:
    signals = "1" + "0" * TIMER_BIT
    ids = {"id": str(7770 + index), "name": script.name, "signals": signals}
    element = ET.Element("LuaCallback", {"lua": LUA, **ids})
    element.text = base64.b64encode(script.statements("s")).decode()
    return element


def quoted(text: str) -> str:
    """Return a Lua string as Lua's own ``%q`` writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\\n") + '"'
