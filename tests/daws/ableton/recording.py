"""A recording with clicks at known times, and the clip that plays it: what must sound exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.daws.ableton.studio import RATE

if TYPE_CHECKING:
    from tests.daws.ableton.clips import Clip
    from tests.daws.ableton.studio import Studio

FILE_S = 9.0
BPM = 123.4
MARKERS = ((0.35, 0.0), (3.05, 6.0), (7.1, 13.25))
"""Three warp markers: the tempo of the recording goes from 133 to 107 bpm."""

LAST_BPM = 118.0
START_BEATS, END_BEATS = 1.37, 15.1
CLICKS_S = np.array([0.6, 1.13, 1.9, 2.55, 3.4, 4.01, 4.9, 5.65, 6.3, 6.85, 7.3, 7.77, 8.15])


def click_track() -> np.ndarray:
    """Return clicks at known times above a melody that is too quiet to be taken for them."""
    time_s = np.arange(round(FILE_S * RATE)) / RATE
    audio = np.zeros_like(time_s)
    for index, pitch in enumerate((60, 64, 67, 72, 69, 65, 62, 67, 71, 74, 60, 64)):
        begin_s = 0.7 * index + 0.45
        on = (time_s >= begin_s) & (time_s < begin_s + 0.4)
        audio += 0.2 * on * np.sin(2 * np.pi * 440.0 * 2 ** ((pitch - 69) / 12) * time_s)
    generator = np.random.default_rng(7)
    burst = generator.uniform(0.5, 0.9, 200) * np.exp(-np.arange(200) / 60.0)
    burst *= generator.choice([-1.0, 1.0], 200)
    burst[0] = 0.9
    for click_s in CLICKS_S:
        begin = round(click_s * RATE)
        audio[begin : begin + burst.size] += burst
    return np.stack([audio, audio])


def expected_s(*beats: float) -> list[float]:
    """Return seconds in the file, by straight lines that are not the script's."""
    (first_s, first), (second_s, second), (last_s, last) = MARKERS
    begin = (first_s - (second_s - first_s) / (second - first), first - 1.0)
    end = (last_s + 10 * 60.0 / LAST_BPM, last + 10.0)
    times_s, places = np.array([begin, *MARKERS, end]).T
    return [float(each) for each in np.interp(beats, places, times_s)]


def source_of(studio: Studio) -> Clip:
    """Put the click track into a slot, warped, its start marker inside."""
    clip = studio.clip(studio.audio("clicks.wav", click_track()), *MARKERS, last_bpm=LAST_BPM)
    clip.loop_start, clip.loop_end = START_BEATS, END_BEATS
    studio.set.tempo = BPM
    return clip
