"""Which instruments of a DAW the musician chose for a role, as `instruments.toml` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.errors import PresetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def wished(
    instruments: Mapping[str, Any], program: str, examples: Sequence[str]
) -> dict[str, list[str]]:
    """Return the names under one program's key, by role, the most wanted first.

    Parameters
    ----------
    instruments
        What plays which role, as `core.presets.Presets.instruments` has it.
    program
        The key, such as ``live``.
    examples
        Two names, for the message.

    Raises
    ------
    PresetError
        What stands under the key is not a list of names.
    """
    return {role: _names(role, entry, program, examples) for role, entry in instruments.items()}


def _names(role: str, entry: Any, program: str, examples: Sequence[str]) -> list[str]:
    names = entry.get(program, []) if isinstance(entry, dict) else None
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        shown = ", ".join(f'"{name}"' for name in examples)
        raise PresetError(
            f"Instrument '{role}' in instruments.toml: {program} is a list of names, such as "
            f"[{shown}]."
        )
    return names
