"""The model worker's side of the effects worker: give it orders, watch it, say what went wrong.

The child is started when it is first needed and stays. It is ended when it says nothing for too
long, and after an order that failed: whatever a plugin left behind goes with it. The next order
gets a new one.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.engines.effects import worker_messages as messages
from bridge.engines.effects.worker_process import WorkerProcess
from bridge.errors import EngineFailedError, JobCancelled, PluginFailedError, by_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.engines.audio import DiskBuffer
    from bridge.engines.effects.chain_spec import ChainSpec
    from bridge.engines.effects.plugins_library import PluginInfo
    from bridge.models import Value

START_TIMEOUT_S = 60.0
"""How long the child may take until it has loaded its libraries, on a machine that is busy."""

CANCEL_GRACE_S = 0.5
"""How long an order that was cancelled may go on."""

_LISTEN_S = 0.1
"""How often the job is asked whether it goes on while the child says nothing."""

_LAST_WORDS_S = 0.5
"""How long the words of a process that is gone may take; its closed pipe ends the wait."""

_DOING = {"load": "while it was loaded", "process": "while it processed"}


@dataclass
class EffectsHost:
    """Runs chains in a child process.

    Parameters
    ----------
    command
        The child's command line; tests use others.
    start_timeout_s
        How long it may take to start.
    starts
        How many children there have been.
    """

    command: tuple[str, ...] = (sys.executable, "-m", "bridge.engines.effects.worker")
    start_timeout_s: float = START_TIMEOUT_S
    starts: int = field(default=0, init=False)
    _child: WorkerProcess | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int | None:
        """The child's process id, if there is one."""
        return self._child.process.pid if self._child else None

    def run(
        self,
        chain: ChainSpec,
        buffer: DiskBuffer,
        path: Path,
        progress: Callable[[float], None],
        timeout_s: float,
    ) -> DiskBuffer:
        """Process a buffer into another; see `chain.run_chain`.

        Parameters
        ----------
        chain
            The effects.
        buffer
            Mono or stereo.
        path
            Scratch file of the result.
        progress
            Called with 0…1 several times a second; what it raises is let through and stops the
            child.
        timeout_s
            How long the child may say nothing: a plugin that is loaded, or one block.

        Raises
        ------
        PluginFailedError
            A plugin or an effect failed, hung, crashed, or made what is no audio.
        OutOfMemoryError, DiskFullError
            There was no room for what it did.
        EngineFailedError
            The child cannot be started.
        """
        order = messages.Process(
            chain=chain, source=messages.BufferPlace.of(buffer), path=str(path)
        )
        answer = self._ask(order, chain.name, progress, timeout_s)
        assert isinstance(answer, messages.Processed)
        return answer.result.buffer()

    def inspect(
        self, path: Path, timeout_s: float, progress: Callable[[float], None] = lambda _: None
    ) -> tuple[PluginInfo, ...]:
        """Load every plugin of a file and return what they are.

        Raises
        ------
        PluginFailedError
            It cannot be loaded, hung or crashed.
        EngineFailedError
            The child cannot be started.
        """
        answer = self._ask(messages.Inspect(path=str(path)), None, progress, timeout_s)
        assert isinstance(answer, messages.Inspected)
        return answer.plugins

    def stop(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ask(
        self, order: Value, chain: str | None, progress: Callable[[float], None], timeout_s: float
    ) -> Value:
        """Give an order and return its answer; without one the child does not live on."""
        try:
            child = self._running(progress)
            child.say(order)
            answer = _Watch(child, chain, progress, timeout_s).until_answer()
        except JobCancelled:
            self._make_it_stop()
            raise
        except BaseException:
            self.stop()
            raise
        if isinstance(answer, messages.Failed):
            self.stop()
            raise by_code(answer.code)(answer.message)
        return answer

    def _running(self, progress: Callable[[float], None]) -> WorkerProcess:
        if self._child is None or self._child.has_ended:
            self.stop()
            try:
                self._child = WorkerProcess(self.command)
            except OSError as exc:
                raise EngineFailedError(f"The effects worker cannot be started: {exc}.") from exc
            self.starts += 1
            deadline_s = time.monotonic() + self.start_timeout_s
            while not isinstance(self._child.hear(_LISTEN_S), messages.Ready):
                progress(0.0)
                if self._child.has_ended:
                    raise EngineFailedError(
                        f"The effects worker {self._child.why_it_ended()} at its start; the log "
                        "says more. Install dawbridge again if this stays."
                    )
                if time.monotonic() > deadline_s:
                    raise EngineFailedError(
                        f"The effects worker was not ready after {self.start_timeout_s:.0f} "
                        "seconds. Run it again when the machine is less busy."
                    )
        return self._child

    def _make_it_stop(self) -> None:
        """Let the child end its order by itself, so that its plugins stay loaded, or end it."""
        child = self._child
        if child is None:
            return
        child.say(messages.Cancel())
        deadline_s = time.monotonic() + CANCEL_GRACE_S
        while time.monotonic() < deadline_s and not child.has_ended:
            answer = child.hear(_LISTEN_S)
            if isinstance(answer, (messages.Cancelled, messages.Processed, messages.Inspected)):
                return
        self.stop()


@dataclass
class _Watch:
    """Listens to the child until an order is answered."""

    child: WorkerProcess
    chain: str | None
    progress: Callable[[float], None]
    timeout_s: float
    _busy: messages.Busy | None = None

    def until_answer(self) -> Value:
        fraction, heard_s = 0.0, time.monotonic()
        while True:
            message = self.child.hear(_LISTEN_S)
            if message is None:
                # Its last words may still be on their way.
                if self.child.has_ended and (message := self.child.hear(_LAST_WORDS_S)) is None:
                    raise PluginFailedError(self._end_sentence())
                if time.monotonic() - heard_s > self.timeout_s:
                    raise PluginFailedError(self._hang_sentence())
            if message is not None:
                heard_s = time.monotonic()
            if isinstance(message, messages.Progressed):
                fraction = message.fraction
            elif isinstance(message, messages.Busy):
                self._busy = message if message.plugin is not None else None
            elif message is not None:
                return message
            self.progress(fraction)

    def _end_sentence(self) -> str:
        what, when = self._who()
        return f"{what} {self.child.why_it_ended()} {when}.{self._remedy()}"

    def _hang_sentence(self) -> str:
        what, when = self._who()
        return (
            f"{what} did not answer for {self.timeout_s:g} seconds {when} and was stopped."
            f"{self._remedy()} If it needs longer, plugin_timeout_s in the settings allows more."
        )

    def _who(self) -> tuple[str, str]:
        of_chain = f" of the chain '{self.chain}'" if self.chain is not None else ""
        if self._busy is not None:
            return f"The plugin '{self._busy.plugin}'{of_chain}", _DOING[self._busy.doing]
        return f"An effect{of_chain}", _DOING["process"]

    def _remedy(self) -> str:
        if self.chain is None:
            return ""
        return " Update the plugin or take it out of the chain; other jobs are not affected."
