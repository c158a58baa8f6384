"""A job in short, with a daemon that computes nothing: select, press, wait until it is placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.daws.ableton.actor import STEMS
from tests.daws.ableton.studio import RATE

if TYPE_CHECKING:
    from tests.daws.ableton.actor import Actor
    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.spy import Spy
    from tests.daws.ableton.studio import Studio

MARKERS = ((0.0, 0.0), (1.9, 4.0))


def song_of(studio: Studio) -> Clip:
    """Put a warped recording into a slot, and select it."""
    noise = 0.1 * np.random.default_rng(3).standard_normal((2, 4 * RATE))
    clip = studio.clip(studio.audio("song.wav", noise), *MARKERS, slot=2)
    clip.track.name = "Band"
    studio.live.select(clip)
    return clip


def press(studio: Studio, controller: Spy, recipe: str = "stems-to-midi") -> None:
    controller.send(studio.controller_port, f"/bridge/run/{recipe}", 1)


def answered(studio: Studio, actor: Actor, *, ends: bool = True) -> list[dict[str, Any]]:
    """Let the script and the actor talk until a run was asked for."""
    runs: list[dict[str, Any]] = []

    def has_run() -> bool:
        runs.extend(actor.answer(ends=ends))
        return bool(runs)

    studio.live.skip_until(has_run)
    return runs


def placed(studio: Studio) -> bool:
    return any("done" in sentence for sentence in studio.live.messages)


def names(studio: Studio) -> list[str]:
    return [track.name for track in studio.set.tracks]


def has_new_tracks(studio: Studio) -> bool:
    return len(studio.set.tracks) > 2


def whole(source: str = "Band") -> list[str]:
    return [name for stem in STEMS for name in (f"{source} {stem}", f"{source} {stem} MIDI")]
