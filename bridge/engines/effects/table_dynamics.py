"""The table of effects: what follows the level."""

from __future__ import annotations

from bridge.engines.effects.table_row import Effect, Parameter, decibels, milliseconds

_RELEASE = milliseconds("release_ms", 100.0, 1.0, 5_000.0, "Time until it lets go.")
_ATTACK = milliseconds("attack_ms", 1.0, 0.01, 500.0, "Time until it acts.")


def _ratio(default: float, meaning: str) -> Parameter:
    return Parameter("ratio", default, "ratio", 1.0, 100.0, meaning, scale="log")


DYNAMICS = (
    Effect(
        "BrickwallLimiter",
        "Keeps peaks below a ceiling, without make-up gain; its look-ahead is compensated.",
        (
            decibels("ceiling_db", -1.0, -60.0, 0.0, "No sample comes out louder."),
            _RELEASE,
            milliseconds("lookahead_ms", 5.0, 0.1, 100.0, "How early it sees a peak."),
            Parameter("true_peak", False, "switch", 0, 1, "Also look between the samples."),
        ),
    ),
    Effect(
        "Compressor",
        "Turns down what is louder than a threshold.",
        (
            decibels("threshold_db", 0.0, -80.0, 0.0, "Level from which it acts."),
            _ratio(1.0, "dB in for each dB out above it."),
            _ATTACK,
            _RELEASE,
        ),
    ),
    Effect(
        "Gain",
        "Changes the level.",
        (decibels("gain_db", 1.0, -60.0, 60.0, "Up or down."),),
    ),
    Effect(
        "Limiter",
        "A loudness maximiser: two compressors, automatic make-up gain, then a clip at full "
        "scale. It makes quiet audio louder and is no ceiling; for one take BrickwallLimiter.",
        (
            decibels("threshold_db", -10.0, -60.0, 0.0, "Level from which it acts."),
            _RELEASE,
        ),
    ),
    Effect(
        "NoiseGate",
        "Turns down what is quieter than a threshold.",
        (
            decibels("threshold_db", -100.0, -120.0, 0.0, "Level below which it acts."),
            _ratio(10.0, "dB out for each dB in below it."),
            _ATTACK,
            _RELEASE,
        ),
    ),
)
"""Compressors, limiters, gates and gain."""
