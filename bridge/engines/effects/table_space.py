"""The table of effects: time, space and modulation."""

from __future__ import annotations

from bridge.engines.effects.table_row import Effect, Parameter, hertz, milliseconds, proportion

_MIX = proportion("mix", 0.5, "0 is dry, 1 is wet.")


def _modulation(depth: float) -> tuple[Parameter, ...]:
    return (
        hertz("rate_hz", 1.0, "Speed of the sweep.", 0.01, 100.0),
        proportion("depth", depth, "Width of the sweep."),
        Parameter("feedback", 0.0, "-1…1", -0.99, 0.99, "How much is fed back; sharper."),
        _MIX,
    )


SPACE = (
    Effect(
        "Chorus",
        "Adds a delayed copy whose delay sweeps.",
        (
            *_modulation(0.25),
            milliseconds("centre_delay_ms", 7.0, 1.0, 100.0, "Delay that it sweeps around."),
        ),
    ),
    Effect(
        "Convolution",
        "Puts the sound into a room, a cabinet or a speaker whose impulse response was recorded.",
        (
            Parameter(
                "impulse_response_filename",
                "",
                "file",
                0,
                0,
                "WAV, FLAC or AIFF of any rate, mono or stereo; it is scaled to an "
                "energy of -18 dB.",
            ),
            proportion("mix", 1.0, "0 is dry, 1 is wet."),
        ),
    ),
    Effect(
        "Delay",
        "Echoes.",
        (
            Parameter(
                "delay_seconds", 0.5, "s", 0.001, 30.0, "Time to the first echo.", scale="log"
            ),
            proportion("feedback", 0.0, "Level of each echo to the one before.", 0.99),
            _MIX,
        ),
    ),
    Effect(
        "Phaser",
        "Sweeps notches through the spectrum.",
        (
            *_modulation(0.5),
            hertz("centre_frequency_hz", 1_300.0, "Middle of the sweep.", 20.0),
        ),
    ),
    Effect(
        "Reverb",
        "A room, after Freeverb.",
        (
            proportion("room_size", 0.5, "Length of the tail."),
            proportion("damping", 0.5, "How fast highs die away."),
            proportion("wet_level", 0.33, "Level of the room."),
            proportion("dry_level", 0.4, "Level of the source."),
            proportion("width", 1.0, "Stereo width of the room."),
            proportion("freeze_mode", 0.0, "From 0.5 on the tail never ends."),
        ),
    ),
)
"""Echoes, rooms, chorus and phaser."""
