"""Attention in stretches gives what torch's own gives, and stands back where torch is quicker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bridge.engines.separation import attention
from bridge.engines.separation.half_precision import snr_db


def inputs(*lengths: int, size: int = 32, seed: int = 0) -> list[Any]:
    import torch

    random = np.random.default_rng(seed)
    return [
        torch.from_numpy(random.standard_normal((2, length, size)).astype(np.float32))
        for length in lengths
    ]


def module(**options: Any) -> Any:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = torch.nn.MultiheadAttention(32, 4, **{"batch_first": True, **options})
    return made.eval()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the lengths of the queries that were attended to in stretches."""
    lengths: list[int] = []
    attended = attention.attended

    def noted(query: Any, key: Any, value: Any) -> Any:
        lengths.append(query.shape[2])
        return attended(query, key, value)

    monkeypatch.setattr(attention, "attended", noted)
    return lengths


@pytest.mark.parametrize("stretch", [1, 7, 50, 51, 1_000])
def test_equals_torchs_own(monkeypatch: pytest.MonkeyPatch, stretch: int) -> None:
    from torch.nn.functional import scaled_dot_product_attention

    monkeypatch.setattr(attention, "STRETCH", stretch)
    query, key, value = (
        x.unflatten(-1, (4, 8)).transpose(1, 2).contiguous() for x in inputs(51, 30, 30)
    )
    expected = scaled_dot_product_attention(query, key, value)
    np.testing.assert_allclose(attention.attended(query, key, value), expected, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_a_module_in_half_precision_comes_as_near_as_torchs_own(
    asked: list[int], bias: bool
) -> None:
    import torch

    made = module(bias=bias)
    query, key, value = inputs(600, 40, 40)
    with torch.inference_mode():
        full, _ = made(query, key, value, need_weights=False)
        with torch.autocast("cpu", torch.bfloat16):
            theirs, _ = made(query, key, value, need_weights=False)
            attention.use_stretches(made)
            ours, weights = made(query, key, value, need_weights=False, attn_mask=None)
    assert weights is None
    assert asked == [600]
    assert ours.dtype == theirs.dtype == torch.bfloat16
    ours_db, theirs_db = (snr_db(full.numpy(), x.float().numpy()) for x in (ours, theirs))
    assert ours_db > theirs_db - 3.0
    assert ours_db > 35.0


def test_in_full_precision_torchs_own_works(asked: list[int]) -> None:
    import torch

    made = module()
    query, key, value = inputs(20, 30, 30)
    with torch.inference_mode():
        expected, _ = made(query, key, value, need_weights=False)
        attention.use_stretches(made)
        found, _ = made(query, key, value, need_weights=False)
    assert torch.equal(found, expected)
    assert not asked


def test_masks_and_weights_are_left_to_torch(asked: list[int]) -> None:
    import torch

    made = module()
    attention.use_stretches(made)
    (query,) = inputs(20)
    mask = torch.triu(torch.full((20, 20), float("-inf")), 1)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        _, weights = made(query, query, query)
        made(query, query, query, need_weights=False, attn_mask=mask)
    assert weights.shape == (2, 20, 20)
    assert not asked


@pytest.mark.parametrize(
    "options", [{"batch_first": False}, {"add_bias_kv": True}, {"kdim": 8}, {"add_zero_attn": True}]
)
def test_modules_of_another_make_are_left_alone(options: dict[str, Any]) -> None:
    made = module(**options)
    attention.use_stretches(made)
    assert "forward" not in vars(made)
