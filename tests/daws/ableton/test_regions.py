"""The region that the daemon is told of: what the selected clip plays of its file, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daws.ableton.recording import (
    END_BEATS,
    LAST_BPM,
    MARKERS,
    START_BEATS,
    click_track,
    expected_s,
    source_of,
)
from tests.daws.ableton.spy import spy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daws.ableton.studio import Studio


def test_the_region_of_a_warped_clip(studios: Callable[..., Studio]) -> None:
    """At 123.4 bpm, with three warp markers and the start marker inside."""
    studio = studios()
    with spy(studio.daemon_port) as told:
        studio.live.connect()
        clip = source_of(studio)
        studio.live.select(clip)
        studio.live.run_until(lambda: bool(told.arguments("/bridge/select")), 20.0)
        path, start_s, length_s, *words = told.arguments("/bridge/select")[-1]
    begin_s, end_s = expected_s(START_BEATS, END_BEATS)
    assert path == clip.file_path
    assert start_s == pytest.approx(begin_s, abs=1e-3)
    assert length_s == pytest.approx(end_s - begin_s, abs=1e-3)
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["tempo"] == pytest.approx(
        (END_BEATS - START_BEATS) / (end_s - begin_s) * 60.0
    ), "of the recording, by which notes are counted"
    assert options["meter"] == "4/4"
    assert options["track"] == "Audio"


PLAYED = {
    "without a loop": (False, 3.0, (1.37, 15.1), 15.1, (1.37, 15.1)),
    "from the loop's beginning": (True, 4.0, (4.0, 12.0), 15.0, (4.0, 12.0)),
    "from within the loop": (True, 6.5, (4.0, 12.0), 15.0, (4.0, 12.0)),
    "from before the loop": (True, 1.37, (4.0, 12.0), 15.0, (1.37, 12.0)),
    "behind the last marker": (False, 0.0, (13.5, 16.5), 16.5, (13.5, 16.5)),
    "from before the first marker": (False, 0.0, (-0.4, 3.0), 3.0, (-0.4, 3.0)),
}
"""Whether it loops, start marker, loop or span, end marker: what is played at all, in beats."""


@pytest.mark.parametrize("how", PLAYED)
def test_the_region_is_all_that_is_played(studios: Callable[..., Studio], how: str) -> None:
    is_looping, start, (loop_start, loop_end), end, (begin, over) = PLAYED[how]
    studio = studios("11.0")
    with spy(studio.daemon_port) as told:
        studio.live.connect()
        clip = source_of(studio)
        clip.looping = is_looping
        clip.loop.start, clip.loop.end = loop_start, loop_end
        clip.markers.start, clip.markers.end = start, end
        if not is_looping:
            clip.markers.start, clip.markers.end = loop_start, loop_end
        studio.live.select(clip)
        studio.live.run(1.0)
        _, start_s, length_s, *_ = told.arguments("/bridge/select")[-1]
    begin_s, end_s = expected_s(begin, over)
    assert start_s == pytest.approx(begin_s, abs=1e-3)
    assert length_s == pytest.approx(end_s - begin_s, abs=1e-3)


@pytest.mark.parametrize("is_warped", [True, False])
def test_a_marker_that_is_moved_is_told(studios: Callable[..., Studio], *, is_warped: bool) -> None:
    """Selecting once is enough: what the musician does to the clip afterwards follows."""
    studio = studios()
    with spy(studio.daemon_port) as told:
        studio.live.connect()
        path = studio.audio("clicks.wav", click_track())
        clip = studio.clip(path, *(MARKERS if is_warped else ()), last_bpm=LAST_BPM)
        studio.live.select(clip)
        studio.live.run(2.0)
        clip.loop_start = 2.0
        studio.live.run(2.0)
        wanted_s = expected_s(2.0)[0] if is_warped else 2.0
        assert told.arguments("/bridge/select")[-1][1] == pytest.approx(wanted_s, abs=1e-3)
        if is_warped:
            clip.move_warp_marker(MARKERS[1][1], 0.5)
            studio.live.run(2.0)
            moved_s = told.arguments("/bridge/select")[-1][1]
            assert moved_s == pytest.approx(clip.warp.seconds(2.0), abs=1e-3)
            assert abs(moved_s - wanted_s) > 0.01
        count = len(told.listen())
        studio.live.run(3.0)
        selects = [name for name, _ in told.listen()[count:] if name == "/bridge/select"]
        assert len(selects) <= 3, "what nobody answers is said three times, not for ever"
