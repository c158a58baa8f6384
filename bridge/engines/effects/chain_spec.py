"""A chain as values: what runs, with every choice made and every name resolved."""

from __future__ import annotations

from pydantic import Field

from bridge.models import Value


class PluginSpec(Value):
    """A third-party plugin and how it is set.

    Attributes
    ----------
    path
        Absolute path of its file or bundle.
    name
        Which plugin of a bundle that holds several.
    parameters
        Values by the plugin's own names; they win over `preset` and `state`.
    preset
        Absolute path of a ``.vstpreset`` file.
    state
        The plugin's raw state in base64.
    """

    path: str
    name: str | None = None
    parameters: dict[str, bool | float | str] = Field(default_factory=dict)
    preset: str | None = None
    state: str | None = None


class EffectSpec(Value):
    """One effect with all its parameters.

    Attributes
    ----------
    type
        A row of the table of effects, ``Mix`` or ``Plugin``.
    parameters
        All of a built-in's.
    wet
        0 is dry, 1 the effect alone; the dry signal is in time with the effect.
    bypass
        Whether it is left out.
    paths
        A Mix's, which are summed.
    plugin
        What a ``Plugin`` loads.
    """

    type: str
    parameters: dict[str, bool | float | str] = Field(default_factory=dict)
    wet: float = Field(default=1.0, ge=0.0, le=1.0)
    bypass: bool = False
    paths: tuple[PathSpec, ...] = ()
    plugin: PluginSpec | None = None


class PathSpec(Value):
    """One of the parallel paths of a Mix; without effects it is the dry signal."""

    gain_db: float = 0.0
    effects: tuple[EffectSpec, ...] = ()


class ChainSpec(Value):
    """An ordered list of effects under a name.

    It acts in this order: input gain, effects, width, output gain, loudness.

    Attributes
    ----------
    width
        Of stereo: 0 is mono, 1 as it is, 2 twice the side signal.
    loudness_lufs
        Integrated loudness (ITU-R BS.1770-4) that one gain at the end brings the result to; None
        leaves it.
    tail_s
        How much of what rings beyond the end is kept, in seconds.
    """

    name: str
    description: str = ""
    input_gain_db: float = 0.0
    output_gain_db: float = 0.0
    width: float = Field(default=1.0, ge=0.0, le=2.0)
    loudness_lufs: float | None = None
    tail_s: float = Field(default=0.0, ge=0.0)
    effects: tuple[EffectSpec, ...] = ()
