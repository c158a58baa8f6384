"""Half the precision where the machine is quicker in it, and what that costs.

Convolutions and matrix products take their factors in 16 bits and add up in 32; everything else
stays in float32. Which of the two 16-bit formats depends on the device: bfloat16 has the range of
float32, which a network that was trained in float32 can need.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.models import Precision

FULL: Precision = "float32"

LEAST_SNR_DB = 40.0
"""How near a network must come to what it says in float32. Separation itself errs by 5 to 10 dB."""

SOUND_S = Fraction(1)


def half_of(device: str) -> Precision | None:
    """Return the 16-bit format that a device multiplies quicker in; None if it has none.

    A processor counts if it multiplies bfloat16 by itself, by AVX-512 or AMX: where torch only
    imitates the format it is slower.
    """
    import torch

    kind = device.partition(":")[0]
    if kind == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if kind != "cpu":
        return None
    # torch tells nowhere else which instructions the processor has.
    asks = (
        getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile")
    )
    return "bfloat16" if any(ask is not None and ask() for ask in asks) else None


def multiplying_in(precision: Precision, device: str) -> AbstractContextManager[object]:
    """Return a context in which torch multiplies in a precision."""
    import torch

    if precision == FULL:
        return contextlib.nullcontext()
    kind = device.partition(":")[0]
    autocast: AbstractContextManager[object] = torch.autocast(kind, dtype=getattr(torch, precision))
    return autocast


def sound(channels: int, sample_rate: int) -> Audio:
    """Return a chord, a kick and a hi-hat, ``(channels, samples)``: always the same.

    What a network makes of it in both precisions says how far they differ, whatever the region of
    the job that asks first; so the same job has the same samples every time.
    """
    time_s = np.arange(round(SOUND_S * sample_rate)) / sample_rate
    audio = np.zeros((channels, time_s.size))
    random = np.random.default_rng(0)
    for pitch_hz in (110.0, 220.0, 277.2, 329.6):
        for partial in range(1, 9):
            phases = random.uniform(0.0, 2.0 * np.pi, (channels, 1))
            audio += 0.05 / partial * np.sin(2.0 * np.pi * partial * pitch_hz * time_s + phases)
    beat_s = time_s % 0.5
    audio += 0.5 * np.exp(-beat_s / 0.06) * np.sin(2.0 * np.pi * 60.0 * beat_s)
    audio += 0.1 * np.exp(-(time_s % 0.25) / 0.02) * random.standard_normal(audio.shape)
    return np.asarray(audio, dtype=np.float32)


def snr_db(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the level of a signal above that of its error, in dB.

    Over all stems together: of a stem that is nearly silent the error hardly sounds either.
    """
    error = np.sum(np.square(reference - estimate, dtype=np.float64))
    signal = np.sum(np.square(reference, dtype=np.float64))
    if not np.isfinite(error) or signal <= 0.0:
        return float("-inf")
    return float(10.0 * np.log10(signal / max(error, 1e-20 * signal)))
