"""The table of effects: distortion, coding losses, pitch and polarity."""

from __future__ import annotations

from bridge.engines.effects.table_row import Effect, Parameter, decibels, hertz

_QUALITIES = (
    "ZeroOrderHold",
    "Linear",
    "CatmullRom",
    "Lagrange",
    "WindowedSinc",
    "WindowedSinc256",
    "WindowedSinc128",
    "WindowedSinc64",
    "WindowedSinc32",
    "WindowedSinc16",
    "WindowedSinc8",
)


def _quality(default: str) -> Parameter:
    return Parameter(
        "quality",
        default,
        "choice",
        0,
        0,
        "How samples are interpolated: ZeroOrderHold is the grittiest, WindowedSinc256 the "
        "cleanest.",
        _QUALITIES,
    )


COLOUR = (
    Effect(
        "Bitcrush",
        "Reduces the bit depth.",
        (Parameter("bit_depth", 8.0, "bits", 1.0, 32.0, "Bits per sample; fractions are taken."),),
    ),
    Effect(
        "Clipping",
        "Cuts off whatever exceeds a level.",
        (decibels("threshold_db", -6.0, -60.0, 0.0, "Level where it cuts."),),
    ),
    Effect(
        "Distortion",
        "Bends the waveform with tanh after a gain.",
        (decibels("drive_db", 25.0, 0.0, 60.0, "Gain before the curve."),),
    ),
    Effect(
        "GSMFullRateCompressor",
        "The speech codec of the first mobile telephones: mono, 8 kHz, 13 kbit/s.",
        (_quality("WindowedSinc8"),),
    ),
    Effect("Invert", "Turns the polarity over."),
    Effect(
        "MP3Compressor",
        "Codes as MP3 and decodes again; above 48 kHz it works at 44.1 or 48 kHz.",
        (
            Parameter(
                "vbr_quality", 2.0, "0…10", 0.0, 10.0, "0 codes best, 10 is the smallest file."
            ),
        ),
    ),
    Effect(
        "PitchShift",
        "Transposes and keeps the length; attacks are smeared by some milliseconds, and pure low "
        "tones come out up to a semitone off.",
        (Parameter("semitones", 0.0, "semitones", -24.0, 24.0, "Up or down; fractions detune."),),
    ),
    Effect(
        "Resample",
        "Converts to a lower rate and back: takes the highs away, and below WindowedSinc adds "
        "aliases.",
        (
            hertz(
                "target_sample_rate",
                8_000.0,
                "Rate in between; half of it is the highest frequency left.",
                100.0,
                192_000.0,
            ),
            _quality("WindowedSinc32"),
        ),
    ),
)
"""Crushers, clippers, codecs and pitch."""
