"""Attention in bfloat16 on the processor, a head and a stretch of queries at a time.

torch's own kernel multiplies bfloat16 on the processor no quicker than float32: of a window of
htdemucs in half the precision it takes a third of the time. Plain matrix products use the
processor's instructions, and in stretches their weights stay in its cache; they take two thirds of
what the kernel takes. In every other precision and on every other device the kernel is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

STRETCH = 448
"""Queries at a time: with the 2,688 keys of htdemucs their weights take 2.4 MB."""


def use_stretches(network: Any) -> None:
    """Have the attention of a network work in stretches where that is quicker.

    Parameters
    ----------
    network
        A torch module in evaluation mode; its `MultiheadAttention` modules without masks, gates or
        biases besides those of the projections change how they work, not what they hold.
    """
    for module in network.modules():
        if _is_plain(module):
            module.forward = _Forward(module)


def _is_plain(module: Any) -> bool:
    from torch.nn import MultiheadAttention

    return bool(
        isinstance(module, MultiheadAttention)
        and module.batch_first
        and module.in_proj_weight is not None
        and module.bias_k is None
        and not module.add_zero_attn
    )


class _Forward:
    """Takes the place of one module's `forward`."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._otherwise = module.forward

    def __call__(self, query: Any, key: Any, value: Any, **options: Any) -> tuple[Any, None] | Any:
        """Return what the module returns, without weights."""
        import torch

        is_masked = any(options.get(name) is not None for name in ("attn_mask", "key_padding_mask"))
        is_half = query.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        if not is_half or is_masked or options.get("need_weights", True) or query.dim() != 3:
            return self._otherwise(query, key, value, **options)
        module = self._module
        heads = [
            part.unflatten(-1, (module.num_heads, module.head_dim)).transpose(1, 2)
            for part in self._projected(query, key, value)
        ]
        mixed = attended(*(part.contiguous() for part in heads))
        return module.out_proj(mixed.transpose(1, 2).flatten(2)), None

    def _projected(self, *inputs: Any) -> Iterator[Any]:
        from torch.nn.functional import linear

        module = self._module
        size = module.embed_dim
        for index, sequence in enumerate(inputs):
            rows = slice(index * size, (index + 1) * size)
            bias = None if module.in_proj_bias is None else module.in_proj_bias[rows]
            yield linear(sequence, module.in_proj_weight[rows], bias)


def attended(query: Any, key: Any, value: Any) -> Any:
    """Return softmax(Q K^T / sqrt(d)) V, a head and a stretch of queries at a time.

    A. Vaswani et al., "Attention Is All You Need", 2017, equation 1.

    Parameters
    ----------
    query, key, value : torch.Tensor [shape=(batch, heads, steps, d)]

    Returns
    -------
    torch.Tensor [shape=(batch, heads, steps, d)]
    """
    import torch

    result = torch.empty_like(query)
    query = query * query.shape[-1] ** -0.5
    for sample in range(query.shape[0]):
        for head in range(query.shape[1]):
            turned = key[sample, head].t()
            for start in range(0, query.shape[2], STRETCH):
                part = slice(start, start + STRETCH)
                scores = query[sample, head, part] @ turned
                result[sample, head, part] = torch.softmax(scores, -1) @ value[sample, head]
    return result
