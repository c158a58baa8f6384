"""What the effects host and its child say to each other: one JSON object a line.

The host says `Process`, `Inspect` and `Cancel`; the child says the rest. Each order ends with one
of `Processed`, `Inspected`, `Cancelled` and `Failed`. Audio never crosses: both sides read and
write the same scratch files. The lines are those of `engines.worker.messages`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bridge.engines.effects.chain_spec import ChainSpec
from bridge.engines.effects.plugins import Doing
from bridge.engines.effects.plugins_library import PluginInfo
from bridge.models import Value

if TYPE_CHECKING:
    from bridge.engines.audio import DiskBuffer


class BufferPlace(Value):
    """A `DiskBuffer` in words."""

    path: str
    channels: int
    frames: int
    sample_rate: int

    @classmethod
    def of(cls, buffer: DiskBuffer) -> BufferPlace:
        """Describe a buffer."""
        return cls(
            path=str(buffer.path),
            channels=buffer.channels,
            frames=buffer.frames,
            sample_rate=buffer.sample_rate,
        )

    def buffer(self) -> DiskBuffer:
        """Return the buffer."""
        from bridge.engines.audio import DiskBuffer

        return DiskBuffer(Path(self.path), self.channels, self.frames, self.sample_rate)


class Process(Value):
    """Send a buffer through a chain into the file at `path`."""

    chain: ChainSpec
    source: BufferPlace
    path: str


class Inspect(Value):
    """Load every plugin of a file and say what it is."""

    path: str


class Cancel(Value):
    """Stop the order under way after the block under way."""


class Ready(Value):
    """The child has its libraries and takes orders."""


class Busy(Value):
    """A plugin is called now; with None it has returned."""

    plugin: str | None
    doing: Doing = "process"


class Progressed(Value):
    """So much of the order is done, 0…1."""

    fraction: float


class Processed(Value):
    """The chain's result."""

    result: BufferPlace


class Inspected(Value):
    """The plugins of a file."""

    plugins: tuple[PluginInfo, ...]


class Cancelled(Value):
    """The order was stopped."""


class Failed(Value):
    """The order failed, with the code of an error of ours."""

    code: str
    message: str


TO_CHILD: dict[str, type[Value]] = {cls.__name__: cls for cls in (Process, Inspect, Cancel)}
FROM_CHILD: dict[str, type[Value]] = {
    cls.__name__: cls for cls in (Ready, Busy, Progressed, Processed, Inspected, Cancelled, Failed)
}
