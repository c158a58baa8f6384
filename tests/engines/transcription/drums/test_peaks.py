"""What is a stroke in an activation, and where between frames it lies."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.engines.transcription.drums.peaks import BUMP_FRAMES, PeakRule, find_peaks, refine

RULE = PeakRule(threshold=0.3, median_frames=21, apart_frames=3)


def bumps(places: list[float], frames: int = 100, height: float = 0.9) -> np.ndarray:
    curve = np.zeros(frames)
    for place in places:
        curve += height * np.exp(-0.5 * ((np.arange(frames) - place) / BUMP_FRAMES) ** 2)
    return curve.astype(np.float32)


def test_every_bump_is_one_stroke_between_its_frames() -> None:
    places = [0.0, 15.3, 30.6, 45.9, 60.0, 99.0]
    curve = bumps(places)

    frames = find_peaks(curve, RULE)

    assert refine(curve, frames) == pytest.approx(places, abs=0.02)


def test_a_plateau_is_one_stroke() -> None:
    curve = np.zeros(50, dtype=np.float32)
    curve[20:24] = 0.9

    assert find_peaks(curve, RULE).tolist() == [20]


def test_the_threshold_follows_the_curve() -> None:
    raised = bumps([20.0, 60.0], height=0.35)
    raised[40:] += 0.5

    assert find_peaks(bumps([20.0, 60.0], height=0.35), RULE).tolist() == [20, 60]
    assert find_peaks(raised, RULE).tolist() == [20, 60]
    assert find_peaks(raised, PeakRule(0.4, 21, 3)).size == 0


def test_without_a_median_a_roll_is_heard_to_its_end() -> None:
    places = [float(place) for place in range(10, 80, 5)]
    roll = bumps(places, height=0.6)

    assert find_peaks(roll, PeakRule(0.5, 0, 2)).tolist() == places
    assert find_peaks(roll, PeakRule(0.5, 21, 2)).size < len(places)


def test_of_two_maxima_side_by_side_the_higher_is_the_stroke() -> None:
    curve = np.zeros(50, dtype=np.float32)
    curve[20], curve[23] = 0.8, 0.9

    assert find_peaks(curve, RULE).tolist() == [23]
    assert find_peaks(curve, PeakRule(0.3, 21, 2)).tolist() == [20, 23]


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_nothing_in_silence(frames: int) -> None:
    assert find_peaks(np.zeros(frames, dtype=np.float32), PeakRule(0.0, 9, 3)).size == 0
