"""Loads an instrument onto a MIDI track: Live's own by name, or anything from the browser.

A choice is written ``Operator``, or with the folders that lead to it in the browser, as in
``drums/Drum Rack`` or ``user_library/Presets/Bass.adv``. The first of several that this Live has is
taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from .steps import NEXT_TICK, Steps

if TYPE_CHECKING:
    from .live import Live

ROOTS = ("instruments", "drums", "sounds", "user_library", "plugins", "packs", "max_for_live")
MOST_ITEMS = 4000
"""How many items of the browser are looked at for a name without a folder."""

_ENDINGS = (".adg", ".adv", ".amxd", ".vst3", ".component", ".aupreset", ".vstpreset")


def load(live: Live, track: Any, choices: Sequence[str], notes: list[str]) -> Steps:
    """Load the first of some instruments that there is.

    Parameters
    ----------
    live
        Has the browser.
    track
        A MIDI track.
    choices
        Names or paths.
    notes
        Takes a sentence for the musician if there is none of them.
    """
    for choice in choices:
        if "/" not in choice and hasattr(track, "insert_device"):
            try:
                track.insert_device(choice)
            except (RuntimeError, TypeError):
                yield None  # not one of Live's own devices; the browser may have it
            else:
                yield None
                return
        found: list[Any] = []
        yield from _find(live.browser, choice, found)
        if found:
            # The browser loads onto the selected track.
            live.song.view.selected_track = track
            yield NEXT_TICK
            live.browser.load_item(found[0])
            yield NEXT_TICK
            return
    if choices:
        notes.append(
            "This Live has no instrument “{}”: load one of your own on the MIDI tracks, or name "
            "another in settings.ini.".format("” or “".join(choices))
        )


def _find(browser: Any, choice: str, found: list[Any]) -> Steps:
    root, _, rest = choice.partition("/")
    if rest and root in ROOTS:
        item = getattr(browser, root, None)
        for name in rest.split("/"):
            item = None if item is None else _child(item, name)
            yield None
        if item is not None and item.is_loadable:
            found.append(item)
        return
    seen = 0
    for name in ROOTS:
        queue: list[Any] = [getattr(browser, name, None)]
        while queue and seen < MOST_ITEMS:
            item = queue.pop(0)
            for child in item.children if item is not None else ():
                seen += 1
                if child.is_loadable and _is_called(child, choice):
                    found.append(child)
                    return
                if child.is_folder:
                    queue.append(child)
            yield None


def _child(item: Any, name: str) -> Any | None:
    return next((child for child in item.children if _is_called(child, name)), None)


def _is_called(item: Any, name: str) -> bool:
    shown, wanted = item.name.lower(), name.lower()
    return bool(shown == wanted or any(shown == wanted + ending for ending in _ENDINGS))
