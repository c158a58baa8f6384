"""Plugins that behave as badly as plugins can, in the shape in which pedalboard presents them.

A ``.standin`` file is JSON: ``kind`` names one of `KINDS`, whose function is called when the plugin
is loaded (``when = "load"``) or for every block; what it returns for a block is what the plugin
gives back. Without a kind the plugin behaves: it turns the level by its parameter `gain_db`, and
holds back ``latency`` samples as a plugin does whose reported latency is cut off. Each time it is
loaded it writes its name into the file ``journal``.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

LONG_S = 10_000.0
LEFT_BEHIND_S = 60.0
"""What is left behind goes by itself at last."""

MEGABYTE = "x" * (1 << 20)


class Knob:
    """A parameter, as pedalboard's `AudioProcessorParameter` presents it."""

    def __init__(self, kind: type, value: Any, *, low: float = 0.0, high: float = 1.0) -> None:
        self.type = kind
        self.value = value
        self.min_value, self.max_value = low, high
        self.label = "dB" if kind is float else None
        choices: dict[type, list[Any]] = {bool: [False, True], str: ["Soft", "Hard"]}
        self.valid_values = choices.get(kind, [])

    @property
    def string_value(self) -> str:
        return str(self.value)

    @property
    def raw_value(self) -> Any:
        return self.value

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        self.value = value

    def get_raw_value_for(self, value: Any) -> Any:
        if self.type is float and not self.min_value <= float(value) <= self.max_value:
            raise ValueError(f"{value} is out of range")
        if self.type is bool and not isinstance(value, bool):
            raise ValueError(f"{value} is not a boolean")
        if self.type is str and value not in self.valid_values:
            raise ValueError(f"{value} is not in the list of valid values")
        return float(value) if self.type is float else value


class StandIn:
    """One plugin of a ``.standin`` file."""

    manufacturer_name = "Nobody"
    version = "1.0"
    category = "Fx"

    def __init__(self, path: str, name: str | None = None) -> None:
        self.told = json.loads(Path(path).read_text(encoding="utf-8"))
        several = self.told.get("plugins")
        if several and name is None:
            raise ValueError("the file contains several plugins")
        self.name = name or Path(path).stem
        self.is_instrument = bool(self.told.get("instrument"))
        self.parameters: Mapping[str, Any] = {
            "gain_db": Knob(float, 0.0, low=-60.0, high=24.0),
            "invert": Knob(bool, False),
            "mode": Knob(str, "Soft"),
        }
        self.latency = int(self.told.get("latency", 0))
        self.held: np.ndarray | None = None
        if "journal" in self.told:
            with Path(self.told["journal"]).open("a", encoding="utf-8") as journal:
                journal.write(f"{self.name}\n")
        if self.told.get("when") == "load":
            KINDS[self.told["kind"]](np.zeros((2, 1), dtype=np.float32))

    def process(self, block: np.ndarray, sample_rate: float, *, reset: bool = True) -> Any:
        only = self.told.get("channels")
        given = block.shape[0]
        if only and given != only:
            raise ValueError(f"Plugin '{self.name}' does not support {given}-channel output.")
        if "kind" in self.told and self.told.get("when") != "load":
            return KINDS[self.told["kind"]](block)
        if reset or self.held is None:
            self.held = block[:, :0]
        gain = 10.0 ** (self.parameters["gain_db"].value / 20.0)
        sign = -1.0 if self.parameters["invert"].value else 1.0
        heard = np.concatenate([self.held, block * np.float32(sign * gain)], axis=1)
        ready = max(0, heard.shape[1] - self.latency)
        self.held = heard[:, ready:]
        return heard[:, :ready]

    def load_preset(self, path: str) -> None:
        self.parameters["gain_db"].value = float(Path(path).read_text(encoding="utf-8"))

    @property
    def raw_state(self) -> bytes:
        return str(self.parameters["gain_db"].value).encode()

    @raw_state.setter
    def raw_state(self, state: bytes) -> None:
        self.parameters["gain_db"].value = float(state)


def names(path: str) -> list[str]:
    """Return the names of the plugins in a file."""
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    return list(told.get("plugins", [Path(path).stem]))


def _sleeps(block: Any) -> Any:
    time.sleep(LONG_S)


def _spins(block: Any) -> Any:
    while True:
        pass


def _holds_the_interpreter(block: Any) -> Any:
    ctypes.PyDLL(None).sleep(int(LONG_S))  # in C, without giving the lock back: no thread runs


def _segfaults(block: Any) -> Any:
    ctypes.string_at(0)


def _is_ended_by_the_system(block: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _aborts(block: Any) -> Any:
    os.abort()


def _exits(block: Any) -> Any:
    os._exit(3)


def _raises_exit(block: Any) -> Any:
    sys.exit(4)


def _prints(block: Any) -> Any:
    for stream in (sys.stdout, sys.stderr):
        stream.write(MEGABYTE)
        stream.flush()
    library = ctypes.CDLL(None)
    for _ in range(8):
        library.puts(MEGABYTE[: 1 << 17].encode())
    library.fflush(None)
    os.write(1, b'{"Failed": {"code": "internal", "message": "forged"}}\n')
    return block


def _reads(block: Any) -> Any:
    assert os.read(0, 1) == b""
    return block


def _forks(block: Any) -> Any:
    """Leave a process behind that keeps every pipe open; it tells its id on standard error."""
    child = os.fork()
    if child == 0:
        time.sleep(LEFT_BEHIND_S)
    os.write(2, f"forked {child}\n".encode())
    return block


def _forks_and_crashes(block: Any) -> Any:
    _forks(block)
    _segfaults(block)


def _closes_all_files(block: Any) -> Any:
    os.closerange(3, 1024)
    return block


def _hoards(block: Any) -> Any:
    hoard = []
    while True:
        hoard.append(np.zeros(1 << 28))  # never touched: what counts is what it was promised


def _raises(block: Any) -> Any:
    raise RuntimeError("the licence has run out")


def _spoils(value: float) -> Callable[[Any], Any]:
    def spoil(block: Any) -> Any:
        block = block.copy()
        block[0, -1] = value
        return block

    return spoil


KINDS: dict[str, Callable[[Any], Any]] = {
    "sleeps": _sleeps,
    "spins": _spins,
    "holds the interpreter": _holds_the_interpreter,
    "segfaults": _segfaults,
    "aborts": _aborts,
    "is ended by the system": _is_ended_by_the_system,
    "exits": _exits,
    "raises SystemExit": _raises_exit,
    "prints": _prints,
    "reads": _reads,
    "forks": _forks,
    "forks and crashes": _forks_and_crashes,
    "closes all files": _closes_all_files,
    "hoards memory": _hoards,
    "raises": _raises,
    "not a number": _spoils(np.nan),
    "infinite": _spoils(np.inf),
    "half the sample rate": lambda block: block[:, ::2],
    "twice the sample rate": lambda block: np.repeat(block, 2, axis=1),
    "one sample too many": lambda block: np.pad(block, ((0, 0), (0, 1))),
    "nothing": lambda block: block[:, :0],
    "mono": lambda block: block[:1],
    "wrong way round": lambda block: block.T,
    "a list": lambda block: block.tolist(),
    "None": lambda block: None,
}
