"""A stand-in for REAPER that runs the real scripts: strict, with a project that tests look at.

Functions, their arguments and versions are those of `functions.toml`. What REAPER would
refuse, or would only survive by luck, is a `Violation`, and fails the test even where a script
catches errors. Each script runs in a Lua of its own, as in REAPER; `tick` runs what was deferred.
"""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.daws.reaper.api import Api
from tests.daws.reaper.project import Item, Project, Source, Take, Track

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
FUNCTIONS: dict[str, list[str]] = tomllib.loads(
    (HERE / "functions.toml").read_text(encoding="utf-8")
)
KINDS: dict[str, type] = {"item": Item, "take": Take, "track": Track, "source": Source}
CLOSED = -1
FIRST_SCRIPT = 50_000


def lua_runtime(version: str = "5.4") -> Any:
    """Return a fresh Lua without a way into Python."""
    module = importlib.import_module("lupa.lua" + version.replace(".", ""))
    return module.LuaRuntime(
        unpack_returned_tuples=True, register_eval=False, register_builtins=False
    )


class Violation(Exception):  # noqa: N818 - not an error of ours
    """A script did what REAPER would not take."""


@dataclass
class Running:
    """A script that runs."""

    path: Path
    gfx: Any
    deferred: list[Any] = field(default_factory=list)
    at_exit: list[Any] = field(default_factory=list)


