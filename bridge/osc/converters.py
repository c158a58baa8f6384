"""One OSC value to one Python value, or ValueError with what was expected.

Clients send what they have: TouchOSC and Pure Data only floats, some programs booleans as numbers
or words.
"""

from __future__ import annotations

import math
from typing import Any

_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


def text(value: Any) -> str:
    """Take a text; numbers are written out, since some senders cannot send "3"."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    raise ValueError("a text")


def number(value: Any) -> float:
    """Take a finite number of any width, or a text that spells one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError("a number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("a number")
    return float(value)


def integer(value: Any) -> int:
    """Take a whole number; controllers send 3.0 for 3."""
    whole = number(value)
    if not whole.is_integer():
        raise ValueError("a whole number")
    return int(whole)


def scalar(value: Any) -> bool | float | str:
    """Take a number, a switch or a text, whichever it is or spells."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.lower() in _WORDS:
            return _WORDS[value.lower()]
        try:
            return number(value)
        except ValueError:
            return value
    return number(value)


def boolean(value: Any) -> bool:
    """Take T/F, a number (0 is false), or a text such as ``true`` and ``off``."""
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    if value is None:
        return False
    return number(float(value) if isinstance(value, bool) else value) != 0.0
