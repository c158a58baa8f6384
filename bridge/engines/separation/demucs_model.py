"""Demucs' torch models as window models, the device that they run on, and in what precision."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.engines.separation import half_precision
from bridge.engines.separation.attention import use_stretches
from bridge.engines.separation.window_model import Bag, Member
from bridge.errors import EngineFailedError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.models import Precision

log = logging.getLogger(__name__)

_SHORTEST_FRAMES = 64
"""HDemucs fails on fewer than 4 samples, which the last window of a region can have."""

_MOST_WINDOWS = 8
_BYTES_PER_WINDOW = 2 << 30
"""What a window of htdemucs takes at most while it runs on a graphics card, in float32."""


@dataclass(frozen=True)
class DemucsModel:
    """One Demucs network as a `WindowModel`.

    Parameters
    ----------
    module
        An HTDemucs, HDemucs or Demucs in evaluation mode, on its device.
    device
        Name of that device.
    precision
        What it multiplies in; sums and normalisations stay in float32.
    """

    module: Any
    device: str
    precision: Precision = half_precision.FULL

    @property
    def sample_rate(self) -> int:
        """Rate in Hz."""
        return int(self.module.samplerate)

    @property
    def channels(self) -> int:
        """How many channels it takes and gives."""
        return int(self.module.audio_channels)

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems."""
        return tuple(self.module.sources)

    @property
    def segment_frames(self) -> int:
        """Longest window in samples."""
        return int(self.module.samplerate * self.module.segment)

    def window_frames(self, frames: int) -> int:
        """Return the length the network asks for; HDemucs asks for none but needs a few samples."""
        if hasattr(self.module, "valid_length"):
            return int(self.module.valid_length(frames))
        return max(frames, _SHORTEST_FRAMES)

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window, or a batch of them; see `WindowModel.forward`.

        A batch that does not fit into the device's memory is halved until it does.
        """
        try:
            return self._forward(window)
        except OutOfMemoryError:
            if window.ndim == 2 or len(window) == 1:
                raise
        half = len(window) // 2
        return np.concatenate([self.forward(window[:half]), self.forward(window[half:])])

    def _forward(self, window: Audio) -> NDArray[np.float32]:
        import torch

        batch = np.ascontiguousarray(window.reshape(-1, *window.shape[-2:]))
        with torch_errors("The model", self.device), torch.inference_mode():
            heard = torch.from_numpy(batch)
            if self.device.startswith("cuda"):
                heard = heard.pin_memory()
            with half_precision.multiplying_in(self.precision, self.device):
                estimate = self.module(heard.to(self.device, non_blocking=True))
            found = estimate.to("cpu", torch.float32).numpy()
        return np.asarray(found if window.ndim == 3 else found[0])

    @cached_property
    def lean(self) -> DemucsModel:
        """The same network in half the precision, where that is quicker and near enough."""
        half = half_precision.half_of(self.device)
        if half is None:
            return self
        lean = replace(self, precision=half)
        try:
            snr_db = half_precision.snr_db(self._excerpt(), lean._excerpt())
        except EngineFailedError as exc:
            log.warning("the model stays in float32: %s", exc)
            return self
        is_near = snr_db >= half_precision.LEAST_SNR_DB
        log.info("%s against float32: %.1f dB%s", half, snr_db, "" if is_near else ", not used")
        return lean if is_near else self

    def _excerpt(self) -> NDArray[np.float32]:
        """Separate a moment of sound that is always the same."""
        sound = half_precision.sound(self.channels, self.sample_rate)
        if not getattr(self.module, "use_train_segment", False):
            return self.forward(sound)
        own_s = self.module.segment  # the network fills up to it, which takes several times as long
        self.module.segment = min(own_s, half_precision.SOUND_S)
        try:
            return self.forward(sound[:, : self.segment_frames])
        finally:
            self.module.segment = own_s


def bag_of(modules: Sequence[Any], weights: Sequence[Sequence[float]] | None, device: str) -> Bag:
    """Put torch models on a device, in evaluation mode, as a bag.

    Parameters
    ----------
    modules
        HTDemucs, HDemucs or Demucs networks.
    weights
        For every network its weight for every stem; None weighs all the same.
    device
        A device that is there.

    Raises
    ------
    ValueError
        If networks and weights do not fit together; see `Bag`.
    OutOfMemoryError
        If the networks do not fit into the device's memory.
    """
    import torch

    # The fast path of attention is slower than the fused kernel and gives the same numbers.
    torch.backends.mha.set_fastpath_enabled(False)
    with torch_errors("The model", device):
        for module in modules:
            module.to(device).eval()
            use_stretches(module)
    models = [DemucsModel(module, device) for module in modules]
    if weights is None:
        weights = [[1.0] * len(model.stems) for model in models]
    if len(weights) != len(models):
        raise ValueError(f"it has {len(models)} models and weights for {len(weights)}")
    return Bag(
        tuple(Member(model, tuple(row)) for model, row in zip(models, weights, strict=True)),
        device=device,
        batch_windows=_batch_windows(device),
    )


def _batch_windows(device: str) -> int:
    """Return how many windows go through a network at once.

    On the processor one: more are no quicker, since one window keeps every core busy.
    """
    import torch

    if not device.startswith("cuda"):
        return 1
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return int(min(_MOST_WINDOWS, max(1, free_bytes // _BYTES_PER_WINDOW)))


def lean(bag: Bag, stems: Iterable[str]) -> Bag:
    """Return a bag in half the precision, if its models are near enough to float32 in it.

    Parameters
    ----------
    bag
        Any bag; one of other models stays as it is.
    stems
        What is wanted of it. Models that count for none of them will not run and are not checked;
        of those that will, either all change or none.
    """
    running = bag.members_for(stems)
    members, precision = list(bag.members), bag.precision
    for index, member in enumerate(bag.members):
        model = member.model
        if member not in running:
            continue
        if not isinstance(model, DemucsModel) or model.lean is model:
            return bag
        members[index] = replace(member, model=model.lean)
        precision = model.lean.precision
    return replace(bag, members=tuple(members), precision=precision)


def usable_device(asked: str) -> tuple[str, str | None]:
    """Settle the device.

    Parameters
    ----------
    asked
        ``auto`` (the first of cuda, mps and cpu that is there), ``cpu``, ``mps``, ``cuda`` or
        ``cuda:1``.

    Returns
    -------
    device : str
    problem : str or None
        A sentence, if the device that was asked for is not there and the processor stands in.
    """
    import torch

    cuda_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    has_mps = torch.backends.mps.is_available()
    if asked == "auto":
        return ("cuda" if cuda_devices else "mps" if has_mps else "cpu"), None
    kind, _, index = asked.partition(":")
    if (
        asked == "cpu"
        or (kind == "cuda" and int(index or 0) < cuda_devices)
        or (asked == "mps" and has_mps)
    ):
        return asked, None
    return "cpu", f"The device {asked} is not there or not usable; the processor is used instead."


@contextlib.contextmanager
def torch_errors(what: str, device: str) -> Iterator[None]:
    """Turn torch's errors into ours.

    Raises
    ------
    OutOfMemoryError
        The device's memory is full.
    EngineFailedError
        Anything else that torch or the network raised.
    """
    try:
        yield
    except MemoryError as exc:
        raise OutOfMemoryError(_out_of_memory(what, device)) from exc
    except (RuntimeError, ValueError, AssertionError, IndexError) as exc:
        text = str(exc).lower()
        # torch.OutOfMemoryError is of the graphics card only, and a RuntimeError like the others.
        if "out of memory" in text or "can't allocate memory" in text:
            raise OutOfMemoryError(_out_of_memory(what, device)) from exc
        raise EngineFailedError(f"{what} failed on {device}: {exc}") from exc


def _out_of_memory(what: str, device: str) -> str:
    advice = (
        "Close other programs" if device == "cpu" else "Close other programs or use the device cpu"
    )
    return f"{what} does not fit into the memory of {device}. {advice}, or choose a smaller model."
