"""One effects worker as a process: started, spoken to, listened to, ended."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import threading
import weakref
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from bridge.engines.effects import worker_messages as messages
from bridge.engines.worker.messages import from_line, to_line
from bridge.errors import InternalError

if TYPE_CHECKING:
    from bridge.models import Value

log = logging.getLogger(__name__)

LOGGED_BYTES = 1 << 14
"""How much of what a process prints reaches the log; the rest is read and dropped."""

_FAREWELL_S = 2.0
"""How long a process may take to end; one that was killed needs less."""

_WINDOWS_FAULT = 0xC0000000
"""Windows' statuses from here on are exceptions, such as reading memory that is not there."""


@dataclass
class WorkerProcess:
    """A child process and the threads that listen to it.

    It stays in the process group of whoever starts it, so that it ends with the group.

    Parameters
    ----------
    command
        Its command line.
    """

    command: tuple[str, ...]
    process: subprocess.Popen[bytes] = field(init=False)
    _heard: queue.Queue[Value | None] = field(default_factory=queue.Queue)
    _is_over: bool = False

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        # The threads hold the pipes and not this object, which may be forgotten before they end:
        # a plugin's own child process can keep the other end of a pipe open.
        for name, work in (("hears", _listen), ("logs", _log)):
            thread = threading.Thread(
                target=work, args=(self.process, self._heard), name=f"effects-{name}", daemon=True
            )
            thread.start()
        weakref.finalize(self, _end, self.process)

    @property
    def has_ended(self) -> bool:
        """Whether it is gone or has closed its end, except for what it said before."""
        return self._is_over or self.process.poll() is not None

    def say(self, message: Value) -> None:
        """Send a message; that nobody takes it any more is seen by `has_ended`."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(to_line(message))
            self.process.stdin.flush()

    def hear(self, timeout_s: float) -> Value | None:
        """Return the next message; None if there is none in time or there will be none."""
        if self._is_over:
            return None
        try:
            message = self._heard.get(timeout=timeout_s)
        except queue.Empty:
            return None
        self._is_over = message is None
        return message

    def end(self) -> None:
        """End it by force."""
        _end(self.process)

    def why_it_ended(self) -> str:
        """Return the middle of a sentence: how the process came to its end."""
        try:
            status = self.process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:  # it closed its pipe and lives
            return "broke off the conversation"
        if os.name == "posix" and status == -signal.SIGKILL:
            return "was ended by the system, most likely because memory ran out,"
        if status < 0:
            return f"crashed ({_signal_name(-status)})"
        if os.name != "posix" and status >= _WINDOWS_FAULT:
            return f"crashed (0x{status:08X})"
        return f"ended its process (status {status})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):  # a process the system cannot end
        process.wait(_FAREWELL_S)
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # something was still to be written
        process.stdin.close()


def _listen(process: subprocess.Popen[bytes], heard: queue.Queue[Value | None]) -> None:
    assert process.stdout is not None
    with process.stdout as stdout:
        try:
            for line in stdout:
                heard.put(from_line(line, messages.FROM_CHILD))
        except (InternalError, ValueError) as exc:
            log.warning("the effects worker cannot be understood: %s", exc)
            process.kill()
    heard.put(None)


def _log(process: subprocess.Popen[bytes], _: queue.Queue[Value | None]) -> None:
    """Put what the process prints into the log; all of it is read, or it would wait for us."""
    assert process.stderr is not None
    room = LOGGED_BYTES
    with process.stderr as stderr:
        while chunk := _some(stderr):
            shown, room = chunk[:room], max(0, room - len(chunk))
            for line in shown.decode("utf-8", "replace").splitlines():
                text = "".join(letter for letter in line if letter.isprintable()).strip()
                if text:
                    log.info("effects worker %d: %s", process.pid, text)
            if shown and not room:
                log.info("effects worker %d: it prints more, which is left out", process.pid)


def _some(stream: IO[bytes]) -> bytes:
    return os.read(stream.fileno(), 1 << 16)
