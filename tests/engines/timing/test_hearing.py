"""Tempo, meter and drift of clicks, grooves and songs, and of what has none."""

from __future__ import annotations

from pathlib import Path

import mir_eval
import numpy as np
import pytest

from bridge.engines.audio import DiskBuffer
from bridge.engines.timing.features import Features, extract
from bridge.engines.timing.hearing import HeardTempo, hear, hear_tempo
from tests.engines.timing.sounds import RATE, buffer, clicks, constant, groove, ramp

RECORDINGS = Path(__file__).resolve().parents[3] / "../shared/data/mdb"


def heard(folder: Path, audio: np.ndarray, sample_rate: int = RATE) -> HeardTempo:
    found = hear(buffer(folder, audio, sample_rate)).tempo
    assert found is not None
    return found


@pytest.mark.parametrize("tempo", [80.0, 97.5, 120.0, 128.0, 143.2])
def test_a_steady_recording_has_one_exact_tempo(tmp_path: Path, tempo: float) -> None:
    found = heard(tmp_path, clicks(tempo, 20.0))

    assert found.tempo == pytest.approx(tempo, abs=0.05)
    assert found.changes == ()
    beats_s = np.arange(0.3, 19.9, 60.0 / tempo)
    assert mir_eval.beat.f_measure(beats_s, found.quarters_s, 0.03) > 0.95


def test_four_bars_are_enough(tmp_path: Path) -> None:
    assert heard(tmp_path, clicks(98.0, 16 * 60.0 / 98.0)).tempo == pytest.approx(98.0, abs=0.3)


def test_any_rate_and_channel_count(tmp_path: Path) -> None:
    audio = clicks(110.0, 15.0, 48_000)

    assert heard(tmp_path, np.stack([audio, 0.2 * audio]), 48_000).tempo == 110.0


@pytest.mark.parametrize(("quarters", "meter"), [(4, "4/4"), (3, "3/4")])
@pytest.mark.parametrize("tempo", [92.0, 131.0])
def test_a_groove_has_its_meter_and_downbeats(
    tmp_path: Path, quarters: int, meter: str, tempo: float
) -> None:
    bars = 48 // quarters
    found = heard(tmp_path, groove(constant(tempo, 0.4), bars, quarters))

    assert found.tempo == pytest.approx(tempo, rel=0.002)
    assert found.meter == meter
    assert found.meter_confidence > 0.6
    bar_s = quarters * 60.0 / tempo
    off = (found.downbeat_s - 0.4 + 0.5 * bar_s) % bar_s - 0.5 * bar_s
    assert abs(off) < 0.03


def test_a_region_that_is_cut_at_a_bar_begins_with_its_downbeat(tmp_path: Path) -> None:
    audio = groove(constant(104.0), 16)[90:]

    assert heard(tmp_path, audio).downbeat_s == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(("first", "last"), [(100.0, 118.0), (132.0, 118.0)])
def test_a_recording_that_drifts_has_a_map(tmp_path: Path, first: float, last: float) -> None:
    seconds = ramp(first, last, 80)
    found = heard(tmp_path, groove(seconds, 20))

    assert len(found.changes) > 2
    assert found.changes[0].time_s == found.changes[0].quarters == 0.0
    assert found.changes[0].tempo == pytest.approx(first, rel=0.03)
    assert found.changes[-1].tempo == pytest.approx(last, rel=0.03)
    beats_s = np.array([seconds(quarter) for quarter in range(80)])
    assert mir_eval.beat.f_measure(beats_s[4:76], found.quarters_s, 0.05) > 0.9
    for before, after in zip(found.changes[:-1], found.changes[1:], strict=True):
        quarters = (after.time_s - before.time_s) * before.tempo / 60.0
        assert quarters == pytest.approx(after.quarters - before.quarters, abs=0.01)


