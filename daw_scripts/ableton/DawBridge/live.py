"""What the other modules want of Live, beside its document; `surface` fills it in."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple


class Live(NamedTuple):
    """Live as the script meets it.

    Attributes
    ----------
    song
        The document, Live's `Song`.
    browser
        Live's `Browser`.
    warp_marker
        Makes a marker of seconds in the file and beats.
    note
        Makes a note of pitch, start and length in beats, and velocity.
    """

    song: Any
    browser: Any
    warp_marker: Callable[[float, float], Any]
    note: Callable[[int, float, float, int], Any]
