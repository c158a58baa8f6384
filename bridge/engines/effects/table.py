"""The effects that a chain may hold: one table, from which checks, knobs and documentation derive.

These are all of pedalboard's built-ins; names, parameters and defaults are pedalboard's own. Each
family has a module. pedalboard's containers are written otherwise: ``Chain`` is a chain that
another one includes, ``Mix`` an effect with paths.
"""

from __future__ import annotations

from bridge.engines.effects.table_colour import COLOUR
from bridge.engines.effects.table_dynamics import DYNAMICS
from bridge.engines.effects.table_filters import FILTERS
from bridge.engines.effects.table_row import Effect, Parameter, decibels, proportion
from bridge.engines.effects.table_space import SPACE

__all__ = [
    "BY_NAME",
    "CHAIN_PARAMETERS",
    "EFFECTS",
    "MIX",
    "PATH_PARAMETERS",
    "PLUGIN",
    "SLOT_PARAMETERS",
    "Effect",
    "Parameter",
]

EFFECTS: tuple[Effect, ...] = tuple(
    sorted((*DYNAMICS, *FILTERS, *SPACE, *COLOUR), key=lambda effect: effect.name.lower())
)
"""Every built-in effect of a chain, by name."""

BY_NAME = {effect.name: effect for effect in EFFECTS}

MIX = Effect("Mix", "Runs paths side by side, each with a gain and effects of its own; adds them.")
"""Its paths are ``[[effect.path]]`` tables, which have `PATH_PARAMETERS`."""

PLUGIN = Effect("Plugin", "A VST3 or Audio Unit plugin of this computer, by name or file.")
"""Its parameters are the plugin's own, in ``[effect.parameters]``."""

PATH_PARAMETERS = (decibels("gain_db", 0.0, -60.0, 60.0, "Level of the path in the sum."),)
"""What a path of a Mix has beside its effects."""

SLOT_PARAMETERS = (
    proportion("wet", 1.0, "How much of the effect: 0 is dry, 1 the effect alone; dry is in time."),
    Parameter("bypass", False, "switch", 0, 1, "Leave the effect out."),
)
"""What every effect of a chain has beside its own."""

CHAIN_PARAMETERS = (
    decibels("input_gain_db", 0.0, -60.0, 60.0, "Level into the first effect."),
    Parameter(
        "width",
        1.0,
        "0…2",
        0.0,
        2.0,
        "Stereo width after the effects: 0 is mono, 1 as it is, 2 twice the side signal.",
    ),
    decibels("output_gain_db", 0.0, -60.0, 60.0, "Level after effects and width."),
    Parameter(
        "loudness_lufs",
        None,
        "LUFS",
        -60.0,
        -5.0,
        "Integrated loudness to reach, last of all, by one gain; peaks may pass full scale.",
    ),
    Parameter("tail_s", 0.0, "s", 0.0, 60.0, "How much of what rings beyond the end is kept."),
)
"""What a chain has beside its effects, in the order in which it acts."""
