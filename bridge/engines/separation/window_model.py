"""What the overlap-add runner needs of a model, and bags of such models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from bridge.engines.audio import Audio
    from bridge.models import Precision


class WindowModel(Protocol):
    """A model that separates one window of audio at a time."""

    @property
    def sample_rate(self) -> int:
        """Rate in Hz of the audio it takes and gives."""

    @property
    def channels(self) -> int:
        """How many channels it takes and gives."""

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of what it gives, in its own order."""

    @property
    def segment_frames(self) -> int:
        """Longest window in samples."""

    def window_frames(self, frames: int) -> int:
        """Return how many samples `forward` wants for a chunk of `frames` samples.

        Never fewer than `frames`. The runner centres the chunk and fills up with the audio that
        surrounds it, with silence outside the region.
        """

    def forward(self, window: Audio) -> NDArray[np.float32]:
        """Separate one window, or several of one length at once.

        Parameters
        ----------
        window : np.ndarray [shape=(channels, window_frames), dtype=float32]
            Only where the bag's `batch_windows` is more than 1 also of shape
            ``(windows, channels, window_frames)``.

        Returns
        -------
        np.ndarray [shape=(stems, channels, window_frames), dtype=float32]
            With the dimension ``windows`` before, if the input has it.

        Raises
        ------
        OutOfMemoryError
            The window does not fit into the device's memory.
        EngineFailedError
            The model failed.
        """


@dataclass(frozen=True)
class Member:
    """One model of a bag.

    Parameters
    ----------
    model
        The model.
    weights
        How much it counts for each of its stems, relative to the other members.
    """

    model: WindowModel
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Bag:
    """Models of the same stems, rate and channels whose weighted mean is the estimate.

    A single model is a bag of one.

    Parameters
    ----------
    members
        At least one.
    normalised
        Whether the models expect the whole region at zero mean and unit standard deviation, as
        ``demucs.api.Separator`` gives it to them.
    device, precision
        Where they run and what they multiply in, for the manifest.
    batch_windows
        Most windows that are given to a model at once.

    Raises
    ------
    ValueError
        If the members do not fit together, or a stem has no member that counts for it; the
        message says which.
    """

    members: tuple[Member, ...]
    normalised: bool = True
    device: str = "cpu"
    precision: Precision = "float32"
    batch_windows: int = 1

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("it holds no model")
        first = self.members[0].model
        for member in self.members:
            model = member.model
            if (model.stems, model.sample_rate, model.channels) != (
                first.stems,
                first.sample_rate,
                first.channels,
            ):
                raise ValueError("its models differ in stems, sample rate or channels")
            if len(member.weights) != len(first.stems) or min(member.weights) < 0.0:
                raise ValueError("each model needs one weight of 0 or more for every stem")
        for index, stem in enumerate(first.stems):
            if sum(member.weights[index] for member in self.members) <= 0.0:
                raise ValueError(f"no model of it has a weight above 0 for {stem}")

    @classmethod
    def of(cls, model: WindowModel, *, normalised: bool = True) -> Bag:
        """Return a bag of one model."""
        return cls((Member(model, (1.0,) * len(model.stems)),), normalised)

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems, in the models' order."""
        return self.members[0].model.stems

    @property
    def sample_rate(self) -> int:
        """Rate in Hz."""
        return self.members[0].model.sample_rate

    @property
    def channels(self) -> int:
        """How many channels the models take and give."""
        return self.members[0].model.channels

    def members_for(self, stems: Iterable[str]) -> tuple[Member, ...]:
        """Return the members that count for any of the stems: those that have to run."""
        columns = [self.stems.index(stem) for stem in stems]
        return tuple(
            member
            for member in self.members
            if any(member.weights[column] > 0.0 for column in columns)
        )
