"""The table of effects: filters."""

from __future__ import annotations

from bridge.engines.effects.table_row import Effect, Parameter, decibels, hertz, proportion


def _shelf(meaning: str) -> tuple[Parameter, ...]:
    return (
        hertz("cutoff_frequency_hz", 440.0, meaning),
        decibels("gain_db", 0.0, -36.0, 36.0, "Boost or cut."),
        Parameter(
            "q",
            0.7071067690849304,
            "Q",
            0.1,
            18.0,
            "Steepness; 0.71 has no overshoot.",
            scale="log",
        ),
    )


_CORNER = hertz("cutoff_frequency_hz", 50.0, "Corner frequency.")

FILTERS = (
    Effect("HighShelfFilter", "Boosts or cuts what lies above a frequency.", _shelf("Corner.")),
    Effect(
        "HighpassFilter",
        "Takes away what lies below a frequency, 6 dB per octave.",
        (_CORNER,),
    ),
    Effect(
        "LadderFilter",
        "A resonant filter after the transistor ladder, with saturation.",
        (
            Parameter(
                "mode",
                "LPF12",
                "choice",
                0,
                0,
                "Low, high or band pass, 12 or 24 dB per octave.",
                ("LPF12", "HPF12", "BPF12", "LPF24", "HPF24", "BPF24"),
            ),
            hertz("cutoff_hz", 200.0, "Corner frequency."),
            proportion("resonance", 0.0, "Peak at the corner."),
            Parameter("drive", 1.0, "gain", 1.0, 50.0, "Gain into the saturation.", scale="log"),
        ),
    ),
    Effect("LowShelfFilter", "Boosts or cuts what lies below a frequency.", _shelf("Corner.")),
    Effect(
        "LowpassFilter",
        "Takes away what lies above a frequency, 6 dB per octave.",
        (_CORNER,),
    ),
    Effect(
        "PeakFilter", "Boosts or cuts around a frequency.", _shelf("Centre of the boost or cut.")
    ),
)
"""Passes, shelves, the bell and the ladder."""
