"""Every effect keeps time to the sample, and blocks of any size give what one pass gives."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import pytest
import soundfile

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.effects import pedalboard_nodes
from bridge.engines.effects.chain import run_chain
from bridge.engines.effects.chain_file import parse_chain
from bridge.engines.effects.pedalboard_nodes import Segmented
from bridge.engines.effects.table import EFFECTS
from tests.engines.takes import noise

RATE = 44_100

SETTINGS: dict[str, dict[str, Any]] = {
    "Compressor": {"threshold_db": -30.0, "ratio": 4.0},
    "Clipping": {"threshold_db": -20.0},
    "BrickwallLimiter": {"ceiling_db": -20.0},
    "NoiseGate": {"threshold_db": -20.0},
    "HighShelfFilter": {"gain_db": 6.0},
    "LowShelfFilter": {"gain_db": 6.0},
    "PeakFilter": {"gain_db": 6.0},
    "Delay": {"delay_seconds": 0.05, "feedback": 0.5},
}
"""Where the defaults do nothing to noise at -20 dBFS."""

SPREAD = {"GSMFullRateCompressor", "MP3Compressor", "Resample"}
"""What comes out begins before the impulse: these are judged by the peak."""

NAMES = [effect.name for effect in EFFECTS]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An impulse response: a click and an echo."""
    response = np.zeros((3_000, 2), dtype=np.float32)
    response[0], response[2_000] = 1.0, 0.3
    path = tmp_path_factory.mktemp("room") / "room.wav"
    soundfile.write(path, response, RATE, "FLOAT")
    return str(path)


def row_of(name: str, room: str) -> dict[str, Any]:
    file = {"impulse_response_filename": room} if name == "Convolution" else {}
    return {"type": name, **file}


def process(folder: Path, audio: Audio, row: dict[str, Any], rate: int, block: int) -> Audio:
    buffer = DiskBuffer.of(folder / "in.f32", audio, rate)
    chain = parse_chain("test", {"effect": [row]})
    return run_chain(chain, buffer, folder / "out.f32", block_frames=block).read()


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"GSMFullRateCompressor"}))
def test_an_impulse_comes_out_where_it_went_in(
    tmp_path: Path, name: str, channels: int, rate: int, room: str
) -> None:
    audio = np.zeros((channels, 20_000), dtype=np.float32)
    audio[:, 12_345] = 0.9
    out = np.abs(process(tmp_path, audio, row_of(name, room), rate, 7_000)).max(axis=0)
    first = int(out.argmax()) if name in SPREAD else int(np.flatnonzero(out > 1e-5)[0])
    assert first == 12_345


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_the_telephone_codec_keeps_time(tmp_path: Path, rate: int) -> None:
    """It models speech and has no impulse response, so that noise is compared with what it was."""
    spectrum = np.fft.rfft(noise(2.0, sample_rate=rate)[:1])
    hertz = np.fft.rfftfreq(2 * rate, 1 / rate)
    spectrum[:, (hertz < 300) | (hertz > 3_000)] = 0.0
    audio = np.fft.irfft(spectrum).astype(np.float32)
    out = process(tmp_path, audio, {"type": "GSMFullRateCompressor"}, rate, 10_000)
    alike = np.fft.irfft(np.fft.rfft(out[0]) * np.conj(np.fft.rfft(audio[0])))
    assert int(alike.argmax()) == 0


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("semitones", [-12.0, -5.0, -0.15, 0.15, 3.0, 7.0, 12.0])
def test_attacks_stay_in_place_when_the_pitch_is_shifted(
    tmp_path: Path, semitones: float, rate: int
) -> None:
    """Each attack is smeared; the median of several is where it was, give or take 1 ms."""
    places = np.arange(1, 10) * 9_001
    audio = np.zeros((1, 99_000), dtype=np.float32)
    audio[:, places] = 0.5
    row = {"type": "PitchShift", "semitones": semitones}
    out = np.abs(process(tmp_path, audio, row, rate, 30_000)[0])
    late = [int(out[place - 4_000 : place + 4_000].argmax()) - 4_000 for place in places]
    assert abs(np.median(late)) <= 0.001 * rate
    assert np.abs(late).max() <= 0.003 * rate


@pytest.mark.parametrize("name", NAMES)
def test_blocks_give_what_one_pass_gives(tmp_path: Path, name: str, room: str) -> None:
    audio = noise(1.0)
    row = {**row_of(name, room), **SETTINGS.get(name, {})}
    given = {key: value for key, value in row.items() if key != "type"}
    at_once = getattr(pedalboard, name)(**given).process(audio, RATE, reset=True)
    for block_frames in (1_001, 10_000, 1 << 18):
        out = process(tmp_path, audio, row, RATE, block_frames)
        np.testing.assert_allclose(out, at_once, atol=1e-6)
    if name != "PitchShift":  # whose default leaves the pitch
        assert np.abs(at_once - audio).max() > 1e-3, "the effect must do something here"


@pytest.mark.parametrize("name", ["PitchShift", "GSMFullRateCompressor", "MP3Compressor"])
def test_long_audio_is_the_same_in_any_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(pedalboard_nodes, "_SEGMENT_S", 2.5)
    row = {"type": name, **({"semitones": 2.0} if name == "PitchShift" else {})}
    audio = noise(4.0, channels=1, sample_rate=8_000)
    whole = process(tmp_path, audio, row, 8_000, 1 << 18)
    np.testing.assert_allclose(process(tmp_path, audio, row, 8_000, 1_234), whole, atol=1e-6)


def test_segments_are_joined_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []

    def render(audio: Audio) -> Audio:
        heard.append(audio.shape[1])
        return 2.0 * audio

    audio = noise(70.0, channels=2, sample_rate=1_000)
    node = Segmented(render, 2, 1_000)
    parts = [node.process(audio[:, start : start + 777]) for start in range(0, 70_000, 777)]
    out = np.concatenate([*parts, node.finish()], axis=1)
    np.testing.assert_allclose(out, 2.0 * audio, atol=1e-6)
    assert heard[:2] == [8_000, 8_000]


def test_segments_are_joined_where_it_is_quietest() -> None:
    audio = noise(12.0, channels=1, sample_rate=1_000)
    audio[:, 7_200:7_240] = 0.0
    signs = iter((1.0, -1.0))
    node = Segmented(lambda heard: next(signs) * heard, 1, 1_000)
    out = np.concatenate([node.process(audio), node.finish()], axis=1)
    np.testing.assert_array_equal(out[:, :7_200], audio[:, :7_200])
    np.testing.assert_array_equal(out[:, 7_240:], -audio[:, 7_240:])


def test_a_small_block_before_large_ones_does_not_reset_an_effect() -> None:
    """pedalboard prepares an effect anew for a block longer than any before."""
    node = pedalboard_nodes.Streamed(pedalboard.Reverb(), "It", 1, RATE)
    audio = noise(1.0, channels=1)
    ends = (0, 300, 9_000, 30_000, RATE)
    parts = [audio[:, first:last] for first, last in itertools.pairwise(ends)]
    out = np.concatenate([*(node.process(part) for part in parts), node.finish()], axis=1)
    np.testing.assert_allclose(out, pedalboard.Reverb()(audio, RATE), atol=1e-6)
