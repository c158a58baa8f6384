"""Plugins that stay loaded from job to job, and what is checked of all that they give back."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.engines.effects.plugins import loader_of, reason
from bridge.engines.effects.plugins_library import Stamp
from bridge.engines.effects.plugins_parameters import set_parameter
from bridge.errors import OutOfMemoryError, PluginFailedError

if TYPE_CHECKING:
    from bridge.engines.audio import Audio
    from bridge.engines.effects.chain_spec import PluginSpec
    from bridge.engines.effects.plugins import Announce, Loader, Opened

MOST_HELD = 8
"""Plugins that stay loaded; those that were used longest ago go first."""

_MOST_HELD_S = 2.0
"""A plugin that holds more back than this has lost it."""


@dataclass
class HeldPlugin:
    """A plugin in a chain; it stays loaded when the job is over.

    Parameters
    ----------
    spec, where
        What was asked for, and its name and chain for the sentences.
    announce
        Told before and after each call.
    """

    spec: PluginSpec
    where: str
    announce: Announce
    _opened: list[Opened] = field(default_factory=list)
    _stamp: Stamp | None = None
    _given: int = 0
    _returned: int = 0
    _delay: int | None = None
    _begins: bool = True

    @property
    def name(self) -> str:
        """What to call it."""
        return self.spec.name or Path(self.spec.path).stem

    @property
    def has_changed(self) -> bool:
        """Whether its file is not what it was when it was loaded."""
        return self._stamp != _stamp(self.spec.path)

    def begin(self, where: str) -> None:
        """Prepare for another job: the first block forgets what was heard before."""
        self.where = where
        self._given = self._returned = 0
        self._delay = None
        self._begins = True

    def load(self) -> None:
        """Open the plugin as the chain wants it.

        Raises
        ------
        PluginFailedError
            It cannot be opened, is no effect, or refuses its preset, state or parameters.
        """
        loader = loader_of(self.spec.path)
        self._stamp = _stamp(self.spec.path)
        self.announce(self.name, "load")
        try:
            opened = loader.open(self.spec.path, self.spec.name)
            self._refuse_instrument(opened)
            self._restore(opened)
            for name, value in self.spec.parameters.items():
                set_parameter(opened, self.where, name, value)
        except PluginFailedError:
            raise
        except MemoryError as exc:
            raise _out_of_memory(self.where) from exc
        except Exception as exc:
            raise PluginFailedError(
                f"{self.where} cannot be loaded: {reason(exc)}{self._choice(loader)}"
            ) from exc
        self._opened.append(opened)
        self.announce(None, "load")

    def process(self, block: Audio, sample_rate: int, reset: bool = False) -> Audio:
        """Return what the plugin makes of a block.

        Parameters
        ----------
        block : np.ndarray [shape=(channels, samples), dtype=float32]
            The next samples.
        sample_rate
            In Hz.
        reset
            Whether the block begins another recording.

        Returns
        -------
        np.ndarray [shape=(channels, samples), dtype=float32]
            Fewer samples while it holds some back; the delay that it reports is cut off.

        Raises
        ------
        PluginFailedError
            It failed, or what it gave back is no such audio.
        OutOfMemoryError
            It ran out of memory.
        """
        if reset:
            self.begin(self.where)
        begins, self._begins = self._begins, False
        self.announce(self.name, "process")
        try:
            out = self._call(block, sample_rate, begins)
        except PluginFailedError:
            raise
        except MemoryError as exc:
            raise _out_of_memory(self.where) from exc
        except Exception as exc:
            raise PluginFailedError(f"{self.where} failed: {reason(exc)}") from exc
        self.announce(None, "process")
        return self._checked(block, out, sample_rate)

    def _call(self, block: Audio, sample_rate: int, begins: bool) -> Any:
        """Process a block, however many channels the plugin is made for.

        A mono plugin has a stereo block's channels in two copies of itself, and a stereo plugin a
        mono block on both of its channels, whose mean comes back: as a DAW's tracks have it.
        """
        import numpy as np

        channels = block.shape[0]
        if len(self._opened) == 1 or channels == 1:
            try:
                return self._opened[0].process(block, sample_rate, reset=begins)
            except ValueError as exc:
                if "channel" not in str(exc) or channels > 2:
                    raise
                refusal = exc
        if channels == 1:
            twice = np.concatenate([block, block])
            out = np.asarray(self._opened[0].process(twice, sample_rate, reset=begins))
            if out.ndim != 2 or out.shape[0] != 2:
                raise refusal
            return out.mean(axis=0, keepdims=True)
        if len(self._opened) == 1:
            self.load()
            self.announce(self.name, "process")
        return np.concatenate(
            [
                one.process(block[channel : channel + 1], sample_rate, reset=begins)
                for channel, one in enumerate(self._opened)
            ]
        )

    def _checked(self, block: Audio, out: Any, sample_rate: int) -> Audio:
        import numpy as np

        channels = block.shape[0]
        if not isinstance(out, np.ndarray) or out.ndim != 2 or out.shape[0] != channels:
            shape = getattr(out, "shape", type(out).__name__)
            raise PluginFailedError(
                f"{self.where} was given {channels} channels and gave back audio of the shape "
                f"{shape}. It cannot be used in a chain."
            )
        self._count(block.shape[1], out.shape[1], sample_rate)
        if not np.isfinite(out).all():
            raise PluginFailedError(
                f"{self.where} made samples that are not numbers. Turn its parameters towards "
                "their defaults, or take it out of the chain."
            )
        return np.ascontiguousarray(out, dtype=np.float32)

    def _count(self, given: int, returned: int, sample_rate: int) -> None:
        """Check that as much comes back as goes in, after a delay that does not change."""
        self._given += given
        self._returned += returned
        held = self._given - self._returned
        if self._delay is None and self._returned:
            self._delay = held
        most = self._delay if self._delay is not None else _MOST_HELD_S * sample_rate
        if not 0 <= held <= most:
            what = "longer" if held < 0 else "shorter"
            raise PluginFailedError(
                f"{self.where} gave back {what} audio than it was given ({self._returned:,} "
                f"samples for {self._given:,}), as one does that works at another sample rate. "
                "It cannot be used in a chain."
            )

    def _refuse_instrument(self, opened: Opened) -> None:
        if opened.is_instrument:
            raise PluginFailedError(
                f"{self.where} is an instrument: it plays notes, and a chain has none for it."
            )

    def _restore(self, opened: Opened) -> None:
        if self.spec.preset is not None and not hasattr(opened, "load_preset"):
            raise PluginFailedError(
                f"{self.where} takes no .vstpreset file; set its state or its parameters instead."
            )
        try:
            if self.spec.preset is not None:
                opened.load_preset(self.spec.preset)
            if self.spec.state is not None:
                opened.raw_state = base64.b64decode(self.spec.state)
        except Exception as exc:
            what = "preset" if self.spec.state is None else "state"
            raise PluginFailedError(f"{self.where} refuses its {what}: {reason(exc)}") from exc

    def _choice(self, loader: Loader) -> str:
        """Return what a chain file must say when a file holds several plugins."""
        try:
            names = loader.names(self.spec.path) if self.spec.name is None else []
        except Exception:  # noqa: BLE001 - the sentence already says that it cannot be loaded
            names = []
        if len(names) < 2:
            return ""
        return f" It holds {', '.join(names)}; say which one with plugin_name."


@dataclass
class Rack:
    """The plugins that are loaded; a job gets those back that an earlier one loaded alike.

    Parameters
    ----------
    announce
        Told before and after each call of a plugin.
    """

    announce: Announce
    _chain: str = ""
    _free: list[HeldPlugin] = field(default_factory=list)
    _taken: list[HeldPlugin] = field(default_factory=list)

    def begin(self, chain: str) -> None:
        """Take all plugins back for the next job."""
        self._chain = chain
        self._free = (self._free + self._taken)[-MOST_HELD:]
        self._taken = []

    def load(self, spec: PluginSpec, sample_rate: int) -> HeldPlugin:  # noqa: ARG002 - as agreed
        """Return a plugin as `spec` wants it, that nobody else in this job has."""
        held = next((plugin for plugin in self._free if plugin.spec == spec), None)
        if held is not None:
            self._free.remove(held)
        where = f"The plugin '{spec.name or Path(spec.path).stem}' of the chain '{self._chain}'"
        if held is None or held.has_changed:
            held = HeldPlugin(spec, where, self.announce)
            held.load()
        held.begin(where)
        self._taken.append(held)
        return held


def _stamp(path: str) -> Stamp | None:
    try:
        return Stamp.of(Path(path))
    except OSError:  # it is gone, which whoever opens it will say
        return None


def _out_of_memory(where: str) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{where} ran out of memory. Close other programs, or take it out of the chain."
    )
