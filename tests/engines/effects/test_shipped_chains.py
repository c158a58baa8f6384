"""The chains that ship do what their descriptions say, as measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.presets import Presets
from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.demo_song import render_demo_song
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.chain_spec import ChainSpec
from bridge.engines.levels import LoudnessMeter

RATE = 44_100
PRESETS = Presets((Path(__file__).resolve().parents[3] / "presets",))
NAMES = sorted(PRESETS.chains())


def spec(name: str) -> ChainSpec:
    return parse_chain(name, PRESETS.chain(name), PRESETS)


def through(name: str, folder: Path, audio: Audio) -> Audio:
    """What a chain makes of audio, without its tail."""
    buffer = DiskBuffer.of(folder / "in.f32", audio, RATE)
    return run_chain(spec(name), buffer, folder / "out.f32").read()[:, : audio.shape[1]]


def level_db(audio: Audio) -> float:
    return float(20 * np.log10(np.std(audio) + 1e-12))


def peak_db(audio: Audio) -> float:
    return float(20 * np.log10(np.abs(audio).max() + 1e-12))


def crest_db(audio: Audio) -> float:
    return peak_db(audio) - level_db(audio)


def width_db(audio: Audio) -> float:
    """How far the side signal lies below the mid signal."""
    return level_db(audio[0] - audio[1]) - level_db(audio[0] + audio[1])


def spread_db(audio: Audio) -> float:
    """How far the loud twentieths of a second stand above the usual ones."""
    length = RATE // 20
    pieces = audio[:, : audio.shape[1] // length * length].reshape(2, -1, length)
    levels = 20 * np.log10(np.sqrt((pieces**2).mean(axis=(0, 2))) + 1e-6)
    levels = levels[levels > levels.max() - 40]
    return float(np.percentile(levels, 90) - np.percentile(levels, 50))


def band_db(audio: Audio, low_hz: float, high_hz: float) -> float:
    """Level of what lies between two frequencies."""
    power = np.abs(np.fft.rfft(audio, axis=1)) ** 2
    hertz = np.fft.rfftfreq(audio.shape[1], 1 / RATE)
    inside = power[:, (hertz >= low_hz) & (hertz < high_hz)].sum()
    return float(10 * np.log10(inside / audio.shape[1] ** 2 + 1e-20))


def change_db(before: Audio, after: Audio, low_hz: float, high_hz: float) -> float:
    return band_db(after, low_hz, high_hz) - band_db(before, low_hz, high_hz)


def lufs(audio: Audio) -> float:
    meter = LoudnessMeter(audio.shape[0], RATE)
    meter.add(audio)
    loudness = meter.integrated_lufs()
    assert loudness is not None
    return loudness


def hiss(level: float = 0.01, seconds: float = 1.0) -> Audio:
    """White noise on both channels, independent."""
    random = np.random.default_rng(3)
    shape = (2, round(seconds * RATE))
    return (level * random.standard_normal(shape)).astype(np.float32)


def sine(hertz: float, level: float, seconds: float = 2.0) -> Audio:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.tile(level * np.sin(2 * np.pi * hertz * t), (2, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def song() -> dict[str, Audio]:
    stems = render_demo_song()
    return {name: audio[:, : 6 * RATE] for name, audio in stems.items()}


def test_a_dozen_chains_ship() -> None:
    assert len(NAMES) >= 12
    assert len(spec("voice-polish").effects) == 4, "the benchmark speaks of four"


@pytest.mark.parametrize("name", NAMES)
def test_every_chain_is_valid_and_says_what_it_is_for(name: str) -> None:
    description = spec(name).description
    assert description.startswith(("Before ", "After ", "For "))
    assert ": " in description


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"telephone"}))
@pytest.mark.parametrize("channels", [1, 2])
def test_every_chain_keeps_time(tmp_path: Path, name: str, channels: int) -> None:
    """A click begins where it went in: nothing of note comes before, and it is there at once."""
    audio = np.zeros((channels, RATE), dtype=np.float32)
    audio[:, 12_345] = 0.1
    out = np.abs(through(name, tmp_path, audio)).max(axis=0)
    assert int(np.flatnonzero(out > 0.2 * out.max())[0]) == 12_345


def test_the_telephone_keeps_time(tmp_path: Path) -> None:
    """It codes speech and no clicks; its filters turn a burst's phase by a few samples."""
    audio = np.zeros((2, RATE), dtype=np.float32)
    audio[:, 12_345:14_345] = sine(1_000.0, 0.1)[:, :2_000]
    alike = np.fft.irfft(
        np.fft.rfft(through("telephone", tmp_path, audio)[0]) * np.conj(np.fft.rfft(audio[0]))
    )
    assert abs((int(alike.argmax()) + RATE // 2) % RATE - RATE // 2) <= 5


def test_clean_takes_rumble_and_offset_out_and_leaves_the_bass(tmp_path: Path) -> None:
    t = np.arange(4 * RATE) / RATE
    for hz, low_db, high_db in [(5.0, -40.0, -20.0), (41.2, -3.0, 0.0), (110.0, -0.5, 0.0)]:
        tone = (0.5 * np.sin(2 * np.pi * hz * t))[np.newaxis].astype(np.float32)
        change = level_db(through("clean", tmp_path, tone)[:, RATE:]) - level_db(tone[:, RATE:])
        assert low_db <= change <= high_db
    offset = np.full((1, 2 * RATE), 0.1, dtype=np.float32)
    assert np.abs(through("clean", tmp_path, offset)[:, RATE:]).max() < 1e-4


def test_plate_adds_a_tail_and_keeps_the_level(tmp_path: Path, song: dict[str, Audio]) -> None:
    vocals = song["vocals"]
    assert level_db(through("plate", tmp_path, vocals)) - level_db(vocals) == pytest.approx(
        0.0, abs=1.0
    )
    click = np.zeros((2, 2 * RATE), dtype=np.float32)
    click[:, 0] = 1.0
    tail = through("plate", tmp_path, click)[:, RATE // 4 : RATE // 2]
    assert np.abs(tail).max() > 1e-4


def test_glue_evens_drums_out_below_minus_1_dbfs(tmp_path: Path, song: dict[str, Audio]) -> None:
    out = through("glue", tmp_path, song["drums"])
    assert spread_db(out) < spread_db(song["drums"]) - 5.0
    assert level_db(out) - level_db(song["drums"]) == pytest.approx(0.0, abs=1.5)
    assert 20 * np.log10(np.abs(out).max()) <= -0.99


def test_transcribe_clean_takes_hum_and_hiss_away_and_lifts_quiet_notes(tmp_path: Path) -> None:
    assert level_db(through("transcribe-clean", tmp_path, hiss(0.0005))) < level_db(hiss(0.0005))
    quiet, loud = (
        level_db(through("transcribe-clean", tmp_path, sine(440.0, level))[:, RATE:])
        for level in (0.02, 0.5)
    )
    assert loud - quiet == pytest.approx(14.0, abs=2.0), "28 dB apart before"
    assert level_db(through("transcribe-clean", tmp_path, sine(6.0, 0.3))) < -25.0


def test_voice_polish_evens_out_and_brightens(tmp_path: Path, song: dict[str, Audio]) -> None:
    voice = song["vocals"]
    out = through("voice-polish", tmp_path, voice)
    assert spread_db(out) < spread_db(voice) - 2.0
    assert level_db(out) - level_db(voice) == pytest.approx(0.0, abs=2.0)
    bright = change_db(voice, out, 3_000, 5_000) - change_db(voice, out, 400, 1_000)
    assert bright == pytest.approx(4.0, abs=1.5)
    noise = hiss()
    assert change_db(noise, through("voice-polish", tmp_path, noise), 20, 50) < -4.0


def test_voice_double_moves_and_is_late_behind_the_voice(
    tmp_path: Path, song: dict[str, Audio]
) -> None:
    voice = song["vocals"]
    out = through("voice-double", tmp_path, voice)
    assert level_db(out) - level_db(voice) == pytest.approx(-0.5, abs=1.5)
    click = np.zeros((2, RATE), dtype=np.float32)
    click[:, 1_000] = 0.5
    copies = np.abs(through("voice-double", tmp_path, click)[0])
    for late_ms in (19, 31):
        around = 1_000 + late_ms * RATE // 1_000
        assert copies[around - 300 : around + 300].max() > 0.05
    tone = sine(1_000.0, 0.2, 4.0)
    moving = through("voice-double", tmp_path, tone)[0, RATE:].reshape(-1, RATE // 10)
    levels = 20 * np.log10(moving.std(axis=1))
    assert levels.max() - levels.min() > 3.0, "copies in tune would not beat with the voice"


def test_drum_crush_brings_up_the_room_and_keeps_the_hits(
    tmp_path: Path, song: dict[str, Audio]
) -> None:
    drums = song["drums"]
    out = through("drum-crush", tmp_path, drums)
    assert spread_db(out) < spread_db(drums) - 4.0
    assert crest_db(out) < crest_db(drums) - 1.0
    assert peak_db(out) > -7.0
    assert level_db(out) - level_db(drums) == pytest.approx(1.0, abs=1.5)


def test_bass_tighten_is_mono_even_and_less_boomy(tmp_path: Path, song: dict[str, Audio]) -> None:
    bass = song["bass"]
    out = through("bass-tighten", tmp_path, bass)
    assert width_db(out) < -100.0
    assert spread_db(out) < spread_db(bass) - 0.3
    quiet = hiss(0.001)
    tight = through("bass-tighten", tmp_path, quiet)
    assert change_db(quiet, tight, 180, 260) < change_db(quiet, tight, 1_000, 1_400) - 4.5


def test_wide_pads_widens(tmp_path: Path, song: dict[str, Audio]) -> None:
    pads = song["other"]
    out = through("wide-pads", tmp_path, pads)
    assert width_db(out) > width_db(pads) + 3.0
    assert level_db(out) - level_db(pads) == pytest.approx(0.0, abs=1.5)
    assert spec("wide-pads").tail_s > 0.0


def test_telephone_is_narrow_and_mono(tmp_path: Path, song: dict[str, Audio]) -> None:
    voice = song["vocals"] + hiss(0.02, 6.0)
    out = through("telephone", tmp_path, voice)
    assert width_db(out) < -100.0
    middle = change_db(voice, out, 500, 2_500)
    assert change_db(voice, out, 20, 80) < middle - 5.0
    assert change_db(voice, out, 5_000, 9_000) < middle - 20.0


def test_lofi_tape_is_dull_narrow_and_distorted(tmp_path: Path, song: dict[str, Audio]) -> None:
    pads = song["other"]
    out = through("lofi-tape", tmp_path, pads)
    assert width_db(out) < width_db(pads) - 3.0
    noise = hiss()
    worn = through("lofi-tape", tmp_path, noise)
    assert change_db(noise, worn, 9_000, 16_000) < change_db(noise, worn, 500, 2_000) - 10.0
    tone = sine(500.0, 0.25)
    harmonics = through("lofi-tape", tmp_path, tone)
    assert band_db(harmonics, 1_450, 1_550) > band_db(harmonics, 450, 550) - 35.0


def test_master_reaches_minus_14_lufs_below_full_scale(
    tmp_path: Path, song: dict[str, Audio]
) -> None:
    mix: Audio = np.asarray(np.stack(list(song.values())).sum(axis=0))
    for gain in (0.4, 1.0):
        out = through("master", tmp_path, gain * mix)
        assert lufs(out) == pytest.approx(-14.0, abs=0.05)
        assert peak_db(out) < 0.0
    assert crest_db(out) < crest_db(mix) - 3.0


def test_unmud_thins_out_around_300_hz(tmp_path: Path) -> None:
    noise = hiss(seconds=3.0)
    out = through("unmud", tmp_path, noise)
    assert change_db(noise, out, 280, 320) == pytest.approx(-3.0, abs=0.5)
    assert change_db(noise, out, 12_000, 16_000) == pytest.approx(2.5, abs=0.5)
    assert change_db(noise, out, 1_500, 2_500) == pytest.approx(0.0, abs=0.5)


def test_slap_echo_answers_once_darkly(tmp_path: Path) -> None:
    click = np.zeros((2, RATE), dtype=np.float32)
    click[:, 1_000] = 0.9
    out = through("slap-echo", tmp_path, click)
    place = 1_000 + round(0.11 * RATE)
    echo = np.zeros_like(click)
    echo[:, place - 100 : place + 1_500] = out[:, place - 100 : place + 1_500]
    assert level_db(echo) - level_db(click) == pytest.approx(-15.0, abs=4.0)
    assert band_db(echo, 6_000, 12_000) < band_db(click, 6_000, 12_000) - 12.0
