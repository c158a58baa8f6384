"""Synthetic hits are found, named and weighed; real drums to a stated accuracy."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.transcription.drums import SAMPLE_RATE, find_hits, hear_drums, kit
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.settings import DrumSettings
from bridge.errors import JobCancelled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[3]
RECORDINGS = ROOT / "../shared/data/mdb"
KICK, SNARE, HIHAT = 36, 38, 42


def settings() -> DrumSettings:
    text = (ROOT / "presets/transcription/drums.toml").read_text(encoding="utf-8")
    return DrumSettings(**tomllib.loads(text))


def hit(drum: int, generator: np.random.Generator) -> np.ndarray:
    time_s = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = generator.normal(0.0, 1.0, len(time_s))
    if drum == KICK:
        return np.asarray(0.8 * np.sin(2 * np.pi * 60.0 * time_s) * np.exp(-time_s / 0.05))
    if drum == SNARE:
        body = np.sin(2 * np.pi * 330.0 * time_s) * np.exp(-time_s / 0.04)
        return np.asarray(0.4 * body + 0.1 * noise * np.exp(-time_s / 0.05))
    bright = np.diff(noise, n=2, append=[0.0, 0.0])
    return np.asarray(0.1 * bright * np.exp(-time_s / 0.02))


def beat(hits: list[tuple[float, int]], duration_s: float, seed: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    audio = generator.normal(0.0, 1e-5, round(duration_s * SAMPLE_RATE))
    for onset_s, drum in hits:
        start = round(onset_s * SAMPLE_RATE)
        sound = hit(drum, generator)[: len(audio) - start]
        audio[start : start + len(sound)] += sound
    return audio.astype(np.float32)


def heard(folder: Path, audio: np.ndarray) -> list[Note]:
    buffer = DiskBuffer.of(folder / "drums.f32", np.atleast_2d(audio), SAMPLE_RATE)
    return hear_drums(buffer, kit(settings()), lambda fraction: None)


@pytest.mark.parametrize("drum", [KICK, SNARE])
def test_one_drum_alone(tmp_path: Path, drum: int) -> None:
    onsets = [0.25 + 0.31 * number for number in range(12)]

    notes = [
        note
        for note in heard(tmp_path, beat([(onset, drum) for onset in onsets], 4.5))
        if note.pitch == drum
    ]

    assert [note.onset_s for note in notes] == pytest.approx(onsets, abs=0.012)


def test_a_beat(tmp_path: Path) -> None:
    eighths = [0.2 + 0.25 * number for number in range(32)]
    hits = [(onset, HIHAT) for onset in eighths if round((onset - 0.2) / 0.25) % 4 != 2]
    hits += [(onset, KICK) for onset in eighths[::4]]
    hits += [(onset, SNARE) for onset in eighths[2::4]]

    notes = heard(tmp_path, beat(hits, 8.5))

    for drum in (KICK, SNARE):
        onsets = [note.onset_s for note in notes if note.pitch == drum]
        assert onsets == pytest.approx(sorted(on for on, kind in hits if kind == drum), abs=0.015)
    hats = np.array([note.onset_s for note in notes if note.pitch == HIHAT])
    for onset, kind in hits:
        if kind == HIHAT:
            assert np.abs(hats - onset).min() < 0.012


def test_a_hit_on_the_first_sample_and_one_at_the_end(tmp_path: Path) -> None:
    notes = heard(tmp_path, beat([(0.0, KICK), (1.0, KICK), (29.95, KICK)], 30.0))

    onsets = [note.onset_s for note in notes if note.pitch == KICK]
    assert onsets == pytest.approx([0.0, 1.0, 29.95], abs=0.015)


def test_softer_hits_have_lower_velocities(tmp_path: Path) -> None:
    audio = beat([(0.5, KICK), (1.5, KICK), (2.5, KICK)], 3.5)
    audio[round(1.3 * SAMPLE_RATE) : round(2.3 * SAMPLE_RATE)] *= 0.5

    loud, soft, last = (note.velocity for note in heard(tmp_path, audio) if note.pitch == KICK)

    assert abs(loud - last) <= 2
    assert soft == pytest.approx(loud * 0.5**0.5, abs=4)


def test_notes_of_one_drum_do_not_overlap(tmp_path: Path) -> None:
    notes = heard(tmp_path, beat([(0.5 + 0.09 * number, SNARE) for number in range(20)], 2.5))

    snares = [note for note in notes if note.pitch == SNARE]
    assert len(snares) > 5
    for note, after in pairwise(snares):
        assert note.onset_s < note.offset_s <= after.onset_s


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(3 * SAMPLE_RATE),
        0.3 * np.sin(0.05 * np.arange(3 * SAMPLE_RATE) + np.pi / 2),
    ],
    ids=["empty", "one sample", "silence", "a held tone"],
)
def test_what_is_not_drums(tmp_path: Path, audio: np.ndarray) -> None:
    assert len(heard(tmp_path, audio.astype(np.float32))) <= 3


def test_a_long_quiet_part_does_not_lower_the_bar(tmp_path: Path) -> None:
    curve = np.full(200_000, 1e-4)
    curve[1_000:4_000:172] = 0.5

    assert find_hits(curve, 9.0).tolist() == list(range(1_000, 4_000, 172))


def test_cancelling(tmp_path: Path) -> None:
    buffer = DiskBuffer.of(tmp_path / "d.f32", beat([], 60.0)[np.newaxis], SAMPLE_RATE)
    told: list[float] = []

    def stop(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.0:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        hear_drums(buffer, kit(settings()), stop)
    assert 0.0 < told[-1] < 0.5


@pytest.mark.parametrize(
    ("song", "at_least"),
    [
        ("Britpop", {"KD": 0.95, "SD": 0.75, "HH": 0.90}),
        ("Rockabilly", {"KD": 0.95, "SD": 0.85, "HH": 0.90}),
    ],
)
def test_real_drums(tmp_path: Path, song: str, at_least: dict[str, float]) -> None:
    folder = RECORDINGS / song
    if not folder.is_dir():
        pytest.skip("the shared recordings are not here")
    import soundfile
    from mir_eval.onset import f_measure

    audio, sample_rate = soundfile.read(folder / "drums.ogg", dtype="float32", always_2d=True)
    assert sample_rate == SAMPLE_RATE
    notes = heard(tmp_path, audio.T)

    lines = [line.split() for line in (folder / "drums.txt").read_text().splitlines()]
    for drum, pitch in (("KD", KICK), ("SD", SNARE), ("HH", HIHAT)):
        truth = np.array([float(onset) for onset, name in lines if name == drum])
        onsets = np.array([note.onset_s for note in notes if note.pitch == pitch])
        assert f_measure(truth, onsets, window=0.05)[0] >= at_least[drum]
