"""The graph of a chain: nodes that audio streams through, and how they are put together.

Every node keeps time: the n-th sample that comes out belongs to the n-th that went in. A node may
hold samples back for as long as it likes, and gives the rest when it is told that no more will
come. So paths side by side, and wet beside dry, are aligned by counting samples.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.engines.audio import Audio


class Node(Protocol):
    """Something that audio streams through. It leaves the blocks that it is given as they are."""

    def process(self, block: Audio) -> Audio:
        """Return what comes out for the next samples, shape ``(channels, n)`` for any n."""

    def finish(self) -> Audio:
        """Return what is still held, so that as much has come out as went in; called once."""


class Series:
    """Nodes one after the other; with none of them the signal passes."""

    def __init__(self, nodes: Sequence[Node], channels: int) -> None:
        self._nodes = nodes
        self._nothing: Audio = np.zeros((channels, 0), dtype=np.float32)

    def process(self, block: Audio) -> Audio:
        """Process the next samples."""
        for node in self._nodes:
            block = node.process(block)
        return block

    def finish(self) -> Audio:
        """Return the rest."""
        rest = self._nothing
        for node in self._nodes:
            rest = np.concatenate([node.process(rest), node.finish()], axis=1)
        return rest


class Parallel:
    """Nodes side by side, each with a gain; their sum.

    Parameters
    ----------
    paths
        Linear gain and node of each.
    """

    def __init__(self, paths: Sequence[tuple[float, Node]]) -> None:
        self._paths = [(np.float32(gain), node, Waiting()) for gain, node in paths]

    def process(self, block: Audio) -> Audio:
        """Process the next samples."""
        for _, node, waiting in self._paths:
            waiting.put(node.process(block))
        return self._sum(block)

    def finish(self) -> Audio:
        """Return the rest."""
        rest = None
        for _, node, waiting in self._paths:
            rest = node.finish()
            waiting.put(rest)
        assert rest is not None
        return self._sum(rest)

    def _sum(self, like: Audio) -> Audio:
        ready = min(waiting.frames for _, _, waiting in self._paths)
        total = np.zeros((like.shape[0], ready), dtype=np.float32)
        for gain, _, waiting in self._paths:
            total += gain * waiting.take(ready) if ready else np.float32(0.0)
        return total


class Waiting:
    """Blocks that wait for those of another path."""

    def __init__(self) -> None:
        self._blocks: deque[Audio] = deque()
        self.frames = 0

    def put(self, block: Audio) -> None:
        """Add a block at the end."""
        if block.shape[1]:
            self._blocks.append(block)
            self.frames += block.shape[1]

    def take(self, frames: int) -> Audio:
        """Return the first samples, of which there must be so many."""
        self.frames -= frames
        taken = []
        while frames:
            block = self._blocks.popleft()
            if block.shape[1] > frames:
                self._blocks.appendleft(block[:, frames:])
                block = block[:, :frames]
            taken.append(block)
            frames -= block.shape[1]
        return taken[0] if len(taken) == 1 else np.concatenate(taken, axis=1)
