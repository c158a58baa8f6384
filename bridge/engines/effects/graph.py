"""From a chain's values to the nodes that do it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bridge.engines.effects.chain_place import Place
from bridge.engines.effects.nodes import Node, Parallel, Series
from bridge.engines.effects.pedalboard_nodes import (
    AtRate,
    Segmented,
    Streamed,
    at_once,
    mp3_rate,
    pitch_delay,
)
from bridge.engines.effects.table import MIX, PLUGIN
from bridge.errors import PluginFailedError
from bridge.units import db_to_amplitude

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bridge.engines.effects.chain_spec import ChainSpec, EffectSpec, PluginSpec
    from bridge.engines.effects.pedalboard_nodes import Processor

_HIGHEST_CUTOFF = 0.49
"""Of the sample rate: pedalboard's filters become unstable at half of it."""

_IMPULSE = "impulse_response_filename"
_CUTOFFS = {"cutoff_frequency_hz", "cutoff_hz", "centre_frequency_hz"}

_AT_ONCE = {"GSMFullRateCompressor", "PitchShift"}


@dataclass(frozen=True)
class GraphMaker:
    """Makes the nodes of chains for audio of one shape.

    Parameters
    ----------
    channels, sample_rate
        Of the audio, in Hz.
    load_plugin
        Returns a loaded plugin; None where there are none.
    is_apart
        Whether each effect has a node of its own, so that the one that fails is known; otherwise
        plain effects that follow each other are one ``Pedalboard``, which is quicker.
    """

    channels: int
    sample_rate: int
    load_plugin: Callable[[PluginSpec, int], Processor] | None = None
    is_apart: bool = False

    def graph(self, chain: ChainSpec) -> Node:
        """Return the effects of a chain as one node.

        Raises
        ------
        PluginFailedError
            pedalboard refuses a parameter, or a plugin cannot be loaded.
        """
        return self._series(chain.effects, Place(chain.name))

    def _series(self, effects: Sequence[EffectSpec], place: Place) -> Node:
        placed = [
            (effect, Place(place.chain, steps=(*place.steps, number), effect=effect.type))
            for number, effect in enumerate(effects)
            if not effect.bypass and effect.wet > 0.0
        ]
        nodes: list[Node] = []
        for is_plain, run in groupby(placed, key=lambda pair: self._is_plain(pair[0])):
            if is_plain:
                nodes.append(self._together(run))
            else:
                nodes.extend(self._alone(effect, where) for effect, where in run)
        return Series(nodes, self.channels)

    def _is_plain(self, effect: EffectSpec) -> bool:
        alone = {MIX.name, PLUGIN.name, "MP3Compressor"} | _AT_ONCE
        return not self.is_apart and effect.wet == 1.0 and effect.type not in alone

    def _together(self, run: Iterable[tuple[EffectSpec, Place]]) -> Node:
        from pedalboard._pedalboard import Pedalboard

        made = [(_make(effect, where, self.sample_rate), where) for effect, where in run]
        if len(made) == 1:
            return self._streamed(*made[0])
        board = Pedalboard([effect for effect, _ in made])
        return Streamed(board, None, self.channels, self.sample_rate)

    def _alone(self, effect: EffectSpec, place: Place) -> Node:
        node = self._effect(effect, place)
        if effect.wet == 1.0:
            return node
        return Parallel([(1.0 - effect.wet, Series([], self.channels)), (effect.wet, node)])

    def _effect(self, effect: EffectSpec, place: Place) -> Node:
        if effect.type == MIX.name:
            return Parallel(
                [
                    (db_to_amplitude(path.gain_db), self._series(path.effects, place.inner(number)))
                    for number, path in enumerate(effect.paths)
                ]
            )
        if effect.type == PLUGIN.name:
            if self.load_plugin is None or effect.plugin is None:
                raise PluginFailedError(f"{place.title}, cannot be loaded here.")
            return self._streamed(self.load_plugin(effect.plugin, self.sample_rate), place)
        if effect.type in _AT_ONCE:
            delay = 0
            if effect.type == "PitchShift":
                delay = pitch_delay(float(effect.parameters["semitones"]), self.sample_rate)
            made = _make(effect, place, self.sample_rate)
            render = at_once(made, delay, self.sample_rate)
            return Segmented(render, self.channels, self.sample_rate)
        if effect.type == "MP3Compressor" and mp3_rate(self.sample_rate) != self.sample_rate:
            return AtRate(
                lambda rate: Streamed(_make(effect, place, rate), place.title, self.channels, rate),
                self.channels,
                self.sample_rate,
                mp3_rate(self.sample_rate),
            )
        return self._streamed(_make(effect, place, self.sample_rate), place)

    def _streamed(self, processor: Processor, place: Place) -> Node:
        return Streamed(processor, place.title, self.channels, self.sample_rate)


def _check_impulse(path: str, place: Place) -> None:
    """Refuse an impulse response that is no audio; pedalboard would leave it out in silence."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            frames = file.frames
    except (soundfile.SoundFileError, TypeError) as exc:
        raise PluginFailedError(
            f"{place.title}: '{path}' is no audio that can be read. Use a WAV, FLAC or AIFF file."
        ) from exc
    if not frames:
        raise PluginFailedError(f"{place.title}: '{path}' holds no audio: its length is zero.")


def _make(effect: EffectSpec, place: Place, sample_rate: int) -> Any:
    """Return pedalboard's object."""
    import pedalboard

    kind = getattr(pedalboard, effect.type)
    arguments: dict[str, Any] = dict(effect.parameters)
    for name in _CUTOFFS & arguments.keys():
        arguments[name] = min(arguments[name], _HIGHEST_CUTOFF * sample_rate)
    if "mode" in arguments:
        arguments["mode"] = kind.Mode.__members__[arguments["mode"]]
    if "quality" in arguments:
        arguments["quality"] = pedalboard.Resample.Quality.__members__[arguments["quality"]]
    if _IMPULSE in arguments:
        _check_impulse(arguments[_IMPULSE], place)
    try:
        return kind(**arguments)
    except (ValueError, TypeError, RuntimeError) as exc:
        raise PluginFailedError(f"{place.title}, refused its parameters: {exc}") from exc
