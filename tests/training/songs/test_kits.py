"""Sampled drum kits, on kits made here: read, chosen for the split, and played."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from bridge.errors import EngineFailedError
from bridge.training.songs import cache, drumkits, grooves, hydrogen, kit_player, players
from bridge.training.songs.drumkits import Drumkit, InstalledKit
from bridge.training.songs.render import render_song
from bridge.training.songs.values import SAMPLE_RATE, NoteEvent, Part

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.engines.audio import Audio

LAYERS = (("soft", 0.4, 400.0, 0.2), ("hard", 1.0, 1_600.0, 0.8))
"""Name, hardest velocity, pitch in Hz, level."""


def write_stroke(
    path: Path,
    hertz: float,
    level: float,
    *,
    silence_s: float = 0.02,
    length_s: float = 1.0,
    rate: int = SAMPLE_RATE,
) -> None:
    time_s = np.arange(round(length_s * rate)) / rate
    stroke = level * np.cos(2 * np.pi * hertz * time_s) * np.exp(-3.0 * time_s)
    audio = np.concatenate([np.zeros(round(silence_s * rate)), stroke])
    soundfile.write(path, audio, rate, subtype="FLOAT")


def layered(name: str, files: tuple[tuple[str, float, float], ...], *, newest: bool = False) -> str:
    rows, softest = "", 0.0
    for file, hardest, gain in files:
        rows += (
            f"<layer><filename>{file}</filename><min>{softest}</min><max>{hardest}</max>"
            f"<gain>{gain}</gain><pitch>0</pitch></layer>"
        )
        softest = hardest
    if newest:
        rows = f"<instrumentComponent><gain>0.5</gain>{rows}</instrumentComponent>"
    return f"<instrument><name>{name}</name><volume>0.5</volume><gain>1</gain>{rows}</instrument>"


def write_kit(folder: Path, instruments: str, *, newest: bool = False) -> InstalledKit:
    folder.mkdir(parents=True, exist_ok=True)
    space = ' xmlns="http://www.hydrogen-music.org/drumkit"' if newest else ""
    (folder / "drumkit.xml").write_text(
        f"<drumkit_info{space}><name>Kit</name><instrumentList>{instruments}</instrumentList>"
        "</drumkit_info>"
    )
    return InstalledKit(Drumkit(folder.name, "Nobody", "CC0", "train", "acoustic"), folder)


@pytest.fixture
def kit(tmp_path: Path) -> InstalledKit:
    """A kick of two layers, a snare, two hats, a tom; no pedal, no cymbals, no percussion."""
    folder = tmp_path / "Real Kit"
    folder.mkdir()
    for name, _, hertz, level in LAYERS:
        write_stroke(folder / f"{name}.wav", hertz, level)
    write_stroke(folder / "snare.wav", 900.0, 0.5, silence_s=0.0)
    write_stroke(folder / "closed.wav", 5_000.0, 0.5, length_s=0.1)
    write_stroke(folder / "open.wav", 7_000.0, 0.5, length_s=2.0, rate=48_000)
    write_stroke(folder / "tom.wav", 200.0, 0.5)
    return write_kit(
        folder,
        layered("Bass Drum", (("soft.wav", 0.4, 1.0), ("hard.wav", 1.0, 1.0)))
        + "<instrument><name>Snare</name><filename>snare.wav</filename></instrument>"
        + layered("Closed HH", (("closed.wav", 1.0, 1.0),))
        + layered("Open HH", (("open.wav", 1.0, 1.0),))
        + layered("Floor Tom", (("tom.wav", 1.0, 1.0),))
        + layered("Cowbell", (("nowhere.wav", 1.0, 1.0),))
        + layered("", ()),
    )


def stroke(sound: int, start_s: float = 0.1, velocity: int = 110) -> NoteEvent:
    return NoteEvent(start_s, 0.1, sound, velocity)


def played(kit: InstalledKit, *notes: NoteEvent, seed: int = 3, seconds: float = 3.0) -> Audio:
    samples = round(seconds * SAMPLE_RATE)
    return kit_player.play(kit, notes, samples, np.random.default_rng(seed))


def pitch_hz(audio: Audio) -> float:
    power = np.abs(np.fft.rfft(audio[0]))
    return float(np.fft.rfftfreq(audio.shape[1], 1 / SAMPLE_RATE)[np.argmax(power)])


def onset_s(audio: Audio) -> float:
    envelope = np.abs(audio).max(axis=0)
    return float(np.argmax(envelope >= 0.3 * envelope.max())) / SAMPLE_RATE


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("BassDrum", {36, 35}),
        ('Kick (Tama Superstar 22")', {36, 35}),
        ("c#3 - stick", {37}),
        ("Rim Click (Pearl Free Floating Maple 14x3.5)", {37}),
        ("Pearl Snare Rimshot", {40}),
        ("Snare Jazz", {38, 40}),
        ("Snare Roll", set()),
        ("VariBreaks Hat 1 Pd", {44}),
        ('Hi-Hat Semiopen (Paiste Alpha Metal edge 14")', {46}),
        ("Hat Closed Dirty", {42}),
        ("Side OHH", {46}),
        ("Sabian Hat Choke", set()),
        ('Crash/Ride (Paiste Rude Crash/Ride 18")', {49, 57}),
        ('Crash/Ride Bow (Paiste Rude Crash/Ride 18")', {51, 59}),
        ("Paiste Bell", {53}),
        ("Cowbell", {56}),
        ("c4 - middle tom", {47, 45}),
        ("VariBreaks Tom Hi", {50, 48}),
        ("Pearl Tom Floor", {43, 41}),
        ("Dununba1 Bell Mute", set()),
        ("17", set()),
        ("Sample: beats_01-39.flac", set()),
        ("", set()),
    ],
)
def test_a_name_says_which_sound_it_is(name: str, sounds: set[int]) -> None:
    assert set(hydrogen.sounds_named(name)) == sounds


def test_every_sound_of_general_midi_that_songs_use_has_a_name() -> None:
    wanted = {sound for sounds in grooves.PIECES.values() for sound in sounds}
    named = {sound for _, sounds in hydrogen._NAMES for sound in sounds}
    assert named >= wanted


@pytest.mark.parametrize("newest", [False, True])
def test_both_dialects_are_read(tmp_path: Path, newest: bool) -> None:
    for name in ("a.wav", "b.wav"):
        write_stroke(tmp_path / name, 440.0, 0.5)
    files = (("b.wav", 1.0, 0.8), ("a.wav", 0.5, 0.4), ("missing.wav", 0.7, 1.0))
    pan = "<instrument><name>Snare</name><pan>-0.5</pan><filename>a.wav</filename></instrument>"
    text = layered("Kick", files, newest=newest) + pan
    kick, snare = hydrogen.read_kit(write_kit(tmp_path, text, newest=newest).path)
    assert [layer.path.name for layer in kick.layers] == ["a.wav", "b.wav"]
    assert [layer.hardest for layer in kick.layers] == [0.5, 1.0]
    share = 0.5 if newest else 1.0
    assert [layer.gain for layer in kick.layers] == pytest.approx([0.4 * share, 0.8 * share])
    assert (kick.gain_left, kick.gain_right) == (0.5, 0.5)
    assert (snare.gain_left, snare.gain_right) == (1.0, 0.5)


def test_a_correction_overrules_the_name(kit: InstalledKit) -> None:
    instruments = hydrogen.read_kit(kit.path, {"Snare": (39,), "Floor Tom": ()})
    sounds = {row.name: row.sounds for row in instruments}
    assert sounds["Snare"] == (39,)
    assert sounds["Floor Tom"] == ()
    assert "Cowbell" not in sounds, "an instrument without a sample is none"


def test_a_kit_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = write_kit(tmp_path / "Broken", "<instrument>")
    with pytest.raises(EngineFailedError, match="drum kit Broken cannot be read"):
        kit_player.plays(broken, {36})
    wrong = write_kit(tmp_path / "Wrong", "<instrument><volume>loud</volume></instrument>")
    with pytest.raises(EngineFailedError, match="drum kit Wrong cannot be read"):
        kit_player.plays(wrong, {36})


def test_a_sample_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "kick.wav").write_bytes(b"RIFF")
    kit = write_kit(tmp_path, layered("Kick", (("kick.wav", 1.0, 1.0),)))
    with pytest.raises(EngineFailedError, match=r"kick\.wav of the drum kit"):
        played(kit, stroke(36))


@pytest.mark.parametrize("sound", [36, 38, 46])
@pytest.mark.parametrize("start_s", [0.0, 0.1, 1.23456])
def test_a_stroke_is_where_its_note_is(kit: InstalledKit, sound: int, start_s: float) -> None:
    for seed in range(5):
        audio = played(kit, stroke(sound, start_s), seed=seed)
        assert audio.shape == (2, 3 * SAMPLE_RATE)
        assert audio.dtype == np.float32
        assert onset_s(audio) == pytest.approx(start_s, abs=0.001)
        before = audio[:, : max(0, round((start_s - 0.004) * SAMPLE_RATE))]
        assert not np.any(before)


def test_a_slow_attack_is_kept(tmp_path: Path) -> None:
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    swell = np.sin(2 * np.pi * 3_000.0 * time_s) * np.minimum(time_s / 0.03, 1.0) * 0.5
    soundfile.write(tmp_path / "shaker.wav", swell, SAMPLE_RATE, subtype="FLOAT")
    kit = write_kit(tmp_path, layered("Shaker", (("shaker.wav", 1.0, 2.0),)))
    audio = np.abs(played(kit, stroke(grooves.CABASA, 0.1, 127))).max(axis=0)
    rise = audio[round(0.1 * SAMPLE_RATE) : round(0.14 * SAMPLE_RATE)].reshape(-1, 147).max(axis=1)
    assert rise[0] < 0.2 * rise[-1]
    assert np.count_nonzero(audio[: round(0.1 * SAMPLE_RATE)]) > 30


def test_the_velocity_chooses_the_layer_and_the_level(kit: InstalledKit) -> None:
    for name, _, hertz, _ in LAYERS:
        velocity = 20 if name == "soft" else 120
        audio = played(kit, stroke(grooves.KICK, 0.0, velocity))
        assert pitch_hz(audio) == pytest.approx(hertz, rel=0.07)
    peaks = [
        np.abs(played(kit, stroke(grooves.KICK, 0.1, velocity))).max()
        for velocity in (10, 20, 30, 80, 100, 127)
    ]
    assert peaks == sorted(peaks)
    assert peaks[-1] == pytest.approx(0.8 * 0.5, rel=0.1)
    assert peaks[1] / peaks[0] == pytest.approx(2.0, rel=0.05)


def test_neighbouring_layers_mix_at_their_border(kit: InstalledKit) -> None:
    border = round(0.4 * 127)
    heard = {
        pitch_hz(played(kit, stroke(grooves.KICK, 0.0, border), seed=seed)) > 900
        for seed in range(12)
    }
    assert heard == {True, False}


def test_layers_for_the_same_strength_take_turns(tmp_path: Path) -> None:
    for name, hertz in (("one.wav", 300.0), ("two.wav", 3_000.0)):
        write_stroke(tmp_path / name, hertz, 0.5)
    kit = write_kit(tmp_path, layered("Snare", (("one.wav", 1.0, 1.0), ("two.wav", 1.0, 1.0))))
    heard = {pitch_hz(played(kit, stroke(38, 0.0), seed=seed)) > 1_000 for seed in range(12)}
    assert heard == {True, False}


def test_kits_are_tuned_by_a_few_percent(kit: InstalledKit) -> None:
    found = [pitch_hz(played(kit, stroke(38, 0.0), seed=seed)) for seed in range(12)]
    assert all(found_hz == pytest.approx(900.0, rel=0.07) for found_hz in found)
    assert max(found) - min(found) > 15.0


def test_rates_and_transpositions_are_heeded(tmp_path: Path) -> None:
    write_stroke(tmp_path / "tom.wav", 400.0, 0.5, rate=48_000)
    low = layered("Low Tom", (("tom.wav", 1.0, 1.0),)).replace("<pitch>0<", "<pitch>-12<")
    kit = write_kit(tmp_path, layered("High Tom", (("tom.wav", 1.0, 1.0),)) + low)
    for sound, hertz in ((50, 400.0), (41, 200.0)):
        found = [pitch_hz(played(kit, stroke(sound, 0.0), seed=seed)) for seed in range(12)]
        assert float(np.mean(found)) == pytest.approx(hertz, rel=0.03)


@pytest.mark.parametrize("closing", [grooves.CLOSED_HAT, grooves.PEDAL_HAT])
def test_a_closing_hat_chokes_the_open_one(kit: InstalledKit, closing: int) -> None:
    opened = stroke(grooves.OPEN_HAT, 0.1)
    ringing = played(kit, opened)
    choked = played(kit, opened, stroke(closing, 0.5, 1))
    until = slice(round(0.15 * SAMPLE_RATE), round(0.49 * SAMPLE_RATE))
    after = slice(round(0.66 * SAMPLE_RATE), round(1.2 * SAMPLE_RATE))
    assert np.allclose(choked[:, until], ringing[:, until])
    assert np.abs(ringing[:, after]).max() > 0.01
    assert np.abs(choked[:, after]).max() < 1e-3
    fading = np.abs(choked[:, round(0.5 * SAMPLE_RATE) : round(0.53 * SAMPLE_RATE)]).max(axis=0)
    assert np.abs(np.diff(fading.reshape(-1, 63).max(axis=1))).max() < 0.5 * fading.max()


def test_a_kick_chokes_nothing(kit: InstalledKit) -> None:
    opened, kick = stroke(grooves.OPEN_HAT, 0.1), stroke(grooves.KICK, 0.5)
    both = played(kit, opened, kick)
    after = both[0, round(1.0 * SAMPLE_RATE) :]
    power = np.abs(np.fft.rfft(after))
    hertz = np.fft.rfftfreq(len(after), 1 / SAMPLE_RATE)
    assert power[hertz > 6_000].max() > 1.0


def test_what_a_kit_lacks_has_a_stand_in(kit: InstalledKit) -> None:
    expected = {36: 36, 35: 35, 40: 40, 37: 40, 39: 40, 44: 42, 46: 46, 50: 43, 41: 41}
    assert {sound: kit_player.sound_struck(kit, sound) for sound in expected} == expected
    for sound in (grooves.CRASH, grooves.RIDE, grooves.COWBELL, grooves.TRIANGLE):
        assert kit_player.sound_struck(kit, sound) is None
    assert kit_player.plays(kit, {36, 37, 44})
    assert not kit_player.plays(kit, {36, grooves.TRIANGLE})
    with pytest.raises(EngineFailedError, match="Real Kit has nothing for the sound 81"):
        played(kit, stroke(grooves.TRIANGLE))


def test_stand_ins_stay_in_their_piece() -> None:
    pieces = {sound: piece for piece, sounds in grooves.PIECES.items() for sound in sounds}
    for sound, others in kit_player._STAND_INS.items():
        assert {pieces[other] for other in others} == {pieces[sound]}


def test_a_seed_is_a_performance(kit: InstalledKit) -> None:
    notes = [stroke(sound, 0.1 * index) for index, sound in enumerate((36, 42, 38, 46, 42))]
    first, again, other = (played(kit, *notes, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_kit_is_on_both_sides_of_the_split(tmp_path: Path) -> None:
    for kit in drumkits.DRUMKITS:
        write_kit(tmp_path / kit.folder, "")
    train = drumkits.installed("train", (tmp_path,))
    valid = drumkits.installed("valid", (tmp_path,))
    assert len({kit.path for kit in (*train, *valid)}) == len(drumkits.DRUMKITS)
    assert not {kit.path for kit in train} & {kit.path for kit in valid}
    assert [kit.kit.folder for kit in valid] == ["ForzeeStereo", "ColomboAcousticDrumkit"]
    authors = {kit.kit.author for kit in train}
    assert not any(kit.kit.author in authors for kit in valid)
    assert drumkits.installed("train", (tmp_path / "nothing",)) == ()


def parts_of(*kinds: str) -> list[Part]:
    sounds = {"kick": 36, "snare": 38, "cymbals": 42, "toms": 43, "percussion": 54}
    return [Part("drums", kind, (stroke(sounds[kind.split()[1]]),)) for kind in kinds]


def test_half_of_the_acoustic_drums_are_sampled(kit: InstalledKit) -> None:
    taken = 0
    for seed in range(200):
        chooser = players._Kit((), (kit,), np.random.default_rng(seed))
        taken += isinstance(chooser.source(parts_of("acoustic snare")[0]), InstalledKit)
    assert taken == pytest.approx(100, abs=5 * math.sqrt(50))


def test_a_kit_plays_only_what_it_is_and_has(kit: InstalledKit) -> None:
    for seed in range(20):
        chooser = players._Kit((), (kit,), np.random.default_rng(seed))
        for part in parts_of("electronic kick", "acoustic percussion", "electronic percussion"):
            assert not isinstance(chooser.source(part), InstalledKit)


def test_a_kit_without_toms_borrows_them(kit: InstalledKit, tmp_path: Path) -> None:
    write_stroke(tmp_path / "kick.wav", 60.0, 0.5)
    small = write_kit(tmp_path, layered("Kick", (("kick.wav", 1.0, 1.0),)))
    borrowed = 0
    for seed in range(40):
        chooser = players._Kit((), (kit, small), np.random.default_rng(seed))
        kick, toms = (chooser.source(part) for part in parts_of("acoustic kick", "acoustic toms"))
        assert toms != small
        borrowed += kick == small and toms == kit
    assert borrowed > 0


def test_drummers_need_no_kits_and_repeat_with_them(kit: InstalledKit) -> None:
    parts = parts_of("acoustic kick", "acoustic snare", "acoustic toms", "electronic kick")

    def drums(kits: tuple[InstalledKit, ...], seed: int) -> list[Audio]:
        rng = np.random.default_rng(seed)
        return [takes[0] for _, takes in players.play(parts, SAMPLE_RATE, (), kits, rng)]

    changed = 0
    for seed in range(4):
        without, first, again = drums((), seed), drums((kit,), seed), drums((kit,), seed)
        assert all(np.any(audio) for audio in (*without, *first))
        assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
        changed += not np.array_equal(first[0], without[0])
    assert changed > 0


@pytest.mark.usefixtures("humming")
def test_a_song_is_played_by_the_kits_of_its_order(
    kit: InstalledKit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played_by: list[object] = []

    def play(
        parts: object, samples: int, fonts: object, kits: object, rng: object
    ) -> list[tuple[Part, list[Audio]]]:
        played_by.append(kits)
        return []

    monkeypatch.setattr(players, "play", play)
    (order,) = cache.orders(tmp_path, 0.001, "train", 1, (), kits=(kit,))
    cache.write_song(replace(order, duration_s=1.0))
    monkeypatch.setattr(drumkits, "installed", lambda split: (split,))
    (order,) = cache.orders(tmp_path, 0.001, "valid", 1, ())
    render_song(1, 1.0, "train", fonts=())
    assert played_by == [(kit,), ("train",)]
    assert [str(name) for name in order.kits] == ["valid"]


@pytest.mark.skipif(not drumkits.installed("train"), reason="needs Debian's hydrogen-drumkits")
@pytest.mark.parametrize(
    "kit",
    [*drumkits.installed("train"), *drumkits.installed("valid")],
    ids=lambda kit: kit.kit.folder,
)
def test_every_installed_kit_plays_what_its_kind_should(kit: InstalledKit) -> None:
    instruments = hydrogen.read_kit(kit.path)
    assert {name for name, _ in kit.kit.sounds} <= {row.name for row in instruments}
    sounds = {"acoustic": (36, 38, 37, 42, 44, 46, 49, 51, 50, 41), "electronic": (36, 38, 42, 46)}
    for sound in sounds.get(kit.kit.kind, (grooves.COWBELL,)):
        audio = played(kit, stroke(sound), seconds=1.0)
        assert 0.05 < np.abs(audio).max() < 3.0
        assert np.abs(audio[:, : round(0.096 * SAMPLE_RATE)]).max() == 0.0
