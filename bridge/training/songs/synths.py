"""Our own instruments: kinds of patches that draw their parameters and then play any notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.training.songs.values import SAMPLE_RATE
from bridge.training.songs.wavetables import Envelope, Modulation, Patch, Wave, Wavetable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bridge.engines.audio import Audio
    from bridge.training.songs.values import NoteEvent

    Drawn = Callable[[np.random.Generator], Patch]


def play(kind: str, notes: Sequence[NoteEvent], samples: int, rng: np.random.Generator) -> Audio:
    """Return notes played by a patch of a kind.

    Parameters
    ----------
    kind
        A row of `PATCHES`.
    notes
        What to play.
    samples
        Length of the result at 44.1 kHz.
    rng
        What the patch's parameters are drawn from.

    Returns
    -------
    np.ndarray [shape=(2, samples), dtype=float32]
    """
    patch = PATCHES[kind](rng)
    audio = np.zeros((2, samples), dtype=np.float32)
    for event in notes:
        start = round(event.start_s * SAMPLE_RATE)
        note = patch.note(event.pitch, round(event.length_s * SAMPLE_RATE), event.velocity)
        end = min(samples, start + note.shape[-1])
        if end > start:
            audio[:, start:end] += note[..., : end - start]
    return audio


def _saw(tilt: float = 1.0) -> Wave:
    return np.asarray(0.3 / np.arange(1, 400) ** tilt, dtype=np.float32)


def _square(width: float) -> Wave:
    order = np.arange(1, 400)
    return np.asarray(0.35 * np.abs(np.sin(np.pi * order * width)) / order, dtype=np.float32)


def _plucked(position: float, tilt: float) -> Wave:
    """Return a string's partials when it is plucked at a share of its length."""
    order = np.arange(1, 200)
    shape = np.abs(np.sin(np.pi * order * position))
    return np.asarray(0.5 * shape / order**tilt + 0.01 / order, dtype=np.float32)


def _spread(rng: np.random.Generator, voices: int, width_cents: float) -> tuple[float, ...]:
    if voices == 1:
        return (0.0,)
    return tuple(float(cents) for cents in rng.normal(0.0, width_cents / 2.0, voices))


def _lead(
    partials: Callable[[np.random.Generator], Wave],
) -> Drawn:
    def draw(rng: np.random.Generator) -> Patch:
        return Wavetable(
            partials(rng),
            Envelope(float(rng.uniform(0.002, 0.03)), 0.4, float(rng.uniform(0.5, 1.0)), 0.08),
            float(rng.uniform(1_500, 14_000)),
            float(rng.uniform(800, 6_000)),
            float(rng.uniform(0.05, 0.6)),
            float(rng.uniform(0.0, 2.0)),
            detunes_cents=_spread(rng, int(rng.integers(1, 4)), float(rng.uniform(4, 20))),
            vibrato_cents=float(rng.choice([0.0, 0.0, 12.0, 25.0])),
        )

    return draw


def _super_saw(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw(),
        Envelope(0.005, 0.5, 0.8, 0.15),
        float(rng.uniform(4_000, 16_000)),
        float(rng.uniform(2_000, 12_000)),
        detunes_cents=_spread(rng, 6, float(rng.uniform(15, 40))),
    )


def _pad(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw(float(rng.uniform(1.0, 1.4))),
        Envelope(float(rng.uniform(0.05, 0.5)), 1.0, 0.9, float(rng.uniform(0.3, 1.0))),
        float(rng.uniform(600, 5_000)),
        float(rng.uniform(600, 7_000)),
        float(rng.uniform(0.4, 2.0)),
        detunes_cents=_spread(rng, 4, float(rng.uniform(8, 25))),
    )


def _soft_pad(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw(float(rng.uniform(1.6, 2.4))),
        Envelope(float(rng.uniform(0.1, 0.6)), 1.0, 0.9, float(rng.uniform(0.4, 1.2))),
        float(rng.uniform(500, 2_500)),
        float(rng.uniform(500, 3_000)),
        1.0,
        detunes_cents=_spread(rng, 3, 12.0),
        vibrato_cents=float(rng.uniform(0, 8)),
    )


