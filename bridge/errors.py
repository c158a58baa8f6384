"""Everything that can go wrong, as one tree.

::

    BridgeError
    ├── RequestError            the request cannot be understood or is not allowed
    │   ├── BadPacketError          bad_packet
    │   ├── BadAddressError         bad_address
    │   ├── BadArgumentsError       bad_arguments
    │   ├── NoSelectionError        no_selection
    │   ├── ForbiddenPathError      forbidden_path
    │   └── ForbiddenPeerError      forbidden_peer
    ├── UnknownNameError        a name that nothing carries
    │   ├── UnknownRecipeError      unknown_recipe
    │   ├── UnknownModelError       unknown_model
    │   ├── UnknownChainError       unknown_chain
    │   └── UnknownJobError         unknown_job
    ├── SourceError             the audio cannot be used
    │   ├── SourceNotFoundError     not_found
    │   ├── UnsupportedAudioError   unsupported_audio
    │   └── TooLongError            too_long
    ├── ResourceError           the machine has no room left
    │   ├── QueueFullError          queue_full
    │   ├── DiskFullError           disk_full
    │   └── OutOfMemoryError        out_of_memory
    ├── EngineError             a model or an effect failed
    │   ├── ModelUnavailableError   model_unavailable
    │   ├── PluginFailedError       plugin_failed
    │   ├── EngineFailedError       engine_failed
    │   └── StalledError            timeout
    ├── PresetError             bad_preset: a recipe, chain or preset file is wrong
    ├── SettingsError           bad_settings: the configuration is wrong
    └── InternalError           internal: a fault of this program

Each class carries its wire code in `code`; `by_code` finds the class of a code. Messages are
sentences for the musician: what happened, and what to do about it.

`JobCancelled` stands outside the tree: cancelling is not an error.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class JobCancelled(Exception):  # noqa: N818 - not an error
    """The musician cancelled the job; raised from a progress report to unwind the engines."""


class BridgeError(Exception):
    """Base of every error that this program raises on purpose."""

    code: ClassVar[str] = "internal"

    @property
    def message(self) -> str:
        """The sentence for the musician."""
        return str(self)


class RequestError(BridgeError):
    """The request cannot be understood or is not allowed."""

    code = "bad_arguments"


class BadPacketError(RequestError):
    """Bytes that are not OSC."""

    code = "bad_packet"


class BadAddressError(RequestError):
    """An address that the contract does not hold."""

    code = "bad_address"


class BadArgumentsError(RequestError):
    """Arguments or options of the wrong number, type or range."""

    code = "bad_arguments"


class NoSelectionError(RequestError):
    """A run without a region, and nothing is selected."""

    code = "no_selection"


class ForbiddenPathError(RequestError):
    """A path outside the folders that the settings allow."""

    code = "forbidden_path"


class ForbiddenPeerError(RequestError):
    """A sender that the settings do not name."""

    code = "forbidden_peer"


class UnknownNameError(BridgeError):
    """A name that nothing carries."""

    code = "bad_arguments"


class UnknownRecipeError(UnknownNameError):
    """No recipe has this name."""

    code = "unknown_recipe"


class UnknownModelError(UnknownNameError):
    """No model has this name."""

    code = "unknown_model"


class UnknownChainError(UnknownNameError):
    """No effect chain has this name."""

    code = "unknown_chain"


class UnknownJobError(UnknownNameError):
    """No job has this id."""

    code = "unknown_job"


class SourceError(BridgeError):
    """The audio cannot be used."""

    code = "unsupported_audio"


class SourceNotFoundError(SourceError):
    """The source file is not there."""

    code = "not_found"


class UnsupportedAudioError(SourceError):
    """The source is not audio, or not audio that can be read."""

    code = "unsupported_audio"


class TooLongError(SourceError):
    """The region is longer than the settings allow."""

    code = "too_long"


class ResourceError(BridgeError):
    """The machine has no room left."""

    code = "internal"


class QueueFullError(ResourceError):
    """Too many jobs wait."""

    code = "queue_full"


class DiskFullError(ResourceError):
    """No space for the results."""

    code = "disk_full"


class OutOfMemoryError(ResourceError):
    """The model does not fit into memory."""

    code = "out_of_memory"


class EngineError(BridgeError):
    """A model or an effect failed."""

    code = "engine_failed"


class ModelUnavailableError(EngineError):
    """The model's weights are not here and cannot be fetched."""

    code = "model_unavailable"


class PluginFailedError(EngineError):
    """An effect of a chain failed."""

    code = "plugin_failed"


class EngineFailedError(EngineError):
    """A worker died or a model raised."""

    code = "engine_failed"


class StalledError(EngineError):
    """The job made no progress for too long."""

    code = "timeout"


class PresetError(BridgeError):
    """A recipe, chain, transcription preset or instrument file is wrong."""

    code = "bad_preset"


class SettingsError(BridgeError):
    """The configuration is wrong; all faults are in the message, one per line."""

    code = "bad_settings"


class InternalError(BridgeError):
    """A fault of this program."""

    code = "internal"


def _leaves(cls: type[BridgeError]) -> Iterable[type[BridgeError]]:
    subclasses = cls.__subclasses__()
    if not subclasses:
        yield cls
    for subclass in subclasses:
        yield from _leaves(subclass)


def codes() -> dict[str, type[BridgeError]]:
    """Return every wire code with the class that carries it."""
    return {cls.code: cls for cls in _leaves(BridgeError)}


def by_code(code: str) -> type[BridgeError]:
    """Return the class of a wire code; `InternalError` for one that is not known."""
    return codes().get(code, InternalError)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for a mistyped name, or nothing."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
