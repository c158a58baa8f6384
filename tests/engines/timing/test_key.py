"""Keys of chords and scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.timing.hearing import hear
from bridge.engines.timing.key import MAJOR_NAMES, MINOR_NAMES, correlations, find_key
from tests.engines.timing.sounds import RATE, buffer, constant, groove

MAJOR_CADENCE = ((48, 60, 64, 67), (53, 60, 65, 69), (55, 59, 62, 67), (48, 60, 64, 67))
MINOR_CADENCE = ((48, 60, 63, 67), (53, 60, 65, 68), (55, 58, 62, 67), (48, 60, 63, 67))


@pytest.mark.parametrize("tonic", range(0, 12, 2))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_cadences_with_drums(tmp_path: Path, tonic: int, mode: str) -> None:
    cadence = MAJOR_CADENCE if mode == "major" else MINOR_CADENCE
    chords = tuple(tuple(pitch + tonic for pitch in chord) for chord in cadence)
    audio = groove(constant(112.0), 8, chords=chords)

    key = hear(buffer(tmp_path, audio)).key

    names = MAJOR_NAMES if mode == "major" else MINOR_NAMES
    assert key is not None
    assert key.name == f"{names[tonic]} {mode}"
    assert 0.3 < key.confidence <= 1.0


@pytest.mark.parametrize(
    "audio",
    [np.zeros(5 * RATE), np.zeros(10)],
    ids=["silence", "next to nothing"],
)
def test_what_has_no_key(tmp_path: Path, audio: np.ndarray) -> None:
    assert hear(buffer(tmp_path, audio)).key is None


def test_no_chroma_has_no_key() -> None:
    assert find_key(np.zeros((12, 20))) is None
    assert find_key(np.zeros((12, 0))) is None
    assert find_key(np.ones((12, 20))) is None


def test_a_chromatic_cluster_is_not_a_sure_key() -> None:
    generator = np.random.default_rng(4)
    key = find_key(generator.uniform(0.9, 1.0, (12, 400)))

    assert key is None or key.confidence < 0.5


def test_profiles_turn_with_the_tonic() -> None:
    scale = np.array([1.0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])

    for tonic in range(12):
        scores = correlations(np.roll(scale, tonic))
        assert scores[:12].argmax() == tonic
        assert scores[12:].argmax() == (tonic + 9) % 12
