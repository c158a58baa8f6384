"""Rendered songs, and the folder that the training reads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.training.songs import __main__ as command
from bridge.training.songs import cache, sampler, soundfonts
from bridge.training.songs.cache import Order
from bridge.training.songs.render import render_song
from bridge.training.songs.styles import STYLES
from bridge.training.songs.values import SAMPLE_RATE, STEMS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bridge.training.songs.values import NoteEvent

pytestmark = pytest.mark.usefixtures("humming")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_renders_exact_stems(style: str) -> None:
    stems = render_song(11, 3.001, "train", fonts=(), kits=(), style=style)
    assert tuple(stems) == STEMS
    for audio in stems.values():
        assert audio.shape == (2, round(3.001 * SAMPLE_RATE))
        assert audio.dtype == np.float32
        assert np.all(np.isfinite(audio))
        assert np.abs(audio).max() <= 1.0
    mix = np.sum(list(stems.values()), axis=0)
    assert 0.05 < np.abs(mix).max() <= 1.0


def test_a_seed_is_a_recording() -> None:
    first, again, other = (render_song(seed, 2.0, "train", fonts=(), kits=()) for seed in (5, 5, 6))
    assert all(np.array_equal(first[stem], again[stem]) for stem in STEMS)
    assert not all(np.array_equal(first[stem], other[stem]) for stem in STEMS)


def test_stems_hold_what_they_are_named_after(humming: list[Sequence[NoteEvent]]) -> None:
    low = dict.fromkeys(STEMS, 0.0)
    total = dict(low)
    for seed in range(4):
        for stem, audio in render_song(seed, 5.0, "train", fonts=(), kits=(), style="rock").items():
            power = np.square(np.abs(np.fft.rfft(audio))).sum(axis=0)
            hertz = np.fft.rfftfreq(audio.shape[1], 1 / SAMPLE_RATE)
            low[stem] += float(power[hertz < 250].sum())
            total[stem] += float(power.sum())
    share = {stem: low[stem] / total[stem] for stem in STEMS}
    assert share["bass"] > 0.5
    assert share["other"] < 0.35
    assert share["vocals"] < 0.5
    assert humming


@pytest.mark.skipif(
    sampler.library() is None or not soundfonts.installed("train"),
    reason="needs libfluidsynth and soundfonts",
)
def test_soundfonts_play() -> None:
    with_fonts = render_song(2, 2.0, "train", kits=(), style="rock")
    again = render_song(2, 2.0, "train", kits=(), style="rock")
    without = render_song(2, 2.0, "train", fonts=(), kits=(), style="rock")
    assert all(np.array_equal(with_fonts[stem], again[stem]) for stem in STEMS)
    assert not np.array_equal(with_fonts["drums"], without["drums"])


def short(folder: Path, index: int = 0, seed: int = 4) -> Order:
    return Order(folder / "train", index, seed, 1.5, ())


def test_a_song_is_on_disk_as_the_training_reads_it(tmp_path: Path) -> None:
    path = cache.write_song(short(tmp_path, index=7))
    assert path == tmp_path / "train" / "00007"
    facts = tomllib.loads((path / "song.toml").read_text(encoding="utf-8"))
    assert (facts["seed"], facts["seconds"]) == (4, 1.5)
    assert facts["tempo"] > 0
    stems = render_song(4, 1.5, "train", fonts=(), kits=())
    for stem, audio in stems.items():
        raw = path / f"{stem}.i16"
        assert raw.exists() == bool(np.any(audio))
        if raw.exists():
            integers = np.frombuffer(raw.read_bytes(), dtype="<i2").reshape(-1, 2).T
            assert np.allclose(integers / 32_767, audio, rtol=0, atol=0.51 / 32_767)
            read = cache.read_stem(path, stem)
            assert read is not None
            assert np.allclose(read, audio, rtol=0, atol=0.51 / 32_767)
    assert cache.read_stem(path, "triangle") is None


def test_a_song_that_is_there_is_kept(tmp_path: Path) -> None:
    order = short(tmp_path)
    path = cache.write_song(order)
    (path / "mark").touch()
    assert cache.write_song(order) == path
    assert (path / "mark").exists()


def test_a_song_that_failed_or_was_stopped_leaves_nothing_that_a_reader_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = short(tmp_path)
    stopped = order.folder / ".00000.part"
    stopped.mkdir(parents=True)
    (stopped / "drums.i16").write_bytes(b"half")
    with monkeypatch.context() as patch:
        patch.setattr(cache, "_integers", lambda audio: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            cache.write_song(order)
    assert not list(order.folder.iterdir())
    assert sorted(path.name for path in cache.write_song(order).iterdir())[-1] == "song.toml"


def test_more_hours_are_the_same_songs_and_further_ones(tmp_path: Path) -> None:
    few = list(cache.orders(tmp_path, 0.1, "train", 3, ()))
    many = list(cache.orders(tmp_path, 0.3, "train", 3, ()))
    assert many[: len(few)] == few
    assert sum(order.duration_s for order in few) >= 360.0
    assert all(cache.SHORTEST_S <= order.duration_s <= cache.LONGEST_S for order in many)


def test_splits_and_seeds_never_share_a_song(tmp_path: Path) -> None:
    seeds = [
        order.seed
        for split in ("train", "valid")
        for seed in (0, 1)
        for order in cache.orders(tmp_path, 0.2, split, seed, ())
    ]
    assert len(set(seeds)) == len(seeds)


def test_without_soundfonts_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soundfonts, "FOLDERS", ())
    arguments = ["songs", "--folder", str(tmp_path), "--split", "valid"]
    monkeypatch.setattr("sys.argv", arguments)
    assert command.main() == 1
    assert "timgm6mb-soundfont" in capsys.readouterr().err


def test_the_command_renders_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "TimGM6mb.sf2").touch()
    wanted: list[Order] = []

    def write_songs(orders: list[Order], workers: int) -> list[tuple[Order, None]]:
        assert workers == 3
        wanted.extend(orders)
        return [(order, None) for order in orders]

    monkeypatch.setattr(cache, "write_songs", write_songs)
    done = next(cache.orders(tmp_path, 0.01, "valid", 0, ())).path
    done.mkdir(parents=True)
    arguments = f"songs --folder {tmp_path} --hours 0.05 --split valid --workers 3"
    monkeypatch.setattr("sys.argv", [*arguments.split(), "--soundfonts", str(tmp_path)])
    assert command.main() == 0
    assert wanted[0].index == 1
    assert wanted[0].fonts[0].path.parent == tmp_path
