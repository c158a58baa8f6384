"""Half the precision is used where the machine is quicker in it, and only if it comes near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bridge.engines.separation import half_precision
from bridge.engines.separation.demucs_model import DemucsModel, bag_of, lean
from bridge.engines.separation.half_precision import half_of
from bridge.engines.separation.window_model import Bag, Member
from bridge.errors import OutOfMemoryError
from tests.engines.separation.tiny_models import (
    Counter,
    noise,
    tiny_demucs,
    tiny_hdemucs,
    tiny_htdemucs,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the processor multiply bfloat16 by itself, whichever it is; torch imitates it."""
    monkeypatch.setattr(half_precision, "half_of", lambda device: "bfloat16")


def test_only_processors_that_have_the_format_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    asks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    for answers, expected in [
        ((False, False), None),
        ((True, False), "bfloat16"),
        ((False, True), "bfloat16"),
    ]:
        for name, answer in zip(asks, answers, strict=True):
            monkeypatch.setattr(torch.cpu, name, lambda answer=answer: answer)
        assert half_precision.half_of("cpu") == expected
    for name in asks:  # of another torch
        monkeypatch.delattr(torch.cpu, name)
    assert half_precision.half_of("cpu") is None
    assert half_precision.half_of("mps") is None
    for has_it, expected in [(True, "bfloat16"), (False, "float16")]:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has_it=has_it: has_it)
        assert half_precision.half_of("cuda:1") == expected


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("make", [tiny_htdemucs, tiny_hdemucs, tiny_demucs])
def test_a_model_in_half_precision_is_near_and_says_so(make: Callable[[], Any]) -> None:
    if make is not tiny_htdemucs and half_of("cpu") is None:
        pytest.skip("torch imitates the format for convolutions and products, not for an LSTM")
    bag = bag_of([make()], None, "cpu")
    found = lean(bag, bag.stems)
    assert (bag.precision, found.precision) == ("float32", "bfloat16")
    window = noise(44_100)
    full, half = (one.members[0].model.forward(window) for one in (bag, found))
    assert half.dtype == np.float32
    assert half.shape == full.shape
    assert not np.array_equal(half, full)
    assert half_precision.snr_db(full, half) > 30.0
    np.testing.assert_array_equal(bag.members[0].model.forward(window), full)


@pytest.mark.usefixtures("quick")
def test_the_check_is_made_once_on_a_second_of_sound() -> None:
    from fractions import Fraction

    module = tiny_htdemucs(segment=Fraction(3))
    lengths: list[int] = []
    module.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[-1]))
    bag = bag_of([module], None, "cpu")
    assert lean(bag, bag.stems).members[0].model is lean(bag, bag.stems).members[0].model
    assert lengths == [44_100, 44_100]
    assert module.segment == Fraction(3)
    assert lean(bag, bag.stems).members[0].model.segment_frames == 3 * 44_100


@pytest.mark.usefixtures("quick")
def test_models_that_will_not_run_are_not_checked() -> None:
    modules = [tiny_htdemucs(seed) for seed in range(4)]
    counters = [Counter(module) for module in modules]
    bag = bag_of(modules, np.eye(4).tolist(), "cpu")
    found = lean(bag, ["bass"])
    assert found.precision == "bfloat16"
    assert [counter.runs for counter in counters] == [0, 2, 0, 0]
    assert found.members[0] is bag.members[0]
    assert found.members[1].weights == bag.members[1].weights


@pytest.mark.usefixtures("quick")
def test_a_bag_stays_as_it_is_if_one_of_its_models_is_not_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bag = bag_of([tiny_htdemucs(0), tiny_htdemucs(1)], None, "cpu")
    monkeypatch.setattr(half_precision, "LEAST_SNR_DB", 200.0)
    assert lean(bag, bag.stems) is bag
    monkeypatch.undo()
    monkeypatch.setattr(half_precision, "half_of", lambda device: None)
    bag = bag_of([tiny_htdemucs()], None, "cpu")
    assert lean(bag, bag.stems).precision == "float32"


@pytest.mark.usefixtures("quick")
def test_a_model_that_fails_in_half_precision_stays_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import contextlib

    @contextlib.contextmanager
    def refuse(precision: str, device: str) -> Any:
        if precision != "float32":
            raise RuntimeError("not implemented for 'BFloat16'")
        yield

    monkeypatch.setattr(half_precision, "multiplying_in", refuse)
    bag = bag_of([tiny_htdemucs()], None, "cpu")
    assert lean(bag, bag.stems) is bag


def test_models_that_are_not_demucs_stay_as_they_are() -> None:
    class Other:
        stems = ("one",)
        sample_rate = channels = segment_frames = 1

        def window_frames(self, frames: int) -> int:
            return frames

        def forward(self, window: Any) -> Any:
            return window

    bag = Bag((Member(Other(), (1.0,)),))
    assert lean(bag, bag.stems) is bag


def test_the_sound_of_the_check_is_always_the_same() -> None:
    sound = half_precision.sound(2, 44_100)
    assert sound.shape == (2, 44_100)
    assert 0.1 < np.abs(sound).max() < 2.0
    np.testing.assert_array_equal(sound, half_precision.sound(2, 44_100))


def test_snr() -> None:
    signal = noise(1_000)
    assert half_precision.snr_db(signal, 0.99 * signal) == pytest.approx(40.0, abs=0.01)
    assert half_precision.snr_db(signal, signal) > 150.0
    assert half_precision.snr_db(signal, np.nan * signal) == -np.inf


def test_a_batch_equals_its_windows_and_is_halved_where_it_does_not_fit() -> None:
    module = tiny_htdemucs()
    model = DemucsModel(module, "cpu")
    windows = np.stack([noise(44_100, seed=seed) for seed in range(5)])
    one_by_one = np.stack([model.forward(window) for window in windows])
    np.testing.assert_allclose(model.forward(windows), one_by_one, atol=1e-5)

    def fill_up(_: Any, inputs: Any) -> None:
        if len(inputs[0]) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    module.register_forward_pre_hook(fill_up)
    counter = Counter(module)
    np.testing.assert_allclose(model.forward(windows), one_by_one, atol=1e-5)
    assert counter.runs == 3  # 2, 1 and 2 windows
    module.register_forward_pre_hook(lambda *_: fill_up(_, [range(9)]))
    with pytest.raises(OutOfMemoryError):
        model.forward(windows)
