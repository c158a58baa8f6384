"""Tells the daemon what is selected, for controllers that speak to the daemon itself.

The selection is looked at on every tick rather than listened to: a listener belongs to an object
that may be deleted at any time, and may not be left behind when it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import selection
from .errors import BridgeError

if TYPE_CHECKING:
    from .link import Link

LOOK_CLOSELY_EVERY = 10
"""In ticks: warp markers are many, and nothing cheap tells that one was moved."""

MOST_TRIES = 3


class Watch:
    """Looks at the selected clip.

    Parameters
    ----------
    link
        Where changes go.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._ticks = 0
        self._signature: Any = None
        self._sent: selection.Selection | None = None
        self._tries_left = 0

    def tick(self, song: Any) -> None:
        """Send the selection if it is another one, or if nobody has answered."""
        self._ticks += 1
        clip = song.view.detail_clip
        seen = selection.signature(clip)
        is_due = self._ticks % LOOK_CLOSELY_EVERY == 0
        if seen == self._signature and not is_due:
            return
        self._signature = seen
        if seen is None:
            return
        try:
            found = selection.read(song, clip)
        except BridgeError:
            return  # said when the musician presses
        if found != self._sent:
            self._sent, self._tries_left = found, MOST_TRIES
        if self._tries_left:
            self._tries_left -= 1
            self._send(found)

    def answered(self) -> None:
        """Note that the daemon knows the selection."""
        self._tries_left = 0

    def tell_again(self) -> None:
        """Send the selection once more: the daemon may have been started anew."""
        if self._sent is not None:
            self._send(self._sent)

    def _send(self, found: selection.Selection) -> None:
        words = [found.path, found.start_s, found.region.length_s]
        for name, value in sorted(found.options().items()):
            words += [name, value]
        self._link.send("/bridge/select", *words)
