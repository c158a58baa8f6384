"""The effects worker: a child of the model worker, whose main thread owns every plugin.

`python -m bridge.engines.effects.worker` is started by `EffectsHost`, not by hand. It takes orders
on standard input and tells on a duplicate of standard output; the descriptors themselves are led
elsewhere before anything else happens, so that a plugin that prints or reads spoils nothing. A
second thread reads the orders. When the pipe closes, because the host is gone however it went, that
thread ends the process.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bridge.engines.effects import worker_messages as messages
from bridge.engines.effects.plugins import inspect
from bridge.engines.effects.plugins_held import Rack
from bridge.engines.worker.messages import from_line, to_line
from bridge.engines.worker.process import be_the_first_to_go, end_with_parent
from bridge.errors import BridgeError, JobCancelled, OutOfMemoryError, PluginFailedError

if TYPE_CHECKING:
    from bridge.engines.effects.plugins import Doing
    from bridge.models import Value

log = logging.getLogger(__name__)

BLOCK_FRAMES = 1 << 16
"""Processed at a time: 1.5 s at 44.1 kHz, which stay in the processor's cache."""

MEMORY_SHARE = 0.5
"""Of the machine's memory: what a plugin may take before it is refused more."""


@dataclass
class Child:
    """The child's side of the conversation.

    Parameters
    ----------
    orders, tells
        Where orders come from and where messages go.
    """

    orders: BinaryIO
    tells: BinaryIO
    _waiting: queue.Queue[Value] = field(default_factory=queue.Queue)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        """Do what is asked, one order after the other, until the host is gone."""
        # Loaded now, so that whoever hears `Ready` need not wait for them.
        import pedalboard  # noqa: F401

        import bridge.engines.effects.chain  # noqa: F401

        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        rack = Rack(self._announce)
        self.tell(messages.Ready())
        while True:
            self.tell(self._answer(self._waiting.get(), rack))

    def tell(self, message: Value) -> None:
        """Say something to the host."""
        self.tells.write(to_line(message))
        self.tells.flush()

    def _answer(self, order: Value, rack: Rack) -> Value:
        """Carry an order out, and return how it ended."""
        try:
            if isinstance(order, messages.Inspect):
                return messages.Inspected(plugins=inspect(order.path, self._announce))
            assert isinstance(order, messages.Process)
            return self._process(order, rack)
        except JobCancelled:
            return messages.Cancelled()
        except BridgeError as exc:
            return messages.Failed(code=exc.code, message=str(exc))
        except MemoryError:
            return messages.Failed(
                code=OutOfMemoryError.code,
                message="The effects ran out of memory. Close other programs, or try a shorter "
                "region.",
            )
        except Exception as exc:
            log.exception("an order failed")
            return messages.Failed(
                code=PluginFailedError.code,
                message=f"The effects failed unexpectedly ({type(exc).__name__}); the log says "
                "more.",
            )

    def _process(self, order: messages.Process, rack: Rack) -> Value:
        from bridge.engines.effects.chain import run_chain

        rack.begin(order.chain.name)
        result = run_chain(
            order.chain,
            order.source.buffer(),
            Path(order.path),
            progress=self._progress,
            block_frames=BLOCK_FRAMES,
            load_plugin=rack.load,
        )
        return messages.Processed(result=messages.BufferPlace.of(result))

    def _announce(self, plugin: str | None, doing: Doing) -> None:
        self.tell(messages.Busy(plugin=plugin, doing=doing))

    def _progress(self, fraction: float) -> None:
        if self._cancelled.is_set():
            raise JobCancelled
        self.tell(messages.Progressed(fraction=fraction))

    def _listen(self) -> None:
        for line in self.orders:
            order = from_line(line, messages.TO_CHILD)
            if isinstance(order, messages.Cancel):
                self._cancelled.set()
            else:
                self._cancelled.clear()
                self._waiting.put(order)
        os._exit(0)


def main() -> None:
    """Serve on the standard streams."""
    orders = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    tells = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level="INFO", format="%(levelname)s: %(message)s", stream=sys.stderr)
    end_with_parent()
    be_the_first_to_go()
    _bound_memory()
    Child(orders, tells).serve()


def _bound_memory() -> None:
    """See to it that a plugin without measure harms this process and not the DAW."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    most = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * MEMORY_SHARE)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


if __name__ == "__main__":
    main()