@dataclass
class Standin:
    """REAPER with its windows, settings and projects.

    Parameters
    ----------
    resources
        Its resource folder.
    environment
        What programs that it starts see.
    system
        What `GetOS` says.
    version
        Functions that came later are not there.
    lua
        5.3 as in REAPER 6, or 5.4 as in REAPER 7.
    ahead_s
        How far its clock is ahead, so that tests need not wait.
    """

    resources: Path
    environment: Mapping[str, str]
    system: str = "Other"
    version: str = "7.0"
    lua: str = "5.4"
    projects: list[Project] = field(default_factory=list)
    current: int = 0
    ext_state: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    commands: dict[int, Path] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    inputs: list[tuple[list[str], str | None]] = field(default_factory=list)
    menus: list[str] = field(default_factory=list)
    choices: list[int] = field(default_factory=list)
    drawn: list[tuple[str, float, float]] = field(default_factory=list)
    frame: list[tuple[str, float, float]] = field(default_factory=list)
    effects: set[str] = field(default_factory=lambda: {"ReaSynth"})
    actions: list[int] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    processes: list[Any] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    pressed: str | None = None
    closes_window: bool = False
    refresh: int = 0
    ahead_s: float = 0.0
    longest_tick_s: float = 0.0

    def __post_init__(self) -> None:
        self.api = Api(self)

    @property
    def project(self) -> Project:
        """The current tab."""
        return self.projects[self.current]

    def run(self, script: Path, *, is_new_instance: bool = False) -> None:
        """Run a script as an action does; `is_new_instance` is what the user may answer."""
        if not is_new_instance and any(one.path == script for one in self.running):
            self.violate(f"{script.name} runs already: REAPER asks the user what to do")
        runtime = lua_runtime(self.lua)
        one = Running(script, None)
        names = runtime.table_from([n for n, row in FUNCTIONS.items() if self._has(row)])

        def invoke(name: str, count: int, *given: Any) -> Any:
            return self._invoke(one, runtime, name, count, given)

        prelude = runtime.eval("function(text, ...) return assert(load(text, '=prelude'))(...) end")
        text = (HERE / "prelude.lua").read_text(encoding="utf-8")
        self.running.append(one)
        one.gfx = prelude(text, invoke, id, names, self._draw)
        chunk = runtime.eval("function(path) return assert(loadfile(path, 't')) end")(str(script))
        chunk()
        if not one.deferred and self.projects:
            # What REAPER does for a script that defers nothing.
            self.project.undo.append((f"ReaScript: {script.name}", self.project.content()))
        self._end(one)

    def tick(self) -> None:
        """Run what was deferred, once."""
        began_s = time.perf_counter()
        for one in list(self.running):
            deferred, one.deferred = one.deferred, []
            for function in deferred:
                function()
            self._end(one)
        self.longest_tick_s = max(self.longest_tick_s, time.perf_counter() - began_s)

    def run_until(self, is_reached: Callable[[], bool], timeout_s: float = 240.0) -> None:
        """Tick until something is so."""
        deadline_s = time.monotonic() + timeout_s
        while not is_reached():
            assert time.monotonic() < deadline_s, f"never: {self.frame} {self.said}"
            self.tick()
            time.sleep(0.02)

    def run_to_end(self, timeout_s: float = 240.0) -> None:
        """Tick until no script runs; sentences in the window are read and closed."""

        def is_over() -> bool:
            if any(text == "Close" for text, _, _ in self.frame):
                self.pressed = "Close"
            return not self.running

        self.run_until(is_over, timeout_s)

    def quit(self) -> None:
        """Close REAPER: scripts end in good order."""
        for one in self.running:
            one.deferred.clear()
        for one in list(self.running):
            self._end(one)
        if self.api.accessors:
            self.violate("an accessor is left open")
        self.restart()

    def collect(self, folder: Path) -> None:
        """Press *Collect finished jobs*, and let the time pass in which others would beat."""
        self.run(folder / "dawbridge_Collect finished jobs.lua")
        self.tick()
        self.ahead_s += 6.0
        self.run_to_end()

    def restart(self) -> None:
        """Let REAPER crash and open it again: scripts end at once, what is not kept is gone."""
        self.running.clear()
        self.frame = []
        self.api.accessors.clear()
        self.ext_state = {k: v for k, v in self.ext_state.items() if v[1]}

    def sentences(self) -> str:
        """Return all that was ever drawn or said."""
        return " ".join([*dict.fromkeys(text for text, _, _ in self.drawn), *self.said])

    def violate(self, what: str) -> NoReturn:
        """Note what REAPER would not take, and raise it."""
        self.violations.append(what)
        raise Violation(what)

    def _has(self, row: list[str]) -> bool:
        def number(text: str) -> tuple[int, ...]:
            return tuple(int(part) for part in text.split("."))

        return number(row[1]) <= max(number(self.version), (6, 60))

    def _end(self, one: Running) -> None:
        if not one.deferred and one in self.running:
            self.running.remove(one)
            for function in one.at_exit:
                function()

    def _invoke(
        self, one: Running, runtime: Any, name: str, count: int, given: tuple[Any, ...]
    ) -> Any:
        arguments = list(given[:count])
        self._check(name, arguments)
        if name == "defer":
            return one.deferred.append(arguments[0])
        if name == "atexit":
            return one.at_exit.append(arguments[0])
        if name == "get_action_context":
            return (False, str(one.path), 0, 0, -1, -1, -1, "")
        if name == "GetAudioAccessorSamples":
            status, samples = self.api.GetAudioAccessorSamples(*arguments)
            arguments[5]["standin_fill"](runtime.table_from(samples))
            return status
        method = getattr(self.api, name, None)
        if method is None:
            return self.violate(f"the stand-in does not do {name} yet")
        return method(*arguments)

    def _check(self, name: str, arguments: list[Any]) -> None:
        kinds = FUNCTIONS[name][0].split()
        least = sum(not kind.endswith("?") for kind in kinds)
        if not least <= len(arguments) <= len(kinds):
            self.violate(f"{name} takes {kinds}, not {len(arguments)} arguments")
        for place, (kind, value) in enumerate(zip(kinds, arguments, strict=False)):
            if not self._fits(kind.rstrip("?"), value):
                self.violate(f"{name}: argument {place + 1} is {value!r}, not a {kind}")
            if kind.rstrip("?") == "integer" and isinstance(value, float):
                arguments[place] = int(value)

    def _fits(self, kind: str, value: Any) -> bool:
        if kind in KINDS:
            return isinstance(value, KINDS[kind]) and self.api.is_alive(value)
        if kind == "project":
            return value is None or value == 0 or value in self.projects
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            "any": True,
            "string": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "number": is_number,
            "integer": is_number and float(value).is_integer(),
            "function": callable(value),
            "accessor": value in self.api.accessors,
            "array": not is_number and hasattr(value, "keys"),
        }
        return bool(fits[kind])

    def _draw(self, name: str, gfx: Any, *values: Any) -> Any:
        if name == "init":
            gfx["w"], gfx["h"] = values[1], values[2]
        elif name == "quit":
            self.frame = []
        elif name == "drawstr":
            self.frame.append((values[0], gfx["x"], gfx["y"]))
            self.drawn.append(self.frame[-1])
        elif name == "showmenu":
            self.menus.append(values[0])
            return self.choices.pop(0)
        elif name == "getchar":
            return self._begin_frame(gfx)
        return None

    def _begin_frame(self, gfx: Any) -> int:
        """Press the button that a test wants pressed, where it was drawn last."""
        if self.closes_window:
            self.closes_window, self.frame = False, []
            return CLOSED
        gfx["mouse_cap"] = 0
        for text, x, y in self.frame:
            if text == self.pressed:
                gfx["mouse_x"], gfx["mouse_y"], gfx["mouse_cap"] = x + 1, y + 1, 1
                self.pressed = None
        self.frame = []
        return 0