def _ensemble(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw(float(rng.uniform(1.1, 1.5))),
        Envelope(float(rng.uniform(0.04, 0.2)), 1.0, 0.95, float(rng.uniform(0.15, 0.5))),
        float(rng.uniform(3_000, 8_000)),
        float(rng.uniform(3_000, 8_000)),
        1.0,
        detunes_cents=_spread(rng, 5, float(rng.uniform(10, 22))),
        vibrato_cents=float(rng.uniform(3, 12)),
        vibrato_hz=float(rng.uniform(4.5, 6.0)),
    )


def _brass(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw(1.0),
        Envelope(float(rng.uniform(0.02, 0.06)), 0.5, 0.8, 0.09),
        float(rng.uniform(500, 1_200)),
        float(rng.uniform(2_000, 5_000)),
        0.06,
        0.6,
        detunes_cents=_spread(rng, 3, 12.0),
        glide_cents=float(rng.uniform(-60, 0)),
    )


def _organ(rng: np.random.Generator) -> Patch:
    partials = np.zeros(16, dtype=np.float32)
    for partial in (1, 2, 3, 4, 6, 8, 10, 12, 16):
        partials[partial - 1] = float(rng.choice([0.0, 0.1, 0.2, 0.3, 0.4])) / 1.5
    partials[0] = max(partials[0], 0.25)
    return Wavetable(
        partials,
        Envelope(0.003, 1.0, 1.0, 0.03),
        vibrato_cents=float(rng.choice([0.0, 6.0, 14.0])),
        vibrato_hz=float(rng.uniform(5.0, 7.0)),
        noise=float(rng.uniform(0.0, 0.05)),
    )


def _pluck(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw() if rng.random() < 0.6 else _square(float(rng.uniform(0.2, 0.5))),
        Envelope(0.002, float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.0, 0.15)), 0.15),
        float(rng.uniform(3_000, 16_000)),
        float(rng.uniform(200, 1_000)),
        float(rng.uniform(0.04, 0.2)),
        float(rng.uniform(0.0, 1.5)),
        detunes_cents=_spread(rng, int(rng.integers(1, 4)), 10.0),
    )


def _string(
    decay_s: tuple[float, float],
    damping: tuple[float, float],
    tilt: tuple[float, float],
    noise: float,
) -> Drawn:
    def draw(rng: np.random.Generator) -> Patch:
        return Wavetable(
            _plucked(float(rng.uniform(0.08, 0.35)), float(rng.uniform(*tilt))),
            Envelope(0.0015, float(rng.uniform(*decay_s)), 0.0, float(rng.uniform(0.03, 0.15))),
            damping=float(rng.uniform(*damping)),
            noise=noise * float(rng.uniform(0.3, 1.5)),
            glide_cents=float(rng.uniform(0, 12)),
        )

    return draw


def _clavinet(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _square(float(rng.uniform(0.12, 0.3))),
        Envelope(0.001, float(rng.uniform(0.4, 1.0)), 0.0, 0.03),
        float(rng.uniform(4_000, 10_000)),
        float(rng.uniform(800, 2_000)),
        0.15,
        0.8,
        noise=0.1,
    )


def _bass(partials: Callable[[np.random.Generator], Wave], resonance: float) -> Drawn:
    def draw(rng: np.random.Generator) -> Patch:
        return Wavetable(
            partials(rng) * np.float32(1.6),
            Envelope(0.003, float(rng.uniform(0.2, 1.0)), float(rng.uniform(0.3, 1.0)), 0.05),
            float(rng.uniform(500, 5_000)),
            float(rng.uniform(120, 900)),
            float(rng.uniform(0.05, 0.3)),
            resonance * float(rng.uniform(0.0, 1.0)),
            detunes_cents=(0.0,) if rng.random() < 0.6 else (-6.0, 6.0),
        )

    return draw


