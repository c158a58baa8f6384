"""Attacks are found where drums are struck, whatever rings before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.transcription.drums import attacks
from bridge.engines.transcription.drums.attacks import FRAMES_PER_SECOND, attack_before

from .rendered import buffer, play

KICK, SNARE, HAT = 36, 38, 42


@pytest.mark.parametrize("key", [KICK, SNARE, HAT])
@pytest.mark.parametrize("onset_s", [0.4, 0.4013, 0.4021])
def test_a_stroke_s_attack_is_its_onset(tmp_path: Path, key: int, onset_s: float) -> None:
    rises = attacks.strength(buffer(tmp_path, play([(onset_s, key)], 1.0)))

    found_s = attack_before(rises, onset_s + 0.05)

    assert found_s == pytest.approx(onset_s, abs=0.002)


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = buffer(tmp_path, play([(0.1 * step, HAT) for step in range(10)], 1.0))
    whole = attacks.strength(taken)
    monkeypatch.setattr(attacks, "_BLOCK_FRAMES", 37)

    np.testing.assert_allclose(attacks.strength(taken), whole, atol=1e-5)
    assert len(whole) == -(-taken.frames // attacks.HOP_SAMPLES)


def rising(*places: tuple[int, float]) -> np.ndarray:
    rises = np.full(300, 0.01, dtype=np.float32)
    for frame, height in places:
        rises[frame] = height
    return rises


def test_the_last_strong_attack_counts() -> None:
    rises = rising((80, 1.0), (100, 0.7), (112, 0.3))

    assert attack_before(rises, 110 / FRAMES_PER_SECOND) == pytest.approx(100 / FRAMES_PER_SECOND)


def test_an_attack_that_is_too_far_away_is_another_s() -> None:
    rises = rising((60, 1.0))

    near, far = 60 / FRAMES_PER_SECOND + 0.07, 60 / FRAMES_PER_SECOND + 0.09
    assert attack_before(rises, near) == pytest.approx(60 / FRAMES_PER_SECOND)
    assert attack_before(rises, far) is None


def test_what_does_not_stand_out_is_no_attack() -> None:
    rises = rising((100, 0.019))
    assert attack_before(rises, 100 / FRAMES_PER_SECOND) is None

    rises = rising((100, 0.021))
    assert attack_before(rises, 100 / FRAMES_PER_SECOND) is not None


def test_the_same_attack_has_the_same_time_wherever_it_is_heard_from() -> None:
    rises = rising((99, 0.4), (100, 1.0), (101, 0.6))

    times_s = {attack_before(rises, frame / FRAMES_PER_SECOND) for frame in range(95, 125)}

    (time_s,) = times_s
    assert time_s is not None
    assert 100.0 < time_s * FRAMES_PER_SECOND < 100.5


def test_silence_has_no_attack(tmp_path: Path) -> None:
    rises = attacks.strength(buffer(tmp_path, np.zeros(5_000, dtype=np.float32)))

    assert attack_before(rises, 0.05) is None
    assert attacks.strength(buffer(tmp_path, np.zeros(0, dtype=np.float32))).size == 0
