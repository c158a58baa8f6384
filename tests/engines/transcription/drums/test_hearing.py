"""Both engines as the stage calls them, on rendered bars and on real drums."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.drum_scores import heard_strokes, read_strokes, score_drums
from bridge.engines.transcription.drums import SAMPLE_RATE, hear_drums
from bridge.engines.transcription.notes import Note
from bridge.engines.transcription.settings import DrumFactorSettings, DrumNetworkSettings
from bridge.errors import JobCancelled

from .rendered import buffer, play

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[4]
RECORDINGS = ROOT / "../shared/data/mdb"
KICK, SNARE, STICK, CLAP, CLOSED, OPEN, CRASH, RIDE = 36, 38, 37, 39, 42, 46, 49, 51


def shipped(preset: str) -> DrumNetworkSettings | DrumFactorSettings:
    table = tomllib.loads((ROOT / f"presets/transcription/{preset}.toml").read_text("utf-8"))
    if table["engine"] == "drum-nmf":
        return DrumFactorSettings(**table)
    return DrumNetworkSettings(**table)


def heard(folder: Path, audio: np.ndarray, preset: str = "drums") -> list[Note]:
    return hear_drums(buffer(folder, audio), shipped(preset), lambda _: None)


def test_a_beat(tmp_path: Path) -> None:
    eighths = [0.2 + 0.25 * number for number in range(32)]
    strokes = [(onset, CLOSED) for onset in eighths]
    strokes += [(onset, KICK) for onset in eighths[::4]]
    strokes += [(onset, SNARE) for onset in eighths[2::4]]

    notes = heard(tmp_path, play(strokes, 8.5))

    for drum in (KICK, SNARE):
        onsets = [note.onset_s for note in notes if note.pitch == drum]
        truth = sorted(onset for onset, key in strokes if key == drum)
        assert onsets == pytest.approx(truth, abs=0.015)
    hats = heard_strokes(notes)["HH"]
    assert sum(np.abs(hats - onset).min() < 0.02 for onset in eighths) >= 28


@pytest.mark.parametrize("key", [KICK, SNARE, STICK, CLAP, CLOSED, OPEN, 45, 47, 50, CRASH, RIDE])
def test_every_drum_is_found_in_a_bar(tmp_path: Path, key: int) -> None:
    apart_s = 1.0 if key in {OPEN, CRASH, RIDE} else 0.5
    onsets = [0.5 + apart_s * number for number in range(4)]

    notes = heard(tmp_path, play([(onset, key) for onset in onsets], onsets[-1] + 1.5))

    toms = {45, 47, 50}
    wanted = toms if key in toms else {key}
    found = [note.onset_s for note in notes if note.pitch in wanted]
    assert found == pytest.approx(onsets, abs=0.015)


def test_onsets_are_not_late_and_not_early(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    onsets = np.cumsum(rng.uniform(0.21, 0.37, 40))
    keys = rng.choice([KICK, SNARE, CLOSED], 40)
    strokes = [(float(onset), int(key)) for onset, key in zip(onsets, keys, strict=True)]

    notes = heard(tmp_path, play(strokes, float(onsets[-1]) + 0.5))

    times_s = np.array([note.onset_s for note in notes])
    errors_s = [times_s[np.abs(times_s - onset).argmin()] - onset for onset in onsets]
    assert abs(float(np.median(errors_s))) < 0.003
    assert float(np.percentile(np.abs(errors_s), 84)) < 0.006


def test_the_first_and_the_last_samples(tmp_path: Path) -> None:
    notes = heard(tmp_path, play([(0.0, KICK), (1.0, KICK), (24.95, KICK)], 25.0))

    onsets = [note.onset_s for note in notes if note.pitch == KICK]
    assert onsets == pytest.approx([0.0, 1.0, 24.95], abs=0.015)


@pytest.mark.parametrize("preset", ["drums", "drums-nmf"])
def test_notes_are_in_order_and_of_one_drum_never_overlap(tmp_path: Path, preset: str) -> None:
    audio = play([(0.5 + 0.1 * number, SNARE) for number in range(14)], 3.0)

    notes = heard(tmp_path, audio, preset)

    assert notes == sorted(notes, key=lambda note: (note.onset_s, note.pitch))
    snares = [note for note in notes if note.pitch == SNARE]
    assert len(snares) > 5
    for note, after in pairwise(snares):
        assert note.onset_s < note.offset_s <= after.onset_s


@pytest.mark.parametrize("preset", ["drums", "drums-nmf"])
@pytest.mark.parametrize("samples", [0, 1, 700, 100_000])
def test_silence(tmp_path: Path, preset: str, samples: int) -> None:
    assert heard(tmp_path, np.zeros(samples, dtype=np.float32), preset) == []


def test_a_held_tone_is_no_drum(tmp_path: Path) -> None:
    time_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    tone = 0.3 * np.sin(2 * np.pi * 330.0 * time_s) * np.minimum(1.0, time_s / 0.2)

    assert len(heard(tmp_path, tone.astype(np.float32))) <= 2


def test_stricter_finds_no_more(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    audio = play([(0.3 + 0.2 * step, int(rng.choice([36, 38, 42]))) for step in range(30)], 7.0)
    audio += rng.normal(0.0, 0.01, len(audio)).astype(np.float32)
    taken = buffer(tmp_path, audio)

    counts = []
    for strictness in (0.5, 1.0, 3.0):
        settings = DrumNetworkSettings(engine="drum-network", strictness=strictness)
        counts.append(len(hear_drums(taken, settings, lambda _: None)))

    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_progress_rises_to_the_end_and_stops_what_it_must(tmp_path: Path) -> None:
    taken = buffer(tmp_path, play([(float(second), SNARE) for second in range(50)], 50.0))
    told: list[float] = []
    hear_drums(taken, shipped("drums"), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) >= 4

    def stop(fraction: float) -> None:
        if fraction > 0.0:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        hear_drums(taken, shipped("drums"), stop)


@pytest.mark.parametrize("song", ["Britpop", "Rockabilly"])
def test_real_drums(tmp_path: Path, song: str) -> None:
    folder = RECORDINGS / song
    if not folder.is_dir():
        pytest.skip("the shared recordings are not here")
    import soundfile

    audio, sample_rate = soundfile.read(folder / "drums.ogg", dtype="float32", always_2d=True)
    assert sample_rate == SAMPLE_RATE
    taken = DiskBuffer.of(tmp_path / "drums.f32", audio.T, SAMPLE_RATE)

    notes = hear_drums(taken, shipped("drums"), lambda _: None)

    scores = score_drums(read_strokes(folder / "drums.txt"), heard_strokes(notes))
    for name, at_least in {"KD": 0.85, "SD": 0.75, "HH": 0.70}.items():
        assert scores[name].f_measure >= at_least, name
