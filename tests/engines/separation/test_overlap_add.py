"""The runner gives what Demucs' own `apply_model` gives, in less memory and time."""

from __future__ import annotations

import random
import tracemalloc
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.separation.demucs_model import bag_of
from bridge.engines.separation.overlap_add import separate
from bridge.engines.separation.window_model import Bag, Member
from bridge.errors import EngineFailedError, JobCancelled, OutOfMemoryError
from tests.engines.separation.tiny_models import (
    STEMS,
    Counter,
    noise,
    tiny_demucs,
    tiny_hdemucs,
    tiny_htdemucs,
)

if TYPE_CHECKING:
    from pathlib import Path

RATE = 44_100
ALL = {stem: (stem,) for stem in STEMS}


@dataclass(frozen=True)
class Gains:
    """A model whose stems are the window times a factor; it keeps what it heard."""

    factors: tuple[float, ...] = (1.0, 2.0)
    stems: tuple[str, ...] = ("one", "two")
    sample_rate: int = 1_000
    channels: int = 2
    segment_frames: int = 1_000
    heard: list[Audio] = field(default_factory=list)

    def window_frames(self, frames: int) -> int:
        return self.segment_frames

    def forward(self, window: Audio) -> NDArray[np.float32]:
        self.heard.append(window)
        return np.stack([np.float32(factor) * window for factor in self.factors])


class Nothing(list[Audio]):
    """A list that keeps nothing."""

    def append(self, window: Audio) -> None:
        del window


def demucs_says(model: Any, mix: Audio, **options: Any) -> NDArray[np.float32]:
    import torch
    from demucs.apply import apply_model

    with torch.inference_mode():
        estimate = apply_model(model, torch.from_numpy(mix)[None], device="cpu", **options)
    return np.asarray(estimate[0].numpy())


def ours(bag: Bag, mix: Audio, folder: Path, **options: Any) -> NDArray[np.float32]:
    outputs = {stem: (stem,) for stem in bag.stems}
    buffer = DiskBuffer.of(folder / "mix.f32", mix, bag.sample_rate)
    found = separate(bag, buffer, outputs, folder, **options)
    return np.stack([found[stem].read() for stem in bag.stems])


def plain(bag: Bag) -> Bag:
    """Return the bag as `apply_model` sees it: the normalisation is the Separator's."""
    return Bag(bag.members, normalised=False)


@pytest.mark.parametrize(
    ("make", "frames"),
    [
        (make, frames)
        for make in (tiny_htdemucs, tiny_hdemucs, tiny_demucs)
        for frames in (2 * RATE + 1_234, RATE + 1, 12_345, 1)
        if (make, frames) != (tiny_hdemucs, 1)  # apply_model crashes on it
    ],
)
def test_equals_apply_model(tmp_path: Path, make: Any, frames: int) -> None:
    model, mix = make(), noise(frames)
    expected = demucs_says(model, mix, shifts=0)
    found = ours(plain(bag_of([model], None, "cpu")), mix, tmp_path)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("frames", [1, RATE + 1])
