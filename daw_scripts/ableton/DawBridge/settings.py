"""What the installer wrote for the script, and what the musician set.

``daemon.json`` comes from ``dawbridge install ableton`` and is written anew by it: where the daemon
is and how it is started. ``settings.ini`` is the musician's and is never written over.
"""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import Any, NamedTuple

from .errors import BridgeError

DAEMON_FILE, SETTINGS_FILE = "daemon.json", "settings.ini"
DEFAULT_PORT, DEFAULT_CONTROLLER_PORT = 7770, 7771

NOTE, CONTROL = "note", "cc"

_SECTIONS = ("controller", "midi", "options", "placing", "instruments")


class Control(NamedTuple):
    """A pad, key or knob of a MIDI controller.

    Attributes
    ----------
    kind
        `NOTE` or `CONTROL`.
    channel, number
        Counted as MIDI does: channels 0…15, numbers 0…127.
    """

    kind: str
    channel: int
    number: int


class Settings(NamedTuple):
    """Everything that can be set.

    Attributes
    ----------
    daemon_port
        Where the daemon listens.
    program
        The words that start dawbridge; none if it was not installed from here.
    state
        The folder in which jobs are noted until their results are placed.
    controller_port
        Where controllers send OSC to.
    controls
        What starts what: recipes, or the script's own actions.
    options
        Sent with every run.
    mute_source, mute_midi
        Whether the source's Arrangement clip and the new MIDI tracks are muted.
    chosen, shipped
        Instruments by role: the musician's in ``settings.ini``, and those of
        ``instruments.toml``.
    """

    daemon_port: int
    program: list[str]
    state: Path
    controller_port: int
    controls: dict[Control, str]
    options: dict[str, str]
    mute_source: bool
    mute_midi: bool
    chosen: dict[str, list[str]]
    shipped: dict[str, list[str]]

    def instrument(self, role: str) -> list[str]:
        """Return what may play a role, the most wanted first."""
        for table in (self.chosen, self.shipped):
            for name in (role, "default"):
                if name in table:
                    return table[name]
        return []


def load(folder: Path) -> tuple[Settings, list[str]]:
    """Return the settings, and a sentence for each fault in them; what is wrong is left out.

    Parameters
    ----------
    folder
        Where the script lies.
    """
    faults: list[str] = []
    daemon = _daemon(folder / DAEMON_FILE, faults)
    mine = _mine(folder / SETTINGS_FILE, faults)
    placing = _section(mine, "placing")
    settings = Settings(
        daemon_port=daemon.get("port", DEFAULT_PORT),
        program=daemon.get("program", []),
        state=Path(daemon.get("state", folder / "jobs")),
        controller_port=_port(mine, daemon.get("controller_port", DEFAULT_CONTROLLER_PORT), faults),
        controls=_controls(mine, faults),
        options=_section(mine, "options"),
        mute_source=_switch(placing, "mute_source", faults),
        mute_midi=_switch(placing, "mute_midi", faults),
        chosen={role: _list(text) for role, text in _section(mine, "instruments").items()},
        shipped=daemon.get("instruments", {}),
    )
    return settings, faults


def control(text: str) -> Control:
    """Return the control that ``note 1 36`` or ``cc 1 20`` means; channels count from 1.

    Raises
    ------
    BridgeError
        It is neither.
    """
    words = text.split()
    try:
        kind, channel, number = words[0].lower(), int(words[1]), int(words[2])
    except (IndexError, ValueError):
        kind, channel, number = "", 0, 0
    if kind not in (NOTE, CONTROL) or not 1 <= channel <= 16 or not 0 <= number <= 127:
        raise BridgeError(
            f"“{text.strip()}” is no control: write “note 1 36” or “cc 1 20”, the channel first, "
            "1 to 16, then the number, 0 to 127."
        )
    return Control(kind, channel - 1, number)


def _daemon(path: Path, faults: list[str]) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = None
    if not isinstance(table, dict):
        faults.append(f"{DAEMON_FILE} is missing or broken. Run “dawbridge install ableton” again.")
        return {}
    return table


class _Parser(configparser.ConfigParser):
    """Keeps the case of names, since recipes have one."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _mine(path: Path, faults: list[str]) -> _Parser:
    parser = _Parser(interpolation=None)
    try:
        parser.read(str(path), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as fault:
        faults.append(f"{SETTINGS_FILE} cannot be read: {fault}")
    faults.extend(
        f"{SETTINGS_FILE} has no section [{name}]; it has {', '.join(_SECTIONS)}."
        for name in parser.sections()
        if name not in _SECTIONS
    )
    return parser


def _section(parser: _Parser, name: str) -> dict[str, str]:
    return dict(parser.items(name)) if parser.has_section(name) else {}


def _port(parser: _Parser, usual: int, faults: list[str]) -> int:
    text = _section(parser, "controller").get("port", str(usual))
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    faults.append(f"{SETTINGS_FILE}: “{text}” is no port; ports are 1 to 65535.")
    return usual


def _controls(parser: _Parser, faults: list[str]) -> dict[Control, str]:
    found: dict[Control, str] = {}
    for action, text in _section(parser, "midi").items():
        try:
            found.update({control(part): action for part in _list(text)})
        except BridgeError as fault:
            faults.append(f"{SETTINGS_FILE}, [midi] {action}: {fault}")
    return found


def _switch(section: dict[str, str], name: str, faults: list[str]) -> bool:
    text = section.get(name, "yes").lower()
    if text not in ("yes", "no"):
        faults.append(f"{SETTINGS_FILE}: {name} is “yes” or “no”, not “{text}”.")
    return text != "no"


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
