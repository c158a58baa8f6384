"""The separator without a download: it sums to the mix, and every stem beats the mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.separation import dsp
from bridge.engines.separation.overlap_add import separate

RATE = 44_100
STEMS = ("drums", "bass", "other", "vocals")
SONGS = Path(__file__).resolve().parents[3] / "../shared/data/mdb"
PANORAMA = {"drums": 0.6, "bass": 0.5, "other": 0.8, "vocals": 0.45}
"""0 is left, 1 is right."""


def separated(mix: Audio, folder: Path, sample_rate: int = RATE) -> dict[str, Audio]:
    bag = dsp.build(sample_rate, mix.shape[0], "cpu")
    buffer = DiskBuffer.of(folder / "mix.f32", mix, sample_rate)
    found = separate(bag, buffer, {stem: (stem,) for stem in bag.stems}, folder)
    return {stem: audio.read() for stem, audio in found.items()}


def sdr_db(reference: NDArray[Any], estimate: NDArray[Any]) -> float:
    error = np.square(reference - estimate).sum()
    return float(10 * np.log10(np.square(reference).sum() / error))


def panned(mono: Audio, place: float) -> Audio:
    gains = np.array([[np.cos(place * np.pi / 2)], [np.sin(place * np.pi / 2)]], dtype=np.float32)
    return np.asarray(gains * mono, dtype=np.float32)


def clicks(seconds: int, sample_rate: int = RATE) -> Audio:
    """Return a burst of noise four times a second."""
    random = np.random.default_rng(1)
    audio = np.zeros((1, seconds * sample_rate), dtype=np.float32)
    burst = random.standard_normal(sample_rate // 100) * np.linspace(1, 0, sample_rate // 100)
    for start in range(sample_rate // 8, audio.shape[1] - burst.size, sample_rate // 4):
        audio[0, start : start + burst.size] = 0.5 * burst
    return audio


def tone(hz: float, seconds: int, sample_rate: int = RATE) -> Audio:
    time_s = np.arange(seconds * sample_rate) / sample_rate
    return (0.2 * np.sin(2 * np.pi * hz * time_s))[None].astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 1_000, 7 * RATE + 13, 12 * RATE])
def test_the_stems_sum_to_the_mix(tmp_path: Path, channels: int, frames: int) -> None:
    mix = (0.3 * np.random.default_rng(0).standard_normal((channels, frames))).astype(np.float32)
    found = separated(mix, tmp_path)
    assert tuple(found) == STEMS
    np.testing.assert_allclose(sum(found.values()), mix, atol=1e-6)


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 96_000])
def test_clicks_are_drums_and_low_tones_bass_at_any_rate(tmp_path: Path, sample_rate: int) -> None:
    drums, bass = clicks(4, sample_rate), tone(60.0, 4, sample_rate)
    high = tone(1_000.0, 4, sample_rate)
    found = separated(drums + bass + high, tmp_path, sample_rate)
    assert sdr_db(drums, found["drums"]) > 5.0
    assert sdr_db(bass, found["bass"]) > 10.0
    assert sdr_db(high, found["other"] + found["vocals"]) > 10.0


def test_what_is_drums_is_in_no_other_stem(tmp_path: Path) -> None:
    found = separated(clicks(4), tmp_path)
    energy = {stem: float(np.square(audio).sum()) for stem, audio in found.items()}
    for stem in ("bass", "other", "vocals"):
        assert energy[stem] < 0.01 * energy["drums"], energy


def test_what_does_not_repeat_is_vocals_and_what_repeats_is_other(tmp_path: Path) -> None:
    time_s = np.arange(10 * RATE) / RATE
    chord = sum(tone(hz, 10) for hz in (392.0, 493.9, 587.3))
    assert isinstance(chord, np.ndarray)
    glide_hz = 700.0 + 60.0 * time_s + 20.0 * np.sin(2 * np.pi * 5.0 * time_s)
    voice = (0.2 * np.sin(2 * np.pi * np.cumsum(glide_hz) / RATE))[None].astype(np.float32)
    found = separated(chord + voice, tmp_path)
    assert sdr_db(chord, found["other"]) > sdr_db(chord, chord + voice) + 5.0
    assert sdr_db(voice, found["vocals"]) > sdr_db(voice, chord + voice) + 5.0


def test_vocals_come_from_the_middle(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    hz = np.repeat(random.uniform(400.0, 2_000.0, size=20), RATE // 4)
    voice = (0.2 * np.sin(2 * np.pi * np.cumsum(hz) / RATE))[None].astype(np.float32)
    middle = separated(panned(voice, 0.5), tmp_path)["vocals"]
    left = separated(panned(voice, 0.0), tmp_path)["vocals"]
    assert np.square(left).sum() < 0.01 * np.square(middle).sum()


def test_the_level_does_not_matter(tmp_path: Path) -> None:
    mix = clicks(3) + tone(80.0, 3)
    loud, quiet = separated(mix, tmp_path), separated(mix * np.float32(0.01), tmp_path)
    for stem in STEMS:
        np.testing.assert_allclose(loud[stem] * 0.01, quiet[stem], atol=1e-6)


@pytest.mark.parametrize("is_stereo", [False, True], ids=["mono", "stereo"])
@pytest.mark.parametrize("song", ["Britpop", "Rockabilly"])
def test_every_stem_of_a_real_song_beats_the_mix(
    tmp_path: Path, song: str, is_stereo: bool
) -> None:
    if not SONGS.is_dir():
        pytest.skip("the recordings are not here")
    import soundfile

    stems = {
        stem: soundfile.read(
            SONGS / song / f"{stem}.ogg", frames=17 * RATE, start=5 * RATE, dtype="float32"
        )[0][None]
        for stem in STEMS
    }
    if is_stereo:
        stems = {stem: panned(audio, PANORAMA[stem]) for stem, audio in stems.items()}
    mix = np.asarray(sum(stems.values()))
    found = separated(mix, tmp_path)
    gains_db = {
        stem: sdr_db(audio, found[stem]) - sdr_db(audio, mix) for stem, audio in stems.items()
    }
    assert min(gains_db.values()) > 1.0, gains_db
    assert sum(gains_db.values()) / 4 > 5.0, gains_db
