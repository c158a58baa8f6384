"""Our own instruments, the soundfonts, and what production does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.errors import EngineFailedError
from bridge.training.songs import drum_machine, grooves, production, sampler, soundfonts, synths
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent
from bridge.training.songs.wavetables import Envelope, Wavetable

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.engines.audio import Audio

A3 = NoteEvent(0.1, 0.6, 57, 100)
FONTS = [font for font in soundfonts.installed("train") if font.font.programmes]
needs_fonts = pytest.mark.skipif(
    sampler.library() is None or not FONTS, reason="needs libfluidsynth and a soundfont"
)


def strength(audio: Audio, low_hz: float, high_hz: float) -> float:
    """Return the share of the energy that lies in a band."""
    power = np.square(np.abs(np.fft.rfft(audio))).sum(axis=0)
    hertz = np.fft.rfftfreq(audio.shape[1], 1 / SAMPLE_RATE)
    return float(power[(hertz >= low_hz) & (hertz < high_hz)].sum() / power.sum())


def harmonic_strength(audio: Audio, first_hz: float) -> float:
    """Return the share of the energy that lies at multiples of a frequency."""
    power = np.square(np.abs(np.fft.rfft(audio * np.hanning(audio.shape[1])))).sum(axis=0)
    hertz = np.fft.rfftfreq(audio.shape[1], 1 / SAMPLE_RATE)
    away = np.abs(hertz / first_hz - np.round(hertz / first_hz)) * first_hz
    return float(power[(away < 12.0) & (hertz > first_hz / 2)].sum() / power.sum())


@pytest.mark.parametrize("kind", sorted(set(synths.PATCHES) - {"fm bell", "eight-oh-eight"}))
def test_a_patch_plays_the_pitch(kind: str) -> None:
    audio = synths.play(kind, [A3], SAMPLE_RATE, np.random.default_rng(4))
    assert audio.shape == (2, SAMPLE_RATE)
    assert audio.dtype == np.float32
    assert not np.any(audio[:, : round(0.1 * SAMPLE_RATE) - 1])
    # Modulators at half the carrier's frequency put partials in between.
    assert harmonic_strength(audio[:, round(0.12 * SAMPLE_RATE) :], 110.0) > 0.8
    assert strength(audio, 200.0, 20_000.0) > 0.8 or kind.startswith("fm")


@pytest.mark.parametrize("kind", sorted(synths.PATCHES))
def test_a_patch_ends_and_is_the_same_for_a_seed(kind: str) -> None:
    first = synths.play(kind, [A3], 3 * SAMPLE_RATE, np.random.default_rng(9))
    again = synths.play(kind, [A3], 3 * SAMPLE_RATE, np.random.default_rng(9))
    assert np.array_equal(first, again)
    assert 0.01 < np.abs(first).max() < 2.0
    assert np.abs(first[:, -SAMPLE_RATE // 2 :]).max() == 0.0


def test_notes_hold_no_aliases() -> None:
    buzz = Wavetable(np.full(300, 0.01, np.float32), Envelope(0.01, 1.0, 1.0, 0.01), 1e6, 1e6)
    audio = buzz.note(100, SAMPLE_RATE, 127)  # E7, 2637 Hz
    assert strength(audio, 20.0, 2_400.0) < 1e-4


@pytest.mark.parametrize(
    ("sound", "low_hz", "high_hz"),
    [
        (grooves.KICK, 20, 300),
        (grooves.SNARE, 120, 14_000),
        (grooves.CLOSED_HAT, 4_000, 20_000),
        (grooves.CRASH, 2_000, 20_000),
        (grooves.TOMS[-1], 40, 400),
        (grooves.CLAP, 500, 6_000),
    ],
)
def test_a_drum_machine_sounds_where_it_should(sound: int, low_hz: int, high_hz: int) -> None:
    for seed in range(4):
        stroke = NoteEvent(0.2, 0.1, sound, 110)
        audio = drum_machine.play([stroke], 2 * SAMPLE_RATE, np.random.default_rng(seed))
        assert not np.any(audio[:, : round(0.2 * SAMPLE_RATE)])
        assert strength(audio, low_hz, high_hz) > 0.75


def test_every_drum_of_the_grooves_sounds() -> None:
    for sounds in grooves.PIECES.values():
        for sound in sounds:
            stroke = NoteEvent(0.0, 0.1, sound, 110)
            audio = drum_machine.play([stroke], SAMPLE_RATE, np.random.default_rng(0))
            assert np.abs(audio).max() > 0.1


@needs_fonts
def test_a_soundfont_plays_each_part_into_its_own_channels() -> None:
    low, high = NoteEvent(0.1, 0.5, 45, 100), NoteEvent(1.0, 0.5, 69, 100)
    path = FONTS[0].path
    parts = [sampler.Sampled(path, 0, 80, (low,)), sampler.Sampled(path, 0, 80, (high,))]
    first, second = sampler.play(parts, 2 * SAMPLE_RATE)
    assert first.shape == second.shape == (2, 2 * SAMPLE_RATE)
    for audio, rest in ((first, first[:, SAMPLE_RATE:]), (second, second[:, :SAMPLE_RATE])):
        assert np.abs(rest).max() < 1e-3
        assert np.abs(audio).max() > 0.02
    assert harmonic_strength(first, 110.0) > 0.8
    assert harmonic_strength(second, 440.0) > 0.9


@needs_fonts
def test_tuning_is_in_cents() -> None:
    note = (NoteEvent(0.0, 0.9, 57, 100),)
    part = sampler.Sampled(FONTS[0].path, 0, 80, note, tuning_cents=100.0)
    (audio,) = sampler.play([part], SAMPLE_RATE)
    assert harmonic_strength(audio, 233.08) > 0.9


@needs_fonts
def test_a_missing_programme_is_named() -> None:
    part = sampler.Sampled(FONTS[0].path, 99, 5, (A3,))
    with pytest.raises(EngineFailedError, match="no programme 5 in bank 99"):
        sampler.play([part], SAMPLE_RATE)


@needs_fonts
@pytest.mark.filterwarnings("default")
def test_a_broken_soundfont_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF")
    with pytest.raises(EngineFailedError, match=r"broken\.sf2 cannot be read"):
        sampler.play([sampler.Sampled(broken, 0, 0, (A3,))], SAMPLE_RATE)


def test_nothing_to_play_needs_no_library() -> None:
    assert sampler.play([], SAMPLE_RATE) == []


def test_no_soundfont_is_on_both_sides_of_the_split(tmp_path: Path) -> None:
    for font in soundfonts.SOUNDFONTS:
        (tmp_path / font.file).touch()
    train = soundfonts.installed("train", (tmp_path,))
    valid = soundfonts.installed("valid", (tmp_path,))
    assert len(train) + len(valid) == len({font.file for font in soundfonts.SOUNDFONTS})
    assert not {font.path for font in train} & {font.path for font in valid}
    assert any(font.font.programmes for font in valid)
    assert any(font.font.acoustic_kits for font in valid)
    families = {"Fluid", "MuseScore"}  # MuseScore General holds FluidR3's samples
    assert not any(font.font.file.startswith(name) for font in valid for name in families)


def test_the_first_folder_wins(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        folder.mkdir()
        (folder / "TimGM6mb.sf2").touch()
    (font,) = soundfonts.installed("valid", (mine, theirs))
    assert font.path.parent == mine


def noise(seconds: float, seed: int = 0) -> Audio:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.normal(size=(2, round(seconds * SAMPLE_RATE)))).astype(np.float32)


def test_mastering_gives_all_stems_the_same_gain() -> None:
    stems = {"drums": noise(1.0, 1) * 4, "bass": noise(1.0, 2), "other": noise(1.0, 3) * 2}
    for seed in range(6):
        out = production.mastered(stems, np.random.default_rng(seed))
        gain = out["drums"] / stems["drums"]
        assert np.allclose(out["bass"], stems["bass"] * gain, atol=1e-5)
        assert np.abs(sum(out.values())).max() <= 1.0
        assert gain.min() > 0.0


def test_levelling_counts_what_is_played_only() -> None:
    audio = noise(2.0)
    audio[:, SAMPLE_RATE:] = 0.0
    out = production.levelled(audio, -20.0)
    assert 20 * np.log10(np.sqrt(np.square(out[:, :SAMPLE_RATE]).mean())) == pytest.approx(
        -20.0, abs=1.0
    )
    assert not np.any(production.levelled(np.zeros_like(audio), -20.0))


def test_panning_moves_and_folds() -> None:
    audio = noise(0.1)
    left = production.panned(audio, -1.0, 0.0)
    assert np.abs(left[1]).max() < 1e-6 < np.abs(left[0]).max()
    middle = production.panned(audio, 0.0, 0.0)
    assert np.allclose(middle[0], middle[1])
    assert np.allclose(production.panned(audio, 0.0, 1.0), audio, atol=1e-6)


def test_a_distorted_guitar_has_overtones_and_a_cabinet() -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sine = np.repeat(0.1 * np.sin(2 * np.pi * 330 * time_s)[None], 2, axis=0).astype(np.float32)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        loud = production.amplified(sine, "high gain", 0.8, rng)
        clean = production.amplified(sine, "clean", 0.2, rng)
        assert strength(loud, 600, 20_000) > 0.05
        assert strength(loud, 600, 20_000) > 3 * strength(clean, 600, 20_000)
        assert strength(loud, 9_000, 20_000) < 0.02


@pytest.mark.parametrize(
    "effect",
    [
        production.equalised,
        production.brightened,
        production.compressed,
        production.saturated,
        production.modulated,
        production.reverberated,
        production.roomy,
        production.aged,
    ],
)
def test_effects_keep_length_and_change_the_sound(effect) -> None:  # type: ignore[no-untyped-def]
    audio = noise(0.5)
    changed = 0
    for seed in range(4):
        out = effect(audio, np.random.default_rng(seed))
        assert out.shape == audio.shape
        assert out.dtype == np.float32
        assert np.all(np.isfinite(out))
        changed += not np.allclose(out, audio)
    assert changed >= 3