def _sub(rng: np.random.Generator) -> Patch:
    partials = np.array([0.9, float(rng.uniform(0, 0.15)), float(rng.uniform(0, 0.1))], np.float32)
    return Wavetable(partials, Envelope(0.004, 2.0, float(rng.uniform(0.6, 1.0)), 0.06))


def _eight_oh_eight(rng: np.random.Generator) -> Patch:
    partials = np.array([0.9, 0.05, float(rng.uniform(0.0, 0.25)), 0.0, 0.05], np.float32)
    return Wavetable(
        partials,
        Envelope(0.002, float(rng.uniform(0.5, 2.0)), 0.05, 0.08),
        glide_cents=float(rng.uniform(300, 2_400)),
        noise=0.05,
    )


def _reese(rng: np.random.Generator) -> Patch:
    return Wavetable(
        _saw() * np.float32(1.5),
        Envelope(0.01, 1.0, 0.95, 0.08),
        float(rng.uniform(400, 2_500)),
        float(rng.uniform(200, 2_000)),
        float(rng.uniform(0.3, 1.5)),
        0.5,
        detunes_cents=tuple(float(cents) for cents in (-18, -7, 7, 18)),
    )


def _modulated(
    ratios: tuple[float, ...],
    index: tuple[float, float],
    decay_s: tuple[float, float],
    sustain: float,
) -> Drawn:
    def draw(rng: np.random.Generator) -> Patch:
        decay = float(rng.uniform(*decay_s))
        return Modulation(
            float(rng.choice(ratios)),
            float(rng.uniform(*index)),
            decay * float(rng.uniform(0.2, 1.0)),
            Envelope(0.002, decay, sustain, 0.12),
            float(rng.uniform(0.0, 6.0)),
        )

    return draw


PATCHES: dict[str, Drawn] = {
    "saw lead": _lead(lambda rng: _saw(float(rng.uniform(0.9, 1.3)))),
    "square lead": _lead(lambda rng: _square(float(rng.uniform(0.15, 0.5)))),
    "super saw": _super_saw,
    "saw pad": _pad,
    "soft pad": _soft_pad,
    "string ensemble": _ensemble,
    "brass": _brass,
    "organ": _organ,
    "pluck": _pluck,
    "clavinet": _clavinet,
    "nylon string": _string((0.4, 1.2), (0.8, 2.0), (1.4, 2.0), 0.05),
    "steel string": _string((0.8, 2.5), (0.25, 0.7), (1.0, 1.5), 0.1),
    "electric string": _string((1.5, 5.0), (0.15, 0.6), (0.9, 1.5), 0.06),
    "muted string": _string((0.08, 0.2), (3.0, 8.0), (1.0, 1.6), 0.1),
    "upright bass": _string((0.5, 1.4), (1.0, 3.0), (1.3, 2.0), 0.04),
    "electric bass": _string((1.0, 3.0), (0.5, 2.0), (1.0, 1.8), 0.06),
    "saw bass": _bass(lambda _: _saw(), 1.5),
    "square bass": _bass(lambda rng: _square(float(rng.uniform(0.2, 0.5))), 1.0),
    "acid bass": _bass(lambda _: _saw(), 6.0),
    "sub bass": _sub,
    "eight-oh-eight": _eight_oh_eight,
    "reese bass": _reese,
    "fm keys": _modulated((1.0, 2.0, 7.0, 14.0), (0.6, 2.5), (0.6, 2.0), 0.0),
    "tine": _modulated((1.0, 14.0), (0.4, 1.5), (0.8, 2.5), 0.0),
    "fm bell": _modulated((1.4, 2.76, 3.5, 5.4), (0.8, 3.0), (0.5, 2.0), 0.0),
    "fm pluck": _modulated((1.0, 2.0, 3.0, 4.0), (1.5, 6.0), (0.1, 0.4), 0.0),
    "fm lead": _modulated((1.0, 2.0, 0.5), (1.0, 4.0), (0.5, 2.0), 0.7),
    "fm bass": _modulated((0.5, 1.0, 2.0), (1.0, 5.0), (0.15, 0.6), 0.4),
}
"""Every kind of patch; called with a generator it draws its parameters."""