def test_uneven_hands_do_not_drift(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    uneven = generator.normal(0.0, 0.012, 200)
    seconds = constant(104.0, 0.2)

    found = heard(tmp_path, groove(lambda q: seconds(q) + uneven[int(2 * q)], 20))

    assert found.changes == ()
    assert found.tempo == pytest.approx(104.0, rel=0.002)


@pytest.mark.parametrize(("said", "heard_tempo"), [(184.0, 184.0), (46.0, None), (100.0, None)])
def test_a_known_tempo_settles_the_octave(
    tmp_path: Path, said: float, heard_tempo: float | None
) -> None:
    features = extract(buffer(tmp_path, groove(constant(92.0), 12)))
    assert features is not None

    found = hear_tempo(features, tempo=said)

    if heard_tempo is None:
        assert found is None or found.tempo == pytest.approx(said, rel=0.04)
    else:
        assert found is not None
        assert found.tempo == pytest.approx(heard_tempo, rel=0.002)


def test_a_known_meter_is_counted(tmp_path: Path) -> None:
    features = extract(buffer(tmp_path, groove(constant(120.0), 12)))
    assert features is not None

    for meter in ("4/4", "3/4", "6/8"):
        found = hear_tempo(features, meter=meter)
        assert found is not None
        assert found.meter == meter
    unknown = hear_tempo(features, meter="7/8")
    assert unknown is not None
    assert unknown.meter == "4/4"


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(5 * RATE),
        clicks(120.0, 0.8),
        np.random.default_rng(2).normal(0.0, 0.1, 15 * RATE),
        0.5 * np.sin(0.05 * np.arange(10 * RATE)),
    ],
    ids=["empty", "one sample", "silence", "less than a bar", "noise", "a held tone"],
)
def test_what_has_no_tempo(tmp_path: Path, audio: np.ndarray) -> None:
    assert hear(buffer(tmp_path, audio)).tempo is None


def test_free_onsets_have_no_tempo(tmp_path: Path) -> None:
    generator = np.random.default_rng(11)
    audio = generator.normal(0.0, 1e-3, 25 * RATE)
    fade = np.exp(-np.arange(1_000) / 300.0)
    for onset in generator.uniform(0.0, 24.5, 45):
        start = round(onset * RATE)
        audio[start : start + 1_000] += fade * generator.normal(0.0, 0.3, 1_000)

    assert hear(buffer(tmp_path, audio)).tempo is None


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    # The features are made in blocks of 32 s; frames must lie where they lie in one piece.
    audio = clicks(120.0, 70.0)
    features = extract(buffer(tmp_path, audio))
    assert isinstance(features, Features)

    late = extract(buffer(tmp_path, audio[20 * 22_050 - 20 * 22_050 % 2048 :]))
    assert late is not None
    shift = (20 * 22_050 // 2048) * 8
    ours = features.bands[:, shift + 50 : shift + 3000]
    np.testing.assert_allclose(ours, late.bands[:, 50:3000], atol=1e-4)


def test_memory_stays_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = DiskBuffer.read

    def counting(self: DiskBuffer, start: int = 0, frames: int | None = None) -> np.ndarray:
        assert frames is not None
        asked.append(frames)
        return read(self, start, frames)

    monkeypatch.setattr(DiskBuffer, "read", counting)
    extract(DiskBuffer.create(tmp_path / "long.f32", 1, 120 * RATE, RATE))

    assert max(asked) < 34 * RATE
    assert sum(asked) > 120 * RATE


@pytest.mark.parametrize("song", ["Britpop", "Rockabilly"])
def test_songs(tmp_path: Path, song: str) -> None:
    folder = RECORDINGS / song
    if not folder.is_dir():
        pytest.skip("the shared recordings are not here")
    import soundfile

    parts = [
        soundfile.read(folder / f"{stem}.ogg", dtype="float32")[0]
        for stem in ("drums", "bass", "other", "vocals")
    ]
    beats = np.loadtxt(folder / "beats.txt")

    found = heard(tmp_path, np.sum(parts, axis=0), 44_100)

    tempo = 60.0 * (len(beats) - 1) / (beats[-1, 0] - beats[0, 0])
    assert found.tempo == pytest.approx(tempo, rel=0.005)
    assert (found.meter, found.changes) == ("4/4", ())
    assert mir_eval.beat.f_measure(beats[:, 0], found.quarters_s) > 0.95
    bar_s = 4 * 60.0 / tempo
    off_s = beats[beats[:, 1] == 1, 0] - found.downbeat_s
    assert np.abs(off_s - np.round(off_s / bar_s) * bar_s).max() < 0.1
