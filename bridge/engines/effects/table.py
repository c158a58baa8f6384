"""The effects that a chain may hold: one table, from which checks and documentation derive.

These are pedalboard's built-ins that keep length and alignment; names, parameters and defaults
are pedalboard's own. PitchShift, Resample, MP3Compressor and GSMFullRateCompressor shift or
band-limit the audio, Convolution and third-party plugins need files: none of them is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal[
    "dB", "Hz", "ms", "s", "ratio", "bits", "0…1", "-1…1", "Q", "switch", "choice", "gain"
]


@dataclass(frozen=True)
class Parameter:
    """One knob of an effect.

    Parameters
    ----------
    name
        pedalboard's, which holds the unit.
    default
        pedalboard's; its type is the parameter's type.
    unit
        What the number counts.
    low, high
        Inclusive range of a number.
    meaning
        One sentence.
    choices
        Values of a choice.
    """

    name: str
    default: float | bool | str
    unit: Unit
    low: float
    high: float
    meaning: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effect:
    """One of pedalboard's effects.

    Parameters
    ----------
    name
        Its class in pedalboard, which is its `type` in a chain file.
    meaning
        What it does.
    parameters
        Its knobs.
    """

    name: str
    meaning: str
    parameters: tuple[Parameter, ...] = ()


def _cutoff(default: float, meaning: str = "Corner frequency.") -> Parameter:
    return Parameter("cutoff_frequency_hz", default, "Hz", 10.0, 20_000.0, meaning)


def _shelf(meaning: str) -> tuple[Parameter, ...]:
    return (
        _cutoff(440.0, meaning),
        Parameter("gain_db", 0.0, "dB", -36.0, 36.0, "Boost or cut."),
        Parameter("q", 0.7071067690849304, "Q", 0.1, 18.0, "Steepness; 0.71 has no overshoot."),
    )


def _times(attack_ms: float, release_ms: float) -> tuple[Parameter, ...]:
    return (
        Parameter("attack_ms", attack_ms, "ms", 0.0, 500.0, "Time until it acts."),
        Parameter("release_ms", release_ms, "ms", 1.0, 5_000.0, "Time until it lets go."),
    )


def _modulation(depth: float) -> tuple[Parameter, ...]:
    return (
        Parameter("rate_hz", 1.0, "Hz", 0.0, 100.0, "Speed of the sweep."),
        Parameter("depth", depth, "0…1", 0.0, 1.0, "Width of the sweep."),
        Parameter("feedback", 0.0, "-1…1", -0.99, 0.99, "How much is fed back; sharper."),
        Parameter("mix", 0.5, "0…1", 0.0, 1.0, "0 is dry, 1 is wet."),
    )


EFFECTS = (
    Effect(
        "Bitcrush",
        "Reduces the bit depth.",
        (Parameter("bit_depth", 8.0, "bits", 1.0, 32.0, "Bits per sample; fractions are taken."),),
    ),
    Effect(
        "BrickwallLimiter",
        "Keeps peaks below a ceiling, without make-up gain; its look-ahead is compensated.",
        (
            Parameter("ceiling_db", -1.0, "dB", -60.0, 0.0, "No sample comes out louder."),
            Parameter("release_ms", 100.0, "ms", 1.0, 5_000.0, "Time until it lets go."),
            Parameter("lookahead_ms", 5.0, "ms", 0.1, 100.0, "How early it sees a peak."),
            Parameter("true_peak", False, "switch", 0, 1, "Also look between the samples."),
        ),
    ),
    Effect(
        "Chorus",
        "Adds a delayed copy whose delay sweeps.",
        (
            *_modulation(0.25),
            Parameter("centre_delay_ms", 7.0, "ms", 1.0, 100.0, "Delay that it sweeps around."),
        ),
    ),
    Effect(
        "Clipping",
        "Cuts off whatever exceeds a level.",
        (Parameter("threshold_db", -6.0, "dB", -60.0, 0.0, "Level where it cuts."),),
    ),
    Effect(
        "Compressor",
        "Turns down what is louder than a threshold.",
        (
            Parameter("threshold_db", 0.0, "dB", -80.0, 0.0, "Level from which it acts."),
            Parameter("ratio", 1.0, "ratio", 1.0, 100.0, "dB in for each dB out above it."),
            *_times(1.0, 100.0),
        ),
    ),
    Effect(
        "Delay",
        "Echoes.",
        (
            Parameter("delay_seconds", 0.5, "s", 0.0, 30.0, "Time to the first echo."),
            Parameter("feedback", 0.0, "0…1", 0.0, 0.99, "Level of each echo to the one before."),
            Parameter("mix", 0.5, "0…1", 0.0, 1.0, "0 is dry, 1 is wet."),
        ),
    ),
    Effect(
        "Distortion",
        "Bends the waveform with tanh after a gain.",
        (Parameter("drive_db", 25.0, "dB", 0.0, 60.0, "Gain before the curve."),),
    ),
    Effect(
        "Gain",
        "Changes the level.",
        (Parameter("gain_db", 1.0, "dB", -60.0, 60.0, "Up or down."),),
    ),
    Effect("HighShelfFilter", "Boosts or cuts what lies above a frequency.", _shelf("Corner.")),
    Effect(
        "HighpassFilter",
        "Takes away what lies below a frequency, 6 dB per octave.",
        (_cutoff(50.0),),
    ),
    Effect("Invert", "Turns the polarity over."),
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
            Parameter("cutoff_hz", 200.0, "Hz", 10.0, 20_000.0, "Corner frequency."),
            Parameter("resonance", 0.0, "0…1", 0.0, 1.0, "Peak at the corner."),
            Parameter("drive", 1.0, "gain", 1.0, 50.0, "Gain into the saturation."),
        ),
    ),
    Effect(
        "Limiter",
        "A loudness maximiser: two compressors, automatic make-up gain, then a clip at full "
        "scale. It makes quiet audio louder and is no ceiling; for one take BrickwallLimiter.",
        (
            Parameter("threshold_db", -10.0, "dB", -60.0, 0.0, "Level from which it acts."),
            Parameter("release_ms", 100.0, "ms", 1.0, 5_000.0, "Time until it lets go."),
        ),
    ),
    Effect("LowShelfFilter", "Boosts or cuts what lies below a frequency.", _shelf("Corner.")),
    Effect(
        "LowpassFilter",
        "Takes away what lies above a frequency, 6 dB per octave.",
        (_cutoff(50.0),),
    ),
    Effect(
        "NoiseGate",
        "Turns down what is quieter than a threshold.",
        (
            Parameter("threshold_db", -100.0, "dB", -120.0, 0.0, "Level below which it acts."),
            Parameter("ratio", 10.0, "ratio", 1.0, 100.0, "dB out for each dB in below it."),
            *_times(1.0, 100.0),
        ),
    ),
    Effect(
        "PeakFilter", "Boosts or cuts around a frequency.", _shelf("Centre of the boost or cut.")
    ),
    Effect(
        "Phaser",
        "Sweeps notches through the spectrum.",
        (
            *_modulation(0.5),
            Parameter("centre_frequency_hz", 1_300.0, "Hz", 20.0, 20_000.0, "Middle of the sweep."),
        ),
    ),
    Effect(
        "Reverb",
        "A room, after Freeverb.",
        (
            Parameter("room_size", 0.5, "0…1", 0.0, 1.0, "Length of the tail."),
            Parameter("damping", 0.5, "0…1", 0.0, 1.0, "How fast highs die away."),
            Parameter("wet_level", 0.33, "0…1", 0.0, 1.0, "Level of the room."),
            Parameter("dry_level", 0.4, "0…1", 0.0, 1.0, "Level of the source."),
            Parameter("width", 1.0, "0…1", 0.0, 1.0, "Stereo width of the room."),
            Parameter("freeze_mode", 0.0, "0…1", 0.0, 1.0, "From 0.5 on the tail never ends."),
        ),
    ),
)
"""Every effect of a chain; the README's table and the checks derive from this."""

BY_NAME = {effect.name: effect for effect in EFFECTS}