def test_a_last_window_of_one_sample_does_not_crash_hdemucs(tmp_path: Path, frames: int) -> None:
    bag = bag_of([tiny_hdemucs()], None, "cpu")
    found = ours(bag, noise(frames), tmp_path, overlap=0.0)
    assert found.shape == (4, 2, frames)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("overlap", "same"), [(0.0, RATE * 5 // 2), (0.1, RATE * 5 // 2), (0.6, 2 * RATE)]
)
def test_equals_apply_model_at_other_overlaps(tmp_path: Path, overlap: float, same: int) -> None:
    model, mix = tiny_htdemucs(), noise(RATE * 5 // 2)
    expected = demucs_says(model, mix, shifts=0, overlap=overlap)
    found = ours(plain(bag_of([model], None, "cpu")), mix, tmp_path, overlap=overlap)
    np.testing.assert_allclose(found[..., :same], expected[..., :same], atol=1e-5)


@pytest.mark.parametrize("make", [tiny_htdemucs, tiny_hdemucs, tiny_demucs])
@pytest.mark.parametrize("frames", [RATE, RATE * 7 // 8])
def test_a_region_of_one_window_is_heard_once_and_whole(
    tmp_path: Path, make: Any, frames: int
) -> None:
    model, mix = make(), noise(frames)
    expected = demucs_says(model, mix, shifts=0, split=False)
    counter = Counter(model)
    found = ours(plain(bag_of([model], None, "cpu")), mix, tmp_path)
    assert counter.runs == 1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_window_begins_where_another_reaches_the_end(tmp_path: Path) -> None:
    model, mix = tiny_htdemucs(), noise(RATE * 17 // 10)
    expected = demucs_says(model, mix, shifts=0)  # three windows, the last from 1.5 s on
    counter = Counter(model)
    found = ours(plain(bag_of([model], None, "cpu")), mix, tmp_path)
    assert counter.runs == 2
    same = RATE * 3 // 2
    np.testing.assert_allclose(found[..., :same], expected[..., :same], atol=1e-5)
    for frames, windows in [(1_000, 1), (1_750, 2), (1_751, 3), (2_500, 3)]:
        gains = Gains()
        ours(Bag.of(gains), noise(frames), tmp_path)
        assert len(gains.heard) == windows, frames


class Batches(Gains):
    """A model that takes several windows at once, and no more samples than there are."""

    def window_frames(self, frames: int) -> int:
        return frames

    def forward(self, window: Audio) -> NDArray[np.float32]:
        self.heard.append(window)
        return np.stack([np.float32(factor) * window for factor in self.factors], axis=-3)


def test_windows_go_through_the_model_in_batches_of_one_length(tmp_path: Path) -> None:
    mix = noise(9_300)
    mix[:, 2_000:4_000] = 0.0
    one, several = Gains(), Batches()
    expected = ours(Bag.of(one), mix, tmp_path)
    said: list[float] = []
    bag = replace(Bag.of(several), batch_windows=4)
    found = ours(bag, mix, tmp_path, progress=said.append)
    np.testing.assert_array_equal(found, expected)
    assert sum(window.ndim == 3 for window in several.heard) > 1
    assert max(len(window) for window in several.heard) == 4
    assert sum(1 if w.ndim == 2 else len(w) for w in several.heard) == len(one.heard)
    assert said == sorted(said)


def test_equals_apply_model_for_a_bag_with_weights(tmp_path: Path) -> None:
    from demucs.apply import BagOfModels

    models = [tiny_htdemucs(1), tiny_hdemucs(2)]
    weights = [[1.0, 0.0, 0.5, 2.0], [1.0, 1.0, 0.25, 0.0]]
    mix = noise(2 * RATE + 99)
    expected = demucs_says(BagOfModels(models, weights), mix, shifts=0)
    found = ours(plain(bag_of(models, weights, "cpu")), mix, tmp_path)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_shifts_equal_apply_model_at_the_same_offsets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, mix = tiny_htdemucs(), noise(RATE + 4_321)
    silence = [0, RATE // 2 // 3, RATE // 2 * 2 // 3]
    offsets = iter([RATE // 2 - frames for frames in silence])
    monkeypatch.setattr(random, "randint", lambda low, high: next(offsets))
    expected = demucs_says(model, mix, shifts=3)
    bag = plain(bag_of([model], None, "cpu"))
    found = ours(bag, mix, tmp_path, shifts=3)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(found, ours(bag, mix, tmp_path, shifts=3))


def test_no_shift_and_one_shift_are_the_same(tmp_path: Path) -> None:
    bag, mix = Bag.of(Gains()), noise(4_321)
    np.testing.assert_array_equal(
        ours(bag, mix, tmp_path, shifts=0), ours(bag, mix, tmp_path, shifts=1)
    )


def test_normalises_the_region_as_the_separator_of_demucs_does(tmp_path: Path) -> None:
    model = tiny_htdemucs()
    mix = np.float32(0.1) + np.float32(0.05) * noise(RATE * 3 // 2)
    mono = mix.mean(axis=0, dtype=np.float64)
    mean, deviation = mono.mean(), mono.std(ddof=1) + 1e-8
    normalised = ((mix - mean) / deviation).astype(np.float32)
    expected = demucs_says(model, normalised, shifts=2 - 2) * deviation + mean
    found = ours(bag_of([model], None, "cpu"), mix, tmp_path)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_padding_is_zero_after_normalisation(tmp_path: Path) -> None:
    model = Gains()
    ours(Bag.of(model), np.full((2, 400), 0.5, dtype=np.float32) + noise(400), tmp_path)
    window = model.heard[0]
    assert window.shape == (2, 1_000)
    assert not window[:, :300].any()
    assert not window[:, 700:].any()
    assert abs(window[:, 300:700].mean()) < 1e-5


def test_models_that_count_for_no_wanted_stem_are_not_run(tmp_path: Path) -> None:
    models = [tiny_htdemucs(seed) for seed in range(4)]
    counters = [Counter(model) for model in models]
    bag = bag_of(models, np.eye(4).tolist(), "cpu")
    mix = noise(RATE * 3 // 2)
    buffer = DiskBuffer.of(tmp_path / "mix.f32", mix, RATE)
    vocals = separate(bag, buffer, {"vocals": ("vocals",)}, tmp_path)["vocals"].read()
    assert [counter.runs for counter in counters] == [0, 0, 0, 2]
    whole = ours(bag, mix, tmp_path)
    assert [counter.runs for counter in counters] == [2, 2, 2, 4]
    np.testing.assert_allclose(vocals, whole[STEMS.index("vocals")], atol=1e-6)


def test_an_output_is_the_sum_of_its_stems(tmp_path: Path) -> None:
    bag, mix = bag_of([tiny_htdemucs()], None, "cpu"), noise(RATE * 3 // 2)
    whole = ours(bag, mix, tmp_path)
    buffer = DiskBuffer.of(tmp_path / "mix.f32", mix, RATE)
    outputs = {"bass": ("bass",), "rest": ("drums", "other", "vocals")}
    found = separate(bag, buffer, outputs, tmp_path)
    np.testing.assert_allclose(found["bass"].read(), whole[1], atol=1e-5)
    np.testing.assert_allclose(found["rest"].read(), whole[[0, 2, 3]].sum(axis=0), atol=1e-5)


def test_silent_windows_are_not_run_and_stay_silent(tmp_path: Path) -> None:
    model = tiny_htdemucs()
    counter = Counter(model)
    mix = noise(6 * RATE)
    mix[:, RATE : 5 * RATE] = 0.0
    mix[:, 2 * RATE] = 0.9e-6
    said: list[float] = []
    found = ours(bag_of([model], None, "cpu"), mix, tmp_path, overlap=0.0, progress=said.append)
    assert counter.runs == 2
    assert not found[..., RATE : 5 * RATE].any()
    assert found[..., :RATE].any()
    assert found[..., 5 * RATE :].any()
    assert sorted(set(said)) == [0.0, 0.5, 1.0]


def test_one_loud_sample_anywhere_makes_a_window_worth_running(tmp_path: Path) -> None:
    for place in (0, 1, 999, 1_000, 1_023, 1_024, 2_500, 2_999):
        model = Gains()
        mix = np.zeros((2, 3_000), dtype=np.float32)
        mix[1, place] = 1.1e-6
        ours(Bag.of(model, normalised=False), mix, tmp_path, overlap=0.0)
        assert len(model.heard) == 1, place
        assert np.abs(model.heard[0]).max() == np.float32(1.1e-6)


def test_a_silent_region_runs_nothing(tmp_path: Path) -> None:
    model = Gains()
    said: list[float] = []
    mix = np.zeros((2, 5_000), dtype=np.float32)
    found = ours(Bag.of(model), mix, tmp_path, progress=said.append)
    assert not model.heard
    assert not found.any()
    assert said[-1] == 1.0


def test_progress_counts_the_windows_of_all_passes(tmp_path: Path) -> None:
    models = (Gains(), Gains())
    bag = Bag(tuple(Member(model, (1.0, 1.0)) for model in models))
    said: list[float] = []
    ours(bag, noise(3_000), tmp_path, overlap=0.0, shifts=2, progress=said.append)
    # Each model: 3 windows unshifted, 4 with a quarter of a second of silence before.
    assert sum(len(model.heard) for model in models) == 14
    np.testing.assert_allclose(said, [0.0, *(window / 14 for window in range(14)), 1.0])


def test_every_window_can_be_the_last(tmp_path: Path) -> None:
    for last in range(4):
        model = Gains()

        def cancel(fraction: float, last: int = last, heard: list[Audio] = model.heard) -> None:
            if len(heard) == last and (last or fraction == 0.0):
                raise JobCancelled

        with pytest.raises(JobCancelled):
            ours(Bag.of(model), noise(4_000), tmp_path, progress=cancel)
        assert len(model.heard) == last


def test_a_mono_region_gives_mono_stems(tmp_path: Path) -> None:
    bag, mono = bag_of([tiny_htdemucs()], None, "cpu"), noise(RATE * 3 // 2, channels=1)
    found = ours(bag, mono, tmp_path)
    assert found.shape == (4, 1, mono.shape[1])
    stereo = ours(bag, np.repeat(mono, 2, axis=0), tmp_path)
    np.testing.assert_allclose(found, stereo.mean(axis=1, keepdims=True), atol=1e-6)


def test_a_mono_model_gives_a_stereo_region_stereo_stems(tmp_path: Path) -> None:
    model, mix = Gains(channels=1), noise(2_500)
    found = ours(Bag.of(model, normalised=False), mix, tmp_path)
    mono = mix.mean(axis=0)
    np.testing.assert_allclose(found[1], np.stack([2 * mono, 2 * mono]), atol=1e-6)


def test_memory_does_not_grow_with_the_region(tmp_path: Path) -> None:
    bag = Bag.of(Gains(factors=(1.0,), stems=("one",), segment_frames=50_000, heard=Nothing()))
    mix = DiskBuffer.create(tmp_path / "mix.f32", 2, 5_000_000, 1_000)
    for start in range(0, mix.frames, 500_000):
        mix.write(start, noise(100_000, seed=start))
    tracemalloc.start()
    try:
        separate(bag, mix, {"one": ("one",)}, tmp_path, shifts=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # the region is 40 MB, and so is the stem


def test_errors_of_torch_are_told_as_ours(tmp_path: Path) -> None:
    import torch

    model = tiny_htdemucs()
    bag = bag_of([model], None, "cpu")
    faults: list[tuple[Exception, type[Exception]]] = [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), OutOfMemoryError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), OutOfMemoryError),
        (MemoryError(), OutOfMemoryError),
        (RuntimeError("the shapes do not match"), EngineFailedError),
        (ValueError("the input is too short"), EngineFailedError),
    ]
    for fault, expected in faults:

        def fail(*_: Any, fault: Exception = fault) -> None:
            raise fault

        hook = model.register_forward_pre_hook(fail)
        with pytest.raises(expected, match="The model") as caught:
            ours(bag, noise(1_000), tmp_path)
        assert caught.value.__cause__ is fault
        hook.remove()


@pytest.mark.parametrize(
    ("weights", "fault"),
    [
        ([[1.0, 1.0], [0.0]], "one weight of 0 or more for every stem"),
        ([[1.0, 0.0], [1.0, 0.0]], "above 0 for two"),
        ([[1.0, 1.0], [1.0, -1.0]], "one weight of 0 or more"),
    ],
)
def test_weights_that_make_no_mean_are_refused(weights: list[list[float]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Bag(tuple(Member(Gains(), tuple(row)) for row in weights))
    with pytest.raises(ValueError, match="differ"):
        Bag((*Bag.of(Gains()).members, *Bag.of(Gains(sample_rate=2_000)).members))
