"""Gives a new clip the warp markers that it needs to sound with its source at every tempo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from .warp import NEAREST_S, Marker, WarpMap

if TYPE_CHECKING:
    from typing import Generator

    from .live import Live
    from .steps import Steps

AUDIBLE_S = 0.0005
MARKERS_AT_A_TIME = 10
_INSIDE_S = 0.001


def can_warp(clip: Any) -> bool:
    """Tell whether this Live lets a script set warp markers."""
    names = ("add_warp_marker", "move_warp_marker", "remove_warp_marker")
    return all(hasattr(clip, name) for name in names)


def carry_over(live: Live, clip: Any, markers: Sequence[Marker]) -> Steps:
    """Replace a warped clip's markers.

    Live keeps at least one marker and lets none pass another. So all go but the first, which is
    moved to where the new line has it; then the new ones fit around it, and it goes too.

    Parameters
    ----------
    live
        Makes markers.
    clip
        Warped already, in an earlier tick: Live turns warping on only after the script returns.
    markers
        Of the file, the first at its beginning and the last at its end.
    """
    target = WarpMap(markers)
    anchor, *others = list(clip.warp_markers)[:-1]
    anchor_s, anchor_beats = anchor.sample_time, anchor.beat_time
    for marker in reversed([other.beat_time for other in others]):
        clip.remove_warp_marker(marker)
        yield None
    wanted_beats = target.beats(anchor_s)
    if wanted_beats != anchor_beats:
        clip.move_warp_marker(anchor_beats, wanted_beats - anchor_beats)
    yield None
    is_wanted = False
    for time_s, beats in target.markers:
        if abs(time_s - anchor_s) < NEAREST_S:
            is_wanted = True
        else:
            _add(live, clip, time_s, beats, target)
        yield None
    if not is_wanted:
        clip.remove_warp_marker(wanted_beats)
    yield None


def deviation_s(clip: Any, markers: Sequence[Marker]) -> Generator[str | None, None, float]:
    """Measure in steps how far a clip's audio is from where its markers should put it, at worst.

    By its markers as they are now; and as Live itself counts, where it does.
    """
    actual = WarpMap((each.sample_time, each.beat_time) for each in clip.warp_markers)
    yield None
    worst_s = max(abs(actual.seconds(beats) - time_s) for time_s, beats in markers)
    rate = getattr(clip, "sample_rate", None)
    if not rate or not hasattr(clip, "beat_to_sample_time"):
        return worst_s
    for index, (time_s, beats) in enumerate(markers):
        worst_s = max(worst_s, abs(clip.beat_to_sample_time(beats) / rate - time_s))
        if index % MARKERS_AT_A_TIME == 0:
            yield None
    return worst_s


def _add(live: Live, clip: Any, time_s: float, beats: float, target: WarpMap) -> None:
    try:
        clip.add_warp_marker(live.warp_marker(time_s, beats))
    except RuntimeError:
        # At the file's very end a rounding in Live can put the marker outside of the file.
        if time_s < target.markers[-1][0]:
            raise
        inside_s = time_s - _INSIDE_S
        clip.add_warp_marker(live.warp_marker(inside_s, target.beats(inside_s)))
