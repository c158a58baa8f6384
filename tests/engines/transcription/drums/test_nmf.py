"""The factorisation finds what its templates explain, and only the drums in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.engines.transcription.drums import attacks, nmf
from bridge.errors import JobCancelled, ModelUnavailableError

from .rendered import buffer, plain_stroke, play

KICK, SNARE, HAT = 36, 38, 42
KEYS = (KICK, SNARE, HAT)
PATTERN = [
    (0.2 + 0.25 * step, key) for step, key in enumerate([36, 42, 38, 42, 36, 36, 38, 42] * 2)
]


def own_templates() -> nmf.Matrix:
    columns = []
    for key in KEYS:
        audio = np.zeros(nmf.FRAME_SAMPLES + 8 * nmf.HOP_SAMPLES, dtype=np.float32)
        start = nmf.FRAME_SAMPLES // 2
        sound = plain_stroke(key)[: len(audio) - start]
        audio[start : start + len(sound)] = sound
        spectrum = nmf.spectrogram(audio, 9).mean(axis=1)
        columns.append(spectrum / spectrum.sum())
    return np.stack(columns, axis=1)


def test_a_kit_that_is_known_is_transcribed_exactly(tmp_path: Path) -> None:
    taken = buffer(tmp_path, play(PATTERN, 4.5, plain_stroke))

    answers = nmf.infer(taken, own_templates(), 3, lambda _: None)

    rises = attacks.strength(taken)
    for key, curve in zip(KEYS, answers.T.copy(), strict=True):
        onsets_s = [onset_s for onset_s, _ in nmf.find_onsets(curve, 0.2, rises)]
        truth = [onset_s for onset_s, struck in PATTERN if struck == key]
        assert onsets_s == pytest.approx(truth, abs=0.005)


def test_kicks_are_found_below_a_held_chord(tmp_path: Path) -> None:
    time_s = np.arange(round(3.0 * nmf.SAMPLE_RATE)) / nmf.SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6, 440.0))
    hits = [(0.5, KICK), (1.5, KICK), (2.5, KICK)]
    swell = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.3)
    audio = play(hits, 3.0, plain_stroke) + 0.1 * np.asarray(chord * swell, dtype=np.float32)

    taken = buffer(tmp_path, audio)
    answers = nmf.infer(taken, own_templates(), 5, lambda _: None)

    # The chord's free templates take the click; what is left of the kick comes after it.
    found = nmf.find_onsets(answers[:, 0].copy(), 0.2, attacks.strength(taken))
    assert [onset_s for onset_s, _ in found] == pytest.approx([0.5, 1.5, 2.5], abs=0.01)


def test_each_update_explains_more() -> None:
    rng = np.random.default_rng(2)
    seen = (rng.random((nmf.BINS, 40)) ** 4).astype(np.float32)
    templates = rng.random((nmf.BINS, 2)).astype(np.float32)
    templates /= templates.sum(axis=0)

    factors = nmf.factorise(seen, templates, 4)

    assert factors.activations.shape == (2, 40)
    assert (factors.activations >= 0.0).all()
    assert 10 <= factors.iterations <= 300


def attacks_at(*frames: int) -> nmf.Matrix:
    """Return attacks at frames of the activations, of which there are sixty."""
    rises = np.full(60 * nmf.HOP_SAMPLES // attacks.HOP_SAMPLES, 0.01, dtype=np.float32)
    for frame in frames:
        rises[frame * nmf.HOP_SAMPLES // attacks.HOP_SAMPLES] = 1.0
    return rises


def test_a_boom_begins_at_its_click() -> None:
    curve = np.zeros(60, dtype=np.float32)
    curve[22:32] = [0.2, 0.3, 0.85, 0.9, 0.95, 1.0, 0.8, 0.6, 0.4, 0.2]

    ((onset_s, sureness),) = nmf.find_onsets(curve, 0.2, attacks_at(20))

    assert onset_s * nmf.FRAMES_PER_SECOND == pytest.approx(20.0)
    assert sureness == pytest.approx(5.0)


def test_two_maxima_of_one_boom_are_one_stroke() -> None:
    curve = np.zeros(60, dtype=np.float32)
    curve[20:32] = [0.2, 0.9, 1.0, 0.9, 0.8, 0.75, 0.8, 0.9, 0.8, 0.6, 0.4, 0.2]
    curve[40:44] = [0.5, 1.0, 0.6, 0.3]

    found = nmf.find_onsets(curve, 0.1, attacks_at(20, 40))

    onsets_s = np.array([onset_s for onset_s, _ in found])
    assert onsets_s * nmf.FRAMES_PER_SECOND == pytest.approx([20.0, 40.0])


def test_a_maximum_without_an_attack_is_no_stroke() -> None:
    curve = np.zeros(60, dtype=np.float32)
    curve[20:24] = curve[40:44] = [0.5, 1.0, 0.6, 0.3]

    ((onset_s, _),) = nmf.find_onsets(curve, 0.1, attacks_at(40))

    assert onset_s * nmf.FRAMES_PER_SECOND == pytest.approx(40.0)


def test_silence_and_cancelling(tmp_path: Path) -> None:
    silent = buffer(tmp_path, np.zeros(30_000, dtype=np.float32))
    assert not nmf.infer(silent, own_templates(), 3, lambda _: None).any()

    def stop(fraction: float) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        nmf.infer(silent, own_templates(), 3, stop)


def test_templates_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="missing or damaged"):
        nmf.load_templates(tmp_path / "none.safetensors")


def test_shipped_templates_sum_to_one() -> None:
    names, templates = nmf.load_templates()

    assert names == ("kick", "snare", "closed hi-hat")
    assert templates.shape == (nmf.BINS, 3)
    np.testing.assert_allclose(templates.sum(axis=0), 1.0, atol=1e-4)
    hertz = np.arange(nmf.BINS) * nmf.SAMPLE_RATE / nmf.FRAME_SAMPLES
    centres_hz = hertz @ templates
    assert centres_hz[0] < 2_500.0 < centres_hz[1] < 6_500.0 < centres_hz[2]
    assert templates[hertz < 150.0, 0].sum() > 3.0 * templates[hertz < 150.0, 1].sum()
